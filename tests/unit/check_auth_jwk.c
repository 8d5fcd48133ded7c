/* SPDX-License-Identifier: MIT */
/* Which entries of a JWKS become keys. Each odd one is a sound one with one thing changed, so that
 * it is this thing that is refused. */
#include "auth/jwk.h"

#include "base/base64url.h"
#include "support/rsa_key.h"
#include "unit/check_main.h"

#include <openssl/evp.h>

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

START_TEST(reads_name_length_and_numbers)
{
	struct buf entry = { 0 };
	struct jwk *k;
	const char *why;

	rsa_key_jwk(key, "the \\u00e9 name", ",\"use\":\"sig\",\"alg\":\"RS256\"", &entry);
	ck_assert_int_eq(parse(buf_slice(&entry), &k, &why), STATUS_OK);
	ck_assert(slice_equal(jwk_kid(k), SLICE("the \xc3\xa9 name")));
	ck_assert_uint_eq(jwk_signature_len(k), 256);
	ck_assert_int_eq(EVP_PKEY_eq(jwk_public(k), rsa_key_pair(key)), 1);
	jwk_free(k);
	jwk_free(NULL);
	buf_free(&entry);
}
END_TEST

START_TEST(tells_keys_apart_by_their_numbers)
{
	struct rsa_key *other = rsa_key_new(2048, 65537);
	struct buf texts[3] = { { 0 }, { 0 }, { 0 } };
	struct jwk *keys[3];
	const char *why;

	rsa_key_jwk(key, "a", "", &texts[0]);
	rsa_key_jwk(key, "b", ",\"use\":\"sig\"", &texts[1]);
	rsa_key_jwk(other, "a", "", &texts[2]);
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(parse(buf_slice(&texts[i]), &keys[i], &why), STATUS_OK);
	ck_assert(jwk_same_key(keys[0], keys[1]));
	ck_assert(!jwk_same_key(keys[0], keys[2]));
	for (size_t i = 0; i < 3; i++) {
		jwk_free(keys[i]);
		buf_free(&texts[i]);
	}
	rsa_key_free(other);
}
END_TEST

static const struct {
	const char *more; /* members behind the sound ones */
	const char *refused; /* NULL: it is a key */
} members[] = {
	{ "", NULL },
	{ ",\"use\":\"sig\"", NULL },
	{ ",\"use\":\"enc\"", "use" },
	{ ",\"use\":\"SIG\"", "use" },
	{ ",\"use\":\"\"", "use" },
	{ ",\"use\":null", "use" },
	{ ",\"use\":[\"sig\"]", "use" },
	{ ",\"alg\":\"RS256\"", NULL },
	{ ",\"alg\":\"RSA1_5\"", "alg" },
	{ ",\"alg\":\"RS384\"", "alg" },
	{ ",\"alg\":\"RS512\"", "alg" },
	{ ",\"alg\":\"PS256\"", "alg" },
	{ ",\"alg\":\"HS256\"", "alg" },
	{ ",\"alg\":\"none\"", "alg" },
	{ ",\"alg\":\"rs256\"", "alg" },
	{ ",\"alg\":null", "alg" },
	{ ",\"alg\":256", "alg" },
	{ ",\"key_ops\":[\"verify\"]", NULL },
	{ ",\"key_ops\":[\"sign\",\"verify\"]", NULL },
	{ ",\"key_ops\":[]", "key_ops" },
	{ ",\"key_ops\":[\"sign\"]", "key_ops" },
	{ ",\"key_ops\":[\"encrypt\",\"wrapKey\"]", "key_ops" },
	{ ",\"key_ops\":[\"Verify\",7,null]", "key_ops" },
	{ ",\"key_ops\":\"verify\"", "key_ops" },
	{ ",\"key_ops\":null", "key_ops" },
	{ ",\"d\":\"AQAB\"", "private_part" },
	{ ",\"p\":\"AQAB\"", "private_part" },
	{ ",\"q\":null", "private_part" },
	{ ",\"dp\":\"\"", "private_part" },
	{ ",\"dq\":\"AQAB\"", "private_part" },
	{ ",\"qi\":\"AQAB\"", "private_part" },
	{ ",\"oth\":[]", "private_part" },
	{ ",\"k\":\"AAECAwQ\"", "private_part" },
	{ ",\"x5c\":[\"not a certificate\"],\"x5u\":\"http://127.0.0.1:1/\",\"x5t\":5", NULL },
	{ ",\"issuer\":{\"anything\":[1,2,3]}", NULL },
};

