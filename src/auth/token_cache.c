/* SPDX-License-Identifier: MIT */
/* Digests and entries of verified tokens. */
#include "auth/token_cache.h"

#include "shared/cache.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

struct token_cache {
	const EVP_MD *sha256;
	EVP_MD_CTX *ctx; /* used again for each token */
	struct shared_cache *tokens;
};

enum status token_cache_new(
	const EVP_MD *sha256, struct shared_memory *memory, struct token_cache **out)
{
	const struct shared_cache_shape shape = { .capacity = TOKEN_CACHE_CAPACITY,
		.key_size = sizeof(struct token_digest),
		.value_size = sizeof(struct token_entry) };
	struct token_cache *c = calloc(1, sizeof(*c));
	enum status rc = STATUS_NO_MEMORY;

	if (!c)
		return rc;
	c->sha256 = sha256;
	c->ctx = EVP_MD_CTX_new();
	if (c->ctx)
		rc = shared_cache_new(memory, &shape, &c->tokens);
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
	shared_cache_free(c->tokens);
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

bool token_cache_find(
	const struct token_cache *c, const struct token_digest *digest, struct token_entry *out)
{
	return shared_cache_get(c->tokens, digest, out);
}

void token_cache_put(struct token_cache *c, const struct token_digest *digest,
	const struct jwk_digest *key, const struct cognito_principal *principal)
{
	struct token_entry entry = { .key = *key, .times = principal->times };
	size_t len = strlen(principal->subject);

	if (len > TOKEN_CACHE_SUBJECT_MAX)
		return;
	memcpy(entry.subject, principal->subject, len + 1);
	shared_cache_put(c->tokens, digest, &entry);
}
