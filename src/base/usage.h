/* SPDX-License-Identifier: MIT */
/* What one request spent on one backend: time, calls, what came of them. A service that is given
 * one adds to it at each of its calls; who gave it reads it and clears it. */
#ifndef CRUDDUR_BASE_USAGE_H
#define CRUDDUR_BASE_USAGE_H

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct usage {
	int64_t spent_us; /* of all calls, from the first try of each to its last */
	uint32_t calls;
	uint32_t failures; /* calls that the backend answered too late, not, or with nonsense; not
			      those that were refused for what they asked */
	uint32_t retries; /* tries after the first, of all calls */
};

/* Before a call; what it gives goes to usage_end. NULL counts nothing and reads no clock. */
static inline int64_t usage_begin(const struct usage *u)
{
	return u ? clock_monotonic_us() : 0;
}

static inline void usage_end(struct usage *u, int64_t begun_us, bool failed)
{
	if (!u)
		return;
	u->spent_us += clock_monotonic_us() - begun_us;
	u->calls++;
	u->failures += failed;
}

static inline void usage_retry(struct usage *u)
{
	if (u)
		u->retries++;
}

#endif
