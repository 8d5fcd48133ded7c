/* SPDX-License-Identifier: MIT */
/* SHA-256 by OpenSSL's EVP. */
#include "digest/sha256.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdint.h>

static bool add(EVP_MD_CTX *ctx, struct slice piece)
{
	unsigned char len[8];
	uint64_t rest = piece.len;

	for (size_t i = sizeof(len); i-- > 0; rest >>= 8)
		len[i] = (unsigned char)rest;
	return EVP_DigestUpdate(ctx, len, sizeof(len)) == 1 &&
		EVP_DigestUpdate(ctx, piece.ptr, piece.len) == 1;
}

enum status sha256(const struct slice *pieces, size_t count, unsigned char out[SHA256_SIZE])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	enum status rc = STATUS_INTERNAL;

	if (!ctx)
		return STATUS_NO_MEMORY;
	if (EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1)
		goto out;
	for (size_t i = 0; i < count; i++) {
		if (!add(ctx, pieces[i]))
			goto out;
	}
	if (EVP_DigestFinal_ex(ctx, out, NULL) != 1)
		goto out;
	rc = STATUS_OK;
out:
	if (rc != STATUS_OK)
		ERR_clear_error();
	EVP_MD_CTX_free(ctx);
	return rc;
}
