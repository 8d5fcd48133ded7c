/* SPDX-License-Identifier: MIT */
/* What the header of a token may say, and how strict header and payload are as JSON: the attacks of
 * RFC 8725 and of what json-c would let through. Forged signatures are check_auth_vectors.c. */
#include "auth/jwt.h"

#include "support/mint.h"
#include "support/rsa_key.h"
#include "unit/check_main.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

static struct rsa_key *key; /* made once, before the tests' processes part */

static void make_key(void)
{
	key = rsa_key_new(2048, 65537);
}

static void free_key(void)
{
	rsa_key_free(key);
}

static struct jwk *public_key(const struct rsa_key *k)
{
	struct buf entry = { 0 };
	struct json *doc;
	struct jwk *out;
	const char *why;

	rsa_key_jwk(k, MINT_KID, "", &entry);
	ck_assert_int_eq(json_parse(buf_slice(&entry), &doc), STATUS_OK);
	ck_assert_int_eq(jwk_parse(json_root(doc), &out, &why), STATUS_OK);
	json_free(doc);
	buf_free(&entry);
	return out;
}

/* jwt_verify of a parsed token against that key's public half. */
static enum status verify(struct jwt *t, const struct rsa_key *k)
{
	EVP_MD *sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	struct jwk *public = public_key(k);
	enum status rc = jwt_verify(t, public, sha256);

	jwk_free(public);
	EVP_MD_free(sha256);
	return rc;
}

/* NULL if the token is read and verifies; otherwise why it is not read. */
static const char *read_token(struct slice token)
{
	struct jwt *t = NULL;
	const char *why = "";
	enum status rc = jwt_parse(token, &t, &why);

	if (rc == STATUS_OK) {
		rc = verify(t, key);
		ck_assert_msg(rc == STATUS_OK, "read, but %s", status_name(rc));
		jwt_free(t);
		return NULL;
	}
	ck_assert_int_eq(rc, STATUS_DENIED);
	ck_assert_ptr_null(t);
	return why;
}

/* The same of a token with that header and payload, signed with our key. */
static const char *read_signed(struct slice header, struct slice payload)
{
	struct buf text = { 0 }, signature = { 0 }, token = { 0 };
	const char *why;

	mint_signed_text(header, payload, &text);
	rsa_key_sign(key, "SHA256", false, buf_slice(&text), &signature);
	mint_join(buf_slice(&text), buf_slice(&signature), &token);
	why = read_token(buf_slice(&token));
	buf_free(&text);
	buf_free(&signature);
	buf_free(&token);
	return why;
}

#define KID "\"kid\":\"" MINT_KID "\""
#define ALG "\"alg\":\"RS256\""

