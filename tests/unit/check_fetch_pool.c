/* SPDX-License-Identifier: MIT */
/* libcurl's memory is as good as malloc's, whoever takes it and gives it back. */
#include "check_main.h"
#include "fetch/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* More than all blocks that there are. */
#define MANY (POOL_SMALL_COUNT + POOL_LARGE_COUNT + 100)

static bool all_are(const void *bytes, size_t count, size_t value)
{
	for (size_t i = 0; i < count; i++) {
		if (((const unsigned char *)bytes)[i] != value)
			return false;
	}
	return true;
}

START_TEST(what_was_given_back_last_is_taken_first)
{
	void *first = pool_malloc(1), *second = pool_malloc(POOL_SMALL_SIZE);

	ck_assert_ptr_ne(first, second);
	pool_free(second);
	pool_free(first);
	ck_assert_ptr_eq(pool_malloc(20), first);
	ck_assert_ptr_eq(pool_malloc(0), second);
}
END_TEST

START_TEST(a_text_grows_where_it_is_and_keeps_its_bytes_where_it_cannot)
{
	static const size_t sizes[] = { 2, POOL_SMALL_SIZE, POOL_SMALL_SIZE + 1, POOL_LARGE_SIZE,
		POOL_LARGE_SIZE + 1, 100000 };
	char *text = pool_realloc(NULL, 1), *small = text, *large = NULL;

	text[0] = 'a';
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		text = pool_realloc(text, sizes[i]);
		ck_assert_ptr_nonnull(text);
		if (sizes[i] <= POOL_SMALL_SIZE)
			ck_assert_ptr_eq(text, small);
		else if (sizes[i] == POOL_SMALL_SIZE + 1)
			large = text;
		else if (sizes[i] <= POOL_LARGE_SIZE)
			ck_assert_ptr_eq(text, large);
		ck_assert(i == 0 || all_are(text, sizes[i - 1], 'a'));
		memset(text, 'a', sizes[i]);
	}
	ck_assert_ptr_eq(pool_malloc(1), small);
	ck_assert_ptr_eq(pool_malloc(POOL_LARGE_SIZE), large);
	pool_free(text);
}
END_TEST

START_TEST(more_than_there_is_comes_from_malloc)
{
	static const size_t sizes[] = { 16, POOL_SMALL_SIZE, POOL_LARGE_SIZE, 5000 };
	unsigned char *taken[MANY];

	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < MANY; i++) {
			taken[i] = pool_malloc(sizes[i % 4]);
			ck_assert_ptr_nonnull(taken[i]);
			ck_assert_uint_eq((size_t)taken[i] % _Alignof(max_align_t), 0);
			memset(taken[i], (int)(i % 251), sizes[i % 4]);
		}
		for (size_t i = 0; i < MANY; i++) {
			ck_assert(all_are(taken[i], sizes[i % 4], i % 251));
			pool_free(taken[i]);
		}
	}
}
END_TEST

START_TEST(any_sequence_keeps_what_was_written)
{
	unsigned char *held[64] = { NULL };
	size_t sizes[64] = { 0 };
	unsigned int random = 1;

	for (int step = 0; step < 20000; step++) {
		size_t i = (random >> 8) % 64, size = (random >> 14) % 3000, kept;

		random = random * 1664525 + 1013904223;
		kept = size < sizes[i] ? size : sizes[i];
		if (random >> 30 == 0) {
			pool_free(held[i]);
			held[i] = NULL;
			sizes[i] = 0;
			continue;
		}
		held[i] = pool_realloc(held[i], size + 1);
		ck_assert_ptr_nonnull(held[i]);
		ck_assert(all_are(held[i], kept, i));
		memset(held[i], (int)i, size);
		sizes[i] = size;
	}
	for (size_t i = 0; i < 64; i++)
		pool_free(held[i]);
}
END_TEST

START_TEST(used_memory_is_cleared_for_who_asks)
{
	unsigned char *used = pool_malloc(100), *cleared;

	memset(used, 'x', 100);
	pool_free(used);
	cleared = pool_calloc(10, 10);
	ck_assert_ptr_eq(cleared, used);
	ck_assert(all_are(cleared, 100, 0));
	ck_assert_ptr_null(pool_calloc(SIZE_MAX / 2, 3));
	ck_assert_ptr_nonnull(pool_calloc(3, 0));
	ck_assert_ptr_nonnull(pool_calloc(0, 3));
}
END_TEST

