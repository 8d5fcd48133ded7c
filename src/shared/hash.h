/* SPDX-License-Identifier: MIT */
/* A hash of 64 bits that spreads each bit of its input over all of its own: for tables, and to see
 * whether an entry is whole. It resists nobody who chooses what is hashed. */
#ifndef CRUDDUR_SHARED_HASH_H
#define CRUDDUR_SHARED_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t shared_hash_word(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

/* Another hash for each length, so that two pieces one after the other are not one piece. */
static inline uint64_t shared_hash_bytes(uint64_t hash, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	uint64_t word;

	hash = shared_hash_word(hash, len);
	for (; len > 0; len -= len < sizeof(word) ? len : sizeof(word), at += sizeof(word)) {
		word = 0;
		memcpy(&word, at, len < sizeof(word) ? len : sizeof(word));
		hash = shared_hash_word(hash, word);
	}
	return hash;
}

#endif
