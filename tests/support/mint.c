/* SPDX-License-Identifier: MIT */
/* Tokens and key sets as texts. */
#include "support/mint.h"

#include "base/base64url.h"

#include <check.h>
#include <stdio.h>

#define TEXT(number) TEXT_(number)
#define TEXT_(number) #number

struct claim {
	const char *name, *value;
};

static const struct claim sound[] = {
	{ "sub", "\"" MINT_SUBJECT "\"" },
	{ "iss", "\"" MINT_ISSUER "\"" },
	{ "version", "2" },
	{ "client_id", "\"" MINT_CLIENT "\"" },
	{ "origin_jti", "\"0f9a1c35-1b1f-4f3c-8a88-0f4b4a6b8f5e\"" },
	{ "event_id", "\"5c3e0a0e-4c5e-4a7e-9c67-0b0f4d6d4a11\"" },
	{ "token_use", "\"access\"" },
	{ "scope", "\"aws.cognito.signin.user.admin\"" },
	{ "auth_time", TEXT(MINT_NOW_S) },
	{ "exp", "1700003600" },
	{ "iat", TEXT(MINT_NOW_S) },
	{ "jti", "\"b7f0c0d8-3f0b-4d8f-8d5b-1f1f9b9b7a66\"" },
	{ "username", "\"" MINT_SUBJECT "\"" },
};

static void add_claim(struct buf *out, const char *name, const char *value)
{
	buf_add_str(out, buf_slice(out).ptr[buf_slice(out).len - 1] == '{' ? "\"" : ",\"");
	buf_add_str(out, name);
	buf_add_str(out, "\":");
	buf_add_str(out, value);
}

struct cognito_settings mint_settings(void)
{
	static const char *const clients[] = { "5a1b2c3d4e5f6g7h8i9j0k1l2m", MINT_CLIENT };

	return (struct cognito_settings){ MINT_ISSUER, clients, 2 };
}

void mint_claims_but(const char *name, const char *value, struct buf *out)
{
	bool known = false;

	buf_add_str(out, "{");
	for (size_t i = 0; i < sizeof(sound) / sizeof(sound[0]); i++) {
		bool this = strcmp(sound[i].name, name) == 0;

		known = known || this;
		if (!this)
			add_claim(out, sound[i].name, sound[i].value);
		else if (value)
			add_claim(out, name, value);
	}
	if (!known && value)
		add_claim(out, name, value);
	buf_add_str(out, "}");
	ck_assert(buf_ok(out));
}

const char *mint_claims(void)
{
	static char text[1024];
	struct buf b = { 0 };

	mint_claims_but("", NULL, &b);
	ck_assert_uint_lt(b.len, sizeof(text));
	memcpy(text, buf_cstr(&b), b.len + 1);
	buf_free(&b);
	return text;
}

void mint_signed_text(struct slice header, struct slice payload, struct buf *out)
{
	base64url_encode(header, out);
	buf_add_char(out, '.');
	base64url_encode(payload, out);
}

void mint_join(struct slice text, struct slice signature, struct buf *out)
{
	buf_add_slice(out, text);
	buf_add_char(out, '.');
	base64url_encode(signature, out);
	ck_assert(buf_ok(out));
}

void mint_token(const struct rsa_key *key, const char *header, const char *payload, struct buf *out)
{
	struct buf text = { 0 }, signature = { 0 };

	mint_signed_text(slice_of(header), slice_of(payload), &text);
	rsa_key_sign(key, "SHA256", false, buf_slice(&text), &signature);
	mint_join(buf_slice(&text), buf_slice(&signature), out);
	buf_free(&text);
	buf_free(&signature);
}

void mint_jwks(const struct rsa_key *key, struct buf *out)
{
	buf_add_str(out, "{\"keys\":[");
	rsa_key_jwk(key, MINT_KID, ",\"alg\":\"RS256\",\"use\":\"sig\"", out);
	buf_add_str(out, "]}");
	ck_assert(buf_ok(out));
}
