/* SPDX-License-Identifier: MIT */
/* A JWKS document as a set of named keys: what is skipped, what makes the document useless, and
 * that an odd key in it verifies nothing, though it signed, while its sound twin does. */
#include "auth/jwk_set.h"

#include "auth/cognito.h"
#include "base/base64url.h"
#include "support/jwks_stub.h"
#include "support/mint.h"
#include "unit/check_main.h"

#include <stdio.h>

#define KEYS 2
static struct rsa_key *keys[KEYS]; /* made once, before the tests' processes part */

static void make_keys(void)
{
	for (size_t i = 0; i < KEYS; i++)
		keys[i] = rsa_key_new(2048, 65537);
}

static void free_keys(void)
{
	for (size_t i = 0; i < KEYS; i++)
		rsa_key_free(keys[i]);
}

/* Starts and ends a document; the entries between them end in a comma each, but for the last. */
static void open_document(struct buf *b)
{
	buf_add_str(b, "{\"keys\":[");
}

static void close_document(struct buf *b)
{
	buf_add_str(b, "]}");
	ck_assert(buf_ok(b));
}

static enum status parse(const struct buf *document, struct jwk_set **out)
{
	const char *why = "";

	return jwk_set_parse(buf_slice(document), out, &why);
}

START_TEST(finds_keys_by_their_whole_name)
{
	struct buf b = { 0 };
	struct jwk_set *set;

	open_document(&b);
	rsa_key_jwk(keys[0], "name", "", &b);
	buf_add_str(&b, ",");
	rsa_key_jwk(keys[1], "name\\u0000tail", "", &b);
	close_document(&b);
	ck_assert_int_eq(parse(&b, &set), STATUS_OK);
	ck_assert_uint_eq(jwk_set_count(set), 2);
	ck_assert_ptr_nonnull(jwk_set_find(set, SLICE("name")));
	ck_assert_ptr_nonnull(jwk_set_find(set, SLICE("name\0tail")));
	ck_assert_ptr_ne(jwk_set_find(set, SLICE("name")), jwk_set_find(set, SLICE("name\0tail")));
	ck_assert_ptr_null(jwk_set_find(set, SLICE("nam")));
	ck_assert_ptr_null(jwk_set_find(set, SLICE("name\0")));
	ck_assert_ptr_null(jwk_set_find(set, SLICE("names")));
	ck_assert_ptr_null(jwk_set_find(set, SLICE("Name")));
	ck_assert_ptr_null(jwk_set_find(set, SLICE("")));
	ck_assert_ptr_null(jwk_set_find(NULL, SLICE("name")));
	jwk_set_free(set);
	jwk_set_free(NULL);
	buf_free(&b);
}
END_TEST

START_TEST(skips_what_is_no_key_and_keeps_the_rest)
{
	struct buf b = { 0 };
	struct jwk_set *set;

	open_document(&b);
	buf_add_str(&b,
		"null,7,\"RSA\",[],{},{\"kty\":\"EC\",\"kid\":\"ec\"},"
		"{\"kty\":\"oct\",\"kid\":\"oct\",\"k\":\"AAECAwQ\"},");
	rsa_key_jwk(keys[0], "encryption", ",\"use\":\"enc\"", &b);
	buf_add_str(&b, ",");
	rsa_key_jwk(keys[1], "good", "", &b);
	close_document(&b);
	ck_assert_int_eq(parse(&b, &set), STATUS_OK);
	ck_assert_uint_eq(jwk_set_count(set), 1);
	ck_assert_ptr_nonnull(jwk_set_find(set, SLICE("good")));
	ck_assert_ptr_null(jwk_set_find(set, SLICE("encryption")));
	jwk_set_free(set);
	buf_free(&b);
}
END_TEST

START_TEST(leaves_out_different_keys_of_one_name)
{
	struct buf b = { 0 };
	struct jwk_set *set;

	open_document(&b);
	rsa_key_jwk(keys[0], "twice", "", &b);
	buf_add_str(&b, ",");
	rsa_key_jwk(keys[0], "once", "", &b);
	buf_add_str(&b, ",");
	rsa_key_jwk(keys[1], "twice", "", &b);
	buf_add_str(&b, ",");
	rsa_key_jwk(keys[0], "twice", "", &b);
	close_document(&b);
	ck_assert_int_eq(parse(&b, &set), STATUS_OK);
	ck_assert_uint_eq(jwk_set_count(set), 1);
	ck_assert_ptr_null(jwk_set_find(set, SLICE("twice")));
	ck_assert_ptr_nonnull(jwk_set_find(set, SLICE("once")));
	jwk_set_free(set);
	buf_free(&b);
}
END_TEST

