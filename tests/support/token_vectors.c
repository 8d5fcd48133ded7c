/* SPDX-License-Identifier: MIT */
/* What the families of vectors share. */
#include "support/token_vectors.h"

#include "support/mint.h"

#include <check.h>
#include <openssl/evp.h>
#include <stdio.h>

const struct token_family *const token_families[] = { &digest_info_vectors, &padding_vectors,
	&signature_vectors, &base64_vectors, &structure_vectors };
const size_t token_family_count = sizeof(token_families) / sizeof(token_families[0]);

void token_vector_free(struct token_vector *v)
{
	buf_free(&v->odd);
	buf_free(&v->sound);
}

void token_vector_text(size_t i, struct buf *out)
{
	struct buf claims = { 0 };
	char number[32];

	snprintf(number, sizeof(number), "\"%zu\"", i);
	mint_claims_but("jti", number, &claims);
	mint_signed_text(SLICE(MINT_HEADER), buf_slice(&claims), out);
	buf_free(&claims);
}

void token_vector_digest(struct slice text, unsigned char digest[32])
{
	size_t len = 0;

	ck_assert_int_eq(EVP_Q_digest(NULL, "SHA256", NULL, text.ptr, text.len, digest, &len), 1);
	ck_assert_uint_eq(len, 32);
}

void token_vector_from_block(const struct rsa_key *key, struct slice text,
	const unsigned char *block, struct token_vector *out)
{
	struct buf signature = { 0 };

	rsa_key_raw(key, block, &signature);
	mint_join(text, buf_slice(&signature), &out->odd);
	buf_clear(&signature);
	rsa_key_sign(key, "SHA256", false, text, &signature);
	mint_join(text, buf_slice(&signature), &out->sound);
	buf_free(&signature);
}
