/* SPDX-License-Identifier: MIT */
/* Statements against a real Postgres: binding, typed columns, what each refusal is called, and what
 * is logged. What a lost connection does is check_pg_loss.c's. */
#include "base/log.h"
#include "check_main.h"
#include "pg_fixture.h"
#include "private_postgres.h"

#include <stdio.h>
#include <unistd.h>

START_TEST(columns_are_typed)
{
	struct pg_statement s = STATEMENT("columns",
		"SELECT 1 AS i, -9223372036854775808 AS least, 9223372036854775807 AS most, "
		"9223372036854775808 AS over, true AS t, false AS f, "
		"'0123ABCD-0000-4000-8000-000000000000'::uuid AS u, 'x' AS s, '' AS e, "
		"NULL::int AS n, 1.5 AS d",
		0, true);
	struct pg_result *r;
	struct slice text;
	struct uuid uuid = { "kept" };
	int64_t number = 7;
	bool flag = false;

	ck_assert_int_eq(pg_query(pg, &s, NULL, FAR, &r), STATUS_OK);
	ck_assert_uint_eq(pg_result_rows(r), 1);
	ck_assert(pg_int(r, 0, "i", &number) && number == 1);
	ck_assert(pg_int(r, 0, "least", &number) && number == INT64_MIN);
	ck_assert(pg_int(r, 0, "most", &number) && number == INT64_MAX);
	ck_assert(!pg_int(r, 0, "over", &number));
	ck_assert(!pg_int(r, 0, "d", &number));
	ck_assert(!pg_int(r, 0, "s", &number));
	ck_assert(!pg_int(r, 0, "e", &number));
	ck_assert(!pg_int(r, 0, "n", &number));
	ck_assert_int_eq(number, INT64_MAX);
	ck_assert(pg_bool(r, 0, "t", &flag) && flag);
	ck_assert(pg_bool(r, 0, "f", &flag) && !flag);
	ck_assert(!pg_bool(r, 0, "s", &flag));
	ck_assert(!pg_uuid(r, 0, "s", &uuid));
	ck_assert_str_eq(uuid.text, "kept");
	ck_assert(pg_uuid(r, 0, "u", &uuid));
	ck_assert_str_eq(uuid.text, "0123abcd-0000-4000-8000-000000000000");
	ck_assert(pg_text(r, 0, "s", &text) && slice_equal(text, SLICE("x")));
	ck_assert(pg_text(r, 0, "e", &text) && text.len == 0);
	ck_assert(!pg_text(r, 0, "n", &text));
	ck_assert(!pg_text(r, 0, "none", &text));
	ck_assert(!pg_text(r, 1, "s", &text));
	pg_result_free(r);
	pg_result_free(NULL);
}
END_TEST

START_TEST(values_are_bound_and_never_read_as_sql)
{
	static const char evil[] = "'; DROP TABLE x; -- $1 \\ \" \xf0\x9f\x98\x80";
	struct pg_statement s = STATEMENT("echo", "SELECT $1::text AS a, $2::text AS b", 2, true);
	const char *values[] = { evil, NULL };
	struct pg_result *r;
	struct slice text;

	ck_assert_int_eq(pg_query_row(pg, &s, values, FAR, &r), STATUS_OK);
	ck_assert(pg_text(r, 0, "a", &text) && slice_equal(text, slice_of(evil)));
	ck_assert(!pg_text(r, 0, "b", &text));
	pg_result_free(r);
}
END_TEST

START_TEST(values_larger_than_every_socket_buffer_arrive)
{
	struct pg_statement s = STATEMENT("large", "SELECT $1::text AS a", 1, true);
	size_t len = (size_t)8 << 20;
	char *value = malloc(len + 1);
	const char *values[] = { value };
	struct pg_result *r;
	struct slice text;

	ck_assert_ptr_nonnull(value);
	memset(value, 'x', len);
	value[len] = '\0';
	ck_assert_int_eq(pg_query_row(pg, &s, values, FAR, &r), STATUS_OK);
	ck_assert(pg_text(r, 0, "a", &text));
	ck_assert(slice_equal(text, (struct slice){ value, len }));
	pg_result_free(r);
	free(value);
}
END_TEST

START_TEST(one_row_is_told_from_none_and_several)
{
	struct pg_statement none = STATEMENT("none", "SELECT 1 AS value WHERE false", 0, true);
	struct pg_statement two = STATEMENT("two", "SELECT generate_series(1, 2)", 0, true);
	struct pg_result *r = NULL;

	ck_assert_int_eq(pg_query_row(pg, &none, NULL, FAR, &r), STATUS_NOT_FOUND);
	ck_assert_int_eq(pg_query_row(pg, &two, NULL, FAR, &r), STATUS_UNAVAILABLE);
	ck_assert_ptr_null(r);
	ck_assert_int_eq(pg_query(pg, &two, NULL, FAR, &r), STATUS_OK);
	ck_assert_uint_eq(pg_result_rows(r), 2);
	pg_result_free(r);
}
END_TEST

