/* SPDX-License-Identifier: MIT */
/* What several processes remember together: found by its whole key, whole or not at all, whoever
 * else writes at the same time or dies while it does. */
#include "shared/cache.h"

#include "check_main.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORDS 16
#define WRITERS 3

struct key {
	uint64_t number[2];
};

/* All of its words are one number: one of another writer among them is seen. */
struct value {
	uint64_t same[WORDS];
};

static const struct shared_cache_shape small = { 16, sizeof(struct key), sizeof(struct value) };

static char path[64];
static struct shared_memory *memory;
static struct shared_cache *cache;

static struct shared_memory *open_memory(const char *scope)
{
	const struct slice names[] = { slice_of(scope) };
	const struct shared_memory_settings settings = {
		.path = path, .scope = names, .scope_count = 1
	};
	struct shared_memory *m;

	ck_assert_int_eq(shared_memory_open(&settings, &m), STATUS_OK);
	ck_assert(shared_memory_is_shared(m));
	return m;
}

static struct shared_cache *cache_in(struct shared_memory *m)
{
	struct shared_cache *c;

	ck_assert_int_eq(shared_cache_new(m, &small, &c), STATUS_OK);
	return c;
}

static void set_up(void)
{
	strcpy(path, "/tmp/check-shared-cache-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(path));
	strcat(path, "/m");
	memory = open_memory("one");
	cache = cache_in(memory);
}

static void tear_down(void)
{
	char file[80];

	shared_cache_free(cache);
	shared_memory_close(memory);
	snprintf(file, sizeof(file), "%s.%d", path, SHARED_MEMORY_VERSION);
	ck_assert_int_eq(unlink(file), 0);
	*strrchr(path, '/') = '\0';
	ck_assert_int_eq(rmdir(path), 0);
}

static void put(struct shared_cache *c, uint64_t key, uint64_t number)
{
	const struct key k = { { key, ~key } };
	struct value v;

	for (size_t i = 0; i < WORDS; i++)
		v.same[i] = number;
	shared_cache_put(c, &k, &v);
}

static bool get(const struct shared_cache *c, uint64_t key, uint64_t *number)
{
	const struct key k = { { key, ~key } };
	struct value v;

	if (!shared_cache_get(c, &k, &v))
		return false;
	/* Not by ck_assert, which notes each call in a file. */
	for (size_t i = 1; i < WORDS; i++) {
		if (v.same[i] != v.same[0])
			ck_abort_msg("an entry of two halves");
	}
	*number = v.same[0];
	return true;
}

static void assert_holds(const struct shared_cache *c, uint64_t key, uint64_t number)
{
	uint64_t found;

	ck_assert(get(c, key, &found));
	ck_assert_uint_eq(found, number);
}

static void assert_lacks(const struct shared_cache *c, uint64_t key)
{
	uint64_t found;

	ck_assert(!get(c, key, &found));
}

START_TEST(an_empty_one_holds_nothing)
{
	const struct key zero = { { 0, 0 } };
	struct value v;

	ck_assert(!shared_cache_get(cache, &zero, &v));
	assert_lacks(cache, 0);
	shared_cache_free(NULL);
}
END_TEST

START_TEST(what_was_put_is_found_and_may_be_replaced)
{
	put(cache, 1, 10);
	put(cache, 2, 20);
	assert_holds(cache, 1, 10);
	assert_holds(cache, 2, 20);
	put(cache, 1, 11);
	assert_holds(cache, 1, 11);
	assert_holds(cache, 2, 20);
	assert_lacks(cache, 3);
}
END_TEST

START_TEST(a_key_is_its_whole_key)
{
	const struct key half = { { 1, 5 } };
	struct value v;

	put(cache, 1, 10);
	ck_assert(!shared_cache_get(cache, &half, &v));
}
END_TEST

START_TEST(a_full_one_holds_the_newest_and_no_more_than_it_may)
{
	uint64_t found;
	size_t held = 0;

	for (uint64_t i = 0; i < 1000; i++) {
		put(cache, i, i);
		assert_holds(cache, i, i);
	}
	for (uint64_t i = 0; i < 1000; i++)
		held += get(cache, i, &found);
	ck_assert_uint_le(held, small.capacity);
	ck_assert_uint_ge(held, small.capacity / 2);
}
END_TEST

START_TEST(what_one_process_learns_another_knows)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct shared_memory *m = open_memory("one");
		struct shared_cache *c = cache_in(m);

		put(c, 7, 70);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	assert_holds(cache, 7, 70);
}
END_TEST

