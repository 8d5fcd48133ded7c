/* SPDX-License-Identifier: MIT */
/* What a consumer did since it started, counted, and told as one line of the log. */
#ifndef CRUDDUR_STREAM_FIGURES_H
#define CRUDDUR_STREAM_FIGURES_H

#include "stream/batch.h"

struct stream_figures {
	int64_t records; /* dealt with, of whatever kind */
	int64_t skipped; /* of those: none of our business */
	int64_t set_aside; /* of those: became dead letters */
	int64_t moved, unchanged; /* groups settled, with something to do or without */
	int64_t retried; /* groups that took more than one pass */
	int64_t repaired; /* groups settled by repairs */
};

void stream_figures_add_totals(struct stream_figures *f, const struct stream_totals *totals);

/* Writes the line. active: this instance reads; lag_ms: how far behind the reading is, or for how
 * long there was none; 0 when everything is read. */
void stream_figures_say(const struct stream_figures *f, bool active, int64_t lag_ms);

#endif
