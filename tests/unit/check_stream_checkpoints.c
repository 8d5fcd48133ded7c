/* SPDX-License-Identifier: MIT */
/* The lock and what it guards, between sessions of a real Postgres that holds the project's own
 * schema. Each test has a table name of its own, and the fixture's connection is the first of two
 * instances. */
#include "check_main.h"
#include "pg_fixture.h"
#include "private_postgres.h"
#include "stream/checkpoints.h"
#include "stream/letters.h"

#include <stdio.h>

#define ARN "arn:aws:dynamodb:stream/1"

static char table[32];
static struct stream_checkpoints first, second;

static void load_schema(void)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/sql/schema.sql", srcdir ? srcdir : ".");
	pg_fixture_load(path);
	pg_fixture_load(path); /* it has to be safe to repeat */
}

static void set_up(void)
{
	struct uuid fresh;

	ck_assert_int_eq(uuid_new(&fresh), STATUS_OK);
	(void)snprintf(table, sizeof(table), "t-%.20s", fresh.text);
	first = (struct stream_checkpoints){ .pg = pg, .table_name = table };
	second = first;
	ck_assert_int_eq(pg_new(pg_fixture_url(), &second.pg), STATUS_OK);
}

static void take_down(void)
{
	pg_free(second.pg);
}

static enum status save(const struct stream_checkpoints *c, const char *shard, const char *position)
{
	const struct stream_place place = {
		.stream_arn = ARN, .shard_id = shard, .position = position
	};

	return stream_checkpoints_save(c, &place, FAR);
}

/* The position of a shard as everybody sees it; "none" if there is no row. */
static const char *position_of(const char *arn, const char *shard)
{
	static char found[64];
	struct pg_result *rows;

	ck_assert_int_eq(stream_checkpoints_load(&second, FAR, &rows), STATUS_OK);
	(void)snprintf(found, sizeof(found), "none");
	for (size_t i = 0; i < pg_result_rows(rows); i++) {
		struct stream_checkpoint c;

		ck_assert_int_eq(stream_checkpoints_row(rows, i, &c), STATUS_OK);
		if (slice_equal(c.stream_arn, slice_of(arn)) &&
			slice_equal(c.shard_id, slice_of(shard)))
			(void)snprintf(found, sizeof(found), "%.*s%s", (int)c.position.len,
				c.position.ptr, c.finished ? " finished" : "");
	}
	pg_result_free(rows);
	return found;
}

/* Ends the session of a connection from another one, and waits until it is gone. */
static void end_session(struct pg *p)
{
	char sql[100];

	(void)snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%lld, 20000)",
		(long long)read_int(p, &backend_pid));
	run_apart(sql);
}

START_TEST(one_session_has_the_lock_of_a_table)
{
	struct stream_checkpoints other = { .pg = second.pg, .table_name = "another" };

	ck_assert_int_eq(stream_checkpoints_check(&first, FAR), STATUS_DENIED);
	ck_assert_int_eq(stream_checkpoints_lock(&first, FAR), STATUS_OK);
	ck_assert_int_eq(stream_checkpoints_lock(&first, FAR), STATUS_OK);
	ck_assert_int_eq(stream_checkpoints_check(&first, FAR), STATUS_OK);
	ck_assert_int_eq(stream_checkpoints_lock(&second, FAR), STATUS_DENIED);
	ck_assert_int_eq(stream_checkpoints_check(&second, FAR), STATUS_DENIED);
	ck_assert_int_eq(stream_checkpoints_lock(&other, FAR), STATUS_OK);
	ck_assert_int_eq(stream_checkpoints_check(&second, FAR), STATUS_DENIED);
}
END_TEST

