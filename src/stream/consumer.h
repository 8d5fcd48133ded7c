/* SPDX-License-Identifier: MIT */
/* The loop of cruddur-stream: waits for the lock, reads the shards of the table's stream in turn,
 * works off an owed repair between reads, and obeys signals. One thread; one call at a time. */
#ifndef CRUDDUR_STREAM_CONSUMER_H
#define CRUDDUR_STREAM_CONSUMER_H

#include "dynamo/streams.h"
#include "group_mover/mover.h"
#include "metrics/metrics.h"
#include "pg/pg.h"
#include "stream/signals.h"

/* What it works with. All borrowed. */
struct stream_parts {
	struct pg *pg;
	struct dynamo *table;
	const char *table_name;
	struct dynamo_streams *streams;
	struct group_mover *mover;
	struct stream_signals *signals;
	struct metrics *metrics; /* NULL: its figures are in the log alone */
};

/* Runs until a signal stops it (STATUS_OK). once: also STATUS_OK when everything that was in the
 * stream has been read and no repair is owed; STATUS_CONFLICT if another instance is active and
 * stays so; STATUS_UNAVAILABLE if a backend, the table or its stream stays away. A signal
 * ends that too with STATUS_OK, though not all was read. */
STATUS_MUSTCHECK enum status stream_consumer_run(const struct stream_parts *parts, bool once);

#endif
