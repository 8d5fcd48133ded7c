/* SPDX-License-Identifier: MIT */
/* How long what Postgres said about a user counts, on a clock that the tests move; with a real
 * Postgres that changes its mind. */
#include "check_main.h"
#include "pg_fixture.h"
#include "private_postgres.h"
#include "shared_pair.h"
#include "user/directory.h"

#include <stdio.h>

#define START_MS 5000

/* What a look at the table is to meet: the table, or none, so that asking is STATUS_UNAVAILABLE. */
enum postgres { SOUND, BROKEN };

static struct user_directory *directory;
static size_t made; /* users of this test: each has a number */

static void load_schema(void)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];

	snprintf(path, sizeof(path), "%s/sql/schema.sql", srcdir ? srcdir : ".");
	pg_fixture_load(path);
}

static void set_up(void)
{
	run_apart("ALTER TABLE IF EXISTS public.hidden RENAME TO users");
	run_apart("DELETE FROM public.users");
	ck_assert_int_eq(user_directory_new(pg, NULL, &directory), STATUS_OK);
}

static void tear_down(void)
{
	user_directory_free(directory);
}

static void insert(const char *id, const char *handle, const char *display_name)
{
	char sql[2048];

	snprintf(sql, sizeof(sql),
		"INSERT INTO public.users (uuid, display_name, handle, email, cognito_user_id) "
		"VALUES ('aaaaaaaa-0000-4000-8000-%012zu', '%s', '%s', 'e', '%s')",
		++made, display_name, handle, id);
	run_apart(sql);
}

static enum status find(const char *id, int64_t now_ms, enum postgres postgres, struct user *out)
{
	enum status rc;

	if (postgres == BROKEN)
		run_apart("ALTER TABLE public.users RENAME TO hidden");
	rc = user_directory_find(directory, slice_of(id), now_ms, FAR, out);
	if (postgres == BROKEN)
		run_apart("ALTER TABLE public.hidden RENAME TO users");
	return rc;
}

static void assert_is(const char *id, int64_t now_ms, enum postgres postgres, const char *names)
{
	struct user u;
	char found[1024];

	ck_assert_int_eq(find(id, now_ms, postgres, &u), STATUS_OK);
	snprintf(found, sizeof(found), "%s %s", u.handle, u.display_name);
	ck_assert_str_eq(found, names);
	user_clear(&u);
}

START_TEST(a_new_name_shows_after_ten_seconds)
{
	insert("sub", "ann", "Ann");
	assert_is("sub", START_MS, SOUND, "ann Ann");
	run_apart("UPDATE public.users SET handle = 'bea', display_name = 'Bea \xc3\xa9'");
	assert_is("sub", START_MS, BROKEN, "ann Ann");
	/* A use makes it no younger. */
	assert_is("sub", START_MS + 5000, BROKEN, "ann Ann");
	assert_is("sub", START_MS + 9999, BROKEN, "ann Ann");
	assert_is("sub", START_MS + 10000, SOUND, "bea Bea \xc3\xa9");
	assert_is("sub", START_MS + 19999, BROKEN, "bea Bea \xc3\xa9");
}
END_TEST

START_TEST(the_uuid_comes_from_memory_as_well)
{
	struct user first, second;

	insert("sub", "ann", "Ann");
	ck_assert_int_eq(find("sub", START_MS, SOUND, &first), STATUS_OK);
	ck_assert_int_eq(find("sub", START_MS, BROKEN, &second), STATUS_OK);
	ck_assert(uuid_equal(&first.uuid, &second.uuid));
	ck_assert_int_eq(first.uuid.text[UUID_LEN], '\0');
	ck_assert_int_eq(second.uuid.text[UUID_LEN], '\0');
	user_clear(&first);
	user_clear(&second);
}
END_TEST

START_TEST(a_removed_user_is_gone_after_ten_seconds)
{
	struct user u;

	insert("sub", "ann", "Ann");
	assert_is("sub", START_MS, SOUND, "ann Ann");
	run_apart("DELETE FROM public.users");
	assert_is("sub", START_MS + 9999, SOUND, "ann Ann");
	ck_assert_int_eq(find("sub", START_MS + 10000, SOUND, &u), STATUS_NOT_FOUND);
	ck_assert_int_eq(find("sub", START_MS + 10001, SOUND, &u), STATUS_NOT_FOUND);
}
END_TEST

START_TEST(a_new_user_is_found_at_once)
{
	struct user u;

	ck_assert_int_eq(find("sub", START_MS, SOUND, &u), STATUS_NOT_FOUND);
	insert("sub", "ann", "Ann");
	assert_is("sub", START_MS, SOUND, "ann Ann");
}
END_TEST

START_TEST(an_outage_is_neither_remembered_nor_covered_up_for_longer)
{
	struct user u;

	insert("sub", "ann", "Ann");
	ck_assert_int_eq(find("sub", START_MS, BROKEN, &u), STATUS_UNAVAILABLE);
	assert_is("sub", START_MS, SOUND, "ann Ann");
	ck_assert_int_eq(find("sub", START_MS + 10000, BROKEN, &u), STATUS_UNAVAILABLE);
	assert_is("sub", START_MS + 10000, SOUND, "ann Ann");
}
END_TEST