START_TEST(a_write_says_what_returning_says)
{
	struct pg_statement s =
		STATEMENT("insert", "INSERT INTO w VALUES ($1) RETURNING upper(a) AS a", 1, false);
	const char *values[] = { "x" };
	struct pg_result *r;
	struct slice text;

	run_apart("CREATE TABLE w (a text)");
	ck_assert_int_eq(pg_query_row(pg, &s, values, FAR, &r), STATUS_OK);
	ck_assert(pg_text(r, 0, "a", &text) && slice_equal(text, SLICE("X")));
	pg_result_free(r);
}
END_TEST

START_TEST(refusals_have_names_and_keep_the_connection)
{
	struct pg_statement insert = STATEMENT("insert", "INSERT INTO k VALUES ($1)", 1, false);
	const char *one[] = { "1" }, *word[] = { "word" }, *huge[] = { "99999999999" };
	struct pg_result *r = NULL;
	int64_t pid = read_int(pg, &backend_pid);

	run_apart("CREATE TABLE k (a int PRIMARY KEY)");
	ck_assert_int_eq(pg_query(pg, &insert, one, FAR, &r), STATUS_OK);
	pg_result_free(r);
	r = NULL;
	ck_assert_int_eq(pg_query(pg, &insert, one, FAR, &r), STATUS_CONFLICT);
	ck_assert_int_eq(pg_query(pg, &insert, word, FAR, &r), STATUS_INVALID);
	ck_assert_int_eq(pg_query(pg, &insert, huge, FAR, &r), STATUS_INVALID);
	ck_assert_int_eq(run_on(pg, "SELECT no_such_column"), STATUS_UNAVAILABLE);
	ck_assert_ptr_null(r);
	ck_assert_int_eq(read_int(pg, &backend_pid), pid);
}
END_TEST

START_TEST(a_statement_is_prepared_once)
{
	struct pg_statement s = STATEMENT("counted",
		"SELECT count(*) AS value FROM pg_prepared_statements WHERE name = 'counted'", 0,
		true);
	struct pg_statement calls = STATEMENT("calls",
		"SELECT generic_plans + custom_plans AS value FROM pg_prepared_statements "
		"WHERE name = 'counted'",
		0, true);

	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(read_int(pg, &s), 1);
	ck_assert_int_eq(read_int(pg, &calls), 5);
}
END_TEST

START_TEST(more_statements_than_the_first_table_holds_are_remembered)
{
	struct pg_statement statements[40];
	char names[40][32];
	struct pg_statement count =
		STATEMENT("count", "SELECT count(*) AS value FROM pg_prepared_statements", 0, true);

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 40; i++) {
			snprintf(names[i], sizeof(names[i]), "many_%d", i);
			statements[i] = STATEMENT(names[i], "SELECT 5 AS value", 0, true);
			ck_assert_int_eq(read_int(pg, &statements[i]), 5);
		}
	}
	ck_assert_int_eq(read_int(pg, &count), 41);
}
END_TEST

START_TEST(the_session_is_set_up)
{
	struct pg_statement s = STATEMENT("session",
		"SELECT current_setting('statement_timeout') AS timeout, "
		"current_setting('client_encoding') AS encoding, "
		"current_setting('application_name') AS name",
		0, true);
	struct pg_result *r;
	struct slice text;
	char url[512];
	struct pg *named;

	ck_assert_int_eq(pg_query_row(pg, &s, NULL, FAR, &r), STATUS_OK);
	ck_assert(pg_text(r, 0, "timeout", &text) && slice_equal(text, SLICE("4s")));
	ck_assert(pg_text(r, 0, "encoding", &text) && slice_equal(text, SLICE("UTF8")));
	ck_assert(pg_text(r, 0, "name", &text) && slice_equal(text, SLICE("cruddur")));
	pg_result_free(r);

	snprintf(url, sizeof(url), "%s&application_name=other", pg_fixture_url());
	ck_assert_int_eq(pg_new(url, &named), STATUS_OK);
	ck_assert_int_eq(pg_query_row(named, &s, NULL, FAR, &r), STATUS_OK);
	ck_assert(pg_text(r, 0, "name", &text) && slice_equal(text, SLICE("other")));
	pg_result_free(r);
	pg_free(named);
}
END_TEST

