/* SPDX-License-Identifier: MIT */
/* A token that was verified before: it costs no second RSA operation, and is refused as soon as it
 * would be without that memory. The linker puts the two functions below in place of ours
 * (tests/tests.mk): a clock that the tests move, and a counter of RSA operations. */
#include "auth/cognito.h"
#include "auth/jwks.h"
#include "auth/jwt.h"
#include "auth/token_cache.h"
#include "digest/sha256.h"
#include "shared/secret.h"
#include "support/jwks_stub.h"
#include "support/mint.h"
#include "unit/check_main.h"
#include "unit/shared_pair.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <string.h>

#define NOW_MS (MINT_NOW_S * INT64_C(1000))
#define EXPIRES_MS (MINT_EXPIRES_S * INT64_C(1000))

int64_t __wrap_clock_monotonic_ms(void);
enum status __wrap_jwt_verify(struct jwt *t, const struct jwk *key, const EVP_MD *sha256);
enum status __real_jwt_verify(struct jwt *t, const struct jwk *key, const EVP_MD *sha256);

static struct rsa_key *key, *other_key; /* made once, before the tests' processes part */
static struct jwks_stub stub;
static struct cognito *cognito;
static struct buf token; /* the sound one */
static int64_t monotonic_ms;
static size_t operations;

int64_t __wrap_clock_monotonic_ms(void)
{
	return monotonic_ms;
}

enum status __wrap_jwt_verify(struct jwt *t, const struct jwk *k, const EVP_MD *sha256)
{
	operations++;
	return __real_jwt_verify(t, k, sha256);
}

static void make_keys(void)
{
	key = rsa_key_new(2048, 65537);
	other_key = rsa_key_new(2048, 65537);
}

static void free_keys(void)
{
	rsa_key_free(key);
	rsa_key_free(other_key);
}

/* From now on the pool has this key under this name, and no other. */
static void publish(const struct rsa_key *k, const char *kid)
{
	buf_clear(&stub.document);
	buf_add_str(&stub.document, "{\"keys\":[");
	rsa_key_jwk(k, kid, "", &stub.document);
	buf_add_str(&stub.document, "]}");
	ck_assert(buf_ok(&stub.document));
}

static void set_up(void)
{
	struct jwks_source source = jwks_stub_source(&stub);
	struct cognito_settings settings = mint_settings();

	stub = (struct jwks_stub){ 0 };
	monotonic_ms = 5000;
	operations = 0;
	ck_assert_int_eq(cognito_new_from(&settings, &source, &cognito), STATUS_OK);
	publish(key, MINT_KID);
	mint_token(key, MINT_HEADER, mint_claims(), &token);
}

static void tear_down(void)
{
	cognito_free(cognito);
	buf_free(&stub.document);
	buf_free(&token);
}

static enum status verify_text(struct slice text, int64_t now_ms)
{
	struct cognito_principal p = { .subject = "untouched" };
	enum status rc =
		cognito_verify(cognito, text, now_ms, (struct deadline){ monotonic_ms + 4500 }, &p);

	ck_assert_str_eq(p.subject, rc == STATUS_OK ? MINT_SUBJECT : "untouched");
	return rc;
}

static enum status verify(int64_t now_ms)
{
	return verify_text(buf_slice(&token), now_ms);
}

/* Verifies a token of a name that the pool does not have: fetches the keys, if that may be. */
static void meet_an_unknown_name(void)
{
	struct buf odd = { 0 };

	monotonic_ms += JWKS_COOL_DOWN_MS;
	mint_token(key, "{\"kid\":\"unknown\",\"alg\":\"RS256\"}", mint_claims(), &odd);
	ck_assert_int_eq(verify_text(buf_slice(&odd), NOW_MS), STATUS_DENIED);
	buf_free(&odd);
}

/* The sound token with one claim changed. */
static void change_token(const char *name, const char *value)
{
	struct buf claims = { 0 };

	mint_claims_but(name, value, &claims);
	buf_clear(&token);
	mint_token(key, MINT_HEADER, buf_cstr(&claims), &token);
	buf_free(&claims);
}

START_TEST(the_same_bytes_are_verified_once)
{
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(verify(NOW_MS), STATUS_OK);
	ck_assert_uint_eq(operations, 1);
	ck_assert_uint_eq(stub.reads, 1);
}
END_TEST

