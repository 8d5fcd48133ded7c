/* SPDX-License-Identifier: MIT */
/* Fuzz target: any bytes for a token; and, so that what lies behind base64url is reached, any two
 * lines for a header and a payload. Only a token that our key signed verifies, and only claims that
 * keep the rules make a principal. */
#include "auth/claims.h"
#include "auth/jwk_set.h"
#include "auth/jwt.h"
#include "base/base64url.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

/* The seeds' key; nobody has its private half any more. */
static const char jwks[] =
	"{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\",\"kid\":\"fuzz-key\",\"n\":\""
	"vvdFUa25ShbN9098UdOkkjAwTXxWstDYK1BPfetdM4E8AVF8ypu0yqcf3g3PCdJos1Ba0iX8gj1k-8zJ"
	"420U5X3Dc95gnv6-3UI6RePgkYxeZPQt28IpLhzESYfSHpxEswwbuNHDol9UUAmNz7LoLaiXep2W6OTH"
	"-avVx1IfGyYgcL5nCp2OKJuODxTqcN8kXHprXC75Wj9sMBVqoBfXYKv5UXSte18APsMz-F5SnFfjLWCT"
	"gqYP5kZISFwL95GQemSOZ4jLZwBsAZ8gx2dzyGWGgpbVtWPxDEFh6nsMKoQx2RZCCEdTqgWtxtG-hpij"
	"WEcRulm2nJcqKBacImKFaQ"
	"\"}]}";

/* The instant and the pool of the seeds. */
#define NOW_S INT64_C(1700000000)
#define ISSUER "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Pool0pool"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct json_value *claims)
{
	static const char *const clients[] = { "3n4b5urk1ft4fl3mg5e62d9ado" };
	const struct cognito_settings settings = { ISSUER, clients, 1 };
	struct cognito_principal p = { .times = { .expires = -1 } };
	struct slice sub;

	if (claims_refused_as(claims, &settings, NOW_S * 1000, &p)) {
		REQUIRE(p.times.expires < 0);
		return;
	}
	REQUIRE(p.times.expires > (double)NOW_S && json_get_string(claims, "sub", &sub));
	REQUIRE(sub.len > 0 && slice_equal(sub, slice_of(p.subject)));
}

/* Verifies with the one key; true if it did. */
static bool verifies(struct jwt *t)
{
	EVP_MD *sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	struct jwk_set *set;
	const struct jwk *key;
	const char *why;
	enum status rc;

	REQUIRE(sha256 && jwk_set_parse(SLICE(jwks), &set, &why) == STATUS_OK);
	key = jwk_set_find(set, SLICE("fuzz-key"));
	REQUIRE(key);
	rc = jwt_verify(t, key, sha256);
	REQUIRE(rc == STATUS_OK || rc == STATUS_DENIED);
	jwk_set_free(set);
	EVP_MD_free(sha256);
	return rc == STATUS_OK;
}

static void read_token(struct slice token)
{
	struct jwt *t = NULL;
	const char *why = NULL;
	enum status rc = jwt_parse(token, &t, &why);

	if (rc != STATUS_OK) {
		REQUIRE(rc == STATUS_DENIED && why && !t);
		return;
	}
	REQUIRE(jwt_kid(t).len > 0 && jwt_kid(t).len <= JWK_KID_MAX && !jwt_claims(t));
	if (verifies(t))
		judge(jwt_claims(t));
	else
		REQUIRE(!jwt_claims(t));
	jwt_free(t);
}

/* Header and payload as two lines, under a signature of zeros, which no key makes. */
static void read_lines(struct slice text)
{
	static const char zeros[JWK_MODULUS_BYTES_MIN];
	const char *newline = text.len > 0 ? memchr(text.ptr, '\n', text.len) : NULL;
	struct slice header, payload;
	struct buf token = { 0 };
	struct json *doc;

	if (!newline)
		return;
	header = (struct slice){ text.ptr, (size_t)(newline - text.ptr) };
	payload = slice_skip(text, header.len + 1);
	base64url_encode(header, &token);
	buf_add_char(&token, '.');
	base64url_encode(payload, &token);
	buf_add_char(&token, '.');
	base64url_encode((struct slice){ zeros, sizeof(zeros) }, &token);
	REQUIRE(buf_ok(&token));
	read_token(buf_slice(&token));
	buf_free(&token);
	if (json_parse(payload, &doc) == STATUS_OK) {
		judge(json_root(doc));
		json_free(doc);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = { (const char *)data, size };

	read_token(input);
	read_lines(input);
	return 0;
}
