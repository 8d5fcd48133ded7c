/* SPDX-License-Identifier: MIT */
/* Typed readers of the rows that a statement gave, in libpq's text format. */
#include "pg/pg.h"

#include <errno.h>
#include <inttypes.h>
#include <libpq-fe.h>

/* A result is libpq's own; the type only keeps libpq out of the header. */
static PGresult *libpq_result(const struct pg_result *r)
{
	return (PGresult *)r;
}

void pg_result_free(struct pg_result *r)
{
	PQclear(libpq_result(r));
}

size_t pg_result_rows(const struct pg_result *r)
{
	return (size_t)PQntuples(libpq_result(r));
}

bool pg_text(const struct pg_result *r, size_t row, const char *column, struct slice *out)
{
	const PGresult *result = libpq_result(r);
	int at = PQfnumber(result, column);

	if (at < 0 || row >= pg_result_rows(r) || PQgetisnull(result, (int)row, at))
		return false;
	*out = (struct slice){ PQgetvalue(result, (int)row, at),
		(size_t)PQgetlength(result, (int)row, at) };
	return true;
}

bool pg_uuid(const struct pg_result *r, size_t row, const char *column, struct uuid *out)
{
	struct slice text;

	return pg_text(r, row, column, &text) && uuid_parse(text, out) == STATUS_OK;
}

bool pg_int(const struct pg_result *r, size_t row, const char *column, int64_t *out)
{
	struct slice text;
	char *end;
	intmax_t value;

	/* A value ends in NUL: PQgetvalue. White space and '+' are what strtoimax skips and
	 * Postgres never writes. */
	if (!pg_text(r, row, column, &text) || text.len == 0 ||
		!(*text.ptr == '-' || (*text.ptr >= '0' && *text.ptr <= '9')))
		return false;
	errno = 0;
	value = strtoimax(text.ptr, &end, 10);
	if (errno != 0 || end != text.ptr + text.len)
		return false;
	*out = value;
	return true;
}

bool pg_bool(const struct pg_result *r, size_t row, const char *column, bool *out)
{
	struct slice text;

	if (!pg_text(r, row, column, &text))
		return false;
	if (slice_equal(text, SLICE("t")))
		*out = true;
	else if (slice_equal(text, SLICE("f")))
		*out = false;
	else
		return false;
	return true;
}
