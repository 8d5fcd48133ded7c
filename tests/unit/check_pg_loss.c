/* SPDX-License-Identifier: MIT */
/* What a slow, broken or restarted connection to a real Postgres does to the statement that meets
 * it and to the next one. */
#include "check_main.h"
#include "pg_fixture.h"
#include "private_postgres.h"

#include <signal.h>
#include <stdio.h>

START_TEST(the_server_ends_a_statement_that_runs_too_long)
{
	int64_t start = clock_monotonic_ms();

	ck_assert_int_eq(run_on(pg, "SELECT pg_sleep(60)"), STATUS_TIMEOUT);
	ck_assert_int_lt(clock_monotonic_ms() - start, 15000);
}
END_TEST

START_TEST(a_late_answer_is_not_taken_for_the_next_one)
{
	struct pg_statement slow = STATEMENT("slow", "SELECT 1 AS value FROM pg_sleep(1)", 0, true);
	struct pg_statement next = STATEMENT("next", "SELECT 2 AS value", 0, true);
	struct pg_result *r = NULL;
	int64_t start = clock_monotonic_ms();

	ck_assert_int_eq(pg_ping(pg, FAR), STATUS_OK);
	ck_assert_int_eq(pg_query(pg, &slow, NULL, deadline_in(100), &r), STATUS_TIMEOUT);
	ck_assert_int_lt(clock_monotonic_ms() - start, 10000);
	ck_assert_ptr_null(r);
	ck_assert_int_eq(read_int(pg, &next), 2);
}
END_TEST

/* Ends the tested connection from another one, and waits until its process is gone. */
static void end_backend(int64_t pid)
{
	char sql[200];

	snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%lld, 20000)", (long long)pid);
	run_apart(sql);
}

START_TEST(a_connection_closed_while_idle_is_opened_again_even_for_a_write)
{
	struct pg_statement insert = STATEMENT(
		"insert", "INSERT INTO idle DEFAULT VALUES RETURNING 1 AS value", 0, false);
	struct pg_statement count =
		STATEMENT("count", "SELECT count(*) AS value FROM idle", 0, true);

	run_apart("CREATE TABLE idle (a int)");
	ck_assert_int_eq(read_int(pg, &insert), 1);
	for (int i = 2; i < 5; i++) {
		int64_t pid = read_int(pg, &backend_pid);

		end_backend(pid);
		ck_assert_int_eq(read_int(pg, &insert), 1);
		ck_assert_int_eq(read_int(pg, &count), i);
		ck_assert_int_ne(read_int(pg, &backend_pid), pid);
	}
}
END_TEST

/* The first run ends its own connection; a sequence does not roll back. */
#define FALLS_ONCE(sequence)                                                                       \
	"SELECT CASE WHEN nextval('" sequence                                                      \
	"') = 1 THEN pg_terminate_backend(pg_backend_pid())::int ELSE 5 END AS value"

START_TEST(a_read_is_sent_again_after_a_loss)
{
	struct pg_statement falls = STATEMENT("falls", FALLS_ONCE("read_falls"), 0, true);

	run_apart("CREATE SEQUENCE read_falls");
	ck_assert_int_eq(read_int(pg, &falls), 5);
}
END_TEST

START_TEST(calls_failures_and_retries_are_counted)
{
	struct pg_statement falls = STATEMENT("falls", FALLS_ONCE("counted_falls"), 0, true);
	struct pg_statement nonsense = STATEMENT("nonsense", "SELECT no_such_column", 0, true);
	struct usage usage = { 0 };
	struct pg_result *r;

	run_apart("CREATE SEQUENCE counted_falls");
	pg_count_in(pg, &usage);
	ck_assert_int_eq(read_int(pg, &falls), 5);
	ck_assert_uint_eq(usage.calls, 1);
	ck_assert_uint_eq(usage.failures, 0);
	ck_assert_uint_eq(usage.retries, 1);
	ck_assert_int_gt(usage.spent_us, 0);
	ck_assert_int_eq(run_on(pg, "SELECT 1/0"), STATUS_INVALID); /* it is well */
	ck_assert_uint_eq(usage.failures, 0);
	ck_assert_int_eq(pg_query(pg, &nonsense, NULL, FAR, &r), STATUS_UNAVAILABLE);
	ck_assert_uint_eq(usage.calls, 3);
	ck_assert_uint_eq(usage.failures, 1);
	pg_count_in(pg, NULL);
	ck_assert_int_eq(pg_ping(pg, FAR), STATUS_OK);
	ck_assert_uint_eq(usage.calls, 3);
}
END_TEST

START_TEST(a_write_is_not_sent_again_after_a_loss)
{
	struct pg_statement falls = STATEMENT("falls", FALLS_ONCE("write_falls"), 0, false);
	struct pg_statement runs =
		STATEMENT("runs", "SELECT last_value AS value FROM write_falls", 0, true);
	struct pg_result *r = NULL;

	run_apart("CREATE SEQUENCE write_falls");
	ck_assert_int_eq(pg_query(pg, &falls, NULL, FAR, &r), STATUS_UNAVAILABLE);
	ck_assert_ptr_null(r);
	ck_assert_int_eq(read_int(pg, &runs), 1);
}
END_TEST

