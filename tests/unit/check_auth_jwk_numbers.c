/* SPDX-License-Identifier: MIT */
/* Which moduli and exponents a JWK may have. What its other members say is check_auth_jwk.c. */
#include "auth/jwk.h"

#include "auth/roca.h"
#include "base/base64url.h"
#include "support/rsa_key.h"
#include "unit/check_main.h"

#include <openssl/bn.h>

static struct rsa_key *key; /* 2,048 bits; made once, before the tests' processes part */

static void make_key(void)
{
	key = rsa_key_new(2048, 65537);
}

static void free_key(void)
{
	rsa_key_free(key);
}

/* Parses an entry; *why is "" for a key. */
static enum status parse(struct slice text, struct jwk **out, const char **why)
{
	struct json *doc;
	enum status rc;

	*why = "";
	ck_assert_msg(json_parse(text, &doc) == STATUS_OK, "%s", text.ptr);
	rc = jwk_parse(json_root(doc), out, why);
	json_free(doc);
	return rc;
}

static void assert_accepted(struct slice text)
{
	struct jwk *k = NULL;
	const char *why;
	enum status rc = parse(text, &k, &why);

	ck_assert_msg(rc == STATUS_OK, "%s, %s: %.300s", status_name(rc), why, text.ptr);
	jwk_free(k);
}

static void assert_refused(struct slice text, const char *should)
{
	struct jwk *k = NULL;
	const char *why;
	enum status rc = parse(text, &k, &why);

	ck_assert_msg(rc == STATUS_INVALID, "%s: %.300s", status_name(rc), text.ptr);
	ck_assert_ptr_null(k);
	ck_assert_str_eq(why, should);
}

/* An entry from the texts of its members n and e (JSON values; NULL leaves one out). */
static void add_entry(const char *n, const char *e, struct buf *out)
{
	buf_add_str(out, "{\"kty\":\"RSA\",\"kid\":\"k\"");
	if (n)
		buf_add_str(out, ",\"n\":");
	buf_add_str(out, n ? n : "");
	if (e)
		buf_add_str(out, ",\"e\":");
	buf_add_str(out, e ? e : "");
	buf_add_str(out, "}");
	ck_assert(buf_ok(out));
}

/* A number as a JSON string of base64url, with that many zero bytes in front. */
static void add_number(const BIGNUM *number, size_t zeros, struct buf *out)
{
	struct buf bytes = { 0 };

	for (size_t i = 0; i < zeros; i++)
		buf_add_char(&bytes, '\0');
	rsa_key_number(number, 0, &bytes);
	buf_add_char(out, '"');
	base64url_encode(buf_slice(&bytes), out);
	buf_add_char(out, '"');
	buf_free(&bytes);
}

static void assert_modulus(const BIGNUM *n, size_t zeros, const char *refused)
{
	struct buf number = { 0 }, entry = { 0 };

	add_number(n, zeros, &number);
	add_entry(buf_cstr(&number), "\"AQAB\"", &entry);
	if (refused)
		assert_refused(buf_slice(&entry), refused);
	else
		assert_accepted(buf_slice(&entry));
	buf_free(&number);
	buf_free(&entry);
}

static void assert_exponent(const char *e, const char *refused)
{
	struct buf number = { 0 }, entry = { 0 };

	add_number(rsa_key_n(key), 0, &number);
	add_entry(buf_cstr(&number), e, &entry);
	if (refused)
		assert_refused(buf_slice(&entry), refused);
	else
		assert_accepted(buf_slice(&entry));
	buf_free(&number);
	buf_free(&entry);
}

/* A product of two primes of about the same size, of exactly so many bits. */
static BIGNUM *modulus_of(int bits)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *n = BN_new(), *p = BN_new(), *q = BN_new();

	ck_assert(ctx && n && p && q);
	/* Both have their two highest bits set, so that no bit is missing from the product. */
	ck_assert_int_eq(BN_generate_prime_ex(p, bits / 2, 0, NULL, NULL, NULL), 1);
	ck_assert_int_eq(BN_generate_prime_ex(q, bits - bits / 2, 0, NULL, NULL, NULL), 1);
	ck_assert_int_eq(BN_mul(n, p, q, ctx), 1);
	ck_assert_int_eq(BN_num_bits(n), bits);
	BN_free(p);
	BN_free(q);
	BN_CTX_free(ctx);
	return n;
}

START_TEST(takes_moduli_of_2048_to_4096_bits)
{
	static const int bits[] = { 2048, 2049, 3072, 4096 };

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		BIGNUM *n = modulus_of(bits[i]);

		assert_modulus(n, 0, NULL);
		BN_free(n);
	}
}
END_TEST

