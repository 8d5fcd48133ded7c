/* SPDX-License-Identifier: MIT */
/* What the claims of a token must say: each case is the sound token's claims with one changed. */
#include "auth/claims.h"

#include "support/mint.h"
#include "unit/check_main.h"

#include <stdio.h>

/* As mint.h: now is 1700000000. */
static const struct {
	const char *name;
	const char *value; /* JSON; NULL: without that claim */
	const char *refused; /* NULL: it passes */
} cases[] = {
	{ "none", "1", NULL },
	{ "iss", NULL, "iss" },
	{ "iss", "\"\"", "iss" },
	{ "iss", "null", "claim_type" },
	{ "iss", "7", "claim_type" },
	{ "iss", "[\"" MINT_ISSUER "\"]", "claim_type" },
	{ "iss", "\"" MINT_ISSUER "/\"", "iss" },
	{ "iss", "\"" MINT_ISSUER "\\u0000\"", "iss" },
	{ "iss", "\"" MINT_ISSUER ".evil.com\"", "iss" },
	{ "iss", "\"https://COGNITO-IDP.us-east-1.amazonaws.com" MINT_POOL "\"", "iss" },
	{ "iss", "\"http://cognito-idp.us-east-1.amazonaws.com" MINT_POOL "\"", "iss" },
	{ "iss", "\"https://cognito-idp.us-east-2.amazonaws.com" MINT_POOL "\"", "iss" },
	{ "iss", "\"https://issuer.cognito-idp.us-east-1.amazonaws.com" MINT_POOL "\"", "iss" },
	{ "iss", "\"https://cognito-idp.us-east-1.amazonaws.com.evil.com" MINT_POOL "\"", "iss" },
	{ "iss", "\"https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Other00\"", "iss" },
	{ "token_use", NULL, "token_use" },
	{ "token_use", "\"id\"", "token_use" },
	{ "token_use", "\"Access\"", "token_use" },
	{ "token_use", "\"access \"", "token_use" },
	{ "token_use", "\"acces\\u0073\"", NULL },
	{ "token_use", "[\"access\"]", "claim_type" },
	{ "token_use", "true", "claim_type" },
	{ "client_id", NULL, "client_id" },
	{ "client_id", "\"5a1b2c3d4e5f6g7h8i9j0k1l2m\"", NULL },
	{ "client_id", "\"another-client\"", "client_id" },
	{ "client_id", "\"\"", "client_id" },
	{ "client_id", "\"" MINT_CLIENT ",5a1b2c3d4e5f6g7h8i9j0k1l2m\"", "client_id" },
	{ "client_id", "[\"" MINT_CLIENT "\"]", "claim_type" },
	{ "client_id", "null", "claim_type" },
	{ "sub", NULL, "sub" },
	{ "sub", "\"\"", "sub" },
	{ "sub", "\"\\u0000\"", "sub" },
	{ "sub", "\"" MINT_SUBJECT "\\u0000\"", "sub" },
	{ "sub", "\"a\\u0000b\"", "sub" },
	{ "sub", "7", "claim_type" },
	{ "sub", "null", "claim_type" },
	{ "sub", "{}", "claim_type" },
	{ "sub", "[\"" MINT_SUBJECT "\"]", "claim_type" },
	{ "exp", NULL, "exp_missing" },
	{ "exp", "null", "claim_type" },
	{ "exp", "true", "claim_type" },
	{ "exp", "\"1700003600\"", "claim_type" },
	{ "exp", "\"\"", "claim_type" },
	{ "exp", "[1700003600]", "claim_type" },
	{ "exp", "{}", "claim_type" },
	{ "exp", "-1", "claim_type" },
	{ "exp", "-1700003600", "claim_type" },
	{ "exp", "-1e400", "claim_type" },
	{ "exp", "1e400", "claim_type" },
	{ "exp", "1e18", "claim_type" },
	{ "exp", "9223372036854775807", "claim_type" },
	{ "exp", "9223372036854775808", "claim_type" },
	{ "exp", "18446744073709551615", "claim_type" },
	{ "exp", "18446744073709551616", "claim_type" },
	{ "exp", "99999999999999999999999999", "claim_type" },
	{ "exp", "9007199254740992", "claim_type" },
	{ "exp", "9007199254740991", NULL },
	{ "exp", "0", "expired" },
	{ "exp", "1.5", "expired" },
	{ "exp", "1699999999", "expired" },
	{ "exp", "1700000000", "expired" },
	{ "exp", "1700000000.0", "expired" },
	{ "exp", "1.7e9", "expired" },
	{ "exp", "1700000000.5", NULL },
	{ "exp", "1700000001", NULL },
	{ "exp", "17000036e2", NULL },
	{ "iat", NULL, "iat_missing" },
	{ "iat", "null", "claim_type" },
	{ "iat", "\"1700000000\"", "claim_type" },
	{ "iat", "-0.1", "claim_type" },
	{ "iat", "9007199254740992", "claim_type" },
	{ "iat", "0", NULL },
	{ "iat", "1700000030", NULL },
	{ "iat", "1700000030.5", "iat_in_the_future" },
	{ "iat", "1700000031", "iat_in_the_future" },
	{ "iat", "9007199254740991", "iat_in_the_future" },
	{ "nbf", "1700000000", NULL },
	{ "nbf", "0", NULL },
	{ "nbf", "1700000030", NULL },
	{ "nbf", "1700000031", "nbf_in_the_future" },
	{ "nbf", "\"0\"", "claim_type" },
	{ "nbf", "null", "claim_type" },
	{ "nbf", "false", "claim_type" },
	{ "nbf", "-1", "claim_type" },
	{ "nbf", "1e400", "claim_type" },
	{ "auth_time", NULL, NULL },
	{ "auth_time", "\"1700000000\"", "claim_type" },
	{ "auth_time", "-1", "claim_type" },
	{ "scope", NULL, NULL },
	{ "scope", "\"\"", NULL },
	{ "scope", "[\"aws.cognito.signin.user.admin\"]", "claim_type" },
	{ "scope", "null", "claim_type" },
	{ "jti", NULL, NULL },
	{ "jti", "7", "claim_type" },
	{ "username", NULL, NULL },
	{ "username", "{}", "claim_type" },
	{ "origin_jti", "1", "claim_type" },
	{ "event_id", "[]", "claim_type" },
	{ "device_key", "\"us-east-1_1234\"", NULL },
	{ "device_key", "1", "claim_type" },
	{ "version", NULL, NULL },
	{ "version", "\"2\"", "claim_type" },
	{ "aud", "\"https://api.example.com\"", NULL },
	{ "aud", "[\"" MINT_CLIENT "\"]", "claim_type" },
	{ "aud", "7", "claim_type" },
	{ "cognito:groups", "[]", NULL },
	{ "cognito:groups", "[\"admins\",\"users\"]", NULL },
	{ "cognito:groups", "\"admins\"", "claim_type" },
	{ "cognito:groups", "[\"admins\",7]", "claim_type" },
	{ "cognito:groups", "null", "claim_type" },
	{ "anything:else", "{\"deep\":[null,true]}", NULL },
};