static const struct {
	const char *header;
	const char *refused; /* NULL: it is read and verifies */
} headers[] = {
	{ MINT_HEADER, NULL },
	{ "{ \"kid\" : \"" MINT_KID "\",\n\t\"alg\" : \"RS256\" }\r\n", NULL },
	{ "{" KID ",\"alg\":\"RS\\u003256\"}", NULL },
	{ "{" KID "}", "alg" },
	{ "{" KID ",\"alg\":\"none\"}", "alg" },
	{ "{" KID ",\"alg\":\"None\"}", "alg" },
	{ "{" KID ",\"alg\":\"nOnE\"}", "alg" },
	{ "{" KID ",\"alg\":\"\"}", "alg" },
	{ "{" KID ",\"alg\":null}", "alg" },
	{ "{" KID ",\"alg\":256}", "alg" },
	{ "{" KID ",\"alg\":[\"RS256\"]}", "alg" },
	{ "{" KID ",\"alg\":{\"RS256\":1}}", "alg" },
	{ "{" KID ",\"alg\":\"HS256\"}", "alg" },
	{ "{" KID ",\"alg\":\"RS384\"}", "alg" },
	{ "{" KID ",\"alg\":\"RS512\"}", "alg" },
	{ "{" KID ",\"alg\":\"PS256\"}", "alg" },
	{ "{" KID ",\"alg\":\"ES256\"}", "alg" },
	{ "{" KID ",\"alg\":\"EdDSA\"}", "alg" },
	{ "{" KID ",\"alg\":\"rs256\"}", "alg" },
	{ "{" KID ",\"alg\":\"RS256 \"}", "alg" },
	{ "{" KID ",\"alg\":\"RS256\\u0000\"}", "alg" },
	{ "{" KID ",\"Alg\":\"RS256\"}", "alg" },
	{ "{" KID ",\"alg\\u0000\":\"RS256\"}", "alg" },
	{ "{" ALG "}", "kid" },
	{ "{" ALG ",\"kid\":\"\"}", "kid" },
	{ "{" ALG ",\"kid\":null}", "kid" },
	{ "{" ALG ",\"kid\":7}", "kid" },
	{ "{" ALG ",\"kid\":[\"" MINT_KID "\"]}", "kid" },
	{ "{" ALG ",\"kid\":{\"a\":\"b\"}}", "kid" },
	{ "{" ALG ",\"KID\":\"" MINT_KID "\"}", "kid" },
	{ "{" ALG "," KID ",\"crit\":[\"exp\"]}", "crit" },
	{ "{" ALG "," KID ",\"crit\":[]}", "crit" },
	{ "{" ALG "," KID ",\"crit\":null}", "crit" },
	{ "{" ALG "," KID ",\"crit\":\"\"}", "crit" },
	{ "{" ALG "," KID ",\"crit\":[\"b64\"],\"b64\":true}", "crit" },
	{ "{" ALG "," KID ",\"b64\":false}", "extension" },
	{ "{" ALG "," KID ",\"b64\":true}", "extension" },
	{ "{" ALG "," KID ",\"zip\":\"DEF\"}", "extension" },
	{ "{" ALG "," KID ",\"typ\":\"JWT\"}", NULL },
	{ "{" ALG "," KID ",\"typ\":\"jwt\"}", NULL },
	{ "{" ALG "," KID ",\"typ\":\"at+jwt\"}", NULL },
	{ "{" ALG "," KID ",\"typ\":\"application/at+jwt\"}", NULL },
	{ "{" ALG "," KID ",\"typ\":\"JOSE+JSON\"}", "typ" },
	{ "{" ALG "," KID ",\"typ\":\"dpop+jwt\"}", "typ" },
	{ "{" ALG "," KID ",\"typ\":\"secevent+jwt\"}", "typ" },
	{ "{" ALG "," KID ",\"typ\":\"JWT\\u0000\"}", "typ" },
	{ "{" ALG "," KID ",\"typ\":\"\"}", "typ" },
	{ "{" ALG "," KID ",\"typ\":null}", "typ" },
	{ "{" ALG "," KID ",\"typ\":[\"JWT\"]}", "typ" },
	{ "{" ALG "," KID ",\"jku\":\"http://127.0.0.1:1/jwks.json\"}", NULL },
	{ "{" ALG "," KID ",\"x5u\":\"file:///etc/passwd\",\"x5c\":7,\"x5t\":null}", NULL },
	{ "{" ALG "," KID ",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}}", NULL },
	{ "{" ALG "," KID ",\"cty\":\"JWT\",\"nonce\":1}", NULL },
	{ "{" ALG "," KID "," ALG "}", "header" },
	{ "{" ALG "," KID "," KID "}", "header" },
	{ "{" ALG "," KID ",\"\\u0061lg\":\"none\"}", "header" },
};

START_TEST(goes_by_what_the_header_says)
{
	const char *refused = read_signed(slice_of(headers[_i].header), slice_of(mint_claims()));

	if (headers[_i].refused)
		ck_assert_msg(refused != NULL, "passes: %s", headers[_i].header);
	ck_assert_msg((refused == NULL && headers[_i].refused == NULL) ||
			strcmp(refused, headers[_i].refused) == 0,
		"%s: %s", refused, headers[_i].header);
}
END_TEST