START_TEST(another_scope_sees_none_of_it)
{
	struct shared_memory *m = open_memory("two");
	struct shared_cache *c = cache_in(m);

	for (uint64_t i = 0; i < 8; i++)
		put(cache, i, i);
	for (uint64_t i = 0; i < 8; i++)
		assert_lacks(c, i);
	shared_cache_free(c);
	shared_memory_close(m);
}
END_TEST

/* Writes the same few keys over and over, each value a number of its own; with pauses, without
 * which a reader would hardly ever meet a whole entry. */
static void write_until_killed(uint64_t writer)
{
	static const struct timespec pause = { .tv_nsec = 50000 };

	for (uint64_t i = 0;; i++) {
		put(cache, i % 4, i * WRITERS + writer);
		if (i % 64 == 0)
			(void)nanosleep(&pause, NULL);
	}
}

START_TEST(an_entry_is_whole_or_none_while_others_write_and_die)
{
	pid_t writers[WRITERS];
	uint64_t found;
	size_t hits = 0;

	for (uint64_t w = 0; w < WRITERS; w++) {
		writers[w] = fork();
		if (writers[w] == 0)
			write_until_killed(w);
	}
	for (uint64_t i = 0; i < 300000 || hits == 0; i++)
		hits += get(cache, i % 4, &found);
	for (size_t w = 0; w < WRITERS; w++) {
		ck_assert_int_eq(kill(writers[w], SIGKILL), 0);
		ck_assert_int_eq(waitpid(writers[w], NULL, 0), writers[w]);
	}
	for (uint64_t key = 0; key < 4; key++) {
		(void)get(cache, key, &found);
		put(cache, key, key);
		assert_holds(cache, key, key);
	}
}
END_TEST

START_TEST(a_byte_that_changed_makes_an_entry_none)
{
	unsigned char *area;
	size_t size =
		small.capacity * (sizeof(uint64_t) + sizeof(struct key) + sizeof(struct value));
	struct shared_memory *m = open_memory("one"); /* its first area is the cache's */

	put(cache, 1, 0x1111111111111111);
	area = shared_memory_take(m, size);
	for (size_t i = 0; i < size; i++) {
		if (area[i] == 0)
			continue;
		area[i] ^= 0x40;
		assert_lacks(cache, 1);
		area[i] ^= 0x40;
	}
	assert_holds(cache, 1, 0x1111111111111111);
	shared_memory_close(m);
}
END_TEST

START_TEST(without_memory_it_has_its_own)
{
	struct shared_cache *c = cache_in(NULL);

	put(c, 1, 10);
	assert_holds(c, 1, 10);
	assert_lacks(cache, 1);
	shared_cache_free(c);
}
END_TEST

START_TEST(a_shape_that_is_none_is_refused)
{
	static const struct shared_cache_shape bad[] = { { 0, 8, 8 }, { 2, 8, 8 }, { 12, 8, 8 },
		{ 16, 0, 8 }, { 16, 7, 8 }, { 16, 8, 4 }, { 16, 264, 256 } };
	struct shared_cache *c = NULL;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(shared_cache_new(memory, &bad[i], &c), STATUS_INVALID);
	ck_assert_ptr_null(c);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shared_cache");
	TCase *tests = tcase_create("cache");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, an_empty_one_holds_nothing);
	tcase_add_test(tests, what_was_put_is_found_and_may_be_replaced);
	tcase_add_test(tests, a_key_is_its_whole_key);
	tcase_add_test(tests, a_full_one_holds_the_newest_and_no_more_than_it_may);
	tcase_add_test(tests, what_one_process_learns_another_knows);
	tcase_add_test(tests, another_scope_sees_none_of_it);
	tcase_add_test(tests, an_entry_is_whole_or_none_while_others_write_and_die);
	tcase_add_test(tests, a_byte_that_changed_makes_an_entry_none);
	tcase_add_test(tests, without_memory_it_has_its_own);
	tcase_add_test(tests, a_shape_that_is_none_is_refused);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
