/* SPDX-License-Identifier: MIT */
/* Dead letters in Postgres: the records that could not be processed, without their text, and trying
 * their groups again. */
#ifndef CRUDDUR_STREAM_LETTERS_H
#define CRUDDUR_STREAM_LETTERS_H

#include "group_mover/mover.h"
#include "stream/checkpoints.h"
#include "stream/signals.h"

/* One of them. Keys may be of any length and hold anything: what Postgres does not take is
 * replaced. */
struct stream_letter {
	const char *stream_arn, *shard_id;
	struct slice sequence_number, pk, sk;
	const char *reason;
	bool retry; /* another time its group may be settled: the active instance tries again */
};

/* Sets a record aside. STATUS_OK also if Postgres refuses the letter's data, which is logged: the
 * same letter would be refused again. Otherwise as the writes of checkpoints.h. */
STATUS_MUSTCHECK enum status stream_letters_add(
	const struct stream_checkpoints *c, const struct stream_letter *letter, struct deadline by);

/* --- Trying again ----------------------------------------------------------------------------- */

/* What it takes; all borrowed. The table is asked, where a group fails, whether all of it is away.
 */
struct stream_retry {
	const struct stream_checkpoints *checkpoints;
	struct group_mover *mover;
	struct dynamo *table;
};

enum stream_retried {
	STREAM_RETRIED_SETTLED, /* the group's rows are right, its letters gone */
	STREAM_RETRIED_FAILED, /* not so; the letters say when that was tried and why it failed */
	STREAM_RETRIED_AWAY, /* DynamoDB does not answer; nothing was changed */
};

/* The groups of which letters are due to be tried again by themselves, a few of them. */
STATUS_MUSTCHECK enum status stream_letters_due(
	const struct stream_checkpoints *c, struct deadline by, struct pg_result **out);

/* Tries the group of one of those rows once. STATUS_TIMEOUT, STATUS_UNAVAILABLE, STATUS_NO_MEMORY:
 * Postgres failed. */
STATUS_MUSTCHECK enum status stream_letters_retry(const struct stream_retry *r,
	const struct pg_result *rows, size_t row, enum stream_retried *out);

/* What a replay came to, in letters. */
struct stream_replay {
	int64_t settled, left;
};

/* Settles the group of every letter of the table again, and takes away those that are done with.
 * Needs no lock. STATUS_OK when all were tried; STATUS_CONFLICT if a signal ended it before;
 * STATUS_TIMEOUT, STATUS_UNAVAILABLE, STATUS_NO_MEMORY: Postgres failed or DynamoDB is away, and
 * the letters that were not come to are as they were. */
STATUS_MUSTCHECK enum status stream_letters_replay(
	const struct stream_retry *r, struct stream_signals *signals, struct stream_replay *out);

#endif
