/* SPDX-License-Identifier: MIT */
/* What the tests of pg/ share: one private Postgres for the program, one fresh connection for each
 * test. Holds no test. */
#ifndef CRUDDUR_TESTS_PG_FIXTURE_H
#define CRUDDUR_TESTS_PG_FIXTURE_H

#include "pg/pg.h"

#include <check.h>

/* A deadline that no working test meets. */
#define FAR deadline_in(20000)

/* A statement of a test: no parameter names, since only the log shows them. It must live as long as
 * the connection that runs it: a connection knows its statements by their place in memory. */
#define STATEMENT(label, sql, count, reads)                                                        \
	(struct pg_statement)                                                                      \
	{                                                                                          \
		.name = (label), .text = (sql), .parameters = unnamed_parameters,                  \
		.parameter_count = (count), .reads_only = (reads)                                  \
	}
extern const char *const unnamed_parameters[];

/* "SELECT pg_backend_pid() AS value": tells one connection from another. */
extern const struct pg_statement backend_pid;

/* The connection under test, new for each. */
extern struct pg *pg;

/* Adds the fixtures and a timeout fit for a busy machine. */
void pg_fixture_add(TCase *tests);

/* Runs a file of SQL on the server. */
void pg_fixture_load(const char *file);

/* Where the server is. */
const char *pg_fixture_url(void);

/* Runs a statement without parameters; at most once for each connection. */
enum status run_on(struct pg *p, const char *sql);

/* The same on a connection of its own, so that the tested one is not touched; it must succeed. */
void run_apart(const char *sql);

/* The column "value" of the one row of a statement without parameters; it must succeed. */
int64_t read_int(struct pg *p, const struct pg_statement *s);

#endif