/* Objects that are no strict JSON around sound members. */
static const struct {
	struct slice before, after;
} objects[] = {
	{ SLICE_LITERAL("{"), SLICE_LITERAL(",\"x\":1,\"x\":1}") },
	{ SLICE_LITERAL("{"), SLICE_LITERAL(",\"x\":{\"y\":1,\"y\":2}}") },
	{ SLICE_LITERAL("{"), SLICE_LITERAL(",}") },
	{ SLICE_LITERAL("{"), SLICE_LITERAL("") },
	{ SLICE_LITERAL("{"), SLICE_LITERAL("}}") },
	{ SLICE_LITERAL("{"), SLICE_LITERAL("}{}") },
	{ SLICE_LITERAL("{"), SLICE_LITERAL("} x") },
	{ SLICE_LITERAL("{"), SLICE_LITERAL("}\0") },
	{ SLICE_LITERAL("{"), SLICE_LITERAL("}\xff") },
	{ SLICE_LITERAL("{"), SLICE_LITERAL("}\x0c") },
	{ SLICE_LITERAL("{"), SLICE_LITERAL("} // comment") },
	{ SLICE_LITERAL("{/* comment */"), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("\xef\xbb\xbf{"), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("[{"), SLICE_LITERAL("}]") },
	{ SLICE_LITERAL("{\"x\":\"\xc3\","), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{\"x\":\"\xc0\xaf\","), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{\"x\":\"\xed\xa0\x80\","), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{\"x\":\"\xff\xfe\","), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{\"x\":\"\\ud800\","), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{\"x\":\"\\udc00\\ud800\","), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{\"\\ud800\":1,"), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{\"x\":\"\n\","), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{\"x\":\"\x01\","), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{\"x\":\"\\x41\","), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{\"x\":\"\\u00g0\","), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{'x':1,"), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{x:1,"), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{\"x\":NaN,"), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{\"x\":Infinity,"), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{\"x\":-Infinity,"), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{\"x\":01,"), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{\"x\":+1,"), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{\"x\":.5,"), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{\"x\":1.,"), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{\"x\":0x10,"), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{\"x\":1e,"), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{\"x\":True,"), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{\"x\":undefined,"), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{\"x\":[1,],"), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{\"x\":[1 2],"), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{\"x\" 1,"), SLICE_LITERAL("}") },
	{ SLICE_LITERAL("{,"), SLICE_LITERAL("}") },
	{ SLICE_LITERAL(
		  "{\"x\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]],"),
		SLICE_LITERAL("}") },
};

/* The object with the members of `sound`, a JSON object, in its place. */
static void add_object(size_t i, const char *sound, struct buf *out)
{
	buf_add_slice(out, objects[i].before);
	buf_add(out, sound + 1, strlen(sound) - 2);
	buf_add_slice(out, objects[i].after);
	ck_assert(buf_ok(out));
}

START_TEST(wants_strict_json_in_both_parts)
{
	struct buf odd = { 0 };
	const char *refused;

	add_object((size_t)_i, MINT_HEADER, &odd);
	refused = read_signed(buf_slice(&odd), slice_of(mint_claims()));
	ck_assert_msg(refused && strcmp(refused, "header") == 0, "%s", buf_cstr(&odd));
	buf_clear(&odd);
	add_object((size_t)_i, mint_claims(), &odd);
	refused = read_signed(SLICE(MINT_HEADER), buf_slice(&odd));
	ck_assert_msg(refused && strcmp(refused, "payload") == 0, "%s", buf_cstr(&odd));
	buf_free(&odd);
}
END_TEST

static const char *read_kid_of(size_t bytes)
{
	struct buf header = { 0 };
	const char *why;

	buf_add_str(&header, "{" ALG ",\"kid\":\"");
	for (size_t i = 0; i < bytes; i++)
		buf_add_char(&header, 'k');
	buf_add_str(&header, "\"}");
	why = read_signed(buf_slice(&header), slice_of(mint_claims()));
	buf_free(&header);
	return why;
}

START_TEST(the_name_of_the_key_has_256_bytes_at_the_most)
{
	ck_assert_ptr_null(read_kid_of(1));
	ck_assert_ptr_null(read_kid_of(JWK_KID_MAX));
	ck_assert_str_eq(read_kid_of(JWK_KID_MAX + 1), "kid");
	ck_assert_str_eq(read_kid_of(10000), "kid");
}
END_TEST

