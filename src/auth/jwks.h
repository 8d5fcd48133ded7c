/* SPDX-License-Identifier: MIT */
/* A worker's copy of the pool's keys, and when to fetch it again: on an unknown name, and when it
 * is old; never more often than the cool-down allows. How it is fetched is auth/jwks_http's
 * business. Time comes in as a parameter; nothing here reads a clock. */
#ifndef CRUDDUR_AUTH_JWKS_H
#define CRUDDUR_AUTH_JWKS_H

#include "auth/jwk.h"
#include "base/clock.h"
#include "base/slice.h"
#include "base/status.h"
#include "metrics/metrics.h"

/* From the start of one fetch to the start of the next, however it ended: a flood of made-up names
 * must not reach Cognito. The contract says 10 s ("Tokens"); the rest is for a request that was
 * slower on its way than the one after it. */
#define JWKS_COOL_DOWN_MS ((int64_t)10500)

/* A copy so old is fetched again, so that a key that Cognito withdrew stops working here. */
#define JWKS_AGE_MAX_MS ((int64_t)60 * 60 * 1000)

/* When that fails: the old copy goes on working, and requests must not pay for a try each time. */
#define JWKS_AGE_RETRY_MS ((int64_t)5 * 60 * 1000)

/* For one fetch: when the request cannot go on without it, and when it could. */
#define JWKS_TOTAL_MS ((int64_t)3000)
#define JWKS_AGE_TOTAL_MS ((int64_t)1000)

/* Where the document comes from: auth/jwks_http, or a test. */
struct jwks_source {
	/* Reads the document within total_ms (> 0); *document belongs to the source until the next
	 * call. Any failure means that there is none; the source has logged why. */
	enum status (*read)(void *context, int64_t total_ms, struct slice *document);
	void *context; /* outlives the jwks */
};

struct jwks;

/* Fetches nothing yet. */
STATUS_MUSTCHECK enum status jwks_new(const struct jwks_source *source, struct jwks **out);
void jwks_free(struct jwks *j);

/* Counts there from now on how fetches end. NULL: nowhere. */
void jwks_count_in(struct jwks *j, struct metrics *m);

/* The key of that name, owned by j until its next call; now_ms is the monotonic clock, and a fetch
 * ends before `by`. STATUS_DENIED: Cognito published no key of that name when it was last asked.
 * STATUS_UNAVAILABLE: no key was ever fetched, and Cognito is down. */
STATUS_MUSTCHECK enum status jwks_find(struct jwks *j, struct slice kid, int64_t now_ms,
	struct deadline by, const struct jwk **out);

/* Whether what was verified by that key still counts: an old set is fetched again as jwks_find
 * does, and then the key must be held, under the same name. With none held it fetches nothing. */
bool jwks_has(struct jwks *j, const struct jwk_digest *key, int64_t now_ms, struct deadline by);

/* How many keys are held. */
size_t jwks_count(const struct jwks *j);

/* true if keys are held; tries to fetch them if none are and the cool-down allows. */
bool jwks_ready(struct jwks *j, int64_t now_ms, struct deadline by);

#endif
