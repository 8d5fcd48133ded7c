/* SPDX-License-Identifier: MIT */
/* Tokens that were verified, by this worker or one that shares its memory, so that the same bytes
 * need no second RSA operation: what they say, and by which key. Remembers only; whether an entry
 * counts is judged by auth/cognito, each time. */
#ifndef CRUDDUR_AUTH_TOKEN_CACHE_H
#define CRUDDUR_AUTH_TOKEN_CACHE_H

#include "auth/cognito.h"
#include "auth/jwk.h"
#include "shared/memory.h"

/* Tokens held: 128 bytes each. */
#define TOKEN_CACHE_CAPACITY ((size_t)8192)

/* A longer subject is not remembered; Cognito's have 36 bytes. */
#define TOKEN_CACHE_SUBJECT_MAX ((size_t)47)

#define TOKEN_CACHE_DIGEST_SIZE 16

struct token_cache;

/* memory as in shared/cache.h; its scope must name the issuer and the client ids. STATUS_INTERNAL
 * if OpenSSL gives no SipHash (a line in the log says so; with its FIPS provider alone there is
 * none) or the kernel no random bytes, STATUS_NO_MEMORY. */
STATUS_MUSTCHECK enum status token_cache_new(
	struct shared_memory *memory, struct token_cache **out);
void token_cache_free(struct token_cache *c);

/* What names a token here: the SipHash-2-4 of all of its bytes, signature included, of 128 bits and
 * under a key that only those who share the memory can know. To whoever does not know it the
 * digests are random, so that nobody can make a token with the digest of another. Whoever can read
 * the memory's file can compute digests, and might. STATUS_INTERNAL if OpenSSL fails. (Aumasson and
 * Bernstein, "SipHash: a fast short-input PRF", 2012.) */
struct token_digest {
	_Alignas(uint64_t) unsigned char bytes[TOKEN_CACHE_DIGEST_SIZE];
};
STATUS_MUSTCHECK enum status token_cache_digest(
	struct token_cache *c, struct slice token, struct token_digest *out);

/* What a token was verified to say, and by which key (jwk_digest). */
struct token_entry {
	struct jwk_digest key;
	struct cognito_times times;
	char subject[TOKEN_CACHE_SUBJECT_MAX + 1];
};

/* false if the token is not remembered. */
bool token_cache_find(
	const struct token_cache *c, const struct token_digest *digest, struct token_entry *out);

/* Remembers a token that was verified just now, by that key. */
void token_cache_put(struct token_cache *c, const struct token_digest *digest,
	const struct jwk_digest *key, const struct cognito_principal *principal);

#endif
