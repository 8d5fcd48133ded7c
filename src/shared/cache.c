/* SPDX-License-Identifier: MIT */
/* Sets of four entries. All bytes are moved as words of 64 bits that are atomic one by one (a copy
 * by memcpy would be a data race); that they belong together is what the checksum says. */
#include "shared/cache.h"

#include "shared/hash.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#define WAYS ((size_t)4)
#define WORD sizeof(uint64_t)
#define WORDS_MAX ((size_t)512 / WORD)

/* Eight bytes of a caller's key or value, whatever types it has. */
typedef uint64_t __attribute__((may_alias)) piece;

struct shared_cache {
	uint64_t scope;
	size_t key_words, value_words;
	size_t set_mask;
	uint64_t turn; /* which entry of a full set goes next */
	shared_word *entries; /* of 1 + key_words + value_words: checksum, key, value */
	shared_word *own; /* what is to be freed; NULL if entries is an area */
};

/* Where a key belongs. */
struct place {
	uint64_t hash; /* of scope and key */
	shared_word *set;
};

static bool is_shape(const struct shared_cache_shape *s)
{
	return s->capacity >= WAYS && (s->capacity & (s->capacity - 1)) == 0 && s->key_size > 0 &&
		s->key_size % WORD == 0 && s->value_size % WORD == 0 &&
		s->key_size / WORD + s->value_size / WORD <= WORDS_MAX;
}

static size_t entry_words(const struct shared_cache *c)
{
	return 1 + c->key_words + c->value_words;
}

static enum status take(struct shared_cache *c, struct shared_memory *memory, size_t capacity)
{
	size_t words = capacity * entry_words(c);

	c->entries = memory ? shared_memory_take(memory, words * WORD) : NULL;
	if (!c->entries)
		c->entries = c->own = calloc(words, sizeof(shared_word));
	return c->entries ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status shared_cache_new(struct shared_memory *memory, const struct shared_cache_shape *shape,
	struct shared_cache **out)
{
	struct shared_cache *c;
	enum status rc;

	if (!is_shape(shape))
		return STATUS_INVALID;
	c = calloc(1, sizeof(*c));
	if (!c)
		return STATUS_NO_MEMORY;
	c->scope = memory ? shared_memory_scope(memory) : 0;
	c->key_words = shape->key_size / WORD;
	c->value_words = shape->value_size / WORD;
	c->set_mask = shape->capacity / WAYS - 1;
	rc = take(c, memory, shape->capacity);
	if (rc != STATUS_OK) {
		shared_cache_free(c);
		return rc;
	}
	*out = c;
	return STATUS_OK;
}

void shared_cache_free(struct shared_cache *c)
{
	if (!c)
		return;
	free(c->own);
	free(c);
}

static uint64_t load(const shared_word *at)
{
	return atomic_load_explicit(at, memory_order_relaxed);
}

static void store(shared_word *at, uint64_t value)
{
	atomic_store_explicit(at, value, memory_order_relaxed);
}

static struct place place_of(const struct shared_cache *c, const piece *key)
{
	struct place p = { .hash = c->scope };

	for (size_t i = 0; i < c->key_words; i++)
		p.hash = shared_hash_word(p.hash, key[i]);
	p.set = c->entries + (p.hash & c->set_mask) * WAYS * entry_words(c);
	return p;
}

/* Never 0, which is what untouched memory holds. */
static uint64_t checksum(const struct shared_cache *c, uint64_t key_hash, const piece *value)
{
	for (size_t i = 0; i < c->value_words; i++)
		key_hash = shared_hash_word(key_hash, value[i]);
	return key_hash | 1;
}

static bool has_key(const struct shared_cache *c, const shared_word *entry, const piece *key)
{
	for (size_t i = 0; i < c->key_words; i++) {
		if (load(entry + 1 + i) != key[i])
			return false;
	}
	return true;
}

bool shared_cache_get(const struct shared_cache *c, const void *key, void *value)
{
	struct place p = place_of(c, key);
	piece copy[WORDS_MAX];

	for (size_t way = 0; way < WAYS; way++) {
		const shared_word *entry = p.set + way * entry_words(c);
		uint64_t sum = load(entry);

		if (sum == 0 || !has_key(c, entry, key))
			continue;
		for (size_t i = 0; i < c->value_words; i++)
			copy[i] = load(entry + 1 + c->key_words + i);
		if (checksum(c, p.hash, copy) != sum)
			return false;
		memcpy(value, copy, c->value_words * WORD);
		return true;
	}
	return false;
}

/* The entry of that key, else a free one, else the one whose turn it is. */
static shared_word *entry_for(struct shared_cache *c, const struct place *p, const piece *key)
{
	shared_word *unused = NULL;

	for (size_t way = 0; way < WAYS; way++) {
		shared_word *entry = p->set + way * entry_words(c);

		if (has_key(c, entry, key))
			return entry;
		if (load(entry) == 0)
			unused = entry;
	}
	return unused ? unused : p->set + c->turn++ % WAYS * entry_words(c);
}

void shared_cache_put(struct shared_cache *c, const void *key, const void *value)
{
	const piece *key_at = key, *value_at = value;
	struct place p = place_of(c, key_at);
	shared_word *entry = entry_for(c, &p, key_at);

	store(entry, 0);
	for (size_t i = 0; i < c->key_words; i++)
		store(entry + 1 + i, key_at[i]);
	for (size_t i = 0; i < c->value_words; i++)
		store(entry + 1 + c->key_words + i, value_at[i]);
	store(entry, checksum(c, p.hash, value_at));
}
