/* SPDX-License-Identifier: MIT */
/* JWK to EVP_PKEY. Reads the members that matter here and nothing else: x5c, x5t and x5u are never
 * looked at. */
#include "auth/jwk.h"

#include "auth/roca.h"
#include "base/base64url.h"
#include "digest/sha256.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdlib.h>

/* Below: small exponents make padding slips exploitable. Above: every verification costs more, and
 * nobody issues them. */
#define EXPONENT_MIN 65537
#define EXPONENT_BYTES_MAX ((size_t)4)

struct jwk {
	EVP_PKEY *key;
	struct jwk_digest digest;
	size_t modulus_len;
	size_t kid_len;
	char kid[]; /* kid_len bytes, no NUL at the end */
};

struct numbers {
	BIGNUM *n, *e;
};

void jwk_free(struct jwk *k)
{
	if (!k)
		return;
	EVP_PKEY_free(k->key);
	free(k);
}

struct slice jwk_kid(const struct jwk *k)
{
	return (struct slice){ k->kid, k->kid_len };
}

size_t jwk_signature_len(const struct jwk *k)
{
	return k->modulus_len;
}

EVP_PKEY *jwk_public(const struct jwk *k)
{
	return k->key;
}

const struct jwk_digest *jwk_digest(const struct jwk *k)
{
	return &k->digest;
}

bool jwk_same_key(const struct jwk *a, const struct jwk *b)
{
	bool same = EVP_PKEY_eq(a->key, b->key) == 1;

	ERR_clear_error();
	return same;
}

/* true if the member is absent or is exactly this string. */
static bool absent_or_is(const struct json_value *entry, const char *name, struct slice expected)
{
	struct slice text;

	if (!json_get(entry, name))
		return true;
	return json_get_string(entry, name, &text) && slice_equal(text, expected);
}

static bool may_verify(const struct json_value *entry)
{
	const struct json_value *ops = json_get(entry, "key_ops");

	if (!ops)
		return true;
	for (size_t i = 0; i < json_array_len(ops); i++) {
		struct slice op;

		if (json_string(json_array_at(ops, i), &op) && slice_equal(op, SLICE("verify")))
			return true;
	}
	return false;
}

/* RFC 7518 section 6.3.2: whoever publishes one of these has published the private key. */
static bool has_private_part(const struct json_value *entry)
{
	static const char *const members[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k" };

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (json_get(entry, members[i]))
			return true;
	}
	return false;
}

/* NULL if the entry claims to be a key of ours; the word for what is wrong otherwise. */
static const char *refused_as(const struct json_value *entry)
{
	struct slice kty, kid;

	if (json_kind(entry) != JSON_OBJECT)
		return "no_object";
	if (!json_get_string(entry, "kty", &kty) || !slice_equal(kty, SLICE("RSA")))
		return "kty";
	if (!absent_or_is(entry, "use", SLICE("sig")))
		return "use";
	if (!absent_or_is(entry, "alg", SLICE("RS256")))
		return "alg";
	if (!may_verify(entry))
		return "key_ops";
	if (has_private_part(entry))
		return "private_part";
	if (!json_get_string(entry, "kid", &kid) || kid.len == 0 || kid.len > JWK_KID_MAX)
		return "kid";
	return NULL;
}

/* Reads a member of the form Base64urlUInt (RFC 7518 section 2): at most max bytes, and none of
 * them a leading zero. */
static enum status read_number(
	const struct json_value *entry, const char *name, size_t max, BIGNUM **out)
{
	unsigned char bytes[JWK_MODULUS_BYTES_MAX];
	struct slice text;
	size_t len;
	BIGNUM *number;

	if (!json_get_string(entry, name, &text) ||
		base64url_decode(text, bytes, max, &len) != STATUS_OK || len == 0 || bytes[0] == 0)
		return STATUS_INVALID;
	number = BN_bin2bn(bytes, (int)len, NULL);
	if (!number)
		return STATUS_NO_MEMORY;
	*out = number;
	return STATUS_OK;
}