START_TEST(memory_says_what_the_token_says)
{
	struct cognito_principal first, second;
	struct deadline by = { monotonic_ms + 4500 };

	change_token("nbf", "1700000010.25");
	ck_assert_int_eq(cognito_verify(cognito, buf_slice(&token), NOW_MS, by, &first), STATUS_OK);
	ck_assert_int_eq(
		cognito_verify(cognito, buf_slice(&token), NOW_MS, by, &second), STATUS_OK);
	ck_assert_uint_eq(operations, 1);
	ck_assert_str_eq(first.subject, second.subject);
	ck_assert_double_eq(second.times.expires, MINT_EXPIRES_S);
	ck_assert_double_eq(second.times.issued, first.times.issued);
	ck_assert_double_eq(second.times.not_before, 1700000010.25);
}
END_TEST

START_TEST(other_bytes_are_another_token_and_what_failed_is_not_remembered)
{
	struct buf forged = { 0 };

	ck_assert_int_eq(verify(NOW_MS), STATUS_OK);
	for (size_t at = 0; at < token.len; at += 7) {
		buf_clear(&forged);
		buf_add_slice(&forged, buf_slice(&token));
		forged.data[at] = forged.data[at] == 'A' ? 'B' : 'A';
		for (int i = 0; i < 2; i++)
			ck_assert_int_eq(verify_text(buf_slice(&forged), NOW_MS), STATUS_DENIED);
	}
	buf_clear(&forged);
	mint_token(other_key, MINT_HEADER, mint_claims(), &forged);
	operations = 0;
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(verify_text(buf_slice(&forged), NOW_MS), STATUS_DENIED);
	ck_assert_uint_eq(operations, 3);
	ck_assert_int_eq(verify(NOW_MS), STATUS_OK);
	ck_assert_uint_eq(operations, 3);
	buf_free(&forged);
}
END_TEST

START_TEST(a_remembered_token_ends_to_the_millisecond)
{
	ck_assert_int_eq(verify(NOW_MS), STATUS_OK);
	ck_assert_int_eq(verify(EXPIRES_MS - 1), STATUS_OK);
	ck_assert_int_eq(verify(EXPIRES_MS), STATUS_DENIED);
	ck_assert_int_eq(verify(EXPIRES_MS + 3600000), STATUS_DENIED);
	ck_assert_uint_eq(operations, 1);
}
END_TEST

START_TEST(a_clock_that_was_set_back_makes_it_a_token_of_the_future)
{
	ck_assert_int_eq(verify(NOW_MS), STATUS_OK);
	ck_assert_int_eq(verify(NOW_MS - 30000), STATUS_OK);
	ck_assert_int_eq(verify(NOW_MS - 30001), STATUS_DENIED);
	change_token("nbf", "1700000020");
	ck_assert_int_eq(verify(NOW_MS), STATUS_OK);
	ck_assert_int_eq(verify(NOW_MS - 10000), STATUS_OK);
	ck_assert_int_eq(verify(NOW_MS - 10001), STATUS_DENIED);
	ck_assert_uint_eq(operations, 2);
}
END_TEST

START_TEST(a_token_whose_time_was_wrong_is_not_remembered)
{
	ck_assert_int_eq(verify(EXPIRES_MS), STATUS_DENIED);
	ck_assert_int_eq(verify(NOW_MS - 30001), STATUS_DENIED);
	ck_assert_int_eq(verify(NOW_MS), STATUS_OK);
	ck_assert_uint_eq(operations, 3);
}
END_TEST

START_TEST(a_key_that_left_takes_its_tokens_along)
{
	ck_assert_int_eq(verify(NOW_MS), STATUS_OK);
	publish(other_key, "next");
	ck_assert_int_eq(verify(NOW_MS), STATUS_OK); /* nobody has told us */
	meet_an_unknown_name();
	ck_assert_int_eq(verify(NOW_MS), STATUS_DENIED);
	publish(key, MINT_KID);
	monotonic_ms += JWKS_COOL_DOWN_MS;
	ck_assert_int_eq(verify(NOW_MS), STATUS_OK);
	ck_assert_uint_eq(operations, 2);
}
END_TEST