START_TEST(refuses_moduli_of_other_sizes)
{
	static const int sound[] = { 1024, 2047 };
	static const int large[] = { 4097, 4104, 16384 };
	BIGNUM *n = BN_new();

	for (size_t i = 0; i < sizeof(sound) / sizeof(sound[0]); i++) {
		BIGNUM *small = modulus_of(sound[i]);

		assert_modulus(small, 0, "n");
		BN_free(small);
	}
	for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++) {
		ck_assert_int_eq(BN_rand(n, large[i], BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
		assert_modulus(n, 0, "n");
	}
	BN_free(n);
}
END_TEST

START_TEST(refuses_moduli_that_are_no_product_of_two_large_primes)
{
	BIGNUM *n = BN_dup(rsa_key_n(key));

	ck_assert_ptr_nonnull(n);
	assert_modulus(n, 0, NULL);
	ck_assert_int_eq(BN_add_word(n, 1), 1);
	assert_modulus(n, 0, "n"); /* even */
	ck_assert_int_eq(BN_generate_prime_ex(n, 2048, 0, NULL, NULL, NULL), 1);
	assert_modulus(n, 0, "modulus");
	ck_assert_int_eq(BN_copy(n, rsa_key_n(key)) != NULL && BN_mul_word(n, 3), 1);
	assert_modulus(n, 0, "modulus");
	ck_assert_int_eq(BN_copy(n, rsa_key_n(key)) != NULL && BN_mul_word(n, 751), 1);
	assert_modulus(n, 0, "modulus");
	BN_free(n);
}
END_TEST

START_TEST(refuses_the_roca_generators_moduli)
{
	struct rsa_key *roca = rsa_key_new_roca();

	ck_assert(roca_suspected(rsa_key_n(roca)));
	ck_assert(!roca_suspected(rsa_key_n(key)));
	assert_modulus(rsa_key_n(roca), 0, "roca");
	rsa_key_free(roca);
}
END_TEST

START_TEST(wants_one_spelling_of_the_modulus)
{
	struct buf entry = { 0 }, number = { 0 };

	assert_modulus(rsa_key_n(key), 0, NULL);
	assert_modulus(rsa_key_n(key), 1, "n"); /* RFC 7518, 6.3.1.1: no extra zero octet */
	add_number(rsa_key_n(key), 0, &number);
	number.len--;
	buf_add_str(&number, "==\"");
	add_entry(buf_cstr(&number), "\"AQAB\"", &entry);
	assert_refused(buf_slice(&entry), "n");
	buf_clear(&number);
	add_number(rsa_key_n(key), 0, &number);
	number.len--;
	buf_add_str(&number, " \"");
	buf_clear(&entry);
	add_entry(buf_cstr(&number), "\"AQAB\"", &entry);
	assert_refused(buf_slice(&entry), "n");
	buf_free(&entry);
	buf_free(&number);
}
END_TEST

START_TEST(wants_a_modulus)
{
	static const char *const values[] = { NULL, "\"\"", "null", "7", "[]", "\"AA\"", "\"AQAB\"",
		"\"a\"" };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct buf entry = { 0 };

		add_entry(values[i], "\"AQAB\"", &entry);
		assert_refused(buf_slice(&entry), "n");
		buf_free(&entry);
	}
}
END_TEST

static const struct {
	const char *e, *refused;
} exponents[] = {
	{ "\"AQAB\"", NULL }, /* 65537 */
	{ "\"AQAD\"", NULL }, /* 65539 */
	{ "\"_____w\"", NULL }, /* 2^32 - 1 */
	{ "\"AQ\"", "e" }, /* 1 */
	{ "\"Ag\"", "e" }, /* 2 */
	{ "\"Aw\"", "e" }, /* 3 */
	{ "\"EQ\"", "e" }, /* 17 */
	{ "\"__8\"", "e" }, /* 65535 */
	{ "\"AQAA\"", "e" }, /* 65536 */
	{ "\"AQAC\"", "e" }, /* 65538 */
	{ "\"AQAAAAE\"", "e" }, /* 2^32 + 1 */
	{ "\"AAEAAQ\"", "e" }, /* 65537 with a leading zero */
	{ "\"AA\"", "e" },
	{ "\"\"", "e" },
	{ "\"AQAB=\"", "e" },
	{ "\"AQ AB\"", "e" },
	{ "\"65537\"", "e" },
	{ "65537", "e" },
	{ "null", "e" },
	{ NULL, "e" },
};

START_TEST(takes_odd_exponents_from_65537_to_32_bits)
{
	assert_exponent(exponents[_i].e, exponents[_i].refused);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/jwk numbers");
	TCase *tc = tcase_create("n and e");

	tcase_add_unchecked_fixture(tc, make_key, free_key);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, takes_moduli_of_2048_to_4096_bits);
	tcase_add_test(tc, refuses_moduli_of_other_sizes);
	tcase_add_test(tc, refuses_moduli_that_are_no_product_of_two_large_primes);
	tcase_add_test(tc, refuses_the_roca_generators_moduli);
	tcase_add_test(tc, wants_one_spelling_of_the_modulus);
	tcase_add_test(tc, wants_a_modulus);
	tcase_add_loop_test(tc, takes_odd_exponents_from_65537_to_32_bits, 0,
		sizeof(exponents) / sizeof(exponents[0]));
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return check_main(suite());
}
