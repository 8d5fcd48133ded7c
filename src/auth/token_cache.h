/* SPDX-License-Identifier: MIT */
/* Tokens that were verified, so that the same bytes need no second RSA operation: what they say,
 * and by which set of keys. Remembers only; whether an entry counts is judged by auth/cognito, each
 * time. */
#ifndef CRUDDUR_AUTH_TOKEN_CACHE_H
#define CRUDDUR_AUTH_TOKEN_CACHE_H

#include "auth/cognito.h"

#include <openssl/types.h>

/* Tokens held: with their links 120 bytes each. */
#define TOKEN_CACHE_CAPACITY ((size_t)2048)

/* A longer subject is not remembered; Cognito's have 36 bytes. */
#define TOKEN_CACHE_SUBJECT_MAX ((size_t)47)

#define TOKEN_CACHE_DIGEST_SIZE 32

struct token_cache;

/* sha256 is EVP_MD_fetch's "SHA256" and must outlive the cache. */
STATUS_MUSTCHECK enum status token_cache_new(const EVP_MD *sha256, struct token_cache **out);
void token_cache_free(struct token_cache *c);

/* What names a token here: the SHA-256 of all of its bytes, signature included. */
struct token_digest {
	unsigned char bytes[TOKEN_CACHE_DIGEST_SIZE];
};
STATUS_MUSTCHECK enum status token_cache_digest(
	struct token_cache *c, struct slice token, struct token_digest *out);

/* What a token was verified to say, and by the keys of which generation (auth/jwks.h). */
struct token_entry {
	uint64_t generation;
	struct cognito_times times;
	char subject[TOKEN_CACHE_SUBJECT_MAX + 1];
};

/* NULL if the token is not remembered; good until the next token_cache_put. */
const struct token_entry *token_cache_find(
	struct token_cache *c, const struct token_digest *digest);

/* Remembers a token that was verified just now by keys of that generation. */
void token_cache_put(struct token_cache *c, const struct token_digest *digest, uint64_t generation,
	const struct cognito_principal *principal);

#endif
