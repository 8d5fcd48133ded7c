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
};

/* Sets a record aside. STATUS_OK also if Postgres refuses the letter's data, which is logged: the
 * same letter would be refused again. Otherwise as the writes of checkpoints.h. */
STATUS_MUSTCHECK enum status stream_letters_add(
	const struct stream_checkpoints *c, const struct stream_letter *letter, struct deadline by);

/* What a replay came to, in letters. */
struct stream_replay {
	int64_t settled, left;
};

/* Settles the group of every letter of the table again, and takes away those that are done with.
 * Needs no lock. STATUS_OK when all were tried; STATUS_CONFLICT if a signal ended it before;
 * STATUS_TIMEOUT, STATUS_UNAVAILABLE, STATUS_NO_MEMORY: Postgres failed. */
STATUS_MUSTCHECK enum status stream_letters_replay(const struct stream_checkpoints *c,
	struct group_mover *mover, struct stream_signals *signals, struct stream_replay *out);

#endif
