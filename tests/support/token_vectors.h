/* SPDX-License-Identifier: MIT */
/* Odd tokens, each with a sound twin that differs in the oddity alone: the shapes that Wycheproof's
 * json_web_signature and json_web_key files name for RS256, made with keys of our own. They judge
 * nothing: tests/unit/check_auth_vectors.c does.
 * Source of the names: C2SP/wycheproof, testvectors_v1/. */
#ifndef CRUDDUR_TESTS_TOKEN_VECTORS_H
#define CRUDDUR_TESTS_TOKEN_VECTORS_H

#include "base/buf.h"
#include "support/rsa_key.h"

#define TOKEN_VECTOR_NAME_SIZE 128

struct token_vector {
	char name[TOKEN_VECTOR_NAME_SIZE];
	struct buf odd; /* a token that must not pass */
	struct buf sound; /* its twin, which must */
};

void token_vector_free(struct token_vector *v);

/* A family of vectors. */
struct token_family {
	const char *name;
	size_t (*count)(void);
	/* Makes the i-th with that key (2,048 bits, e = 65,537); out is all zero before. */
	void (*make)(size_t i, const struct rsa_key *key, struct token_vector *out);
};

/* Changes of one element of the DigestInfo inside sound padding: every BER form but the one of
 * DER, wrong lengths, tags and contents. */
extern const struct token_family digest_info_vectors;

/* Blocks with wrong padding around a sound DigestInfo, or with another thing in its place. */
extern const struct token_family padding_vectors;

/* Signatures that are no signature: edge numbers, wrong lengths, other algorithms. */
extern const struct token_family signature_vectors;

/* Texts that a lax base64 decoder reads as a sound token, signed as they are written. */
extern const struct token_family base64_vectors;

/* Tokens with parts missing, exchanged or doubled. */
extern const struct token_family structure_vectors;

/* All of the above. */
extern const struct token_family *const token_families[];
extern const size_t token_family_count;

/* The text that the sound token signs; appends to out. Texts of different i differ. */
void token_vector_text(size_t i, struct buf *out);

/* The SHA-256 digest of text. */
void token_vector_digest(struct slice text, unsigned char digest[32]);

/* Fills odd with text and that signature block's bare private operation, sound with text and a
 * sound signature. */
void token_vector_from_block(const struct rsa_key *key, struct slice text,
	const unsigned char *block, struct token_vector *out);

#endif