START_TEST(another_key_under_the_same_name_does_as_well)
{
	ck_assert_int_eq(verify(NOW_MS), STATUS_OK);
	publish(other_key, MINT_KID);
	meet_an_unknown_name();
	ck_assert_int_eq(verify(NOW_MS), STATUS_DENIED);
}
END_TEST

START_TEST(old_keys_are_fetched_again_if_all_tokens_are_remembered_ones)
{
	ck_assert_int_eq(verify(NOW_MS), STATUS_OK);
	publish(other_key, "next");
	monotonic_ms += JWKS_AGE_MAX_MS - 1;
	ck_assert_int_eq(verify(NOW_MS), STATUS_OK);
	ck_assert_uint_eq(stub.reads, 1);
	monotonic_ms += 1;
	ck_assert_int_eq(verify(NOW_MS), STATUS_DENIED);
	ck_assert_uint_eq(stub.reads, 2);
	ck_assert_int_eq(stub.total_ms, JWKS_AGE_TOTAL_MS);
}
END_TEST

START_TEST(the_same_keys_fetched_again_cost_nothing)
{
	ck_assert_int_eq(verify(NOW_MS), STATUS_OK);
	monotonic_ms += JWKS_AGE_MAX_MS;
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(verify(NOW_MS), STATUS_OK);
	ck_assert_uint_eq(operations, 1);
	ck_assert_uint_eq(stub.reads, 2);
}
END_TEST

START_TEST(while_cognito_is_down_remembered_tokens_go_on)
{
	ck_assert_int_eq(verify(NOW_MS), STATUS_OK);
	stub.down = true;
	meet_an_unknown_name();
	ck_assert_int_eq(verify(NOW_MS), STATUS_OK);
	monotonic_ms += 30 * JWKS_AGE_MAX_MS;
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(verify(NOW_MS), STATUS_OK);
	ck_assert_uint_eq(operations, 1);
	ck_assert_uint_eq(stub.reads, 3);
}
END_TEST

START_TEST(a_long_subject_is_verified_each_time)
{
	static const size_t lengths[] = { TOKEN_CACHE_SUBJECT_MAX, TOKEN_CACHE_SUBJECT_MAX + 1,
		COGNITO_SUBJECT_MAX };
	struct deadline by = { monotonic_ms + 4500 };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		char subject[COGNITO_SUBJECT_MAX + 1] = "", value[COGNITO_SUBJECT_MAX + 3];
		struct cognito_principal p;

		memset(subject, 's', lengths[i]);
		snprintf(value, sizeof(value), "\"%s\"", subject);
		change_token("sub", value);
		operations = 0;
		for (int use = 0; use < 2; use++) {
			ck_assert_int_eq(cognito_verify(cognito, buf_slice(&token), NOW_MS, by, &p),
				STATUS_OK);
			ck_assert_str_eq(p.subject, subject);
		}
		ck_assert_uint_eq(operations, i == 0 ? 1 : 2);
	}
}
END_TEST

/* Another worker, with keys of its own and in memory that both share. */
static struct cognito *worker(struct shared_memory *memory, struct jwks_stub *keys)
{
	struct jwks_source source = jwks_stub_source(keys);
	struct cognito_settings settings = mint_settings();
	struct cognito *made;

	settings.memory = memory;
	ck_assert_int_eq(cognito_new_from(&settings, &source, &made), STATUS_OK);
	return made;
}