/* Fills *out, whose members the caller frees whatever the answer is. */
static enum status read_numbers(
	const struct json_value *entry, struct numbers *out, const char **why)
{
	enum status rc;

	rc = read_number(entry, "n", JWK_MODULUS_BYTES_MAX, &out->n);
	if (rc == STATUS_OK && (BN_num_bits(out->n) < JWK_MODULUS_BITS_MIN || !BN_is_odd(out->n)))
		rc = STATUS_INVALID;
	if (rc != STATUS_OK) {
		if (rc == STATUS_INVALID)
			*why = "n";
		return rc;
	}
	rc = read_number(entry, "e", EXPONENT_BYTES_MAX, &out->e);
	if (rc == STATUS_OK && (BN_get_word(out->e) < EXPONENT_MIN || !BN_is_odd(out->e)))
		rc = STATUS_INVALID;
	if (rc == STATUS_INVALID)
		*why = "e";
	return rc;
}

static enum status build_key(const struct numbers *numbers, EVP_PKEY **out)
{
	enum status rc = STATUS_INTERNAL;
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *key = NULL;

	if (!builder || !ctx ||
		!OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, numbers->n) ||
		!OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, numbers->e))
		goto out;
	params = OSSL_PARAM_BLD_to_param(builder);
	if (!params || EVP_PKEY_fromdata_init(ctx) != 1 ||
		EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		goto out;
	*out = key;
	rc = STATUS_OK;
out:
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

/* The checks on a modulus that need no private part: no small factor, no prime, no prime power
 * (NIST SP 800-56B, 6.4.2.2), and not one that the ROCA generator made. */
static const char *weak_because(EVP_PKEY *key, const struct numbers *numbers)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	const char *why = NULL;

	if (!ctx || EVP_PKEY_public_check(ctx) != 1)
		why = "modulus";
	else if (roca_suspected(numbers->n))
		why = "roca";
	EVP_PKEY_CTX_free(ctx);
	return why;
}

static enum status keep(
	const struct json_value *entry, EVP_PKEY *key, size_t modulus_len, struct jwk **out)
{
	struct slice texts[3]; /* kid, n, e: each number has one text only, by base64url's rules */
	struct slice kid;
	struct jwk *k;
	enum status rc;

	if (!json_get_string(entry, "kid", &texts[0]) || !json_get_string(entry, "n", &texts[1]) ||
		!json_get_string(entry, "e", &texts[2]))
		return STATUS_INTERNAL;
	kid = texts[0];
	k = malloc(sizeof(*k) + kid.len);
	if (!k)
		return STATUS_NO_MEMORY;
	rc = sha256(texts, 3, k->digest.bytes);
	if (rc != STATUS_OK) {
		free(k);
		return rc;
	}
	k->key = key;
	k->modulus_len = modulus_len;
	k->kid_len = kid.len;
	memcpy(k->kid, kid.ptr, kid.len);
	*out = k;
	return STATUS_OK;
}

enum status jwk_parse(const struct json_value *entry, struct jwk **out, const char **why)
{
	enum status rc = STATUS_INVALID;
	struct numbers numbers = { NULL, NULL };
	EVP_PKEY *key = NULL;
	const char *refused = refused_as(entry);

	if (refused) {
		*why = refused;
		return STATUS_INVALID;
	}
	rc = read_numbers(entry, &numbers, why);
	if (rc != STATUS_OK)
		goto out;
	rc = build_key(&numbers, &key);
	if (rc != STATUS_OK)
		goto out;
	refused = weak_because(key, &numbers);
	if (refused) {
		*why = refused;
		rc = STATUS_INVALID;
		goto out;
	}
	rc = keep(entry, key, (size_t)BN_num_bytes(numbers.n), out);
	if (rc == STATUS_OK)
		key = NULL;
out:
	EVP_PKEY_free(key);
	BN_free(numbers.n);
	BN_free(numbers.e);
	ERR_clear_error();
	return rc;
}
