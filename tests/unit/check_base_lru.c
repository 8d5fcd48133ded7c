/* SPDX-License-Identifier: MIT */
/* A bounded memory: what is found under which key, and what goes first. Compared with a slow and
 * simple one at the end. */
#include "base/lru.h"
#include "check_main.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static struct lru *make(size_t capacity, size_t key_size, size_t value_size)
{
	const struct lru_shape shape = { capacity, key_size, value_size };
	struct lru *l;

	ck_assert_int_eq(lru_new(&shape, &l), STATUS_OK);
	return l;
}

/* The tables below have keys and values of one int each. */
static struct lru *make_ints(size_t capacity)
{
	return make(capacity, sizeof(int), sizeof(int));
}

static void put(struct lru *l, int key, int value)
{
	lru_put(l, &key, &value);
}

static void assert_holds(struct lru *l, int key, int value)
{
	const int *found = lru_find(l, &key);

	ck_assert_msg(found != NULL, "%d is not there", key);
	ck_assert_int_eq(*found, value);
}

static void assert_lacks(struct lru *l, int key)
{
	ck_assert_msg(lru_find(l, &key) == NULL, "%d is there", key);
}

START_TEST(an_empty_one_holds_nothing)
{
	struct lru *l = make_ints(3);

	assert_lacks(l, 0); /* what untouched memory would spell */
	ck_assert_uint_eq(lru_count(l), 0);
	lru_free(l);
	lru_free(NULL);
}
END_TEST

START_TEST(what_was_put_is_found_and_may_be_replaced)
{
	struct lru *l = make_ints(3);

	put(l, 1, 10);
	put(l, 2, 20);
	put(l, 1, 11);
	assert_holds(l, 1, 11);
	assert_holds(l, 2, 20);
	assert_lacks(l, 3);
	ck_assert_uint_eq(lru_count(l), 2);
	lru_free(l);
}
END_TEST

START_TEST(the_longest_unused_goes_first)
{
	struct lru *l = make_ints(3);

	put(l, 1, 10);
	put(l, 2, 20);
	put(l, 3, 30);
	assert_holds(l, 1, 10); /* a look is a use */
	put(l, 2, 21); /* and so is a new value */
	put(l, 4, 40);
	assert_lacks(l, 3);
	assert_holds(l, 1, 10);
	assert_holds(l, 2, 21);
	assert_holds(l, 4, 40);
	put(l, 5, 50);
	assert_lacks(l, 1);
	ck_assert_uint_eq(lru_count(l), 3);
	lru_free(l);
}
END_TEST

START_TEST(one_entry_is_a_capacity)
{
	struct lru *l = make_ints(1);

	for (int i = 0; i < 100; i++) {
		put(l, i, -i);
		assert_holds(l, i, -i);
		assert_lacks(l, i - 1);
	}
	ck_assert_uint_eq(lru_count(l), 1);
	lru_free(l);
}
END_TEST

/* Keys as long as ours: that differ in any one bit they are different keys. */
START_TEST(every_bit_of_a_key_counts)
{
	unsigned char key[33] = { 0 };
	struct lru *l = make(8 * sizeof(key) + 1, sizeof(key), sizeof(size_t));
	size_t none = SIZE_MAX;

	lru_put(l, key, &none);
	for (size_t bit = 0; bit < 8 * sizeof(key); bit++) {
		key[bit / 8] ^= (unsigned char)(1U << bit % 8);
		ck_assert_ptr_null(lru_find(l, key));
		lru_put(l, key, &bit);
		key[bit / 8] ^= (unsigned char)(1U << bit % 8);
	}
	ck_assert_uint_eq(lru_count(l), 8 * sizeof(key) + 1);
	for (size_t bit = 0; bit < 8 * sizeof(key); bit++) {
		const size_t *found;

		key[bit / 8] ^= (unsigned char)(1U << bit % 8);
		found = lru_find(l, key);
		ck_assert_ptr_nonnull(found);
		ck_assert_uint_eq(*found, bit);
		key[bit / 8] ^= (unsigned char)(1U << bit % 8);
	}
	lru_free(l);
}
END_TEST

