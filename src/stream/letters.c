/* SPDX-License-Identifier: MIT */
/* The statements about dead letters; no SQL text stands here. */
#include "stream/letters.h"

#include "base/log.h"
#include "base/utf8.h"
#include "message_table/keys.h"
#include "sql_statements.h"

/* DynamoDB's longest key attributes are 2048 and 1024 bytes. */
#define KEY_MAX 2048
/* For one statement, and for one group's settling in a replay. */
#define STATEMENT_MS 4000
#define GROUP_MS 4000

/* A text as Postgres takes it: no NUL, valid UTF-8, not longer than there is room. */
static void bind_text(struct slice text, char out[KEY_MAX + 1])
{
	size_t len = 0;

	while (text.len > 0) {
		size_t n = utf8_char_len(text);

		if (n == 0 || *text.ptr == '\0') {
			if (len == KEY_MAX)
				break;
			out[len++] = '?';
			n = 1;
		} else if (len + n > KEY_MAX) {
			break;
		} else {
			memcpy(out + len, text.ptr, n);
			len += n;
		}
		text = slice_skip(text, n);
	}
	out[len] = '\0';
}

enum status stream_letters_add(
	const struct stream_checkpoints *c, const struct stream_letter *letter, struct deadline by)
{
	char number[KEY_MAX + 1], pk[KEY_MAX + 1], sk[KEY_MAX + 1];
	const char *values[] = { c->table_name, letter->stream_arn, number, letter->shard_id, pk,
		sk, letter->reason };
	struct pg_result *row;
	enum status rc;

	bind_text(letter->sequence_number, number);
	bind_text(letter->pk, pk);
	bind_text(letter->sk, sk);
	LOG(LOG_ERROR, "stream_record_set_aside", log_str("sequence_number", number),
		log_str("shard", letter->shard_id), log_str("pk", pk),
		log_str("reason", letter->reason));
	rc = pg_query_row(c->pg, &sql_stream_set_aside, values, by, &row);
	if (rc == STATUS_NOT_FOUND)
		return STATUS_DENIED;
	if (rc == STATUS_INVALID || rc == STATUS_CONFLICT) {
		LOG(LOG_ERROR, "stream_letter_refused", log_str("sequence_number", number));
		return STATUS_OK;
	}
	if (rc == STATUS_OK)
		pg_result_free(row);
	return rc;
}

/* --- Trying again ----------------------------------------------------------------------------- */

struct replaying {
	const struct stream_checkpoints *checkpoints;
	struct group_mover *mover;
	struct stream_replay *result;
	struct buf after; /* the last key that was tried */
	bool begun; /* after is one */
};

static enum status run(
	const struct replaying *r, const struct pg_statement *statement, const char *const *values)
{
	struct pg_result *none;
	enum status rc =
		pg_query(r->checkpoints->pg, statement, values, deadline_in(STATEMENT_MS), &none);

	if (rc == STATUS_OK)
		pg_result_free(none);
	return rc;
}

/* Why the group of this key can't be put right; NULL if it is right now. */
static const char *settle(const struct replaying *r, struct slice pk)
{
	struct group_mover_changes changes;
	const char *problem;
	struct uuid group;

	if (table_key_read_messages(pk, &group) != STATUS_OK)
		return "its key names no group";
	if (group_mover_settle(r->mover, &group, deadline_in(GROUP_MS), &changes) == STATUS_OK)
		return NULL;
	problem = group_mover_problem(r->mover);
	return *problem ? problem : "its group could not be settled";
}

/* Of the key in r->after. */
static enum status replay_group(const struct replaying *r, const struct pg_result *rows, size_t row)
{
	const char *pk = buf_cstr(&r->after);
	struct slice newest;
	int64_t letters;
	const char *problem;
	enum status rc;

	if (!pg_text(rows, row, "newest", &newest) || !pg_int(rows, row, "letters", &letters))
		return STATUS_UNAVAILABLE;
	problem = settle(r, slice_of(pk));
	if (problem) {
		const char *values[] = { r->checkpoints->table_name, pk, problem };

		LOG(LOG_WARN, "stream_replay_failed", log_str("pk", pk),
			log_str("reason", problem));
		rc = run(r, &sql_stream_letters_failed, values);
		r->result->left += letters;
	} else {
		/* A value of a result ends in NUL: PQgetvalue. */
		const char *values[] = { r->checkpoints->table_name, pk, newest.ptr };

		rc = run(r, &sql_stream_letters_done, values);
		r->result->settled += letters;
	}
	return rc;
}

static enum status replay_page(struct replaying *r, struct stream_signals *signals, size_t *count)
{
	const char *values[] = { r->checkpoints->table_name,
		r->begun ? buf_cstr(&r->after) : NULL };
	struct pg_result *rows;
	enum status rc = pg_query(
		r->checkpoints->pg, &sql_stream_letters, values, deadline_in(STATEMENT_MS), &rows);
	struct slice pk;

	if (rc != STATUS_OK)
		return rc;
	*count = pg_result_rows(rows);
	for (size_t i = 0; i < *count && rc == STATUS_OK; i++) {
		stream_signals_take(signals, 0);
		if (signals->stop) {
			rc = STATUS_CONFLICT;
		} else if (!pg_text(rows, i, "pk", &pk)) {
			rc = STATUS_UNAVAILABLE;
		} else {
			buf_clear(&r->after);
			buf_add_slice(&r->after, pk);
			r->begun = true;
			rc = buf_ok(&r->after) ? replay_group(r, rows, i) : STATUS_NO_MEMORY;
		}
	}
	pg_result_free(rows);
	return rc;
}

enum status stream_letters_replay(const struct stream_checkpoints *c, struct group_mover *mover,
	struct stream_signals *signals, struct stream_replay *out)
{
	struct replaying r = { .checkpoints = c, .mover = mover, .result = out };
	size_t count;
	enum status rc;

	*out = (struct stream_replay){ 0 };
	do {
		rc = replay_page(&r, signals, &count);
	} while (rc == STATUS_OK && count > 0);
	buf_free(&r.after);
	return rc;
}