START_TEST(what_one_worker_verified_counts_for_another_that_holds_the_key)
{
	struct cognito *alone = cognito, *first, *second;
	struct jwks_stub others = { 0 };
	struct shared_memory *memory[2];

	shared_pair_open(memory);
	first = worker(memory[0], &stub);
	second = worker(memory[1], &others);
	cognito = first;
	ck_assert_int_eq(verify(NOW_MS), STATUS_OK);
	cognito = second;
	others.down = true;
	ck_assert_int_eq(verify(NOW_MS), STATUS_UNAVAILABLE); /* no key: nothing counts */
	others.down = false;
	monotonic_ms += JWKS_COOL_DOWN_MS;
	buf_add_slice(&others.document, buf_slice(&stub.document));
	ck_assert_int_eq(verify(NOW_MS), STATUS_OK); /* fetches the keys, and verifies */
	ck_assert_uint_eq(operations, 2);
	change_token("nbf", "1700000020");
	cognito = first;
	ck_assert_int_eq(verify(NOW_MS), STATUS_OK);
	cognito = second;
	ck_assert_int_eq(verify(NOW_MS), STATUS_OK);
	ck_assert_int_eq(verify(EXPIRES_MS), STATUS_DENIED);
	ck_assert_uint_eq(operations, 3);
	/* The first has not heard yet that the key is gone; the second has. */
	buf_clear(&others.document);
	buf_add_str(&others.document, "{\"keys\":[");
	rsa_key_jwk(other_key, MINT_KID, "", &others.document);
	buf_add_str(&others.document, "]}");
	meet_an_unknown_name();
	ck_assert_int_eq(verify(NOW_MS), STATUS_DENIED);
	cognito = first;
	ck_assert_int_eq(verify(NOW_MS), STATUS_OK);
	cognito = second;
	ck_assert_int_eq(verify(NOW_MS), STATUS_DENIED);
	cognito = alone;
	cognito_free(first);
	cognito_free(second);
	shared_pair_close(memory);
	buf_free(&others.document);
}
END_TEST

static void digest_of_number(struct token_cache *c, size_t number, struct token_digest *out)
{
	char text[32];

	snprintf(text, sizeof(text), "token %zu", number);
	ck_assert_int_eq(token_cache_digest(c, slice_of(text), out), STATUS_OK);
}

START_TEST(so_many_tokens_are_remembered_and_no_more)
{
	const struct cognito_principal p = { .subject = "s" };
	const struct jwk_digest by_key = { "k" };
	struct token_digest digest;
	struct token_entry found;
	struct token_cache *c;
	size_t kept = 0, count = 2 * TOKEN_CACHE_CAPACITY;

	ck_assert_int_eq(token_cache_new(NULL, &c), STATUS_OK);
	for (size_t i = 0; i < count; i++) {
		digest_of_number(c, i, &digest);
		ck_assert(!token_cache_find(c, &digest, &found));
		token_cache_put(c, &digest, &by_key, &p);
		ck_assert(token_cache_find(c, &digest, &found));
		ck_assert_mem_eq(&found.key, &by_key, sizeof(by_key));
	}
	for (size_t i = 0; i < count; i++) {
		digest_of_number(c, i, &digest);
		kept += token_cache_find(c, &digest, &found);
	}
	ck_assert_uint_le(kept, TOKEN_CACHE_CAPACITY);
	ck_assert_uint_ge(kept, TOKEN_CACHE_CAPACITY * 9 / 10);
	token_cache_free(c);
}
END_TEST

static bool are_alike(const struct token_digest *a, const struct token_digest *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

START_TEST(each_byte_of_a_token_counts_for_its_digest)
{
	struct token_digest digest, again, other;
	struct token_cache *c;
	char text[1200];

	memset(text, 'a', sizeof(text));
	ck_assert_int_eq(token_cache_new(NULL, &c), STATUS_OK);
	for (size_t len = 1; len <= sizeof(text); len += len < 40 ? 1 : 40) {
		const struct slice bytes = { text, len };

		ck_assert_int_eq(token_cache_digest(c, bytes, &digest), STATUS_OK);
		for (size_t i = 0; i < len; i++) {
			text[i] = 'b';
			ck_assert_int_eq(token_cache_digest(c, bytes, &other), STATUS_OK);
			text[i] = 'a';
			if (are_alike(&digest, &other))
				ck_abort_msg("byte %zu of %zu", i, len);
		}
		ck_assert_int_eq(token_cache_digest(c, bytes, &again), STATUS_OK);
		ck_assert(are_alike(&digest, &again));
		ck_assert_int_eq(token_cache_digest(c, slice_skip(bytes, 1), &other), STATUS_OK);
		ck_assert(!are_alike(&digest, &other));
	}
	token_cache_free(c);
}
END_TEST

/* By OpenSSL as well, but with nothing left to its defaults, and the key made by hand. */
static void siphash_2_4(
	const unsigned char mac_key[16], struct slice text, struct token_digest *out)
{
	unsigned int c_rounds = 2, d_rounds = 4;
	size_t size = sizeof(out->bytes), len;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_C_ROUNDS, &c_rounds),
		OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_D_ROUNDS, &d_rounds),
		OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);

	ck_assert_int_eq(EVP_MAC_init(ctx, mac_key, 16, params), 1);
	ck_assert_int_eq(EVP_MAC_update(ctx, (const unsigned char *)text.ptr, text.len), 1);
	ck_assert_int_eq(EVP_MAC_final(ctx, out->bytes, &len, sizeof(out->bytes)), 1);
	ck_assert_uint_eq(len, sizeof(out->bytes));
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
}