START_TEST(ids_are_told_apart_whatever_their_length)
{
	char id[USER_DIRECTORY_KEY_MAX + 3];
	char names[64];
	struct user u;

	memset(id, 'i', sizeof(id));
	for (size_t len = 1; len < sizeof(id); len++) {
		id[len] = '\0';
		snprintf(names, sizeof(names), "h%zu", len);
		insert(id, names, "d");
		snprintf(names, sizeof(names), "h%zu d", len);
		assert_is(id, START_MS, SOUND, names);
		assert_is(id, START_MS, len <= USER_DIRECTORY_KEY_MAX ? BROKEN : SOUND, names);
		/* The same with a NUL behind is no id, and finds nobody. */
		ck_assert_int_eq(user_directory_find(directory, (struct slice){ id, len + 1 },
					 START_MS, FAR, &u),
			STATUS_NOT_FOUND);
		id[len] = 'i';
	}
	ck_assert_int_eq(find("", START_MS, SOUND, &u), STATUS_NOT_FOUND);
}
END_TEST

START_TEST(long_names_are_read_each_time)
{
	char name[USER_DIRECTORY_NAMES_MAX + 1] = "", names[sizeof(name) + 8];
	struct user u;

	memset(name, 'n', USER_DIRECTORY_NAMES_MAX - 3);
	insert("fits", "ann", name);
	snprintf(names, sizeof(names), "ann %s", name);
	assert_is("fits", START_MS, SOUND, names);
	assert_is("fits", START_MS, BROKEN, names);
	insert("long", "anna", name);
	snprintf(names, sizeof(names), "anna %s", name);
	assert_is("long", START_MS, SOUND, names);
	ck_assert_int_eq(find("long", START_MS, BROKEN, &u), STATUS_UNAVAILABLE);
	/* Longer than the length that is kept can say. */
	run_apart("UPDATE public.users SET display_name = repeat('n', 256) WHERE handle = 'anna'");
	ck_assert_int_eq(find("long", START_MS, SOUND, &u), STATUS_OK);
	ck_assert_uint_eq(strlen(u.display_name), 256);
	user_clear(&u);
	ck_assert_int_eq(find("long", START_MS, BROKEN, &u), STATUS_UNAVAILABLE);
}
END_TEST

/* Somebody who was remembered and now has names that are not: the old ones must not come back. */
START_TEST(names_that_became_long_leave_no_old_ones_behind)
{
	struct user u;

	insert("sub", "ann", "Ann");
	assert_is("sub", START_MS, SOUND, "ann Ann");
	run_apart("UPDATE public.users SET display_name = repeat('n', 300)");
	for (int64_t later = 10000; later < 30000; later += 1000) {
		ck_assert_int_eq(find("sub", START_MS + later, SOUND, &u), STATUS_OK);
		ck_assert_uint_eq(strlen(u.display_name), 300);
		user_clear(&u);
	}
}
END_TEST

START_TEST(more_users_than_are_held_are_each_themselves)
{
	char id[32], names[64];

	run_apart("INSERT INTO public.users (display_name, handle, email, cognito_user_id) "
		  "SELECT 'D' || i, 'h' || i, 'e', 's' || i FROM generate_series(0, 4096) i");
	ck_assert_uint_eq(USER_DIRECTORY_CAPACITY, 4096);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i <= 4096; i++) {
			snprintf(id, sizeof(id), "s%d", i);
			snprintf(names, sizeof(names), "h%d D%d", i, i);
			assert_is(id, START_MS, SOUND, names);
		}
	}
}
END_TEST

/* In memory that two directories share the second one knows at once, but for no longer. */
START_TEST(what_one_directory_learnt_another_knows_for_the_rest_of_its_time)
{
	struct user_directory *mine = directory, *first, *second;
	struct shared_memory *memory[2];

	shared_pair_open(memory);
	ck_assert_int_eq(user_directory_new(pg, memory[0], &first), STATUS_OK);
	ck_assert_int_eq(user_directory_new(pg, memory[1], &second), STATUS_OK);
	insert("sub", "ann", "Ann");
	directory = first;
	assert_is("sub", START_MS, SOUND, "ann Ann");
	directory = second;
	assert_is("sub", START_MS + 9999, BROKEN, "ann Ann");
	/* A request of the second that began a little before the first asked. */
	assert_is("sub", START_MS - 5, BROKEN, "ann Ann");
	run_apart("UPDATE public.users SET display_name = 'Bea'");
	assert_is("sub", START_MS + 10000, SOUND, "ann Bea");
	directory = first;
	assert_is("sub", START_MS + 10001, BROKEN, "ann Bea");
	directory = mine;
	user_directory_free(first);
	user_directory_free(second);
	shared_pair_close(memory);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("user_directory");
	TCase *tests = tcase_create("directory");

	if (!private_postgres_available()) {
		puts("skipped: no Postgres server programs (or no user to run them as)");
		return CHECK_SKIPPED;
	}
	pg_fixture_add(tests);
	tcase_add_unchecked_fixture(tests, load_schema, NULL);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_new_name_shows_after_ten_seconds);
	tcase_add_test(tests, the_uuid_comes_from_memory_as_well);
	tcase_add_test(tests, a_removed_user_is_gone_after_ten_seconds);
	tcase_add_test(tests, a_new_user_is_found_at_once);
	tcase_add_test(tests, an_outage_is_neither_remembered_nor_covered_up_for_longer);
	tcase_add_test(tests, ids_are_told_apart_whatever_their_length);
	tcase_add_test(tests, long_names_are_read_each_time);
	tcase_add_test(tests, names_that_became_long_leave_no_old_ones_behind);
	tcase_add_test(tests, more_users_than_are_held_are_each_themselves);
	tcase_add_test(tests, what_one_directory_learnt_another_knows_for_the_rest_of_its_time);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