START_TEST(the_claims_are_hidden_until_the_signature_is_verified)
{
	struct rsa_key *other = rsa_key_new(2048, 65537), *longer = rsa_key_new(3072, 65537);
	struct buf token = { 0 };
	struct slice sub;
	struct jwt *t;
	const char *why;

	mint_token(key, MINT_HEADER, mint_claims(), &token);
	ck_assert_int_eq(jwt_parse(buf_slice(&token), &t, &why), STATUS_OK);
	ck_assert(slice_equal(jwt_kid(t), SLICE(MINT_KID)));
	ck_assert_ptr_null(jwt_claims(t));
	ck_assert_int_eq(verify(t, other), STATUS_DENIED);
	ck_assert_ptr_null(jwt_claims(t));
	ck_assert_int_eq(verify(t, longer), STATUS_DENIED);
	ck_assert_ptr_null(jwt_claims(t));
	ck_assert_int_eq(verify(t, key), STATUS_OK);
	ck_assert(json_get_string(jwt_claims(t), "sub", &sub));
	ck_assert(slice_equal(sub, SLICE(MINT_SUBJECT)));
	jwt_free(t);
	jwt_free(NULL);
	buf_free(&token);
	rsa_key_free(other);
	rsa_key_free(longer);
}
END_TEST

/* RFC 8725 section 2.1: the public key, in any of its forms, taken for an HMAC secret. */
static const char *read_hmac(struct slice secret, const char *header)
{
	struct buf text = { 0 }, token = { 0 };
	unsigned char mac[32];
	size_t len = 0;
	const char *why;

	mint_signed_text(slice_of(header), slice_of(mint_claims()), &text);
	ck_assert_ptr_nonnull(EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, secret.ptr, secret.len,
		(const unsigned char *)buf_cstr(&text), text.len, mac, sizeof(mac), &len));
	mint_join(buf_slice(&text), (struct slice){ (const char *)mac, len }, &token);
	why = read_token(buf_slice(&token));
	buf_free(&text);
	buf_free(&token);
	return why;
}

START_TEST(the_public_key_is_no_hmac_secret)
{
	static const char hs256[] = "{" KID ",\"alg\":\"HS256\"}";
	BIO *pem = BIO_new(BIO_s_mem());
	unsigned char *der = NULL;
	struct buf n = { 0 };
	struct slice forms[3];
	char *text;
	int der_len = i2d_PUBKEY(rsa_key_pair(key), &der);

	ck_assert(pem && PEM_write_bio_PUBKEY(pem, rsa_key_pair(key)) == 1);
	forms[0] = (struct slice){ NULL, (size_t)BIO_get_mem_data(pem, &text) };
	forms[0].ptr = text;
	ck_assert_int_gt(der_len, 0);
	forms[1] = (struct slice){ (const char *)der, (size_t)der_len };
	rsa_key_number(rsa_key_n(key), 0, &n);
	forms[2] = buf_slice(&n);
	for (size_t i = 0; i < 3; i++) {
		/* Either says so in the header, or hopes that nobody looks at the length. */
		ck_assert_str_eq(read_hmac(forms[i], hs256), "signature_shape");
		ck_assert_str_eq(read_hmac(forms[i], MINT_HEADER), "signature_shape");
	}
	BIO_free(pem);
	OPENSSL_free(der);
	buf_free(&n);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/jwt");
	TCase *tc = tcase_create("tokens");

	tcase_add_unchecked_fixture(tc, make_key, free_key);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(
		tc, goes_by_what_the_header_says, 0, sizeof(headers) / sizeof(headers[0]));
	tcase_add_loop_test(
		tc, wants_strict_json_in_both_parts, 0, sizeof(objects) / sizeof(objects[0]));
	tcase_add_test(tc, the_name_of_the_key_has_256_bytes_at_the_most);
	tcase_add_test(tc, the_claims_are_hidden_until_the_signature_is_verified);
	tcase_add_test(tc, the_public_key_is_no_hmac_secret);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return check_main(suite());
}