START_TEST(a_copy_of_a_text_is_one)
{
	char text[300];

	memset(text, 'x', sizeof(text));
	for (size_t len = 0; len < sizeof(text); len++) {
		char *copy;

		text[len] = '\0';
		copy = pool_strdup(text);
		ck_assert_str_eq(copy, text);
		pool_free(copy);
		text[len] = 'x';
	}
	pool_free(NULL);
}
END_TEST

struct hand {
	void *small, *large; /* blocks that the owner took */
	void *grown; /* by the other thread, out of a block */
	void *own; /* what the other thread took */
};

static void *give_back(void *hand)
{
	struct hand *h = hand;

	h->own = pool_malloc(1);
	h->grown = pool_realloc(h->grown, POOL_SMALL_SIZE + 1);
	pool_free(h->small);
	pool_free(h->large);
	return NULL;
}

static void run_other(void *(*what)(void *), void *with)
{
	pthread_t other;

	ck_assert_int_eq(pthread_create(&other, NULL, what, with), 0);
	ck_assert_int_eq(pthread_join(other, NULL), 0);
}

START_TEST(other_threads_take_none_and_give_back_all)
{
	struct hand h = { pool_malloc(1), pool_malloc(POOL_LARGE_SIZE), pool_malloc(1), NULL };
	void *own = pool_malloc(1), *left = h.grown;

	memset(left, 'x', POOL_SMALL_SIZE);
	pool_free(own);
	run_other(give_back, &h);
	ck_assert(all_are(h.grown, POOL_SMALL_SIZE, 'x'));
	/* The owner's own come first: what others give back is not put among them. */
	ck_assert_ptr_eq(pool_malloc(1), own);
	ck_assert_ptr_eq(pool_malloc(1), h.small);
	ck_assert_ptr_eq(pool_malloc(1), left);
	ck_assert_ptr_eq(pool_malloc(POOL_LARGE_SIZE), h.large);
	/* They are malloc's, or AddressSanitizer speaks up. */
	free(h.own);
	free(h.grown);
}
END_TEST

#define PASSED 100000

/* A place where the owner puts a block for the other thread to give back. */
static _Atomic(unsigned char *) passed;

static void *give_back_what_comes(void *fault)
{
	for (int i = 0; i < PASSED; i++) {
		unsigned char *block;

		while (!(block = atomic_exchange(&passed, NULL)))
			sched_yield();
		if (!all_are(block, 64, (size_t)i % 251))
			*(bool *)fault = true;
		pool_free(block);
	}
	return NULL;
}

START_TEST(blocks_go_round_between_threads_and_stay_whole)
{
	bool fault = false;
	pthread_t other;

	ck_assert_int_eq(pthread_create(&other, NULL, give_back_what_comes, &fault), 0);
	for (int i = 0; i < PASSED; i++) {
		unsigned char *block = pool_malloc(64), *kept = pool_malloc(64);

		memset(block, i % 251, 64);
		memset(kept, 0xff, 64);
		while (atomic_load(&passed))
			sched_yield();
		atomic_store(&passed, block);
		pool_free(kept);
	}
	ck_assert_int_eq(pthread_join(other, NULL), 0);
	ck_assert(!fault);
}
END_TEST

START_TEST(memory_for_nothing_is_memory)
{
	void *block = pool_malloc(0), *piece = pool_malloc(POOL_LARGE_SIZE + 1);

	block = pool_realloc(block, 0);
	piece = pool_realloc(piece, 0);
	ck_assert_ptr_nonnull(block);
	ck_assert_ptr_nonnull(piece);
	pool_free(block);
	pool_free(piece);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fetch_pool");
	TCase *tests = tcase_create("pool");

	tcase_add_checked_fixture(tests, pool_open, NULL);
	tcase_add_test(tests, what_was_given_back_last_is_taken_first);
	tcase_add_test(tests, a_text_grows_where_it_is_and_keeps_its_bytes_where_it_cannot);
	tcase_add_test(tests, more_than_there_is_comes_from_malloc);
	tcase_add_test(tests, any_sequence_keeps_what_was_written);
	tcase_add_test(tests, used_memory_is_cleared_for_who_asks);
	tcase_add_test(tests, a_copy_of_a_text_is_one);
	tcase_add_test(tests, other_threads_take_none_and_give_back_all);
	tcase_add_test(tests, blocks_go_round_between_threads_and_stay_whole);
	tcase_add_test(tests, memory_for_nothing_is_memory);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