START_TEST(a_rehearsal_finds_what_is_wanting_and_changes_nothing)
{
	struct pg_statement sound = STATEMENT("rehearsed",
		"INSERT INTO rehearsals SELECT $1, $2::int FROM nextval('rehearsal_numbers')", 2,
		false);
	struct pg_statement bare = STATEMENT("bare", "DELETE FROM rehearsals", 0, false);
	struct pg_statement column = STATEMENT("column", "SELECT c FROM rehearsals", 0, true);
	struct pg_statement table = STATEMENT("table", "SELECT * FROM no_rehearsals", 0, true);
	struct pg_statement right = STATEMENT("right", "UPDATE kept SET a = $1", 1, false);
	struct pg_statement look = STATEMENT("look",
		"SELECT last_value + is_called::int AS value FROM rehearsal_numbers", 0, true);

	run_apart("CREATE TABLE rehearsals (a text, b int)");
	run_apart("CREATE SEQUENCE rehearsal_numbers");
	ck_assert_int_eq(pg_rehearse(pg, &sound, FAR), STATUS_OK);
	ck_assert_int_eq(pg_rehearse(pg, &sound, FAR), STATUS_OK); /* prepared already */
	ck_assert_int_eq(pg_rehearse(pg, &bare, FAR), STATUS_OK);
	ck_assert_int_eq(read_int(pg, &look), 1);
	ck_assert_int_eq(pg_rehearse(pg, &column, FAR), STATUS_UNAVAILABLE);
	ck_assert_int_eq(pg_rehearse(pg, &table, FAR), STATUS_UNAVAILABLE);
	run_apart("CREATE TABLE kept (a text)");
	run_apart("CREATE ROLE rehearsing");
	run_apart("GRANT SELECT ON kept TO rehearsing");
	ck_assert_int_eq(pg_rehearse(pg, &right, FAR), STATUS_OK);
	ck_assert_int_eq(run_on(pg, "SET ROLE rehearsing"), STATUS_OK);
	ck_assert_int_eq(pg_rehearse(pg, &right, FAR), STATUS_UNAVAILABLE);
}
END_TEST

START_TEST(the_log_names_statements_and_parameters_but_no_value)
{
	static const char *const names[] = { "handle", "limit" };
	const struct pg_statement s = { .name = "logged",
		.text = "SELECT * FROM seen WHERE a = $1 AND $2::int > 0",
		.parameters = names,
		.parameter_count = 2,
		.reads_only = true };
	const struct pg_statement insert = { .name = "insert",
		.text = "INSERT INTO seen VALUES ($1)",
		.parameters = names,
		.parameter_count = 1 };
	const char *values[] = { "the-value", "1" }, *wrong[] = { "the-value", "the-value" };
	char logged[16384] = "";
	int ends[2], kept = dup(STDERR_FILENO);
	struct pg_result *r;

	run_apart("CREATE TABLE seen (a text UNIQUE)");
	run_apart("INSERT INTO seen VALUES ('the-value')");
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	log_open("check", LOG_DEBUG);
	ck_assert_int_eq(pg_query(pg, &s, values, FAR, &r), STATUS_OK);
	pg_result_free(r);
	ck_assert_int_eq(pg_query(pg, &s, wrong, FAR, &r), STATUS_INVALID);
	ck_assert_int_eq(pg_query(pg, &insert, values, FAR, &r), STATUS_CONFLICT);
	log_open("check", LOG_ERROR);
	ck_assert_int_eq(dup2(kept, STDERR_FILENO), STDERR_FILENO);
	ck_assert_int_gt(read(ends[0], logged, sizeof(logged) - 1), 0);
	ck_assert_ptr_nonnull(strstr(logged, "\"logged\""));
	ck_assert_ptr_nonnull(strstr(logged, "handle limit"));
	ck_assert_ptr_nonnull(strstr(logged, "seen_a_key"));
	ck_assert_ptr_null(strstr(logged, "the-value"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pg");
	TCase *tests = tcase_create("statements");

	if (!private_postgres_available()) {
		puts("skipped: no Postgres server programs (or no user to run them as)");
		return CHECK_SKIPPED;
	}
	pg_fixture_add(tests);
	tcase_add_test(tests, columns_are_typed);
	tcase_add_test(tests, values_are_bound_and_never_read_as_sql);
	tcase_add_test(tests, values_larger_than_every_socket_buffer_arrive);
	tcase_add_test(tests, one_row_is_told_from_none_and_several);
	tcase_add_test(tests, a_write_says_what_returning_says);
	tcase_add_test(tests, refusals_have_names_and_keep_the_connection);
	tcase_add_test(tests, a_statement_is_prepared_once);
	tcase_add_test(tests, more_statements_than_the_first_table_holds_are_remembered);
	tcase_add_test(tests, the_session_is_set_up);
	tcase_add_test(tests, a_rehearsal_finds_what_is_wanting_and_changes_nothing);
	tcase_add_test(tests, the_log_names_statements_and_parameters_but_no_value);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
