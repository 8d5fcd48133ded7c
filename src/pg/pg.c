/* SPDX-License-Identifier: MIT */
/* The worker's connection and what may be done with it again after a loss. Waiting is pg/link.c's,
 * reading rows pg/result.c's. Named prepared statements belong to one server session: a pooler in
 * front must pool sessions, not transactions. */
#include "pg/pg.h"
#include "base/buf.h"
#include "base/log.h"
#include "pg/link.h"

#include <stdlib.h>

struct pg {
	char *url;
	PGconn *conn; /* NULL: none open */
	const struct pg_statement **prepared; /* on this connection */
	size_t prepared_count;
	size_t prepared_room;
	struct usage *usage; /* NULL: nobody counts */
};

/* What a failed attempt left behind. */
enum loss {
	LOSS_NONE, /* the answer stands: asking again would give it again */
	LOSS_BEFORE, /* the connection was of no use, and the statement certainly did not run */
	LOSS_DURING, /* as above, but it may have run */
};

struct attempt {
	const struct pg_statement *statement;
	const char *const *values;
	struct deadline by;
	enum loss loss;
};

/* --- Life ------------------------------------------------------------------------------------- */

enum status pg_check_url(const char *url)
{
	PQconninfoOption *options;
	char *message = NULL; /* not for the log: it may quote a password */
	bool parsed;

	if (url[strspn(url, " \t\r\n\v\f")] == '\0')
		return STATUS_INVALID;
	options = PQconninfoParse(url, &message);
	parsed = options != NULL;
	if (!parsed && !message)
		return STATUS_NO_MEMORY;
	PQconninfoFree(options);
	PQfreemem(message);
	return parsed ? STATUS_OK : STATUS_INVALID;
}

enum status pg_new(const char *url, struct pg **out)
{
	struct pg *p = calloc(1, sizeof(*p));

	if (!p)
		return STATUS_NO_MEMORY;
	p->url = strdup(url);
	if (!p->url) {
		free(p);
		return STATUS_NO_MEMORY;
	}
	*out = p;
	return STATUS_OK;
}

void pg_count_in(struct pg *p, struct usage *u)
{
	p->usage = u;
}

static void disconnect(struct pg *p)
{
	PQfinish(p->conn);
	p->conn = NULL;
	p->prepared_count = 0;
}

void pg_free(struct pg *p)
{
	if (!p)
		return;
	disconnect(p);
	free(p->prepared);
	free(p->url);
	free(p);
}

static enum status connect_if_needed(struct pg *p, struct deadline by)
{
	if (p->conn && !link_stands(p->conn)) {
		LOG(LOG_INFO, "postgres_connection_lost");
		disconnect(p);
	}
	return p->conn ? STATUS_OK : link_open(p->url, by, &p->conn);
}

/* --- What the server says --------------------------------------------------------------------- */

/* Only codes and names: the text of an error may quote values. */
static void log_refusal(const struct pg_statement *statement, const PGresult *result)
{
	const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);

	LOG(LOG_WARN, "postgres_error", log_str("statement", statement->name),
		log_str("sqlstate", code ? code : ""),
		log_str("constraint", constraint ? constraint : ""));
}

/* What a result means (PostgreSQL 15 manual, appendix A). *loss says whether the connection may be
 * used again. */
static enum status judge(const PGresult *result, enum loss *loss)
{
	ExecStatusType status = PQresultStatus(result);
	const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	*loss = LOSS_NONE;
	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return STATUS_OK;
	if (!code) {
		*loss = LOSS_DURING;
		return STATUS_UNAVAILABLE;
	}
	if (strncmp(code, "23", 2) == 0) /* integrity constraint violation */
		return STATUS_CONFLICT;
	if (strncmp(code, "22", 2) == 0) /* data exception */
		return STATUS_INVALID;
	if (strcmp(code, "57014") == 0) /* our statement_timeout */
		return STATUS_TIMEOUT;
	/* The prepared statement is gone (DISCARD ALL), its table changed shape under it, or the
	 * primary became a standby. */
	if (strcmp(code, "26000") == 0 || strcmp(code, "0A000") == 0 || strcmp(code, "25006") == 0)
		*loss = LOSS_BEFORE;
	else if (strncmp(code, "57P", 3) == 0 || strncmp(code, "08", 2) == 0)
		*loss = LOSS_DURING; /* the server is shutting down, or the session is broken */
	return STATUS_UNAVAILABLE;
}

/* The answer to what was just sent. A connection that failed or is late is closed: whatever it
 * still says would be taken for the answer to the next statement. */
static enum status take_answer(struct pg *p, struct attempt *t, enum loss when_lost, PGresult **out)
{
	PGresult *result;
	enum status rc = link_result(p->conn, t->by, &result);

	if (rc != STATUS_OK) {
		LOG(LOG_WARN, "postgres_no_answer", log_str("statement", t->statement->name),
			log_str("status", status_name(rc)));
		t->loss = when_lost;
		disconnect(p);
		return rc;
	}
	rc = judge(result, &t->loss);
	if (rc == STATUS_OK) {
		*out = result;
		return STATUS_OK;
	}
	log_refusal(t->statement, result);
	PQclear(result);
	if (t->loss != LOSS_NONE)
		disconnect(p);
	return rc;
}

/* --- Statements ------------------------------------------------------------------------------- */

static bool is_prepared(const struct pg *p, const struct pg_statement *statement)
{
	for (size_t i = 0; i < p->prepared_count; i++) {
		if (p->prepared[i] == statement)
			return true;
	}
	return false;
}

static enum status prepare(struct pg *p, struct attempt *t)
{
	PGresult *result;
	enum status rc;

