/* SPDX-License-Identifier: MIT */
/* What a consumer keeps in Postgres for the next one: how far each shard was read, whether a repair
 * is owed, and the lock that makes one instance of a table the active one. The lock is a session's:
 * it goes with the connection, which pg/ opens anew by itself. So every write here is made by
 * Postgres only if this very session holds the lock, and says so if it does not. */
#ifndef CRUDDUR_STREAM_CHECKPOINTS_H
#define CRUDDUR_STREAM_CHECKPOINTS_H

#include "dynamo/streams.h"
#include "pg/pg.h"

/* Whose they are. Borrowed. */
struct stream_checkpoints {
	struct pg *pg;
	const char *table_name;
};

/* All: STATUS_DENIED: this session does not hold the lock (any more), so nothing was changed.
 * STATUS_TIMEOUT, STATUS_UNAVAILABLE, STATUS_NO_MEMORY. */

/* Takes the lock, or finds it taken by this session already. STATUS_DENIED: another has it. */
STATUS_MUSTCHECK enum status stream_checkpoints_lock(
	const struct stream_checkpoints *c, struct deadline by);
STATUS_MUSTCHECK enum status stream_checkpoints_check(
	const struct stream_checkpoints *c, struct deadline by);

/* One of the rows that were found; texts live as long as the rows. */
struct stream_checkpoint {
	struct slice stream_arn, shard_id, position;
	bool finished;
	int64_t age_s; /* since it was written or kept */
};

/* All of the table, of whatever stream. Needs no lock. */
STATUS_MUSTCHECK enum status stream_checkpoints_load(
	const struct stream_checkpoints *c, struct deadline by, struct pg_result **out);
STATUS_MUSTCHECK enum status stream_checkpoints_row(
	const struct pg_result *rows, size_t row, struct stream_checkpoint *out);

/* A shard of a stream and how far it was read. */
struct stream_place {
	const char *stream_arn, *shard_id;
	const char *position; /* after this sequence number; "": before the first */
	bool finished;
};
STATUS_MUSTCHECK enum status stream_checkpoints_save(
	const struct stream_checkpoints *c, const struct stream_place *place, struct deadline by);

/* Renews the age of all of a stream. */
STATUS_MUSTCHECK enum status stream_checkpoints_keep(
	const struct stream_checkpoints *c, const char *stream_arn, struct deadline by);

STATUS_MUSTCHECK enum status stream_checkpoints_forget_shard(const struct stream_checkpoints *c,
	const char *stream_arn, const char *shard_id, struct deadline by);

/* Forgets all streams of the table but that one. */
STATUS_MUSTCHECK enum status stream_checkpoints_forget_others(
	const struct stream_checkpoints *c, const char *stream_arn, struct deadline by);

/* --- Owed repairs ----------------------------------------------------------------------------- */

/* A repair is owed from now on, or once more. */
STATUS_MUSTCHECK enum status stream_checkpoints_owe(
	const struct stream_checkpoints *c, const char *reason, struct deadline by);

/* *debts: how often it was owed, 0 for never. Needs no lock. */
STATUS_MUSTCHECK enum status stream_checkpoints_owed(
	const struct stream_checkpoints *c, struct deadline by, int64_t *debts);

/* A repair that began with so many debts is over. *left_over: there were more meanwhile. */
STATUS_MUSTCHECK enum status stream_checkpoints_repaired(
	const struct stream_checkpoints *c, int64_t debts, struct deadline by, bool *left_over);

#endif
