/* SPDX-License-Identifier: MIT */
/* Blocks of two sizes; see pool.h. They hang off no struct that is passed along, as libcurl passes
 * its memory functions nothing. */
#include "fetch/pool.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_LINE 64

struct block {
	struct block *next;
};

/* All blocks of one size. */
struct stock {
	size_t size;
	char *memory;
	size_t memory_size;
	size_t fresh_at; /* nobody has had those from here on: pages that nobody touched cost none
			  */
	struct block *spare; /* the last one given back first */
	_Atomic(struct block *) returned; /* by threads that take none */
};

static _Alignas(CACHE_LINE) char small_memory[POOL_SMALL_COUNT * POOL_SMALL_SIZE];
static _Alignas(CACHE_LINE) char large_memory[POOL_LARGE_COUNT * POOL_LARGE_SIZE];

static struct stock stocks[] = {
	{ .size = POOL_SMALL_SIZE, .memory = small_memory, .memory_size = sizeof(small_memory) },
	{ .size = POOL_LARGE_SIZE, .memory = large_memory, .memory_size = sizeof(large_memory) },
};

#define STOCKS (sizeof(stocks) / sizeof(stocks[0]))

static _Thread_local bool takes_blocks;

void pool_open(void)
{
	takes_blocks = true;
}

/* NULL for what malloc gave. */
static struct stock *stock_of(const void *memory)
{
	for (size_t i = 0; i < STOCKS; i++) {
		if ((uintptr_t)memory - (uintptr_t)stocks[i].memory < stocks[i].memory_size)
			return &stocks[i];
	}
	return NULL;
}

static void *take_block(struct stock *s)
{
	struct block *block = s->spare;

	if (!block)
		block = atomic_exchange(&s->returned, NULL);
	if (block) {
		s->spare = block->next;
		return block;
	}
	if (s->fresh_at == s->memory_size)
		return NULL;
	s->fresh_at += s->size;
	return s->memory + s->fresh_at - s->size;
}

void *pool_malloc(size_t size)
{
	for (size_t i = 0; takes_blocks && i < STOCKS; i++) {
		void *block = size <= stocks[i].size ? take_block(&stocks[i]) : NULL;

		if (block)
			return block;
	}
	/* malloc may answer a request for nothing like one that it has no memory for. */
	return malloc(size > 0 ? size : 1);
}

void pool_free(void *memory)
{
	struct stock *s = stock_of(memory);
	struct block *block = memory;

	if (!s) {
		free(memory);
		return;
	}
	if (takes_blocks) {
		block->next = s->spare;
		s->spare = block;
		return;
	}
	block->next = atomic_load(&s->returned);
	while (!atomic_compare_exchange_weak(&s->returned, &block->next, block))
		;
}

void *pool_realloc(void *memory, size_t size)
{
	const struct stock *s = stock_of(memory);
	void *larger;

	if (!s)
		return memory ? realloc(memory, size > 0 ? size : 1) : pool_malloc(size);
	if (size <= s->size)
		return memory;
	larger = pool_malloc(size);
	if (larger) {
		memcpy(larger, memory, s->size);
		pool_free(memory);
	}
	return larger;
}

void *pool_calloc(size_t count, size_t size)
{
	void *memory;

	if (size > 0 && count > SIZE_MAX / size)
		return NULL;
	memory = pool_malloc(count * size);
	return memory ? memset(memory, 0, count * size) : NULL;
}

char *pool_strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = pool_malloc(size);

	return copy ? memcpy(copy, text, size) : NULL;
}
