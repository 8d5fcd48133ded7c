/* SPDX-License-Identifier: MIT */
/* A secret is one for those who share a memory, and another for everybody else. */
#include "shared/secret.h"

#include "check_main.h"
#include "shared_pair.h"

#include <string.h>
#include <sys/wait.h>

#define PROCESSES 16

static struct shared_secret secret_of(struct shared_memory *memory)
{
	struct shared_secret secret;

	ck_assert_int_eq(shared_secret_take(memory, &secret), STATUS_OK);
	return secret;
}

static bool are_same(const struct shared_secret *a, const struct shared_secret *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

START_TEST(who_shares_a_memory_has_the_same)
{
	struct shared_memory *pair[2];
	struct shared_secret first, second, next;

	shared_pair_open(pair);
	first = secret_of(pair[0]);
	second = secret_of(pair[1]);
	next = secret_of(pair[0]);
	ck_assert(are_same(&first, &second));
	ck_assert(!are_same(&first, &next));
	shared_pair_close(pair);
}
END_TEST

START_TEST(nobody_else_has_it)
{
	static const struct shared_secret zero;
	struct shared_secret a = secret_of(NULL), b = secret_of(NULL);

	ck_assert(!are_same(&a, &b));
	ck_assert(!are_same(&a, &zero));
}
END_TEST

START_TEST(with_no_room_left_it_is_of_the_process_alone)
{
	struct shared_memory *pair[2];
	struct shared_secret first, second;

	shared_pair_open(pair);
	for (int i = 0; i < 2; i++)
		ck_assert_ptr_nonnull(shared_memory_take(pair[i], SHARED_MEMORY_SIZE - 64));
	for (int i = 0; i < 2; i++)
		ck_assert_ptr_nonnull(shared_memory_take(pair[i], 64));
	first = secret_of(pair[0]);
	second = secret_of(pair[1]);
	ck_assert(!are_same(&first, &second));
	shared_pair_close(pair);
}
END_TEST

/* Each waits until all are there, takes the secret, and says what it got. */
static void take_when_told(int told, int said, struct shared_memory *memory)
{
	struct shared_secret secret;
	char go;

	if (read(told, &go, 1) != 0 || shared_secret_take(memory, &secret) != STATUS_OK ||
		write(said, secret.bytes, sizeof(secret.bytes)) != (ssize_t)sizeof(secret.bytes))
		_exit(1);
	_exit(0);
}

START_TEST(of_many_who_take_it_at_once_none_has_another)
{
	struct shared_memory *pair[2];
	struct shared_secret first = { { 0 } }, other;
	int told[2], said[2], status;
	pid_t children[PROCESSES];

	shared_pair_open(pair);
	ck_assert_int_eq(pipe(told), 0);
	ck_assert_int_eq(pipe(said), 0);
	for (int i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		ck_assert_int_ge(children[i], 0);
		if (children[i] == 0) {
			close(told[1]);
			take_when_told(told[0], said[1], pair[i % 2]);
		}
	}
	close(told[1]);
	for (int i = 0; i < PROCESSES; i++) {
		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert_int_eq(status, 0);
		ck_assert_int_eq(
			read(said[0], other.bytes, sizeof(other.bytes)), sizeof(other.bytes));
		if (i == 0)
			first = other;
		ck_assert(are_same(&first, &other));
	}
	close(told[0]);
	close(said[0]);
	close(said[1]);
	shared_pair_close(pair);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shared_secret");
	TCase *tests = tcase_create("shared_secret");

	tcase_add_test(tests, who_shares_a_memory_has_the_same);
	tcase_add_test(tests, nobody_else_has_it);
	tcase_add_test(tests, with_no_room_left_it_is_of_the_process_alone);
	tcase_add_test(tests, of_many_who_take_it_at_once_none_has_another);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
