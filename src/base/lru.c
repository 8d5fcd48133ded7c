/* SPDX-License-Identifier: MIT */
/* A hash table with chains and a list by last use, both made of indexes into one array. Index 0
 * means none, so that memory from calloc is an empty table that nobody has touched yet. */
#include "base/lru.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	uint16_t next; /* in its bucket */
	uint16_t newer, older; /* by last use */
	uint16_t unused;
	unsigned char bytes[]; /* the key, filled up to a multiple of 8, and the value */
};

struct lru {
	struct lru_shape shape;
	size_t value_at; /* in an entry's bytes */
	size_t entry_size;
	size_t bucket_mask;
	unsigned char *entries; /* shape.capacity of them; the first has index 1 */
	uint16_t newest, oldest;
	uint16_t count; /* entries 1 to count are in use */
	uint16_t buckets[]; /* the first entry of each chain */
};

static size_t padded(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

/* A power of two that is no less than capacity: chains of about one entry. */
static size_t bucket_count(size_t capacity)
{
	size_t n = 1;

	while (n < capacity)
		n *= 2;
	return n;
}

enum status lru_new(const struct lru_shape *shape, struct lru **out)
{
	size_t buckets, head, entry_size;
	struct lru *l;

	if (shape->capacity == 0 || shape->capacity > LRU_CAPACITY_MAX || shape->key_size == 0)
		return STATUS_INVALID;
	buckets = bucket_count(shape->capacity);
	head = padded(sizeof(*l) + buckets * sizeof(l->buckets[0]));
	entry_size = sizeof(struct entry) + padded(shape->key_size) + padded(shape->value_size);
	l = calloc(1, head + shape->capacity * entry_size);
	if (!l)
		return STATUS_NO_MEMORY;
	l->shape = *shape;
	l->value_at = padded(shape->key_size);
	l->entry_size = entry_size;
	l->bucket_mask = buckets - 1;
	l->entries = (unsigned char *)l + head;
	*out = l;
	return STATUS_OK;
}

void lru_free(struct lru *l)
{
	free(l);
}

size_t lru_count(const struct lru *l)
{
	return l->count;
}

static struct entry *entry_at(const struct lru *l, uint16_t index)
{
	return (void *)(l->entries + (size_t)(index - 1) * l->entry_size);
}

/* Spreads every bit of a key, also of keys that differ in their last byte only. It need not resist
 * anybody: a chain is never longer than the table. */
static uint16_t *bucket_of(struct lru *l, const unsigned char *key)
{
	uint64_t hash = 0, word;

	for (size_t at = 0; at < l->shape.key_size; at += sizeof(word)) {
		size_t left = l->shape.key_size - at;

		word = 0;
		memcpy(&word, key + at, left < sizeof(word) ? left : sizeof(word));
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	return &l->buckets[hash & l->bucket_mask];
}

static uint16_t look_up(const struct lru *l, const uint16_t *bucket, const void *key)
{
	uint16_t at = *bucket;

	while (at != 0 && memcmp(entry_at(l, at)->bytes, key, l->shape.key_size) != 0)
		at = entry_at(l, at)->next;
	return at;
}

static void unlink_use(struct lru *l, const struct entry *e)
{
	*(e->newer ? &entry_at(l, e->newer)->older : &l->newest) = e->older;
	*(e->older ? &entry_at(l, e->older)->newer : &l->oldest) = e->newer;
}

static void link_newest(struct lru *l, uint16_t at)
{
	struct entry *e = entry_at(l, at);

	e->newer = 0;
	e->older = l->newest;
	*(l->newest ? &entry_at(l, l->newest)->newer : &l->oldest) = at;
	l->newest = at;
}

static void touch(struct lru *l, uint16_t at)
{
	if (at == l->newest)
		return;
	unlink_use(l, entry_at(l, at));
	link_newest(l, at);
}

const void *lru_find(struct lru *l, const void *key)
{
	uint16_t at = look_up(l, bucket_of(l, key), key);

	if (at == 0)
		return NULL;
	touch(l, at);
	return entry_at(l, at)->bytes + l->value_at;
}

/* Takes the oldest entry out of its chain and out of the list. */
static uint16_t evict(struct lru *l)
{
	uint16_t at = l->oldest;
	const struct entry *e = entry_at(l, at);
	uint16_t *link = bucket_of(l, e->bytes);

	while (*link != at)
		link = &entry_at(l, *link)->next;
	*link = e->next;
	unlink_use(l, e);
	return at;
}

static uint16_t add(struct lru *l, uint16_t *bucket, const void *key)
{
	uint16_t at = l->count < l->shape.capacity ? ++l->count : evict(l);
	struct entry *e = entry_at(l, at);

	memcpy(e->bytes, key, l->shape.key_size);
	e->next = *bucket;
	*bucket = at;
	link_newest(l, at);
	return at;
}

void lru_put(struct lru *l, const void *key, const void *value)
{
	uint16_t *bucket = bucket_of(l, key);
	uint16_t at = look_up(l, bucket, key);

	if (at == 0)
		at = add(l, bucket, key);
	else
		touch(l, at);
	if (l->shape.value_size > 0)
		memcpy(entry_at(l, at)->bytes + l->value_at, value, l->shape.value_size);
}
