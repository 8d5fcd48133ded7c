/* SPDX-License-Identifier: MIT */
/* A bounded memory of answers in an area that several processes read and write at once: what one of
 * them learnt all of them know. Nobody waits for anybody: an entry carries a checksum of its key,
 * its value and the memory's scope, and one that was written by two at once, or by one that died
 * meanwhile, is none. Whether an entry still holds is for its user to judge, at each use. */
#ifndef CRUDDUR_SHARED_CACHE_H
#define CRUDDUR_SHARED_CACHE_H

#include "base/status.h"
#include "shared/memory.h"

#include <stdbool.h>
#include <stddef.h>

struct shared_cache_shape {
	size_t capacity; /* entries: a power of two, at least 4 */
	size_t key_size, value_size; /* bytes of each: multiples of 8, together at most 512 */
};

struct shared_cache;

/* Takes the next area of memory, which must outlive the cache; NULL, or one that has not so much
 * left: of this process's own. STATUS_INVALID for a shape that is none, STATUS_NO_MEMORY. */
STATUS_MUSTCHECK enum status shared_cache_new(struct shared_memory *memory,
	const struct shared_cache_shape *shape, struct shared_cache **out);
void shared_cache_free(struct shared_cache *c);

/* Copies the value under exactly this key to *value; false if there is none. Both are aligned to 8
 * bytes. */
bool shared_cache_get(const struct shared_cache *c, const void *key, void *value);

/* Copies the value in, in place of one under that key or, where its neighbourhood is full, of some
 * other there. */
void shared_cache_put(struct shared_cache *c, const void *key, const void *value);

#endif