START_TEST(the_lock_goes_with_its_session)
{
	ck_assert_int_eq(stream_checkpoints_lock(&first, FAR), STATUS_OK);
	ck_assert_int_eq(stream_checkpoints_lock(&second, FAR), STATUS_DENIED);
	end_session(first.pg);
	ck_assert_int_eq(stream_checkpoints_lock(&second, FAR), STATUS_OK);
	/* The connection is opened anew by itself; the lock is not had anew. */
	ck_assert_int_eq(stream_checkpoints_check(&first, FAR), STATUS_DENIED);
	ck_assert_int_eq(stream_checkpoints_lock(&first, FAR), STATUS_DENIED);
}
END_TEST

START_TEST(a_checkpoint_is_what_was_saved_last)
{
	const struct stream_place end = {
		.stream_arn = ARN, .shard_id = "a", .position = "3", .finished = true
	};

	ck_assert_int_eq(stream_checkpoints_lock(&first, FAR), STATUS_OK);
	ck_assert_str_eq(position_of(ARN, "a"), "none");
	ck_assert_int_eq(save(&first, "a", ""), STATUS_OK);
	ck_assert_str_eq(position_of(ARN, "a"), "");
	ck_assert_int_eq(save(&first, "a", "2"), STATUS_OK);
	ck_assert_int_eq(save(&first, "b", "9"), STATUS_OK);
	ck_assert_str_eq(position_of(ARN, "a"), "2");
	ck_assert_int_eq(stream_checkpoints_save(&first, &end, FAR), STATUS_OK);
	ck_assert_str_eq(position_of(ARN, "a"), "3 finished");
	ck_assert_str_eq(position_of(ARN, "b"), "9");
}
END_TEST

/* An instance that was held up while another took over must not set the place back. */
START_TEST(nothing_is_written_without_the_lock)
{
	const struct stream_letter letter = { .stream_arn = ARN,
		.shard_id = "a",
		.sequence_number = SLICE("1"),
		.pk = SLICE("MSG#x"),
		.sk = SLICE(""),
		.reason = "because" };
	bool left_over;
	int64_t debts = -1;

	ck_assert_int_eq(stream_checkpoints_lock(&first, FAR), STATUS_OK);
	ck_assert_int_eq(save(&first, "a", "1"), STATUS_OK);
	end_session(first.pg);
	ck_assert_int_eq(stream_checkpoints_lock(&second, FAR), STATUS_OK);
	ck_assert_int_eq(save(&second, "a", "2"), STATUS_OK);
	ck_assert_int_eq(stream_checkpoints_owe(&second, "why", FAR), STATUS_OK);

	ck_assert_int_eq(save(&first, "a", "1"), STATUS_DENIED);
	ck_assert_int_eq(save(&first, "c", "1"), STATUS_DENIED);
	ck_assert_int_eq(stream_checkpoints_keep(&first, ARN, FAR), STATUS_DENIED);
	ck_assert_int_eq(stream_checkpoints_forget_shard(&first, ARN, "a", FAR), STATUS_DENIED);
	ck_assert_int_eq(stream_checkpoints_forget_others(&first, "other", FAR), STATUS_DENIED);
	ck_assert_int_eq(stream_checkpoints_owe(&first, "why", FAR), STATUS_DENIED);
	ck_assert_int_eq(stream_checkpoints_repaired(&first, 9, FAR, &left_over), STATUS_DENIED);
	ck_assert_int_eq(stream_letters_add(&first, &letter, FAR), STATUS_DENIED);

	ck_assert_str_eq(position_of(ARN, "a"), "2");
	ck_assert_str_eq(position_of(ARN, "c"), "none");
	ck_assert_int_eq(stream_checkpoints_owed(&second, FAR, &debts), STATUS_OK);
	ck_assert_int_eq(debts, 1);
}
END_TEST

