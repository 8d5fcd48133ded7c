/* SPDX-License-Identifier: MIT */
/* When the keys are fetched and what a fetch may change, on a clock that the tests move. */
#include "auth/jwks.h"

#include "support/jwks_stub.h"
#include "support/rsa_key.h"
#include "unit/check_main.h"

#include <stdio.h>

static struct rsa_key *key; /* made once, before the tests' processes part */
static struct jwks_stub stub;
static struct jwks *jwks;
static int64_t now_ms;

static void make_key(void)
{
	key = rsa_key_new(2048, 65537);
}

static void free_key(void)
{
	rsa_key_free(key);
}

static void set_up(void)
{
	struct jwks_source source = jwks_stub_source(&stub);

	stub = (struct jwks_stub){ 0 };
	now_ms = 5000; /* a machine that has just booted */
	ck_assert_int_eq(jwks_new(&source, &jwks), STATUS_OK);
}

static void tear_down(void)
{
	jwks_free(jwks);
	buf_free(&stub.document);
}

/* Publishes our key under these names, parted by spaces. */
static void publish(const char *names)
{
	char text[128], *rest = text;
	const char *name;

	snprintf(text, sizeof(text), "%s", names);
	buf_clear(&stub.document);
	buf_add_str(&stub.document, "{\"keys\":[");
	while ((name = strsep(&rest, " ")) != NULL) {
		if (*name == '\0')
			continue;
		rsa_key_jwk(key, name, "", &stub.document);
		buf_add_str(&stub.document, rest ? "," : "");
	}
	buf_add_str(&stub.document, "]}");
	ck_assert(buf_ok(&stub.document));
}

static void publish_text(const char *text)
{
	buf_clear(&stub.document);
	buf_add_str(&stub.document, text);
}

static enum status find_within(const char *kid, int64_t left_ms)
{
	const struct jwk *found = NULL;
	enum status rc = jwks_find(
		jwks, slice_of(kid), now_ms, (struct deadline){ now_ms + left_ms }, &found);

	ck_assert_int_eq(found != NULL, rc == STATUS_OK);
	ck_assert(!found || slice_equal(jwk_kid(found), slice_of(kid)));
	return rc;
}

static enum status find(const char *kid)
{
	return find_within(kid, 5000);
}

START_TEST(fetches_once_for_all_names_of_the_set)
{
	publish("a b");
	ck_assert_uint_eq(stub.reads, 0);
	ck_assert_int_eq(find("a"), STATUS_OK);
	ck_assert_int_eq(find("b"), STATUS_OK);
	ck_assert_int_eq(find("a"), STATUS_OK);
	ck_assert_uint_eq(stub.reads, 1);
}
END_TEST

START_TEST(an_unknown_name_fetches_and_finds_a_new_key)
{
	publish("a");
	ck_assert_int_eq(find("a"), STATUS_OK);
	publish("a b");
	now_ms += JWKS_COOL_DOWN_MS;
	ck_assert_int_eq(find("b"), STATUS_OK);
	ck_assert_int_eq(find("a"), STATUS_OK);
	ck_assert_uint_eq(stub.reads, 2);
}
END_TEST

START_TEST(a_thousand_made_up_names_fetch_once_per_cool_down)
{
	publish("a");
	for (int window = 0; window < 3; window++) {
		for (int i = 0; i < 1000; i++) {
			char kid[32];

			snprintf(kid, sizeof(kid), "made-up-%d", i);
			ck_assert_int_eq(find(kid), STATUS_DENIED);
			now_ms += 10;
		}
		now_ms += JWKS_COOL_DOWN_MS - 10000;
	}
	ck_assert_uint_eq(stub.reads, 3);
}
END_TEST

START_TEST(the_cool_down_is_ten_to_sixty_seconds_to_the_millisecond)
{
	ck_assert_int_ge(JWKS_COOL_DOWN_MS, 10000);
	ck_assert_int_le(JWKS_COOL_DOWN_MS, 60000);
	publish("a");
	ck_assert_int_eq(find("b"), STATUS_DENIED);
	now_ms += JWKS_COOL_DOWN_MS - 1;
	ck_assert_int_eq(find("b"), STATUS_DENIED);
	ck_assert_uint_eq(stub.reads, 1);
	now_ms += 1;
	ck_assert_int_eq(find("b"), STATUS_DENIED);
	ck_assert_uint_eq(stub.reads, 2);
}
END_TEST

