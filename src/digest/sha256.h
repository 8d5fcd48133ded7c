/* SPDX-License-Identifier: MIT */
/* SHA-256 of some bytes: for comparing requests, binding cursors, making one key of a secret and
 * what it is for. */
#ifndef CRUDDUR_DIGEST_SHA256_H
#define CRUDDUR_DIGEST_SHA256_H

#include "base/slice.h"
#include "base/status.h"

#define SHA256_SIZE 32

/* The digest of the pieces' bytes, each with its length before it, so that no two different lists
 * of pieces are the same bytes. STATUS_INTERNAL if OpenSSL refuses. */
STATUS_MUSTCHECK enum status sha256(
	const struct slice *pieces, size_t count, unsigned char out[SHA256_SIZE]);

#endif