START_TEST(a_shard_and_other_streams_can_be_forgotten)
{
	const struct stream_place old = { .stream_arn = "old", .shard_id = "a", .position = "1" };

	ck_assert_int_eq(stream_checkpoints_lock(&first, FAR), STATUS_OK);
	ck_assert_int_eq(stream_checkpoints_save(&first, &old, FAR), STATUS_OK);
	ck_assert_int_eq(save(&first, "a", "2"), STATUS_OK);
	ck_assert_int_eq(save(&first, "b", "3"), STATUS_OK);
	ck_assert_int_eq(stream_checkpoints_forget_others(&first, ARN, FAR), STATUS_OK);
	ck_assert_str_eq(position_of("old", "a"), "none");
	ck_assert_str_eq(position_of(ARN, "a"), "2");
	ck_assert_int_eq(stream_checkpoints_forget_shard(&first, ARN, "a", FAR), STATUS_OK);
	ck_assert_str_eq(position_of(ARN, "a"), "none");
	ck_assert_str_eq(position_of(ARN, "b"), "3");
}
END_TEST

START_TEST(a_kept_checkpoint_does_not_grow_old)
{
	struct pg_result *rows;
	struct stream_checkpoint c;

	ck_assert_int_eq(stream_checkpoints_lock(&first, FAR), STATUS_OK);
	ck_assert_int_eq(save(&first, "a", "2"), STATUS_OK);
	run_apart("UPDATE public.stream_checkpoints SET updated_at = now() - interval '25 hours'");
	for (int64_t oldest = 24 * 3600; oldest >= 0; oldest -= 24 * 3600) {
		ck_assert_int_eq(stream_checkpoints_load(&first, FAR, &rows), STATUS_OK);
		ck_assert_int_eq(stream_checkpoints_row(rows, 0, &c), STATUS_OK);
		ck_assert_int_ge(c.age_s, oldest);
		ck_assert_int_lt(c.age_s, oldest + 2 * 3600);
		pg_result_free(rows);
		ck_assert_int_eq(stream_checkpoints_keep(&first, ARN, FAR), STATUS_OK);
	}
}
END_TEST

START_TEST(a_repair_that_is_owed_again_while_it_runs_stays_owed)
{
	int64_t debts = -1;
	bool left_over = true;

	ck_assert_int_eq(stream_checkpoints_lock(&first, FAR), STATUS_OK);
	ck_assert_int_eq(stream_checkpoints_owed(&first, FAR, &debts), STATUS_OK);
	ck_assert_int_eq(debts, 0);
	ck_assert_int_eq(stream_checkpoints_owe(&first, "one", FAR), STATUS_OK);
	ck_assert_int_eq(stream_checkpoints_owe(&first, "two", FAR), STATUS_OK);
	ck_assert_int_eq(stream_checkpoints_owed(&first, FAR, &debts), STATUS_OK);
	ck_assert_int_eq(debts, 2);
	ck_assert_int_eq(stream_checkpoints_owe(&first, "three", FAR), STATUS_OK);
	ck_assert_int_eq(stream_checkpoints_repaired(&first, debts, FAR, &left_over), STATUS_OK);
	ck_assert(left_over);
	ck_assert_int_eq(stream_checkpoints_repaired(&first, 3, FAR, &left_over), STATUS_OK);
	ck_assert(!left_over);
	ck_assert_int_eq(stream_checkpoints_owed(&first, FAR, &debts), STATUS_OK);
	ck_assert_int_eq(debts, 0);
}
END_TEST

START_TEST(a_letter_is_one_row_however_often_it_fails)
{
	static const struct pg_statement count = { .name = "count",
		.text = "SELECT count(*) AS value FROM public.stream_dead_letters",
		.reads_only = true };
	static const struct pg_statement tries = { .name = "tries",
		.text = "SELECT sum(tries) AS value FROM public.stream_dead_letters",
		.reads_only = true };
	char long_key[5000];
	struct stream_letter letter = { .stream_arn = ARN,
		.shard_id = "a",
		.sequence_number = SLICE("1"),
		.pk = { long_key, sizeof(long_key) },
		.sk = SLICE("\0\xff\xc3\xa4"),
		.reason = "because" };

	run_apart("DELETE FROM public.stream_dead_letters");
	memset(long_key, 'x', sizeof(long_key));
	ck_assert_int_eq(stream_checkpoints_lock(&first, FAR), STATUS_OK);
	ck_assert_int_eq(stream_letters_add(&first, &letter, FAR), STATUS_OK);
	ck_assert_int_eq(stream_letters_add(&first, &letter, FAR), STATUS_OK);
	ck_assert_int_eq(read_int(pg, &count), 1);
	ck_assert_int_eq(read_int(pg, &tries), 2);
	letter.sequence_number = SLICE("2");
	ck_assert_int_eq(stream_letters_add(&first, &letter, FAR), STATUS_OK);
	ck_assert_int_eq(read_int(pg, &count), 2);
}
END_TEST