	if (p->prepared_count == p->prepared_room) {
		size_t room = p->prepared_room ? p->prepared_room * 2 : 8;
		/* NOLINTNEXTLINE(bugprone-sizeof-expression): pointers are what it holds */
		const struct pg_statement **grown = reallocarray(p->prepared, room, sizeof(*grown));

		if (!grown)
			return STATUS_NO_MEMORY;
		p->prepared = grown;
		p->prepared_room = room;
	}
	if (!PQsendPrepare(p->conn, t->statement->name, t->statement->text, 0, NULL)) {
		t->loss = LOSS_BEFORE;
		disconnect(p);
		return STATUS_UNAVAILABLE;
	}
	rc = take_answer(p, t, LOSS_BEFORE, &result);
	if (rc != STATUS_OK)
		return rc;
	PQclear(result);
	p->prepared[p->prepared_count++] = t->statement;
	return STATUS_OK;
}

static void log_statement(const struct pg_statement *s)
{
	struct buf names = { 0 };

	if (!log_enabled(LOG_DEBUG))
		return;
	for (size_t i = 0; i < s->parameter_count; i++) {
		if (i > 0)
			buf_add_char(&names, ' ');
		buf_add_str(&names, s->parameters[i]);
	}
	LOG(LOG_DEBUG, "postgres_statement", log_str("statement", s->name),
		log_slice("parameters", buf_slice(&names)));
	buf_free(&names);
}

static enum status attempt_once(struct pg *p, struct attempt *t, PGresult **out)
{
	enum status rc = connect_if_needed(p, t->by);

	t->loss = LOSS_NONE;
	if (rc == STATUS_OK && !is_prepared(p, t->statement))
		rc = prepare(p, t);
	if (rc != STATUS_OK)
		return rc;
	if (!PQsendQueryPrepared(p->conn, t->statement->name, (int)t->statement->parameter_count,
		    t->values, NULL, NULL, 0)) {
		t->loss = LOSS_DURING;
		disconnect(p);
		return STATUS_UNAVAILABLE;
	}
	return take_answer(p, t, LOSS_DURING, out);
}

static enum status run(struct pg *p, struct attempt *t, PGresult **out)
{
	enum status rc = attempt_once(p, t, out);
	bool again = t->loss == LOSS_BEFORE || (t->loss == LOSS_DURING && t->statement->reads_only);

	if (rc == STATUS_UNAVAILABLE && again) {
		usage_retry(p->usage);
		rc = attempt_once(p, t, out);
	}
	return rc;
}

enum status pg_query(struct pg *p, const struct pg_statement *statement, const char *const *values,
	struct deadline by, struct pg_result **out)
{
	struct attempt t = { .statement = statement, .values = values, .by = by };
	int64_t begun_us = usage_begin(p->usage);
	PGresult *result;
	enum status rc;

	log_statement(statement);
	rc = run(p, &t, &result);
	usage_end(p->usage, begun_us,
		rc != STATUS_OK && rc != STATUS_CONFLICT && rc != STATUS_INVALID);
	if (rc == STATUS_OK)
		*out = (struct pg_result *)result;
	return rc;
}

enum status pg_query_row(struct pg *p, const struct pg_statement *statement,
	const char *const *values, struct deadline by, struct pg_result **out)
{
	struct pg_result *result;
	enum status rc = pg_query(p, statement, values, by, &result);
	size_t rows;

	if (rc != STATUS_OK)
		return rc;
	rows = pg_result_rows(result);
	if (rows == 1) {
		*out = result;
		return STATUS_OK;
	}
	pg_result_free(result);
	if (rows == 0)
		return STATUS_NOT_FOUND;
	LOG(LOG_ERROR, "postgres_several_rows", log_str("statement", statement->name));
	return STATUS_UNAVAILABLE;
}

/* "EXPLAIN EXECUTE "users_short" (NULL)": a plan is made and its rights are judged when it starts,
 * as for a statement that runs (PostgreSQL 15, ExecCheckRTPerms). Names hold no quotes. */
static void add_rehearsal(const struct pg_statement *statement, struct buf *text)
{
	buf_add_str(text, "EXPLAIN EXECUTE \"");
	buf_add_str(text, statement->name);
	buf_add_char(text, '"');
	for (size_t i = 0; i < statement->parameter_count; i++)
		buf_add_str(text, i == 0 ? "(NULL" : ", NULL");
	if (statement->parameter_count > 0)
		buf_add_char(text, ')');
}

enum status pg_rehearse(struct pg *p, const struct pg_statement *statement, struct deadline by)
{
	struct attempt t = { .statement = statement, .by = by };
	struct buf text = { 0 };
	PGresult *result;
	enum status rc = connect_if_needed(p, by);

	add_rehearsal(statement, &text);
	if (rc == STATUS_OK && !buf_ok(&text))
		rc = STATUS_NO_MEMORY;
	if (rc == STATUS_OK && !is_prepared(p, statement))
		rc = prepare(p, &t);
	if (rc != STATUS_OK)
		goto out;
	rc = STATUS_UNAVAILABLE;
	if (!PQsendQuery(p->conn, buf_cstr(&text))) {
		disconnect(p);
		goto out;
	}
	rc = take_answer(p, &t, LOSS_DURING, &result);
	if (rc == STATUS_OK)
		PQclear(result);
out:
	buf_free(&text);
	return rc;
}

bool pg_stands(const struct pg *p)
{
	return p->conn && link_stands(p->conn);
}

enum status pg_ping(struct pg *p, struct deadline by)
{
	static const struct pg_statement ping = {
		.name = "ping", .text = "SELECT 1 AS one", .reads_only = true
	};
	struct pg_result *result;
	enum status rc = pg_query_row(p, &ping, NULL, by, &result);

	if (rc == STATUS_OK)
		pg_result_free(result);
	return rc;
}
