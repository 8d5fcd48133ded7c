/* SPDX-License-Identifier: MIT */
/* A worker's one connection to Postgres: connects when first needed, prepares each statement once
 * per connection, binds every parameter, reconnects after a loss, and never waits past a deadline.
 * The only module that includes libpq-fe.h. Knows no table. */
#ifndef CRUDDUR_PG_PG_H
#define CRUDDUR_PG_PG_H

#include "base/clock.h"
#include "base/slice.h"
#include "base/status.h"
#include "base/usage.h"
#include "base/uuid.h"

struct pg;

/* A statement: its text stands in a file under sql/, its name comes from that file's path. It must
 * outlive every connection that ran it: static data. */
struct pg_statement {
	const char *name;
	const char *text; /* with $1, $2, ... */
	const char *const *parameters; /* their names, for the debug log; values are never logged */
	size_t parameter_count;
	bool reads_only; /* changes nothing, so that it may be sent again after a loss */
};

/* STATUS_INVALID if libpq cannot parse the URL, or it is blank; nothing is connected. */
STATUS_MUSTCHECK enum status pg_check_url(const char *url);

/* Copies the URL. Does not connect, so a database that is down does not stop a start. */
STATUS_MUSTCHECK enum status pg_new(const char *url, struct pg **out);
void pg_free(struct pg *p);

/* From now on each call is added to u, which must outlive p; NULL, as at first: to none. */
void pg_count_in(struct pg *p, struct usage *u);

struct pg_result; /* rows, owned by the caller */

/* Runs a statement; values are C strings (text format), NULL for SQL NULL, one for each parameter.
 * A connection that was lost while idle is opened again within the call; a statement that may have
 * begun to run is not sent twice unless it only reads. STATUS_CONFLICT: a unique or other integrity
 * constraint (SQLSTATE class 23). STATUS_INVALID: the data was refused (class 22). STATUS_TIMEOUT,
 * STATUS_UNAVAILABLE. Details go to the log. Writes return what RETURNING says. */
STATUS_MUSTCHECK enum status pg_query(struct pg *p, const struct pg_statement *statement,
	const char *const *values, struct deadline by, struct pg_result **out);

/* As pg_query, for a statement that gives at most one row: STATUS_NOT_FOUND if none,
 * STATUS_UNAVAILABLE if several. */
STATUS_MUSTCHECK enum status pg_query_row(struct pg *p, const struct pg_statement *statement,
	const char *const *values, struct deadline by, struct pg_result **out);

/* STATUS_OK if the statement could be run now: the server plans it, with NULL for each value, and
 * looks at the rights that it needs, but does not run it. Otherwise as pg_query. */
STATUS_MUSTCHECK enum status pg_rehearse(
	struct pg *p, const struct pg_statement *statement, struct deadline by);

void pg_result_free(struct pg_result *r);
size_t pg_result_rows(const struct pg_result *r);

/* Typed columns of a row. false, with *out untouched: no such row or column, NULL, or not of the
 * type. */
bool pg_text(const struct pg_result *r, size_t row, const char *column, struct slice *out);
bool pg_uuid(const struct pg_result *r, size_t row, const char *column, struct uuid *out);
bool pg_int(const struct pg_result *r, size_t row, const char *column, int64_t *out);
bool pg_bool(const struct pg_result *r, size_t row, const char *column, bool *out);

/* false if no connection is open, or the server has closed it. Does not wait. */
bool pg_stands(const struct pg *p);

/* STATUS_OK if the server answers a SELECT 1. */
STATUS_MUSTCHECK enum status pg_ping(struct pg *p, struct deadline by);

#endif