START_TEST(takes_the_same_key_twice_for_one)
{
	struct buf b = { 0 };
	struct jwk_set *set;

	open_document(&b);
	rsa_key_jwk(keys[0], "same", "", &b);
	buf_add_str(&b, ",");
	rsa_key_jwk(keys[0], "same", ",\"use\":\"sig\"", &b);
	close_document(&b);
	ck_assert_int_eq(parse(&b, &set), STATUS_OK);
	ck_assert_uint_eq(jwk_set_count(set), 1);
	jwk_set_free(set);
	buf_free(&b);
}
END_TEST

static enum status parse_many(size_t n, struct jwk_set **out)
{
	struct buf b = { 0 };
	enum status rc;

	open_document(&b);
	for (size_t i = 0; i < n; i++) {
		char kid[32];

		snprintf(kid, sizeof(kid), "key-%zu", i);
		if (i > 0)
			buf_add_str(&b, ",");
		rsa_key_jwk(keys[0], kid, "", &b);
	}
	close_document(&b);
	rc = parse(&b, out);
	buf_free(&b);
	return rc;
}

START_TEST(holds_32_keys_and_refuses_more)
{
	struct jwk_set *set = NULL;

	ck_assert_int_eq(parse_many(JWK_SET_MAX + 1, &set), STATUS_INVALID);
	ck_assert_ptr_null(set);
	ck_assert_int_eq(parse_many(JWK_SET_MAX, &set), STATUS_OK);
	ck_assert_uint_eq(jwk_set_count(set), JWK_SET_MAX);
	ck_assert_ptr_nonnull(jwk_set_find(set, SLICE("key-31")));
	jwk_set_free(set);
}
END_TEST

START_TEST(tells_a_document_without_keys_from_no_document)
{
	static const struct {
		const char *text;
		enum status should;
	} documents[] = {
		{ "{\"keys\":[]}", STATUS_NOT_FOUND },
		{ "{\"keys\":[{}]}", STATUS_NOT_FOUND },
		{ "{\"keys\":[],\"more\":1}", STATUS_NOT_FOUND },
		{ "{\"keys\":[],\"keys\":[]}", STATUS_INVALID },
		{ "{\"keys\":{}}", STATUS_INVALID },
		{ "{\"keys\":null}", STATUS_INVALID },
		{ "{\"Keys\":[]}", STATUS_INVALID },
		{ "{}", STATUS_INVALID },
		{ "[]", STATUS_INVALID },
		{ "", STATUS_INVALID },
		{ "null", STATUS_INVALID },
		{ "<html>no keys today</html>", STATUS_INVALID },
		{ "{\"keys\":[]", STATUS_INVALID },
		{ "{\"keys\":[]} x", STATUS_INVALID },
		{ "\xef\xbb\xbf{\"keys\":[]}", STATUS_INVALID },
	};

	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		struct jwk_set *set = NULL;
		const char *why = NULL;

		ck_assert_int_eq(jwk_set_parse(slice_of(documents[i].text), &set, &why),
			documents[i].should);
		ck_assert_ptr_null(set);
		ck_assert_int_eq(why != NULL, documents[i].should == STATUS_INVALID);
	}
}
END_TEST

/* --- Odd keys that really sign ---------------------------------------------------------------- */

static enum status verify_with(
	const struct buf *document, const struct buf *token, size_t reads_should)
{
	struct jwks_stub stub = { .document = *document };
	struct jwks_source source = jwks_stub_source(&stub);
	struct cognito_settings settings = mint_settings();
	struct cognito_principal principal;
	struct cognito *c;
	enum status rc;

	ck_assert_int_eq(cognito_new_from(&settings, &source, &c), STATUS_OK);
	rc = cognito_verify(
		c, buf_slice(token), MINT_NOW_S * INT64_C(1000), deadline_in(60000), &principal);
	ck_assert_uint_eq(stub.reads, reads_should);
	cognito_free(c);
	return rc;
}

/* A token that `signer` signed, against a document with its key (and `more` members) under the
 * token's kid, and behind it whatever `behind` says. */
