/* SPDX-License-Identifier: MIT */
/* What is counted: each metric's name, meaning and labels, and where its values lie. For
 * src/metrics/ and its tests. */
#ifndef CRUDDUR_METRICS_FAMILY_H
#define CRUDDUR_METRICS_FAMILY_H

#include "metrics/metrics.h"

#include <stdatomic.h>

/* Upper bounds of the histograms' buckets; above the last there is one more. */
#define METRICS_BOUNDS 15
struct metrics_bound {
	int64_t us;
	const char *text; /* in seconds */
};
extern const struct metrics_bound metrics_bounds[METRICS_BOUNDS];

/* A histogram: its buckets, each with what is in none before it; the sum in us. */
#define METRICS_HISTOGRAM (METRICS_BOUNDS + 2)
#define METRICS_HISTOGRAM_SUM (METRICS_BOUNDS + 1)

/* The statuses that workers answer with, then "other". */
#define METRICS_STATUSES 12
extern const char *const metrics_statuses[METRICS_STATUSES];

#define METRICS_REASONS 25
extern const char *const metrics_reasons[METRICS_REASONS];

/* Where values lie, in units of one. */
enum {
	METRICS_AT_LAYOUT,
	METRICS_AT_GAUGES,
	METRICS_AT_EVENTS = METRICS_AT_GAUGES + METRICS_GAUGES,
	METRICS_AT_REASONS = METRICS_AT_EVENTS + METRICS_EVENTS,
	METRICS_AT_CALLS = METRICS_AT_REASONS + METRICS_REASONS,
	METRICS_AT_FAILURES = METRICS_AT_CALLS + METRICS_BACKENDS,
	METRICS_AT_RETRIES = METRICS_AT_FAILURES + METRICS_BACKENDS,
	METRICS_AT_WAITS = METRICS_AT_RETRIES + METRICS_BACKENDS,
	METRICS_AT_QUEUED = METRICS_AT_WAITS + METRICS_BACKENDS * METRICS_HISTOGRAM,
	METRICS_AT_DURATIONS = METRICS_AT_QUEUED + METRICS_HISTOGRAM,
	METRICS_AT_REQUESTS = METRICS_AT_DURATIONS + (METRICS_NO_ROUTE + 1) * METRICS_HISTOGRAM,
	METRICS_VALUES =
		METRICS_AT_REQUESTS + (METRICS_NO_ROUTE + 1) * METRICS_METHODS * METRICS_STATUSES,
};

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && sizeof(_Atomic uint64_t) == sizeof(long long),
	"counters in shared memory must need no lock");

struct metrics {
	_Atomic uint64_t *values;
	void *own; /* their memory; NULL: somebody else's */
	const struct metrics_route *routes;
	size_t route_count;
};

/* A label and what it may be. values NULL: a route's pattern. */
struct metrics_label {
	const char *name;
	const char *const *values;
	size_t count;
};

enum metrics_kind {
	METRICS_KIND_COUNTER,
	METRICS_KIND_HISTOGRAM,
	METRICS_KIND_VERSION, /* always 1: what it tells is its label */
	METRICS_KIND_TIME, /* a gauge that is a time; left out when that is 0 */
	METRICS_KIND_LAG, /* the stream's: both are left out where no instance reads */
	METRICS_KIND_OWED,
};

#define METRICS_LABELS 3

/* A metric. Its values lie one behind the other, the last label's changing fastest. */
struct metrics_family {
	const char *name;
	const char *help;
	size_t at;
	struct metrics_label labels[METRICS_LABELS]; /* up to the first without a name */
	enum metrics_kind kind;
	bool sparse; /* what never happened is left out */
};

extern const struct metrics_family metrics_families[];
extern const size_t metrics_family_count;

static inline uint64_t metrics_read(const struct metrics *m, size_t at)
{
	return atomic_load_explicit(&m->values[at], memory_order_relaxed);
}

#endif