static const char *judge(const char *text, int64_t now_ms, struct cognito_principal *out)
{
	struct cognito_settings settings = mint_settings();
	struct json *doc;
	const char *refused;

	ck_assert_msg(json_parse(slice_of(text), &doc) == STATUS_OK, "%s", text);
	refused = claims_refused_as(json_root(doc), &settings, now_ms, out);
	json_free(doc);
	return refused;
}

START_TEST(judges_each_claim)
{
	struct buf text = { 0 };
	struct cognito_principal p = { .subject = "untouched", .times = { .expires = -7 } };
	const char *refused;

	mint_claims_but(cases[_i].name, cases[_i].value, &text);
	refused = judge(buf_cstr(&text), MINT_NOW_S * INT64_C(1000), &p);
	if (cases[_i].refused) {
		ck_assert_msg(refused != NULL, "passes: %s", buf_cstr(&text));
		ck_assert_str_eq(refused, cases[_i].refused);
		ck_assert_str_eq(p.subject, "untouched");
		ck_assert_double_eq(p.times.expires, -7);
	} else {
		ck_assert_msg(refused == NULL, "%s: %s", refused, buf_cstr(&text));
		ck_assert_str_eq(p.subject, MINT_SUBJECT);
		ck_assert_double_gt(p.times.expires, 0);
	}
	buf_free(&text);
}
END_TEST

