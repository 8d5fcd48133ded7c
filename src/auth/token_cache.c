/* SPDX-License-Identifier: MIT */
/* Digests and entries of verified tokens. */
#include "auth/token_cache.h"

#include "base/log.h"
#include "digest/sha256.h"
#include "shared/cache.h"
#include "shared/secret.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define KEY_SIZE 16

struct token_cache {
	unsigned char mac_key[KEY_SIZE];
	EVP_MAC *siphash; /* by default SipHash-2-4 of 16 bytes: EVP_MAC-Siphash(7) */
	EVP_MAC_CTX *ctx; /* used again for each token */
	struct shared_cache *tokens;
};

/* Another one for each scope and run of the machine, also where the file outlives that. */
static enum status derive_key(struct shared_memory *memory, unsigned char out[KEY_SIZE])
{
	struct shared_secret secret;
	uint64_t scope = memory ? shared_memory_scope(memory) : 0;
	const struct slice pieces[] = { SLICE("token"),
		{ (const char *)secret.bytes, sizeof(secret.bytes) },
		{ (const char *)&scope, sizeof(scope) } };
	unsigned char digest[SHA256_SIZE];
	enum status rc = shared_secret_take(memory, &secret);

	if (rc == STATUS_OK)
		rc = sha256(pieces, sizeof(pieces) / sizeof(pieces[0]), digest);
	if (rc == STATUS_OK)
		memcpy(out, digest, KEY_SIZE);
	OPENSSL_cleanse(&secret, sizeof(secret));
	OPENSSL_cleanse(digest, sizeof(digest));
	return rc;
}

static enum status set_up_mac(struct token_cache *c, struct shared_memory *memory)
{
	enum status rc = derive_key(memory, c->mac_key);

	if (rc != STATUS_OK)
		return rc;
	c->siphash = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
	if (!c->siphash) {
		ERR_clear_error();
		LOG(LOG_ERROR, "siphash_missing");
		return STATUS_INTERNAL;
	}
	c->ctx = EVP_MAC_CTX_new(c->siphash);
	return c->ctx ? STATUS_OK : STATUS_NO_MEMORY;
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
	rc = set_up_mac(c, memory);
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
	OPENSSL_cleanse(c->mac_key, KEY_SIZE);
	free(c);
}

enum status token_cache_digest(struct token_cache *c, struct slice token, struct token_digest *out)
{
	struct token_digest digest;
	size_t len;

	if (EVP_MAC_init(c->ctx, c->mac_key, KEY_SIZE, NULL) != 1 ||
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
