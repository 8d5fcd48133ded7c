/* SPDX-License-Identifier: MIT */
/* Looking a message up, from answers that a server of the test's own gives in DynamoDB's place: how
 * far it looks. What it finds is tests/system/test_messages_after.py's business. */
#include "message/store.h"

#include "support/dynamo_fixture.h"
#include "unit/check_main.h"

#include <stdio.h>
#include <stdlib.h>

static const struct uuid group = { "aaaaaaaa-0000-4000-8000-000000000001" };
#define WANTED "cccccccc-0000-4000-8000-000000000001"

static struct dynamo_fixture fixture;
static struct message_store *store;

static void set_up(void)
{
	dynamo_fixture_up(&fixture);
	ck_assert_int_eq(message_store_new(fixture.table, &store), STATUS_OK);
}

static void tear_down(void)
{
	message_store_free(store);
	dynamo_fixture_down(&fixture);
}

/* A page of rows of which none is the wanted one. */
static void say_nothing_found(size_t looked_at, bool more)
{
	char body[160];

	snprintf(body, sizeof(body), "{\"Items\":[],\"Count\":0,\"ScannedCount\":%zu%s}", looked_at,
		more ? ",\"LastEvaluatedKey\":{\"pk\":{\"S\":\"p\"}}" : "");
	http_server_reply_ok(fixture.server, body);
}

static enum status find(struct message_found *out)
{
	return message_store_find(store, &group, SLICE(WANTED), deadline_in(4500), out);
}

static void assert_limit(size_t i, size_t limit)
{
	static const char name[] = "\"Limit\":";
	struct slice sent = http_server_body(fixture.server, i);
	const char *found = memmem(sent.ptr, sent.len, name, strlen(name));

	ck_assert_ptr_nonnull(found); /* a delimiter follows the number in any case */
	ck_assert_uint_eq(strtoul(found + strlen(name), NULL, 10), limit);
}

START_TEST(it_looks_no_further_than_the_limit)
{
	static const size_t limits[] = { 16, 32, 64, 128, 256, 512, 1024, 1024, 1024, 16 };
	const size_t calls = sizeof(limits) / sizeof(limits[0]);
	struct message_found found = { .sk = { 0 } };

	for (size_t i = 0; i < calls; i++)
		say_nothing_found(limits[i], true);
	ck_assert_int_eq(find(&found), STATUS_NOT_FOUND);
	ck_assert_uint_eq(http_server_hits(fixture.server), calls);
	for (size_t i = 0; i < calls; i++)
		assert_limit(i, limits[i]);
	message_found_clear(&found);
}
END_TEST

START_TEST(rows_count_and_not_calls)
{
	struct message_found found = { .sk = { 0 } };

	for (int i = 0; i < 20; i++)
		say_nothing_found(10, true); /* large rows: a page has fewer than were asked for */
	http_server_reply_ok(fixture.server,
		"{\"Items\":[{\"sk\":{\"S\":\"m1\"},\"message\":{\"S\":\"x\"},"
		"\"message_uuid\":{\"S\":\"" WANTED "\"}}],\"Count\":1,\"ScannedCount\":10}");
	ck_assert_int_eq(find(&found), STATUS_OK);
	ck_assert_str_eq(buf_cstr(&found.sk), "m1");
	message_found_clear(&found);
}
END_TEST

START_TEST(it_ends_where_the_conversation_does)
{
	struct message_found found = { .sk = { 0 } };

	say_nothing_found(3, false);
	ck_assert_int_eq(find(&found), STATUS_NOT_FOUND);
	ck_assert_uint_eq(http_server_hits(fixture.server), 1);
	message_found_clear(&found);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("message_find");
	TCase *tests = tcase_create("find");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, it_looks_no_further_than_the_limit);
	tcase_add_test(tests, rows_count_and_not_calls);
	tcase_add_test(tests, it_ends_where_the_conversation_does);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
