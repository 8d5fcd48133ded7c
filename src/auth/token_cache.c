/* SPDX-License-Identifier: MIT */
/* Digests and entries of verified tokens. */
#include "auth/token_cache.h"

#include "shared/cache.h"
#include "shared/secret.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

struct token_cache {
	struct shared_secret key;
	EVP_MAC *siphash;
	EVP_MAC_CTX *ctx; /* used again for each token */
	struct shared_cache *tokens;
};

static enum status open_digest(struct token_cache *c, struct shared_memory *memory)
{
	enum status rc = shared_secret_take(memory, &c->key);

	if (rc != STATUS_OK)
		return rc;
	c->siphash = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
	c->ctx = c->siphash ? EVP_MAC_CTX_new(c->siphash) : NULL;
	if (c->ctx)
		return STATUS_OK;
	ERR_clear_error();
	return STATUS_INTERNAL;
}

enum status token_cache_new(struct shared_memory *memory, struct token_cache **out)
{
	const struct shared_cache_shape shape = { .capacity = TOKEN_CACHE_CAPACITY,
		.key_size = sizeof(struct token_digest),
		.value_size = sizeof(struct token_entry) };
	struct token_cache *c = calloc(1, sizeof(*c));
	enum status rc;

	if (!c)
		return STATUS_NO_MEMORY;
	rc = open_digest(c, memory);
	if (rc == STATUS_OK)
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
	EVP_MAC_CTX_free(c->ctx);
	EVP_MAC_free(c->siphash);
	free(c);
}

enum status token_cache_digest(struct token_cache *c, struct slice token, struct token_digest *out)
{
	struct token_digest digest;
	size_t len;

	if (EVP_MAC_init(c->ctx, c->key.bytes, sizeof(c->key.bytes), NULL) != 1 ||
		EVP_MAC_update(c->ctx, (const unsigned char *)token.ptr, token.len) != 1 ||
		EVP_MAC_final(c->ctx, digest.bytes, &len, sizeof(digest.bytes)) != 1 ||
		len != sizeof(digest.bytes)) {
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