START_TEST(keys_alone_can_be_held)
{
	struct lru *l = make(2, 3, 0);

	lru_put(l, "abc", NULL);
	ck_assert_ptr_nonnull(lru_find(l, "abc"));
	ck_assert_ptr_null(lru_find(l, "abd"));
	lru_put(l, "abd", NULL);
	lru_put(l, "abe", NULL);
	ck_assert_ptr_null(lru_find(l, "abc"));
	ck_assert_ptr_nonnull(lru_find(l, "abd"));
	lru_free(l);
}
END_TEST

START_TEST(a_value_can_be_read_as_a_struct)
{
	struct wide {
		char a;
		double b;
		int64_t c;
	} value = { 'a', 1.5, -1 };
	struct lru *l = make(3, 5, sizeof(value));

	for (const char *key = "abcdefgh"; key[4] != '\0'; key++) {
		const struct wide *found;

		lru_put(l, key, &value);
		found = lru_find(l, key);
		ck_assert_uint_eq((uintptr_t)found % _Alignof(struct wide), 0);
		ck_assert(found->a == 'a' && found->b == 1.5 && found->c == -1);
	}
	lru_free(l);
}
END_TEST

START_TEST(a_shape_that_is_none_is_refused)
{
	static const struct lru_shape shapes[] = { { 0, 8, 8 }, { 8, 0, 8 },
		{ LRU_CAPACITY_MAX + 1, 8, 8 } };
	struct lru *l = NULL;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		ck_assert_int_eq(lru_new(&shapes[i], &l), STATUS_INVALID);
	ck_assert_ptr_null(l);
}
END_TEST

START_TEST(the_largest_one_holds_so_many)
{
	struct lru *l = make_ints(LRU_CAPACITY_MAX);
	int last = (int)LRU_CAPACITY_MAX;

	for (int i = 0; i <= last; i++)
		put(l, i, i ^ 5);
	ck_assert_uint_eq(lru_count(l), LRU_CAPACITY_MAX);
	assert_lacks(l, 0);
	for (int i = 1; i <= last; i++)
		assert_holds(l, i, i ^ 5);
	lru_free(l);
}
END_TEST

/* The same as an array with the newest first. */
struct model {
	int keys[7], values[7];
	size_t count;
};

static bool model_use(struct model *m, int key, int *value)
{
	for (size_t i = 0; i < m->count; i++) {
		if (m->keys[i] != key)
			continue;
		*value = m->values[i];
		memmove(m->keys + 1, m->keys, i * sizeof(m->keys[0]));
		memmove(m->values + 1, m->values, i * sizeof(m->values[0]));
		m->keys[0] = key;
		m->values[0] = *value;
		return true;
	}
	return false;
}

static void model_put(struct model *m, int key, int value)
{
	int old;

	if (!model_use(m, key, &old)) {
		m->count += m->count < 7;
		memmove(m->keys + 1, m->keys, (m->count - 1) * sizeof(m->keys[0]));
		memmove(m->values + 1, m->values, (m->count - 1) * sizeof(m->values[0]));
		m->keys[0] = key;
	}
	m->values[0] = value;
}

START_TEST(a_long_run_ends_as_the_simple_one_does)
{
	struct lru *l = make_ints(7);
	struct model model = { .count = 0 };
	uint32_t dice = 1;

	for (int step = 0; step < 100000; step++) {
		int key, value;

		dice = dice * UINT32_C(1664525) + UINT32_C(1013904223);
		key = (int)(dice >> 24) % 12;
		if (dice >> 16 & 1) {
			put(l, key, step);
			model_put(&model, key, step);
		} else if (model_use(&model, key, &value)) {
			assert_holds(l, key, value);
		} else {
			assert_lacks(l, key);
		}
		ck_assert_uint_eq(lru_count(l), model.count);
	}
	lru_free(l);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base_lru");
	TCase *tests = tcase_create("lru");

	tcase_add_test(tests, an_empty_one_holds_nothing);
	tcase_add_test(tests, what_was_put_is_found_and_may_be_replaced);
	tcase_add_test(tests, the_longest_unused_goes_first);
	tcase_add_test(tests, one_entry_is_a_capacity);
	tcase_add_test(tests, every_bit_of_a_key_counts);
	tcase_add_test(tests, keys_alone_can_be_held);
	tcase_add_test(tests, a_value_can_be_read_as_a_struct);
	tcase_add_test(tests, a_shape_that_is_none_is_refused);
	tcase_add_test(tests, the_largest_one_holds_so_many);
	tcase_add_test(tests, a_long_run_ends_as_the_simple_one_does);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