START_TEST(a_failed_fetch_cools_down_too)
{
	stub.down = true;
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(find("a"), STATUS_UNAVAILABLE);
	ck_assert_uint_eq(stub.reads, 1);
}
END_TEST

START_TEST(without_any_key_ever_it_is_unavailable_and_recovers)
{
	stub.down = true;
	ck_assert_int_eq(find("a"), STATUS_UNAVAILABLE);
	stub.down = false;
	publish("a");
	ck_assert_int_eq(find("a"), STATUS_UNAVAILABLE); /* still cooling down */
	now_ms += JWKS_COOL_DOWN_MS;
	ck_assert_int_eq(find("a"), STATUS_OK);
}
END_TEST

START_TEST(keys_go_on_working_while_the_source_is_down)
{
	publish("a");
	ck_assert_int_eq(find("a"), STATUS_OK);
	stub.down = true;
	now_ms += JWKS_COOL_DOWN_MS;
	ck_assert_int_eq(find("b"), STATUS_DENIED);
	ck_assert_uint_eq(stub.reads, 2);
	ck_assert_int_eq(find("a"), STATUS_OK);
	now_ms += 30 * JWKS_AGE_MAX_MS;
	ck_assert_int_eq(find("a"), STATUS_OK);
}
END_TEST

START_TEST(useless_documents_never_discard_keys)
{
	static const char *const documents[] = { "", "{}", "{\"keys\":[]}", "{\"keys\":[{}]}",
		"<html>", "{\"keys\":[],\"keys\":[]}" };

	publish("a");
	ck_assert_int_eq(find("a"), STATUS_OK);
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		publish_text(documents[i]);
		now_ms += JWKS_COOL_DOWN_MS;
		ck_assert_int_eq(find("b"), STATUS_DENIED);
		ck_assert_uint_eq(stub.reads, i + 2);
		ck_assert_int_eq(find("a"), STATUS_OK);
	}
}
END_TEST

START_TEST(an_answer_without_keys_denies_and_nonsense_is_no_answer)
{
	publish_text("{\"keys\":[]}");
	ck_assert_int_eq(find("a"), STATUS_DENIED);
	ck_assert_int_eq(find("a"), STATUS_DENIED);
	now_ms += JWKS_COOL_DOWN_MS;
	publish_text("<html>be back soon</html>");
	ck_assert_int_eq(find("a"), STATUS_UNAVAILABLE);
	ck_assert_int_eq(find("a"), STATUS_UNAVAILABLE);
	ck_assert_uint_eq(stub.reads, 2);
	now_ms += JWKS_COOL_DOWN_MS;
	publish_text("{\"keys\":[{}]}");
	ck_assert_int_eq(find("a"), STATUS_DENIED);
	now_ms += JWKS_COOL_DOWN_MS;
	stub.down = true;
	ck_assert_int_eq(find("a"), STATUS_UNAVAILABLE);
}
END_TEST

START_TEST(a_withdrawn_key_is_dropped_when_the_copy_is_old)
{
	publish("a b");
	ck_assert_int_eq(find("a"), STATUS_OK);
	publish("b");
	now_ms += JWKS_AGE_MAX_MS - 1;
	ck_assert_int_eq(find("a"), STATUS_OK);
	ck_assert_uint_eq(stub.reads, 1);
	now_ms += 1;
	ck_assert_int_eq(find("a"), STATUS_DENIED);
	ck_assert_int_eq(find("b"), STATUS_OK);
	ck_assert_uint_eq(stub.reads, 2);
}
END_TEST

START_TEST(a_withdrawn_key_is_dropped_by_any_fetch)
{
	publish("a b");
	ck_assert_int_eq(find("a"), STATUS_OK);
	publish("b c");
	now_ms += JWKS_COOL_DOWN_MS;
	ck_assert_int_eq(find("c"), STATUS_OK);
	ck_assert_int_eq(find("a"), STATUS_DENIED);
	ck_assert_uint_eq(stub.reads, 2);
}
END_TEST

START_TEST(a_failed_refresh_of_an_old_copy_is_not_tried_on_every_request)
{
	publish("a");
	ck_assert_int_eq(find("a"), STATUS_OK);
	stub.down = true;
	now_ms += JWKS_AGE_MAX_MS;
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(find("a"), STATUS_OK);
		now_ms += 1000;
	}
	ck_assert_uint_eq(stub.reads, 2);
	now_ms += JWKS_AGE_RETRY_MS;
	stub.down = false;
	ck_assert_int_eq(find("a"), STATUS_OK);
	now_ms += JWKS_AGE_MAX_MS - 1;
	ck_assert_int_eq(find("a"), STATUS_OK);
	ck_assert_uint_eq(stub.reads, 3);
}
END_TEST

