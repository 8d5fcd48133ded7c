/* SPDX-License-Identifier: MIT */
/* libpq's asynchronous calls and poll(2) under a deadline. Sends no statement but the session's
 * settings. */
#include "pg/link.h"
#include "base/log.h"

#include <errno.h>
#include <poll.h>

/* A connect that takes longer goes to a server that will not answer the request in time either. */
#define CONNECT_MAX_MS 2000

/* On the server no statement outlives the request that waits for it by much, whatever becomes of
 * the connection. A SET, because poolers refuse it as a startup option. */
#define SESSION_SETTINGS "SET statement_timeout = '4s'"

/* Waits for the socket. STATUS_TIMEOUT, or STATUS_UNAVAILABLE if there is none. */
static enum status wait_for(PGconn *conn, short events, struct deadline by)
{
	struct pollfd p = { .fd = PQsocket(conn), .events = events };
	int ready;

	if (p.fd < 0)
		return STATUS_UNAVAILABLE;
	do {
		ready = poll(&p, 1, (int)deadline_left_ms(by));
	} while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return STATUS_UNAVAILABLE;
	return ready > 0 ? STATUS_OK : STATUS_TIMEOUT;
}

/* --- Opening ---------------------------------------------------------------------------------- */

/* Only the code: a notice's text may quote what a statement was given. */
static void log_notice(void *unused, const PGresult *notice)
{
	const char *code = PQresultErrorField(notice, PG_DIAG_SQLSTATE);

	(void)unused;
	LOG(LOG_DEBUG, "postgres_notice", log_str("sqlstate", code ? code : ""));
}

static PGconn *start(const char *url)
{
	/* What stands before dbname is a default that the URL may change. The keepalives find out
	 * within two minutes that a firewall has forgotten an idle connection. */
	static const char *const names[] = { "keepalives_idle", "keepalives_interval",
		"keepalives_count", "dbname", "fallback_application_name", "client_encoding",
		NULL };
	const char *const values[] = { "60", "15", "4", url, "cruddur", "UTF8", NULL };

	return PQconnectStartParams(names, values, 1);
}

static enum status establish(PGconn *conn, struct deadline by)
{
	PostgresPollingStatusType next = PGRES_POLLING_WRITING;

	while (PQstatus(conn) != CONNECTION_BAD) {
		short events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT;
		enum status rc = wait_for(conn, events, by);

		if (rc != STATUS_OK)
			return rc;
		next = PQconnectPoll(conn);
		if (next == PGRES_POLLING_OK)
			return STATUS_OK;
		if (next == PGRES_POLLING_FAILED)
			break;
	}
	return STATUS_UNAVAILABLE;
}

static enum status set_session(PGconn *conn, struct deadline by)
{
	PGresult *result;
	enum status rc;

	if (PQsetnonblocking(conn, 1) != 0 || !PQsendQuery(conn, SESSION_SETTINGS))
		return STATUS_UNAVAILABLE;
	rc = link_result(conn, by, &result);
	if (rc != STATUS_OK)
		return rc;
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		rc = STATUS_UNAVAILABLE;
	PQclear(result);
	return rc;
}

enum status link_open(const char *url, struct deadline by, PGconn **out)
{
	int64_t left = deadline_left_ms(by);
	struct deadline connect_by = deadline_in(left < CONNECT_MAX_MS ? left : CONNECT_MAX_MS);
	PGconn *conn = start(url);
	enum status rc;

	if (!conn)
		return STATUS_NO_MEMORY;
	(void)PQsetNoticeReceiver(conn, log_notice, NULL);
	rc = establish(conn, connect_by);
	if (rc == STATUS_OK)
		rc = set_session(conn, connect_by);
	if (rc == STATUS_OK) {
		*out = conn;
		return STATUS_OK;
	}
	LOG(LOG_WARN, "postgres_connect_failed", log_str("status", status_name(rc)),
		log_str("reason", PQerrorMessage(conn)));
	PQfinish(conn);
	/* Only the caller's own deadline is a timeout to the caller. */
	return rc == STATUS_TIMEOUT && deadline_left_ms(by) > 0 ? STATUS_UNAVAILABLE : rc;
}

bool link_stands(PGconn *conn)
{
	struct deadline now = deadline_in(0);

	/* An idle connection has nothing to read but notices and its own end. */
	while (PQstatus(conn) == CONNECTION_OK) {
		if (wait_for(conn, POLLIN, now) == STATUS_TIMEOUT)
			return true;
		if (!PQconsumeInput(conn))
			return false;
		(void)PQisBusy(conn); /* takes the notices in */
	}
	return false;
}

/* --- Answers ---------------------------------------------------------------------------------- */

static enum status flush(PGconn *conn, struct deadline by)
{
	int more;

	while ((more = PQflush(conn)) > 0) {
		/* Reading too: a server that waits for us to read reads nothing itself. */
		enum status rc = wait_for(conn, POLLIN | POLLOUT, by);

		if (rc != STATUS_OK)
			return rc;
		if (!PQconsumeInput(conn))
			return STATUS_UNAVAILABLE;
	}
	return more == 0 ? STATUS_OK : STATUS_UNAVAILABLE;
}

/* The next result of the answer; NULL at its end. */
static enum status next_result(PGconn *conn, struct deadline by, PGresult **out)
{
	while (PQisBusy(conn)) {
		enum status rc = wait_for(conn, POLLIN, by);

		if (rc != STATUS_OK)
			return rc;
		if (!PQconsumeInput(conn))
			return STATUS_UNAVAILABLE;
	}
	*out = PQgetResult(conn);
	return STATUS_OK;
}

static bool is_error(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK;
}

enum status link_result(PGconn *conn, struct deadline by, PGresult **out)
{
	PGresult *kept = NULL, *result;
	enum status rc = flush(conn, by);

	if (rc != STATUS_OK)
		return rc;
	while ((rc = next_result(conn, by, &result)) == STATUS_OK && result) {
		PQclear(kept);
		kept = result;
		/* What comes after an error adds nothing, and a COPY would never end by itself. */
		if (is_error(kept) && PQstatus(conn) == CONNECTION_BAD)
			break;
		if (PQresultStatus(kept) == PGRES_COPY_IN || PQresultStatus(kept) == PGRES_COPY_OUT)
			break;
	}
	if (rc == STATUS_OK && !kept)
		rc = STATUS_UNAVAILABLE;
	if (rc != STATUS_OK) {
		PQclear(kept);
		return rc;
	}
	*out = kept;
	return STATUS_OK;
}
