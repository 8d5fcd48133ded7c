/* SPDX-License-Identifier: MIT */
/* The parts of cruddur-stream, looked at; see check.h. */
#include "stream/check.h"

#include "sql_statements.h"

static void check_shards(const struct stream_parts *parts, struct check *c)
{
	struct deadline by = deadline_in(CHECK_MS);
	struct dynamo_table table = { .active = false };
	struct dynamo_shards shards = { .count = 0 };
	enum status rc = dynamo_describe(parts->table, by, &table);

	if (rc == STATUS_OK)
		rc = table.stream_arn.len > 0 ? dynamo_streams_shards(parts->streams,
							buf_cstr(&table.stream_arn), by, &shards)
					      : STATUS_NOT_FOUND;
	if (rc == STATUS_OK)
		check_ok(c, "shards", "%zu of the stream", shards.count);
	else
		check_failed(c, "shards", "the stream cannot be looked at: %s", status_name(rc));
	dynamo_shards_clear(&shards);
	dynamo_table_clear(&table);
}

void stream_check(
	const struct stream_parts *parts, struct aws_credential_chain *chain, struct check *c)
{
	static const struct pg_statement *const statements[] = { &sql_stream_checkpoint,
		&sql_stream_checkpoints, &sql_stream_forget_others, &sql_stream_forget_shard,
		&sql_stream_keep, &sql_stream_letters, &sql_stream_letters_done,
		&sql_stream_letters_due, &sql_stream_letters_failed, &sql_stream_lock,
		&sql_stream_lock_check, &sql_stream_owe_repair, &sql_stream_repair_done,
		&sql_stream_repair_owed, &sql_stream_set_aside, &sql_users_by_uuid };

	check_postgres(c, parts->pg, statements, sizeof(statements) / sizeof(statements[0]));
	if (!check_credentials(c, chain)) {
		check_failed(c, "dynamodb", "not asked, for want of credentials");
		return;
	}
	check_table(c, parts->table, parts->table_name);
	check_shards(parts, c);
}