START_TEST(a_failed_fetch_for_a_made_up_name_leaves_a_young_copy_alone)
{
	publish("a");
	ck_assert_int_eq(find("a"), STATUS_OK);
	stub.down = true;
	now_ms += JWKS_COOL_DOWN_MS;
	ck_assert_int_eq(find("b"), STATUS_DENIED);
	now_ms += JWKS_AGE_RETRY_MS + JWKS_COOL_DOWN_MS;
	ck_assert_int_eq(find("a"), STATUS_OK);
	ck_assert_uint_eq(stub.reads, 2);
}
END_TEST

START_TEST(a_fetch_gets_three_seconds_or_what_is_left)
{
	publish("a");
	ck_assert_int_eq(find_within("a", 5000), STATUS_OK);
	ck_assert_int_eq(stub.total_ms, 3000);
	now_ms += JWKS_COOL_DOWN_MS;
	ck_assert_int_eq(find_within("b", 700), STATUS_DENIED);
	ck_assert_int_eq(stub.total_ms, 700);
	now_ms += JWKS_AGE_MAX_MS;
	ck_assert_int_eq(find_within("a", 5000), STATUS_OK);
	ck_assert_int_eq(stub.total_ms, JWKS_AGE_TOTAL_MS);
}
END_TEST

START_TEST(past_the_deadline_nothing_is_fetched_and_no_cool_down_begins)
{
	publish("a");
	ck_assert_int_eq(find_within("a", 0), STATUS_UNAVAILABLE);
	ck_assert_int_eq(find_within("a", -50), STATUS_UNAVAILABLE);
	ck_assert(!jwks_ready(jwks, now_ms, (struct deadline){ now_ms }));
	ck_assert_uint_eq(stub.reads, 0);
	ck_assert_int_eq(find("a"), STATUS_OK);
}
END_TEST

START_TEST(readiness_is_holding_keys)
{
	struct deadline by = { now_ms + 1000 * JWKS_COOL_DOWN_MS };

	stub.down = true;
	ck_assert(!jwks_ready(jwks, now_ms, by));
	ck_assert(!jwks_ready(jwks, now_ms, by));
	ck_assert_uint_eq(stub.reads, 1);
	stub.down = false;
	publish("a");
	now_ms += JWKS_COOL_DOWN_MS;
	ck_assert(jwks_ready(jwks, now_ms, by));
	ck_assert_uint_eq(stub.reads, 2);
	stub.down = true;
	now_ms += JWKS_COOL_DOWN_MS;
	ck_assert(jwks_ready(jwks, now_ms, by));
	ck_assert_uint_eq(stub.reads, 2);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/jwks");
	TCase *tc = tcase_create("policy");

	tcase_add_unchecked_fixture(tc, make_key, free_key);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, fetches_once_for_all_names_of_the_set);
	tcase_add_test(tc, an_unknown_name_fetches_and_finds_a_new_key);
	tcase_add_test(tc, a_thousand_made_up_names_fetch_once_per_cool_down);
	tcase_add_test(tc, the_cool_down_is_ten_to_sixty_seconds_to_the_millisecond);
	tcase_add_test(tc, a_failed_fetch_cools_down_too);
	tcase_add_test(tc, without_any_key_ever_it_is_unavailable_and_recovers);
	tcase_add_test(tc, keys_go_on_working_while_the_source_is_down);
	tcase_add_test(tc, useless_documents_never_discard_keys);
	tcase_add_test(tc, an_answer_without_keys_denies_and_nonsense_is_no_answer);
	tcase_add_test(tc, a_withdrawn_key_is_dropped_when_the_copy_is_old);
	tcase_add_test(tc, a_withdrawn_key_is_dropped_by_any_fetch);
	tcase_add_test(tc, a_failed_refresh_of_an_old_copy_is_not_tried_on_every_request);
	tcase_add_test(tc, a_failed_fetch_for_a_made_up_name_leaves_a_young_copy_alone);
	tcase_add_test(tc, a_fetch_gets_three_seconds_or_what_is_left);
	tcase_add_test(tc, past_the_deadline_nothing_is_fetched_and_no_cool_down_begins);
	tcase_add_test(tc, readiness_is_holding_keys);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return check_main(suite());
}