START_TEST(gives_the_subject_and_the_end_of_the_sound_token)
{
	struct cognito_principal p;

	ck_assert_ptr_null(judge(mint_claims(), MINT_NOW_S * INT64_C(1000), &p));
	ck_assert_str_eq(p.subject, MINT_SUBJECT);
	ck_assert_double_eq(p.times.expires, MINT_EXPIRES_S);
}
END_TEST

START_TEST(a_token_passes_until_the_second_before_it_ends)
{
	struct cognito_principal p;

	ck_assert_ptr_null(judge(mint_claims(), (MINT_EXPIRES_S - 1) * INT64_C(1000), &p));
	ck_assert_str_eq(judge(mint_claims(), MINT_EXPIRES_S * INT64_C(1000), &p), "expired");
	/* exp has no leeway, not even the rest of its second. */
	ck_assert_ptr_null(judge(mint_claims(), MINT_EXPIRES_S * INT64_C(1000) - 1, &p));
	ck_assert_str_eq(judge(mint_claims(), MINT_EXPIRES_S * INT64_C(1000) + 1, &p), "expired");
	ck_assert_ptr_null(
		judge(mint_claims(), (MINT_NOW_S - CLAIMS_LEEWAY_S) * INT64_C(1000), &p));
	ck_assert_str_eq(
		judge(mint_claims(), (MINT_NOW_S - CLAIMS_LEEWAY_S - 1) * INT64_C(1000), &p),
		"iat_in_the_future");
}
END_TEST

/* A subject of so many bytes of two-byte letters, and an "a" in front if that is odd. */
static const char *judge_subject_of(size_t bytes, struct cognito_principal *out)
{
	struct buf text = { 0 }, value = { 0 };
	const char *refused;

	buf_add_str(&value, bytes % 2 == 1 ? "\"a" : "\"");
	for (size_t i = 0; i < bytes / 2; i++)
		buf_add_str(&value, "\xc3\xa9");
	buf_add_str(&value, "\"");
	mint_claims_but("sub", buf_cstr(&value), &text);
	refused = judge(buf_cstr(&text), MINT_NOW_S * INT64_C(1000), out);
	buf_free(&text);
	buf_free(&value);
	return refused;
}

START_TEST(a_subject_has_255_bytes_at_the_most)
{
	struct cognito_principal p;

	ck_assert_ptr_null(judge_subject_of(1, &p));
	ck_assert_str_eq(p.subject, "a");
	ck_assert_ptr_null(judge_subject_of(COGNITO_SUBJECT_MAX, &p));
	ck_assert_uint_eq(strlen(p.subject), COGNITO_SUBJECT_MAX);
	ck_assert_str_eq(judge_subject_of(COGNITO_SUBJECT_MAX + 1, &p), "sub");
	ck_assert_str_eq(judge_subject_of(5000, &p), "sub");
}
END_TEST

START_TEST(no_claims_make_no_principal)
{
	struct cognito_principal p;

	ck_assert_str_eq(judge("{}", MINT_NOW_S * INT64_C(1000), &p), "iss");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/claims");
	TCase *tc = tcase_create("claims");

	tcase_add_loop_test(tc, judges_each_claim, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tc, gives_the_subject_and_the_end_of_the_sound_token);
	tcase_add_test(tc, a_token_passes_until_the_second_before_it_ends);
	tcase_add_test(tc, a_subject_has_255_bytes_at_the_most);
	tcase_add_test(tc, no_claims_make_no_principal);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return check_main(suite());
}