START_TEST(a_read_that_is_lost_again_is_given_up)
{
	struct pg_statement falls = STATEMENT("falls",
		"SELECT pg_terminate_backend(pg_backend_pid()) FROM nextval('always_falls')", 0,
		true);
	struct pg_statement runs =
		STATEMENT("runs", "SELECT last_value AS value FROM always_falls", 0, true);
	struct pg_result *r = NULL;

	run_apart("CREATE SEQUENCE always_falls");
	ck_assert_int_eq(pg_query(pg, &falls, NULL, FAR, &r), STATUS_UNAVAILABLE);
	ck_assert_int_eq(read_int(pg, &runs), 2);
}
END_TEST

START_TEST(a_forgotten_statement_is_prepared_again_even_for_a_write)
{
	struct pg_statement insert = STATEMENT(
		"insert", "INSERT INTO forgot DEFAULT VALUES RETURNING 1 AS value", 0, false);

	run_apart("CREATE TABLE forgot (a int)");
	ck_assert_int_eq(read_int(pg, &insert), 1);
	ck_assert_int_eq(run_on(pg, "DEALLOCATE ALL"), STATUS_OK);
	ck_assert_int_eq(read_int(pg, &insert), 1);
}
END_TEST

START_TEST(a_table_may_change_under_a_prepared_statement)
{
	struct pg_statement s = STATEMENT("all", "SELECT * FROM changing", 0, false);
	struct pg_result *r;
	int64_t number;

	run_apart("CREATE TABLE changing AS SELECT 1 AS a");
	ck_assert_int_eq(pg_query_row(pg, &s, NULL, FAR, &r), STATUS_OK);
	pg_result_free(r);
	run_apart("ALTER TABLE changing ADD COLUMN b int DEFAULT 2");
	ck_assert_int_eq(pg_query_row(pg, &s, NULL, FAR, &r), STATUS_OK);
	ck_assert(pg_int(r, 0, "b", &number) && number == 2);
	pg_result_free(r);
}
END_TEST

START_TEST(a_hung_server_is_given_up_at_the_deadline)
{
	pid_t pid = (pid_t)read_int(pg, &backend_pid);
	int64_t start = clock_monotonic_ms();
	enum status rc;

	ck_assert_int_eq(kill(pid, SIGSTOP), 0);
	rc = pg_ping(pg, deadline_in(200));
	ck_assert_int_eq(kill(pid, SIGCONT), 0);
	ck_assert_int_eq(rc, STATUS_TIMEOUT);
	ck_assert_int_lt(clock_monotonic_ms() - start, 10000);
	ck_assert_int_eq(pg_ping(pg, FAR), STATUS_OK);
}
END_TEST

START_TEST(a_server_may_stop_and_come_back)
{
	struct private_postgres own;
	struct pg *p;
	int64_t start;

	private_postgres_create(&own);
	ck_assert_int_eq(pg_new(own.url, &p), STATUS_OK);
	ck_assert_int_eq(pg_ping(p, FAR), STATUS_OK);
	private_postgres_stop(&own);
	private_postgres_start(&own);
	ck_assert_int_eq(run_on(p, "CREATE TABLE t ()"), STATUS_OK); /* at once, and a write */
	private_postgres_stop(&own);
	start = clock_monotonic_ms();
	ck_assert_int_eq(pg_ping(p, FAR), STATUS_UNAVAILABLE);
	ck_assert_int_eq(pg_ping(p, FAR), STATUS_UNAVAILABLE);
	ck_assert_int_lt(clock_monotonic_ms() - start, 5000);
	private_postgres_start(&own);
	ck_assert_int_eq(pg_ping(p, FAR), STATUS_OK);
	pg_free(p);
	private_postgres_destroy(&own);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pg_loss");
	TCase *tests = tcase_create("loss");

	if (!private_postgres_available()) {
		puts("skipped: no Postgres server programs (or no user to run them as)");
		return CHECK_SKIPPED;
	}
	pg_fixture_add(tests);
	tcase_add_test(tests, the_server_ends_a_statement_that_runs_too_long);
	tcase_add_test(tests, a_late_answer_is_not_taken_for_the_next_one);
	tcase_add_test(tests, a_connection_closed_while_idle_is_opened_again_even_for_a_write);
	tcase_add_test(tests, a_read_is_sent_again_after_a_loss);
	tcase_add_test(tests, calls_failures_and_retries_are_counted);
	tcase_add_test(tests, a_write_is_not_sent_again_after_a_loss);
	tcase_add_test(tests, a_read_that_is_lost_again_is_given_up);
	tcase_add_test(tests, a_forgotten_statement_is_prepared_again_even_for_a_write);
	tcase_add_test(tests, a_table_may_change_under_a_prepared_statement);
	tcase_add_test(tests, a_hung_server_is_given_up_at_the_deadline);
	tcase_add_test(tests, a_server_may_stop_and_come_back);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