START_TEST(goes_by_the_members_that_say_what_a_key_is_for)
{
	struct buf entry = { 0 };

	rsa_key_jwk(key, "k", members[_i].more, &entry);
	if (members[_i].refused)
		assert_refused(buf_slice(&entry), members[_i].refused);
	else
		assert_accepted(buf_slice(&entry));
	buf_free(&entry);
}
END_TEST

START_TEST(skips_other_kinds_of_keys)
{
	static const char *const kinds[] = { "{}", "{\"kid\":\"k\"}",
		"{\"kty\":null,\"kid\":\"k\"}",
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\",\"kid\":\"k\"}",
		"{\"kty\":\"oct\",\"k\":\"AAECAwQ\",\"kid\":\"k\",\"alg\":\"HS256\"}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\",\"kid\":\"k\"}",
		"{\"kty\":\"rsa\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"kid\":\"k\"}",
		"{\"kty\":[\"RSA\"],\"n\":\"AQAB\",\"e\":\"AQAB\",\"kid\":\"k\"}" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		assert_refused(slice_of(kinds[i]), "kty");
}
END_TEST

START_TEST(skips_what_is_no_object)
{
	struct json *doc;
	struct jwk *k;
	const char *why = "";

	ck_assert_int_eq(json_parse(SLICE("{\"a\":[],\"b\":\"RSA\",\"c\":null}"), &doc), STATUS_OK);
	for (const char *name = "abc"; *name != '\0'; name++) {
		char member[] = { *name, '\0' };

		ck_assert_int_eq(
			jwk_parse(json_get(json_root(doc), member), &k, &why), STATUS_INVALID);
		ck_assert_str_eq(why, "no_object");
	}
	json_free(doc);
}
END_TEST

static void assert_kid(const char *value, const char *refused)
{
	struct buf number = { 0 }, entry = { 0 };

	add_number(rsa_key_n(key), 0, &number);
	buf_add_str(&entry, "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":");
	buf_add_slice(&entry, buf_slice(&number));
	if (value)
		buf_add_str(&entry, ",\"kid\":");
	buf_add_str(&entry, value ? value : "");
	buf_add_str(&entry, "}");
	if (refused)
		assert_refused(buf_slice(&entry), refused);
	else
		assert_accepted(buf_slice(&entry));
	buf_free(&number);
	buf_free(&entry);
}

START_TEST(wants_a_name_of_one_to_256_bytes)
{
	char longest[JWK_KID_MAX + 4];

	memset(longest, 'k', sizeof(longest));
	longest[0] = '"';
	longest[JWK_KID_MAX + 1] = '"';
	longest[JWK_KID_MAX + 2] = '\0';
	assert_kid(longest, NULL);
	longest[JWK_KID_MAX + 1] = 'k';
	longest[JWK_KID_MAX + 2] = '"';
	longest[JWK_KID_MAX + 3] = '\0';
	assert_kid(longest, "kid");
	assert_kid("\"a\\u0000b\"", NULL);
	assert_kid(NULL, "kid");
	assert_kid("\"\"", "kid");
	assert_kid("7", "kid");
	assert_kid("null", "kid");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/jwk");
	TCase *tc = tcase_create("entries");

	tcase_add_unchecked_fixture(tc, make_key, free_key);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, reads_name_length_and_numbers);
	tcase_add_test(tc, tells_keys_apart_by_their_numbers);
	tcase_add_loop_test(tc, goes_by_the_members_that_say_what_a_key_is_for, 0,
		sizeof(members) / sizeof(members[0]));
	tcase_add_test(tc, skips_other_kinds_of_keys);
	tcase_add_test(tc, skips_what_is_no_object);
	tcase_add_test(tc, wants_a_name_of_one_to_256_bytes);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return check_main(suite());
}
