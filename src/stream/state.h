/* SPDX-License-Identifier: MIT */
/* What the parts of a running consumer share; for src/stream/ only. */
#ifndef CRUDDUR_STREAM_STATE_H
#define CRUDDUR_STREAM_STATE_H

#include "stream/checkpoints.h"
#include "stream/consumer.h"
#include "stream/failing.h"
#include "stream/figures.h"
#include "stream/repair.h"
#include "stream/shards.h"

/* For one call of a backend. With it, what a signal has to wait for stays at a few seconds. */
#define STREAM_CALL_MS 4000

/* What a step came to. */
enum stream_turn {
	STREAM_TURN_OK,
	STREAM_TURN_LOST, /* this session does not hold the lock any more */
	STREAM_TURN_POSTGRES, /* it failed; nothing is known of the lock */
	STREAM_TURN_DYNAMODB, /* it failed, or is not well enough to go on */
};

struct stream_state {
	const struct stream_parts *parts;
	struct stream_checkpoints checkpoints;
	int64_t began_s; /* seconds since 1970 */
	bool once;
	bool active; /* this instance holds the lock of the table */
	bool heard; /* the stream answered, since the checkpoints were kept last */
	bool wrote; /* a checkpoint was written, since the loop looked last */
	struct buf arn; /* of the stream; empty: not known yet */
	struct stream_shards shards;
	bool listed; /* shards is what the last try of a list gave, and no shard ended since */
	int64_t list_due_ms;
	int64_t said_missing_ms, said_view_ms; /* when an operator was told last; 0: never */
	bool repair_wanted; /* a repair is owed, or may be */
	struct stream_repair *repair; /* that is under way; NULL: none */
	int64_t debts; /* when it began */
	enum stream_turn letter_turn; /* what setting aside a group of it came to */
	struct pg_result *due; /* groups whose dead letters are due; NULL: none are known */
	size_t due_at; /* the one of them that is next */
	int64_t due_look_ms; /* when to look for more; 0: nobody looked yet */
	struct stream_failing failing;
	struct stream_figures figures, told; /* what there is to count, and what of it was */
};

/* What a statement of checkpoints.h came to. */
enum stream_turn stream_state_postgres(enum status rc);

/* Data was missed: says so, and owes a repair. shard_id may be "". */
enum stream_turn stream_state_missed(
	struct stream_state *s, const char *reason, const char *shard_id);

/* What it knows of the stream: another instance may go on from here. */
void stream_state_forget(struct stream_state *s);

void stream_state_say_figures(struct stream_state *s);

/* Between two steps: counts what was done, and notes how far this instance is if it reads. */
void stream_state_count(struct stream_state *s);

/* It does not read any more. */
void stream_state_hand_over(struct stream_state *s);

/* Takes signals and answers those that can be answered at any time. true: it is time to stop, even
 * in the middle of a batch. context is the state: for callbacks. */
bool stream_state_is_to_stop(void *context);

/* --- source.c --------------------------------------------------------------------------------- */

/* Finds the table's stream and lists its shards, takes up or gives up what has come or gone. */
enum stream_turn stream_source_list(struct stream_state *s);

/* --- owed.c ----------------------------------------------------------------------------------- */

/* Goes on with the repair that is owed, if one is. */
enum stream_turn stream_owed_turn(struct stream_state *s);

/* --- retry.c ---------------------------------------------------------------------------------- */

/* Tries one group again whose records were set aside because it could not be settled just then, if
 * one is due. Not while a backend is known to be down. */
enum stream_turn stream_retry_turn(struct stream_state *s);

/* When the next call has something to do. */
int64_t stream_retry_due_ms(const struct stream_state *s);

/* --- reader.c --------------------------------------------------------------------------------- */

/* Reads a shard once: settles what the records are about, sets aside what fails, writes the
 * checkpoint, and says when to read next. */
enum stream_turn stream_reader_turn(struct stream_state *s, struct stream_shard *shard);

#endif
