/* SPDX-License-Identifier: MIT */
/* Setting up and taking down for the tests of pg/. */
#include "pg_fixture.h"
#include "base/log.h"
#include "private_postgres.h"

static struct private_postgres server;
struct pg *pg;

const char *const unnamed_parameters[] = { "a", "b", "c", "d" };

const struct pg_statement backend_pid = {
	.name = "backend_pid",
	.text = "SELECT pg_backend_pid() AS value",
	.reads_only = true,
};

static void start_server(void)
{
	log_open("check", LOG_ERROR);
	private_postgres_create(&server);
}

static void end_server(void)
{
	private_postgres_destroy(&server);
}

static void open_pg(void)
{
	ck_assert_int_eq(pg_new(server.url, &pg), STATUS_OK);
}

static void close_pg(void)
{
	pg_free(pg);
}

void pg_fixture_add(TCase *tests)
{
	tcase_set_timeout(tests, 120);
	tcase_add_unchecked_fixture(tests, start_server, end_server);
	tcase_add_checked_fixture(tests, open_pg, close_pg);
}

void pg_fixture_load(const char *file)
{
	private_postgres_load(&server, file);
}

const char *pg_fixture_url(void)
{
	return server.url;
}

enum status run_on(struct pg *p, const char *sql)
{
	struct pg_statement s = STATEMENT("passing", sql, 0, false);
	struct pg_result *r;
	enum status rc = pg_query(p, &s, NULL, FAR, &r);

	if (rc == STATUS_OK)
		pg_result_free(r);
	return rc;
}

void run_apart(const char *sql)
{
	struct pg *apart;

	ck_assert_int_eq(pg_new(server.url, &apart), STATUS_OK);
	ck_assert_msg(run_on(apart, sql) == STATUS_OK, "%s", sql);
	pg_free(apart);
}

int64_t read_int(struct pg *p, const struct pg_statement *s)
{
	struct pg_result *r;
	int64_t value = -1;

	ck_assert_int_eq(pg_query_row(p, s, NULL, FAR, &r), STATUS_OK);
	ck_assert(pg_int(r, 0, "value", &value));
	pg_result_free(r);
	return value;
}
