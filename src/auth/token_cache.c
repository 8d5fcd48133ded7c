/* SPDX-License-Identifier: MIT */
/* Digests and entries of verified tokens. */
#include "auth/token_cache.h"

#include "base/lru.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

struct token_cache {
	const EVP_MD *sha256;
	EVP_MD_CTX *ctx; /* used again for each token */
	struct lru *tokens;
};

enum status token_cache_new(const EVP_MD *sha256, struct token_cache **out)
{
	const struct lru_shape shape = { .capacity = TOKEN_CACHE_CAPACITY,
		.key_size = sizeof(struct token_digest),
		.value_size = sizeof(struct token_entry) };
	struct token_cache *c = calloc(1, sizeof(*c));
	enum status rc = STATUS_NO_MEMORY;

	if (!c)
		return rc;
	c->sha256 = sha256;
	c->ctx = EVP_MD_CTX_new();
	if (c->ctx)
		rc = lru_new(&shape, &c->tokens);
	if (rc != STATUS_OK) {
		token_cache_free(c);
		return rc;
	}
	*out = c;
	return STATUS_OK;
}

void token_cache_free(struct token_cache *c)
{
	if (!c)
		return;
	lru_free(c->tokens);
	EVP_MD_CTX_free(c->ctx);
	free(c);
}

enum status token_cache_digest(struct token_cache *c, struct slice token, struct token_digest *out)
{
	struct token_digest digest;

	if (EVP_DigestInit_ex(c->ctx, c->sha256, NULL) != 1 ||
		EVP_DigestUpdate(c->ctx, token.ptr, token.len) != 1 ||
		EVP_DigestFinal_ex(c->ctx, digest.bytes, NULL) != 1) {
		ERR_clear_error();
		return STATUS_INTERNAL;
	}
	*out = digest;
	return STATUS_OK;
}

const struct token_entry *token_cache_find(struct token_cache *c, const struct token_digest *digest)
{
	return lru_find(c->tokens, digest->bytes);
}

void token_cache_put(struct token_cache *c, const struct token_digest *digest, uint64_t generation,
	const struct cognito_principal *principal)
{
	struct token_entry entry = { .generation = generation, .times = principal->times };
	size_t len = strlen(principal->subject);

	if (len > TOKEN_CACHE_SUBJECT_MAX)
		return;
	memcpy(entry.subject, principal->subject, len + 1);
	lru_put(c->tokens, digest->bytes, &entry);
}
