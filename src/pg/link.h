/* SPDX-License-Identifier: MIT */
/* One libpq connection under deadlines: opening it, telling whether it still stands, waiting for an
 * answer. For pg/ only; knows no statement. Source: PostgreSQL 15 manual, chapter 34 (libpq). */
#ifndef CRUDDUR_PG_LINK_H
#define CRUDDUR_PG_LINK_H

#include "base/clock.h"
#include "base/status.h"

#include <libpq-fe.h>
#include <stdbool.h>

/* Opens a connection and sets its session up. Never waits past the deadline, nor longer than a
 * connect may take at all. STATUS_TIMEOUT, STATUS_UNAVAILABLE, STATUS_NO_MEMORY; the reason goes to
 * the log. The caller ends it with PQfinish. */
STATUS_MUSTCHECK enum status link_open(const char *url, struct deadline by, PGconn **out);

/* false if the server has closed the idle connection. Does not wait. */
bool link_stands(PGconn *conn);

/* Sends what is queued and waits for the whole answer of one command. STATUS_OK with its result,
 * which may be the server's error; the caller's to clear. STATUS_TIMEOUT, or STATUS_UNAVAILABLE if
 * the connection broke: it is of no further use then. */
STATUS_MUSTCHECK enum status link_result(PGconn *conn, struct deadline by, PGresult **out);

#endif
