/* SPDX-License-Identifier: MIT */
/* A bounded memory of answers: so many entries of one shape, found by their keys; when it is full,
 * the entry that was longest not asked for makes room. Knows nothing of time or truth: whether an
 * entry still holds is for its user to judge, at each use. */
#ifndef CRUDDUR_BASE_LRU_H
#define CRUDDUR_BASE_LRU_H

#include "base/status.h"

#include <stddef.h>

#define LRU_CAPACITY_MAX ((size_t)65535)

struct lru_shape {
	size_t capacity; /* entries: 1 to LRU_CAPACITY_MAX */
	size_t key_size, value_size; /* bytes of each; a key has at least 1 */
};

struct lru;

/* Allocates everything at once, and nothing later; a page of it becomes real only when an entry
 * comes to stand there. STATUS_INVALID for a shape that is none, STATUS_NO_MEMORY. */
STATUS_MUSTCHECK enum status lru_new(const struct lru_shape *shape, struct lru **out);
void lru_free(struct lru *l);

/* The value under exactly these key_size bytes, from now on the newest entry; NULL if there is
 * none. Aligned for any struct without long double; good until the next lru_put. */
const void *lru_find(struct lru *l, const void *key);

/* Copies the value in under that key, in place of one that was there. Cannot fail. key and value
 * must not lie inside l; value may be NULL if values have no bytes. */
void lru_put(struct lru *l, const void *key, const void *value);

/* How many entries are held. */
size_t lru_count(const struct lru *l);

#endif