START_TEST(a_digest_is_siphash_2_4_under_a_key_of_secret_and_scope)
{
	struct shared_memory *memory[2];
	struct shared_secret secret;
	struct token_digest digest, expected;
	struct token_cache *c;
	unsigned char mac_key[SHA256_SIZE];
	uint64_t scope;

	shared_pair_open(memory);
	ck_assert_int_eq(shared_secret_take(memory[0], &secret), STATUS_OK);
	scope = shared_memory_scope(memory[0]);
	ck_assert_int_eq(sha256((const struct slice[]){ SLICE("token"),
					{ (const char *)secret.bytes, sizeof(secret.bytes) },
					{ (const char *)&scope, sizeof(scope) } },
				 3, mac_key),
		STATUS_OK);
	ck_assert_int_eq(token_cache_new(memory[1], &c), STATUS_OK);
	for (int i = 0; i < 2; i++) { /* also with a context that was used before */
		siphash_2_4(mac_key, SLICE("a token"), &expected);
		ck_assert_int_eq(token_cache_digest(c, SLICE("a token"), &digest), STATUS_OK);
		ck_assert(are_alike(&digest, &expected));
	}
	token_cache_free(c);
	shared_pair_close(memory);
}
END_TEST

START_TEST(digests_are_the_same_for_those_who_share_memory_alone)
{
	struct shared_memory *memory[2];
	struct token_cache *caches[2], *stranger;
	struct token_digest digests[2], other;

	shared_pair_open(memory);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(token_cache_new(memory[i], &caches[i]), STATUS_OK);
		ck_assert_int_eq(
			token_cache_digest(caches[i], SLICE("abc"), &digests[i]), STATUS_OK);
	}
	ck_assert(are_alike(&digests[0], &digests[1]));
	ck_assert_int_eq(token_cache_new(NULL, &stranger), STATUS_OK);
	ck_assert_int_eq(token_cache_digest(stranger, SLICE("abc"), &other), STATUS_OK);
	ck_assert(!are_alike(&digests[0], &other));
	token_cache_free(stranger);
	for (int i = 0; i < 2; i++)
		token_cache_free(caches[i]);
	shared_pair_close(memory);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/remembered");
	TCase *tc = tcase_create("tokens");

	tcase_add_unchecked_fixture(tc, make_keys, free_keys);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, the_same_bytes_are_verified_once);
	tcase_add_test(tc, memory_says_what_the_token_says);
	tcase_add_test(tc, other_bytes_are_another_token_and_what_failed_is_not_remembered);
	tcase_add_test(tc, a_remembered_token_ends_to_the_millisecond);
	tcase_add_test(tc, a_clock_that_was_set_back_makes_it_a_token_of_the_future);
	tcase_add_test(tc, a_token_whose_time_was_wrong_is_not_remembered);
	tcase_add_test(tc, a_key_that_left_takes_its_tokens_along);
	tcase_add_test(tc, another_key_under_the_same_name_does_as_well);
	tcase_add_test(tc, old_keys_are_fetched_again_if_all_tokens_are_remembered_ones);
	tcase_add_test(tc, the_same_keys_fetched_again_cost_nothing);
	tcase_add_test(tc, while_cognito_is_down_remembered_tokens_go_on);
	tcase_add_test(tc, a_long_subject_is_verified_each_time);
	tcase_add_test(tc, what_one_worker_verified_counts_for_another_that_holds_the_key);
	tcase_add_test(tc, so_many_tokens_are_remembered_and_no_more);
	tcase_add_test(tc, each_byte_of_a_token_counts_for_its_digest);
	tcase_add_test(tc, a_digest_is_siphash_2_4_under_a_key_of_secret_and_scope);
	tcase_add_test(tc, digests_are_the_same_for_those_who_share_memory_alone);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return check_main(suite());
}
