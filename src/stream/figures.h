/* SPDX-License-Identifier: MIT */
/* What a consumer did since it started, counted, and told as one line of the log. */
#ifndef CRUDDUR_STREAM_FIGURES_H
#define CRUDDUR_STREAM_FIGURES_H

#include "metrics/metrics.h"
#include "stream/batch.h"

struct stream_figures {
	int64_t records; /* dealt with, of whatever kind */
	int64_t skipped; /* of those: none of our business */
	int64_t set_aside; /* became dead letters: of those, and groups of repairs */
	int64_t groups_set_aside; /* the latter */
	int64_t moved, unchanged; /* groups settled, with something to do or without */
	int64_t retried; /* groups that took more than one pass */
	int64_t repaired; /* groups settled by repairs */
	int64_t missed; /* times that data was lost before it was read */
};

void stream_figures_add_totals(struct stream_figures *f, const struct stream_totals *totals);

/* Counts what came to f since the last call, which told remembers. Not in the middle of a batch. */
void stream_figures_count(
	const struct stream_figures *f, struct stream_figures *told, struct metrics *m);

/* Writes the line. active: this instance reads; lag_ms: how far behind the reading is, or for how
 * long there was none; 0 when everything is read. */
void stream_figures_say(const struct stream_figures *f, bool active, int64_t lag_ms);

#endif
