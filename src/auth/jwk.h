/* SPDX-License-Identifier: MIT */
/* One entry of a JWKS as a key that verifies RS256, or the reason why it is none. Fetches nothing
 * and chooses nothing: sets are auth/jwk_set.
 * Sources: RFC 7517 section 4, RFC 7518 section 6.3.1, RFC 8725 section 3. */
#ifndef CRUDDUR_AUTH_JWK_H
#define CRUDDUR_AUTH_JWK_H

#include "base/slice.h"
#include "base/status.h"
#include "digest/sha256.h"
#include "json/json.h"

#include <openssl/types.h>

/* Bits of a modulus (contract, "Tokens"), and the bytes of the longest one. */
#define JWK_MODULUS_BITS_MIN 2048
#define JWK_MODULUS_BITS_MAX 4096
#define JWK_MODULUS_BYTES_MIN ((size_t)JWK_MODULUS_BITS_MIN / 8)
#define JWK_MODULUS_BYTES_MAX ((size_t)JWK_MODULUS_BITS_MAX / 8)

/* Bytes of a key's name; Cognito's have 44. */
#define JWK_KID_MAX ((size_t)256)

struct jwk;

/* Reads an entry: RSA, 2,048 to 4,096 bits, e odd and from 65,537 to 2^32 - 1, `use` absent or
 * "sig", `alg` absent or "RS256", `key_ops` absent or with "verify", `kid` a non-empty string; no
 * private part. STATUS_INVALID if it is anything else: *why then gets a fixed word for the log.
 * STATUS_NO_MEMORY, STATUS_INTERNAL with *why untouched. entry may go away afterwards. */
STATUS_MUSTCHECK enum status jwk_parse(
	const struct json_value *entry, struct jwk **out, const char **why);
void jwk_free(struct jwk *k);

/* Its name; lives as long as the key. */
struct slice jwk_kid(const struct jwk *k);

/* Bytes of the modulus: the one length that a signature by this key has (RFC 8017, 8.2.2). */
size_t jwk_signature_len(const struct jwk *k);

/* The public key, still owned by k. */
EVP_PKEY *jwk_public(const struct jwk *k);

/* The SHA-256 of a key's name, n and e: the same digest, the same key under the same name. */
struct jwk_digest {
	unsigned char bytes[SHA256_SIZE];
};
const struct jwk_digest *jwk_digest(const struct jwk *k);

/* true if both hold the same n and e, whatever their names are. */
bool jwk_same_key(const struct jwk *a, const struct jwk *b);

#endif
