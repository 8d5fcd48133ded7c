/* SPDX-License-Identifier: MIT */
/* Reading a token. Everything is refused before any key is looked for, so that a text that is no
 * token never causes a fetch. */
#include "auth/jwt.h"

#include "base/base64url.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <strings.h>

struct jwt {
	struct slice signed_text; /* header.payload as they came (RFC 7515, 5.2 step 8); borrowed */
	struct json *header;
	struct json *payload;
	struct slice kid; /* the header's */
	unsigned char signature[JWK_MODULUS_BYTES_MAX];
	size_t signature_len;
	bool verified;
};

void jwt_free(struct jwt *t)
{
	if (!t)
		return;
	json_free(t->header);
	json_free(t->payload);
	free(t);
}

struct slice jwt_kid(const struct jwt *t)
{
	return t->kid;
}

const struct json_value *jwt_claims(const struct jwt *t)
{
	return t->verified ? json_root(t->payload) : NULL;
}

/* Cuts text into parts at its dots; false unless there are exactly two and no part is empty. */
static bool split(struct slice text, struct slice parts[3])
{
	for (size_t i = 0; i < 3; i++) {
		const char *dot = text.len > 0 ? memchr(text.ptr, '.', text.len) : NULL;
		size_t len = dot ? (size_t)(dot - text.ptr) : text.len;

		if (len == 0 || (i < 2) != (dot != NULL))
			return false;
		parts[i] = (struct slice){ text.ptr, len };
		if (dot)
			text = slice_skip(text, len + 1);
	}
	return true;
}

/* Decodes one part and parses it as a JSON object. */
static enum status read_object(struct slice part, struct json **out)
{
	enum status rc = STATUS_DENIED;
	size_t cap = BASE64URL_DECODED_MAX(part.len), len;
	unsigned char *bytes = malloc(cap);

	if (!bytes)
		return STATUS_NO_MEMORY;
	if (base64url_decode(part, bytes, cap, &len) != STATUS_OK)
		goto out;
	rc = json_parse((struct slice){ (const char *)bytes, len }, out);
	if (rc != STATUS_OK && rc != STATUS_NO_MEMORY)
		rc = STATUS_DENIED;
out:
	free(bytes);
	return rc;
}

/* RFC 8725 section 3.11: a token of another type must not pass for this one. Cognito writes none;
 * a JWT may say that it is one (RFC 7519 section 5.1), an access token too (RFC 9068). Media types
 * are case-insensitive. */
static bool is_token_type(const struct json_value *typ)
{
	static const struct slice types[] = { SLICE_LITERAL("JWT"), SLICE_LITERAL("at+jwt"),
		SLICE_LITERAL("application/jwt"), SLICE_LITERAL("application/at+jwt") };
	struct slice text;

	if (!typ)
		return true;
	if (!json_string(typ, &text))
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (text.len == types[i].len && strncasecmp(text.ptr, types[i].ptr, text.len) == 0)
			return true;
	}
	return false;
}

/* NULL, and *kid filled, if the header asks for nothing but RS256 by a named key. */
static const char *header_refused_as(const struct json_value *header, struct slice *kid)
{
	struct slice alg, name;

	/* RFC 8725 section 3.1: the algorithm is ours to choose, the header may only agree. */
	if (!json_get_string(header, "alg", &alg) || !slice_equal(alg, SLICE("RS256")))
		return "alg";
	if (!json_get_string(header, "kid", &name) || name.len == 0 || name.len > JWK_KID_MAX)
		return "kid";
	/* RFC 7515 section 4.1.11: an extension that is not understood must be refused. */
	if (json_get(header, "crit"))
		return "crit";
	/* RFC 7797 would change what is signed, zip what it means. */
	if (json_get(header, "b64") || json_get(header, "zip"))
		return "extension";
	if (!is_token_type(json_get(header, "typ")))
		return "typ";
	*kid = name;
	return NULL;
}

static enum status read_header(struct jwt *t, struct slice part, const char **why)
{
	enum status rc = read_object(part, &t->header);
	const char *refused;

	if (rc != STATUS_OK) {
		if (rc == STATUS_DENIED)
			*why = "header";
		return rc;
	}
	refused = header_refused_as(json_root(t->header), &t->kid);
	if (!refused)
		return STATUS_OK;
	*why = refused;
	return STATUS_DENIED;
}

enum status jwt_parse(struct slice token, struct jwt **out, const char **why)
{
	enum status rc = STATUS_DENIED;
	struct slice parts[3];
	struct jwt *t;

	if (!split(token, parts)) {
		*why = "parts";
		return STATUS_DENIED;
	}
	t = calloc(1, sizeof(*t));
	if (!t)
		return STATUS_NO_MEMORY;
	t->signed_text = (struct slice){ token.ptr, parts[0].len + 1 + parts[1].len };
	if (base64url_decode(parts[2], t->signature, sizeof(t->signature), &t->signature_len) !=
			STATUS_OK ||
		t->signature_len < JWK_MODULUS_BYTES_MIN) {
		*why = "signature_shape";
		goto out;
	}
	rc = read_header(t, parts[0], why);
	if (rc != STATUS_OK)
		goto out;
	rc = read_object(parts[1], &t->payload);
	if (rc != STATUS_OK) {
		if (rc == STATUS_DENIED)
			*why = "payload";
		goto out;
	}
	*out = t;
	t = NULL;
out:
	jwt_free(t);
	return rc;
}

enum status jwt_verify(struct jwt *t, const struct jwk *key, const EVP_MD *sha256)
{
	enum status rc = STATUS_DENIED;
	EVP_PKEY_CTX *options; /* ctx's own */
	EVP_MD_CTX *ctx;

	/* RFC 8017 section 8.2.2 step 1. */
	if (t->signature_len != jwk_signature_len(key))
		return STATUS_DENIED;
	ctx = EVP_MD_CTX_new();
	if (!ctx)
		return STATUS_NO_MEMORY;
	if (EVP_DigestVerifyInit(ctx, &options, sha256, NULL, jwk_public(key)) != 1 ||
		EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PADDING) != 1)
		goto out;
	if (EVP_DigestVerify(ctx, t->signature, t->signature_len,
		    (const unsigned char *)t->signed_text.ptr, t->signed_text.len) != 1)
		goto out;
	t->verified = true;
	rc = STATUS_OK;
out:
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return rc;
}
