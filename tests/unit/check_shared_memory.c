/* SPDX-License-Identifier: MIT */
/* Who shares a file with whom, which files are not used, and what is left when everybody went. */
#include "shared/memory.h"

#include "check_main.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[80], file[96], scope_text[64];

static void set_up(void)
{
	strcpy(folder, "/tmp/check-shared-memory-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/m", folder);
	snprintf(file, sizeof(file), "%s.%d", path, SHARED_MEMORY_VERSION);
	/* So that a file in /dev/shm is this test's alone. */
	snprintf(scope_text, sizeof(scope_text), "scope of %s", folder);
}

static void tear_down(void)
{
	(void)unlink(file);
	ck_assert_int_eq(rmdir(folder), 0);
}

static struct shared_memory *open_at(const char *at, const char *scope)
{
	const struct slice names[] = { slice_of(scope), SLICE("more") };
	const struct shared_memory_settings settings = {
		.path = at, .scope = names, .scope_count = 2
	};
	struct shared_memory *m;

	ck_assert_int_eq(shared_memory_open(&settings, &m), STATUS_OK);
	return m;
}

/* What one process writes there another reads. */
static bool are_one(struct shared_memory *a, struct shared_memory *b)
{
	unsigned char *x = shared_memory_take(a, 1), *y = shared_memory_take(b, 1);

	*x = 42;
	return *y == 42;
}

static void assert_not_used(void)
{
	struct shared_memory *m = open_at(path, "s");
	unsigned char *area = shared_memory_take(m, 64);

	ck_assert(!shared_memory_is_shared(m));
	ck_assert_ptr_nonnull(area);
	*area = 1;
	shared_memory_close(m);
}