static void assert_key(
	const struct rsa_key *signer, const char *more, const char *behind, enum status should)
{
	struct buf document = { 0 }, token = { 0 };
	/* A signature that no good key can have made is refused before keys are asked for. */
	size_t reads = rsa_key_len(signer) >= JWK_MODULUS_BYTES_MIN ? 1 : 0;
	enum status is;

	open_document(&document);
	rsa_key_jwk(signer, MINT_KID, more, &document);
	buf_add_str(&document, behind);
	close_document(&document);
	mint_token(signer, MINT_HEADER, mint_claims(), &token);
	is = verify_with(&document, &token, reads);
	ck_assert_msg(is == should, "%s: %s%s", status_name(is), more, behind);
	buf_free(&document);
	buf_free(&token);
}

START_TEST(odd_sizes_and_exponents_verify_nothing)
{
	static const struct {
		unsigned int bits, e;
		enum status should;
	} shapes[] = {
		{ 2048, 65537, STATUS_OK },
		{ 1024, 65537, STATUS_DENIED },
		{ 2040, 65537, STATUS_DENIED },
		{ 2048, 3, STATUS_DENIED },
		{ 2048, 17, STATUS_DENIED },
		{ 2048, 65539, STATUS_OK },
		{ 3072, 65537, STATUS_OK },
	};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct rsa_key *k = rsa_key_new(shapes[i].bits, shapes[i].e);

		assert_key(k, "", "", shapes[i].should);
		rsa_key_free(k);
	}
}
END_TEST

START_TEST(keys_for_other_purposes_verify_nothing)
{
	static const char *const purposes[] = { ",\"use\":\"enc\"", ",\"alg\":\"RSA1_5\"",
		",\"use\":\"enc\",\"alg\":\"RSA-OAEP\"", ",\"alg\":\"RS384\"",
		",\"key_ops\":[\"encrypt\"]", ",\"key_ops\":[\"sign\"]" };

	assert_key(keys[0], ",\"use\":\"sig\",\"alg\":\"RS256\",\"key_ops\":[\"verify\"]", "",
		STATUS_OK);
	for (size_t i = 0; i < sizeof(purposes) / sizeof(purposes[0]); i++)
		assert_key(keys[0], purposes[i], "", STATUS_DENIED);
}
END_TEST

START_TEST(a_name_that_two_keys_have_verifies_nothing)
{
	struct buf behind = { 0 };

	buf_add_str(&behind, ",");
	rsa_key_jwk(keys[1], MINT_KID, "", &behind);
	assert_key(keys[0], "", buf_cstr(&behind), STATUS_DENIED);
	buf_clear(&behind);
	buf_add_str(&behind, ",");
	rsa_key_jwk(keys[1], "another", "", &behind);
	assert_key(keys[0], "", buf_cstr(&behind), STATUS_OK);
	buf_free(&behind);
}
END_TEST

START_TEST(a_published_private_key_verifies_nothing)
{
	struct buf d = { 0 }, more = { 0 };

	rsa_key_number(rsa_key_d(keys[0]), 0, &d);
	buf_add_str(&more, ",\"d\":\"");
	base64url_encode(buf_slice(&d), &more);
	buf_add_str(&more, "\"");
	assert_key(keys[0], buf_cstr(&more), "", STATUS_DENIED);
	assert_key(keys[0], "", "", STATUS_OK);
	buf_free(&d);
	buf_free(&more);
}
END_TEST

START_TEST(a_roca_key_verifies_nothing)
{
	struct rsa_key *roca = rsa_key_new_roca();

	assert_key(roca, "", "", STATUS_DENIED);
	rsa_key_free(roca);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/jwk_set");
	TCase *tc = tcase_create("documents");

	tcase_add_unchecked_fixture(tc, make_keys, free_keys);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, finds_keys_by_their_whole_name);
	tcase_add_test(tc, skips_what_is_no_key_and_keeps_the_rest);
	tcase_add_test(tc, leaves_out_different_keys_of_one_name);
	tcase_add_test(tc, takes_the_same_key_twice_for_one);
	tcase_add_test(tc, holds_32_keys_and_refuses_more);
	tcase_add_test(tc, tells_a_document_without_keys_from_no_document);
	tcase_add_test(tc, odd_sizes_and_exponents_verify_nothing);
	tcase_add_test(tc, keys_for_other_purposes_verify_nothing);
	tcase_add_test(tc, a_name_that_two_keys_have_verifies_nothing);
	tcase_add_test(tc, a_published_private_key_verifies_nothing);
	tcase_add_test(tc, a_roca_key_verifies_nothing);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return check_main(suite());
}
