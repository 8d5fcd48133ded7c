/* SPDX-License-Identifier: MIT */
/* The service's figures: counters and histograms in a block of memory that all its processes map,
 * so that whichever worker is asked tells the sums of all, and one that dies takes nothing along.
 * How they are told is text.h; what there is, family.h. Every function takes NULL for m: then
 * nobody counts. */
#ifndef CRUDDUR_METRICS_METRICS_H
#define CRUDDUR_METRICS_METRICS_H

#include "base/status.h"
#include "base/usage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct metrics;

/* In the order of http/request.h's. */
enum metrics_method {
	METRICS_GET,
	METRICS_HEAD,
	METRICS_POST,
	METRICS_OPTIONS,
	METRICS_OTHER_METHOD,
	METRICS_METHODS,
};

/* A route's pattern, and the method that it serves. */
struct metrics_route {
	const char *pattern;
	enum metrics_method method;
};

/* How many routes there may be; requests for no route count as number METRICS_NO_ROUTE. */
#define METRICS_NO_ROUTE 15

/* Bytes of memory that the figures take. */
size_t metrics_size(void);

/* A number that says how they lie there, but for the routes' order: programs that differ in it must
 * not share one block. */
uint64_t metrics_layout(void);

/* area: metrics_size() bytes, aligned to 8, which were zero when they were made; it stays the
 * caller's. NULL: memory of its own. An area that is laid out in another way is left alone, with a
 * line in the log, and memory of its own taken instead. routes is borrowed. */
STATUS_MUSTCHECK enum status metrics_new(
	void *area, const struct metrics_route *routes, size_t route_count, struct metrics **out);
void metrics_free(struct metrics *m);

/* --- Counters --------------------------------------------------------------------------------- */

/* Grouped by family, in the order of family.c. */
enum metrics_event {
	METRICS_WORKER_STARTS,
	METRICS_WORKER_EXITS,
	METRICS_MESSAGES_SENT,
	METRICS_MESSAGES_REPEATED,
	METRICS_LIVE_PUBLISHED,
	METRICS_LIVE_FAILED,
	METRICS_LIVE_SKIPPED,
	METRICS_TOKENS_HIT,
	METRICS_TOKENS_MISS,
	METRICS_PEOPLE_HIT,
	METRICS_PEOPLE_MISS,
	METRICS_JWKS_FETCHED,
	METRICS_JWKS_USELESS,
	METRICS_JWKS_FAILED,
	METRICS_STREAM_STARTS,
	METRICS_STREAM_SETTLED,
	METRICS_STREAM_SKIPPED,
	METRICS_STREAM_MOVED,
	METRICS_STREAM_UNCHANGED,
	METRICS_STREAM_RETRIED,
	METRICS_STREAM_REPAIRED,
	METRICS_STREAM_LETTERS,
	METRICS_STREAM_MISSED,
	METRICS_EVENTS,
};
void metrics_count(struct metrics *m, enum metrics_event event, uint64_t n);

/* A request that was answered. */
struct metrics_request {
	size_t route; /* its index; METRICS_NO_ROUTE */
	enum metrics_method method;
	int status;
	int64_t duration_us;
	int64_t queued_us; /* from the front to the worker; negative: not known */
};
void metrics_request(struct metrics *m, const struct metrics_request *r);

/* What a request spent on a backend; nothing if it made no call. */
enum metrics_backend {
	METRICS_POSTGRES,
	METRICS_DYNAMODB,
	METRICS_COGNITO,
	METRICS_LIVE,
	METRICS_BACKENDS,
};
void metrics_backend(struct metrics *m, enum metrics_backend backend, const struct usage *u);

/* A request that wanted a caller and had none: reason is one of family.c's words, any other counts
 * as "other". */
void metrics_auth_failure(struct metrics *m, const char *reason);

/* --- Gauges: only what stays true when the process that set it dies --------------------------- */

enum metrics_gauge {
	METRICS_SINCE, /* when the counters began, in us since 1970; so the others, 0: never */
	METRICS_JWKS_AT, /* when the pool's keys were fetched last */
	METRICS_STREAM_READ_AT, /* when the stream was read last */
	METRICS_STREAM_BEHIND, /* since when the oldest of what is unread waits; 0: all is read */
	METRICS_STREAM_ACTIVE, /* 1: the two above are of a reader that did not hand over */
	METRICS_STREAM_OWED, /* 1: a repair is owed; it is in Postgres, too */
	METRICS_GAUGES,
};
void metrics_set(struct metrics *m, enum metrics_gauge gauge, uint64_t value);
void metrics_set_now(struct metrics *m, enum metrics_gauge gauge); /* to the time of day */

#endif
