/* SPDX-License-Identifier: MIT */
/* The statements of sql/stream/ that have to do with the lock; no SQL text stands here. */
#include "stream/checkpoints.h"

#include "base/log.h"
#include "sql_statements.h"

#include <stdio.h>

/* For a statement that answers with one row whose column says whether the lock is ours. */
static enum status ask_held(const struct stream_checkpoints *c,
	const struct pg_statement *statement, const char *const *values, struct deadline by)
{
	struct pg_result *row;
	enum status rc = pg_query_row(c->pg, statement, values, by, &row);
	bool held = false;

	if (rc == STATUS_NOT_FOUND)
		return STATUS_DENIED;
	if (rc != STATUS_OK)
		return rc;
	if (!pg_bool(row, 0, "held", &held))
		rc = STATUS_UNAVAILABLE;
	else if (!held)
		rc = STATUS_DENIED;
	pg_result_free(row);
	return rc;
}

enum status stream_checkpoints_lock(const struct stream_checkpoints *c, struct deadline by)
{
	const char *values[] = { c->table_name };

	return ask_held(c, &sql_stream_lock, values, by);
}

enum status stream_checkpoints_check(const struct stream_checkpoints *c, struct deadline by)
{
	const char *values[] = { c->table_name };

	return ask_held(c, &sql_stream_lock_check, values, by);
}

enum status stream_checkpoints_load(
	const struct stream_checkpoints *c, struct deadline by, struct pg_result **out)
{
	const char *values[] = { c->table_name };

	return pg_query(c->pg, &sql_stream_checkpoints, values, by, out);
}

enum status stream_checkpoints_row(
	const struct pg_result *rows, size_t row, struct stream_checkpoint *out)
{
	struct stream_checkpoint c;

	if (!pg_text(rows, row, "stream_arn", &c.stream_arn) ||
		!pg_text(rows, row, "shard_id", &c.shard_id) ||
		!pg_text(rows, row, "position", &c.position) ||
		!pg_bool(rows, row, "finished", &c.finished) ||
		!pg_int(rows, row, "age_s", &c.age_s)) {
		LOG(LOG_ERROR, "stream_checkpoint_incomplete");
		return STATUS_UNAVAILABLE;
	}
	*out = c;
	return STATUS_OK;
}

enum status stream_checkpoints_save(
	const struct stream_checkpoints *c, const struct stream_place *place, struct deadline by)
{
	const char *values[] = { c->table_name, place->stream_arn, place->shard_id, place->position,
		place->finished ? "t" : "f" };

	return ask_held(c, &sql_stream_checkpoint, values, by);
}

enum status stream_checkpoints_keep(
	const struct stream_checkpoints *c, const char *stream_arn, struct deadline by)
{
	const char *values[] = { c->table_name, stream_arn };

	return ask_held(c, &sql_stream_keep, values, by);
}

enum status stream_checkpoints_forget_shard(const struct stream_checkpoints *c,
	const char *stream_arn, const char *shard_id, struct deadline by)
{
	const char *values[] = { c->table_name, stream_arn, shard_id };

	return ask_held(c, &sql_stream_forget_shard, values, by);
}

enum status stream_checkpoints_forget_others(
	const struct stream_checkpoints *c, const char *stream_arn, struct deadline by)
{
	const char *values[] = { c->table_name, stream_arn };

	return ask_held(c, &sql_stream_forget_others, values, by);
}

/* --- Owed repairs ----------------------------------------------------------------------------- */

enum status stream_checkpoints_owe(
	const struct stream_checkpoints *c, const char *reason, struct deadline by)
{
	const char *values[] = { c->table_name, reason };

	return ask_held(c, &sql_stream_owe_repair, values, by);
}

enum status stream_checkpoints_owed(
	const struct stream_checkpoints *c, struct deadline by, int64_t *debts)
{
	const char *values[] = { c->table_name };
	struct pg_result *row;
	enum status rc = pg_query_row(c->pg, &sql_stream_repair_owed, values, by, &row);

	if (rc == STATUS_NOT_FOUND) {
		*debts = 0;
		return STATUS_OK;
	}
	if (rc != STATUS_OK)
		return rc;
	if (!pg_int(row, 0, "debts", debts))
		rc = STATUS_UNAVAILABLE;
	pg_result_free(row);
	return rc;
}

enum status stream_checkpoints_repaired(
	const struct stream_checkpoints *c, int64_t debts, struct deadline by, bool *left_over)
{
	char number[24];
	const char *values[] = { c->table_name, number };
	struct pg_result *row;
	bool held = false;
	enum status rc;

	(void)snprintf(number, sizeof(number), "%lld", (long long)debts);
	rc = pg_query_row(c->pg, &sql_stream_repair_done, values, by, &row);
	if (rc != STATUS_OK)
		return rc;
	if (!pg_bool(row, 0, "held", &held) || !pg_bool(row, 0, "left_over", left_over))
		rc = STATUS_UNAVAILABLE;
	else if (!held)
		rc = STATUS_DENIED;
	pg_result_free(row);
	return rc;
}
