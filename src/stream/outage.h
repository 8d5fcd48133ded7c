/* SPDX-License-Identifier: MIT */
/* A backend that is away: said once when it begins and once when it is over, with pauses between
 * tries that grow to a few seconds. */
#ifndef CRUDDUR_STREAM_OUTAGE_H
#define CRUDDUR_STREAM_OUTAGE_H

#include <stdint.h>

/* The longest pause. */
#define STREAM_OUTAGE_PAUSE_MS 5000

struct stream_outage {
	const char *name;
	int64_t since_ms; /* 0: there is none */
	int64_t pause_ms; /* the last one */
};

/* A try failed; gives how long to wait before the next one. */
int64_t stream_outage_fail(struct stream_outage *o);

/* A try succeeded. */
void stream_outage_over(struct stream_outage *o);

#endif