static size_t due(void)
{
	struct pg_result *rows;
	size_t count;

	ck_assert_int_eq(stream_letters_due(&first, FAR, &rows), STATUS_OK);
	count = pg_result_rows(rows);
	pg_result_free(rows);
	return count;
}

/* Makes the letters so old, after so many tries. */
static void age(const char *interval, int tries)
{
	char sql[200];

	(void)snprintf(sql, sizeof(sql),
		"UPDATE public.stream_dead_letters SET last_at = now() - interval '%s', tries = %d",
		interval, tries);
	run_apart(sql);
}

START_TEST(letters_that_time_may_mend_are_due_after_pauses_that_grow)
{
	struct stream_letter letter = { .stream_arn = ARN,
		.shard_id = "a",
		.sequence_number = SLICE("1"),
		.pk = SLICE("MSG#x"),
		.sk = SLICE(""),
		.reason = "because" };

	run_apart("DELETE FROM public.stream_dead_letters");
	ck_assert_int_eq(stream_checkpoints_lock(&first, FAR), STATUS_OK);
	ck_assert_int_eq(stream_letters_add(&first, &letter, FAR), STATUS_OK);
	age("1 day", 1);
	ck_assert_uint_eq(due(), 0);
	letter.retry = true;
	ck_assert_int_eq(stream_letters_add(&first, &letter, FAR), STATUS_OK);
	letter.sequence_number = SLICE("2");
	ck_assert_int_eq(stream_letters_add(&first, &letter, FAR), STATUS_OK);
	ck_assert_uint_eq(due(), 0);
	age("3 s", 1);
	ck_assert_uint_eq(due(), 0);
	age("6 s", 1);
	ck_assert_uint_eq(due(), 1); /* one group */
	age("30 s", 4);
	ck_assert_uint_eq(due(), 0);
	age("41 s", 4);
	ck_assert_uint_eq(due(), 1);
	age("295 s", 1000);
	ck_assert_uint_eq(due(), 0);
	age("301 s", 1000);
	ck_assert_uint_eq(due(), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stream_checkpoints");
	TCase *tests = tcase_create("postgres");

	if (!private_postgres_available()) {
		puts("skipped: no Postgres server programs (or no user to run them as)");
		return CHECK_SKIPPED;
	}
	pg_fixture_add(tests);
	tcase_add_unchecked_fixture(tests, load_schema, NULL);
	tcase_add_checked_fixture(tests, set_up, take_down);
	tcase_add_test(tests, one_session_has_the_lock_of_a_table);
	tcase_add_test(tests, the_lock_goes_with_its_session);
	tcase_add_test(tests, a_checkpoint_is_what_was_saved_last);
	tcase_add_test(tests, nothing_is_written_without_the_lock);
	tcase_add_test(tests, a_shard_and_other_streams_can_be_forgotten);
	tcase_add_test(tests, a_kept_checkpoint_does_not_grow_old);
	tcase_add_test(tests, a_repair_that_is_owed_again_while_it_runs_stays_owed);
	tcase_add_test(tests, a_letter_is_one_row_however_often_it_fails);
	tcase_add_test(tests, letters_that_time_may_mend_are_due_after_pauses_that_grow);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