static void make_file(off_t size, mode_t mode)
{
	int fd = open(file, O_RDWR | O_CREAT | O_EXCL, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	ck_assert_int_eq(close(fd), 0);
}

START_TEST(two_at_one_path_share_and_the_file_is_theirs_alone)
{
	struct shared_memory *a = open_at(path, "s"), *b = open_at(path, "s");
	struct stat st;

	ck_assert(shared_memory_is_shared(a) && shared_memory_is_shared(b));
	ck_assert(are_one(a, b));
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(st.st_size, SHARED_MEMORY_SIZE);
	shared_memory_close(a);
	shared_memory_close(b);
	ck_assert_int_eq(stat(file, &st), 0); /* the operator's path stays */
	shared_memory_close(NULL);
}
END_TEST

START_TEST(what_stands_in_the_file_outlives_its_users)
{
	struct shared_memory *m = open_at(path, "s");
	unsigned char *area = shared_memory_take(m, 1);

	*area = 7;
	shared_memory_close(m);
	m = open_at(path, "s");
	area = shared_memory_take(m, 1);
	ck_assert_uint_eq(*area, 7);
	shared_memory_close(m);
}
END_TEST

START_TEST(a_scope_has_a_number)
{
	struct shared_memory *a = open_at(path, "s"), *b = open_at(path, "s"),
			     *other = open_at(path, "t");

	ck_assert_uint_eq(shared_memory_scope(a), shared_memory_scope(b));
	ck_assert_uint_ne(shared_memory_scope(a), shared_memory_scope(other));
	shared_memory_close(a);
	shared_memory_close(b);
	shared_memory_close(other);
}
END_TEST

START_TEST(by_default_one_scope_shares_and_the_last_leaves_nothing)
{
	struct shared_memory *a = open_at(NULL, scope_text), *b = open_at(NULL, scope_text),
			     *other = open_at(NULL, folder), *again;
	unsigned char *area;

	ck_assert(shared_memory_is_shared(a) && shared_memory_is_shared(other));
	ck_assert(are_one(a, b));
	area = shared_memory_take(other, 1);
	ck_assert_uint_eq(*area, 0);
	shared_memory_close(other);
	shared_memory_close(a);
	again = open_at(NULL, scope_text);
	ck_assert(are_one(b, again));
	shared_memory_close(b);
	shared_memory_close(again);
	again = open_at(NULL, scope_text);
	area = shared_memory_take(again, 1);
	ck_assert_uint_eq(*area, 0); /* made anew, so the one before was removed */
	shared_memory_close(again);
}
END_TEST

START_TEST(no_path_at_all_is_no_sharing)
{
	struct shared_memory *a = open_at("", "s"), *b = open_at("", "s");

	ck_assert(!shared_memory_is_shared(a) && !are_one(a, b));
	shared_memory_close(a);
	shared_memory_close(b);
}
END_TEST

START_TEST(a_link_is_not_followed)
{
	char elsewhere[96];

	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", folder);
	ck_assert_int_eq(symlink(elsewhere, file), 0);
	assert_not_used();
	ck_assert_int_ne(access(elsewhere, F_OK), 0);
}
END_TEST

START_TEST(a_file_that_others_may_touch_is_not_used)
{
	make_file((off_t)SHARED_MEMORY_SIZE, 0640);
	assert_not_used();
}
END_TEST

START_TEST(a_file_of_another_size_is_not_used_and_stays_as_it_is)
{
	struct stat st;

	make_file(100, 0600);
	assert_not_used();
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_int_eq(st.st_size, 100);
}
END_TEST

START_TEST(somebody_elses_file_is_not_used)
{
	if (geteuid() != 0)
		return; /* nobody else can give one away */
	make_file((off_t)SHARED_MEMORY_SIZE, 0600);
	ck_assert_int_eq(chown(file, 65534, 65534), 0);
	assert_not_used();
}
END_TEST

START_TEST(what_is_no_plain_file_is_not_used)
{
	ck_assert_int_eq(mkfifo(file, 0600), 0);
	assert_not_used();
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_survived)
{
	struct shared_memory *m = open_at("/nonexistent/folder/m", "s");

	ck_assert(!shared_memory_is_shared(m));
	shared_memory_close(m);
}
END_TEST

/* Whoever may list /dev/shm could try passwords out on a name that was made from one. */
START_TEST(a_secret_is_in_the_scope_and_not_in_the_name)
{
	const struct slice one[] = { SLICE("secret"), slice_of(scope_text) };
	const struct slice two[] = { SLICE("another"), slice_of(scope_text) };
	const struct shared_memory_settings settings[] = {
		{ .scope = one, .scope_count = 2, .secret_count = 1 },
		{ .scope = two, .scope_count = 2, .secret_count = 1 },
	};
	struct buf names[2] = { { 0 }, { 0 } };
	struct shared_memory *m[2];

	for (int i = 0; i < 2; i++) {
		ck_assert_ptr_null(shared_memory_refused_as(&settings[i], &names[i]));
		ck_assert_int_eq(shared_memory_open(&settings[i], &m[i]), STATUS_OK);
	}
	ck_assert_str_eq(buf_cstr(&names[0]), buf_cstr(&names[1]));
	ck_assert(are_one(m[0], m[1]));
	ck_assert_uint_ne(shared_memory_scope(m[0]), shared_memory_scope(m[1]));
	for (int i = 0; i < 2; i++) {
		shared_memory_close(m[i]);
		buf_free(&names[i]);
	}
}
END_TEST

START_TEST(a_file_that_somebody_holds_alone_is_not_waited_for)
{
	int fd;

	make_file(0, 0600);
	fd = open(file, O_RDWR);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	assert_not_used();
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(looking_makes_nothing)
{
	const struct shared_memory_settings settings = { .path = path };
	struct buf name = { 0 };

	ck_assert_ptr_null(shared_memory_refused_as(&settings, &name));
	ck_assert_str_eq(buf_cstr(&name), file);
	ck_assert_int_ne(access(file, F_OK), 0);
	make_file(100, 0600);
	buf_clear(&name);
	ck_assert_str_eq(shared_memory_refused_as(&settings, &name), "size");
	buf_free(&name);
}
END_TEST

START_TEST(areas_are_aligned_and_end)
{
	struct shared_memory *m = open_at("", "s");
	unsigned char *a = shared_memory_take(m, 1), *b = shared_memory_take(m, 65),
		      *c = shared_memory_take(m, 64);

	ck_assert_uint_eq((uintptr_t)a % 64, 0);
	ck_assert_ptr_eq(b, a + 64);
	ck_assert_ptr_eq(c, b + 128);
	ck_assert_ptr_null(shared_memory_take(m, SHARED_MEMORY_SIZE));
	ck_assert_ptr_null(shared_memory_take(m, SIZE_MAX));
	ck_assert_ptr_eq(shared_memory_take(m, SHARED_MEMORY_SIZE - 256), c + 64);
	ck_assert_ptr_null(shared_memory_take(m, 1));
	shared_memory_close(m);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shared_memory");
	TCase *tests = tcase_create("memory");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, two_at_one_path_share_and_the_file_is_theirs_alone);
	tcase_add_test(tests, what_stands_in_the_file_outlives_its_users);
	tcase_add_test(tests, a_scope_has_a_number);
	tcase_add_test(tests, by_default_one_scope_shares_and_the_last_leaves_nothing);
	tcase_add_test(tests, no_path_at_all_is_no_sharing);
	tcase_add_test(tests, a_link_is_not_followed);
	tcase_add_test(tests, a_file_that_others_may_touch_is_not_used);
	tcase_add_test(tests, a_file_of_another_size_is_not_used_and_stays_as_it_is);
	tcase_add_test(tests, somebody_elses_file_is_not_used);
	tcase_add_test(tests, what_is_no_plain_file_is_not_used);
	tcase_add_test(tests, a_folder_that_is_not_there_is_survived);
	tcase_add_test(tests, a_secret_is_in_the_scope_and_not_in_the_name);
	tcase_add_test(tests, a_file_that_somebody_holds_alone_is_not_waited_for);
	tcase_add_test(tests, looking_makes_nothing);
	tcase_add_test(tests, areas_are_aligned_and_end);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
