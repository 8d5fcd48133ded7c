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
#define PING_MS 2000

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
		sk, letter->reason, letter->retry ? "t" : "f" };
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

enum status stream_letters_due(
	const struct stream_checkpoints *c, struct deadline by, struct pg_result **out)
{
	const char *values[] = { c->table_name };

	return pg_query(c->pg, &sql_stream_letters_due, values, by, out);
}

static enum status run(const struct stream_retry *r, const struct pg_statement *statement,
	const char *const *values)
{
	struct pg_result *none;
	enum status rc =
		pg_query(r->checkpoints->pg, statement, values, deadline_in(STATEMENT_MS), &none);

	if (rc == STATUS_OK)
		pg_result_free(none);
	return rc;
}

/* Why a group can't be put right. */
struct failure {
	const char *problem;
	bool retry; /* another time it may */
};

static enum stream_retried settle(
	const struct stream_retry *r, struct slice pk, struct failure *failure)
{
	struct group_mover_changes changes;
	struct uuid group;
	enum status rc;

	*failure = (struct failure){ .problem = "its key names no group" };
	if (table_key_read_messages(pk, &group) != STATUS_OK)
		return STREAM_RETRIED_FAILED;
	rc = group_mover_settle(r->mover, &group, deadline_in(GROUP_MS), &changes);
	if (rc == STATUS_OK)
		return STREAM_RETRIED_SETTLED;
	failure->problem = group_mover_problem(r->mover);
	if (!*failure->problem)
		failure->problem = "its group could not be settled";
	failure->retry = rc != STATUS_INVALID && rc != STATUS_NOT_FOUND;
	if (failure->retry && dynamo_ping(r->table, deadline_in(PING_MS)) != STATUS_OK)
		return STREAM_RETRIED_AWAY;
	return STREAM_RETRIED_FAILED;
}

enum status stream_letters_retry(const struct stream_retry *r, const struct pg_result *rows,
	size_t row, enum stream_retried *out)
{
	struct slice pk, newest;
	struct failure failure;
	enum stream_retried retried;
	enum status rc = STATUS_OK;

	if (!pg_text(rows, row, "pk", &pk) || !pg_text(rows, row, "newest", &newest))
		return STATUS_UNAVAILABLE;
	retried = settle(r, pk, &failure);
	/* A value of a result ends in NUL: PQgetvalue. */
	if (retried == STREAM_RETRIED_SETTLED) {
		const char *values[] = { r->checkpoints->table_name, pk.ptr, newest.ptr };

		LOG(LOG_INFO, "stream_letters_settled", log_slice("pk", pk));
		rc = run(r, &sql_stream_letters_done, values);
	} else if (retried == STREAM_RETRIED_FAILED) {
		const char *values[] = { r->checkpoints->table_name, pk.ptr, failure.problem,
			failure.retry ? "t" : "f" };

		LOG(LOG_WARN, "stream_retry_failed", log_slice("pk", pk),
			log_str("reason", failure.problem));
		rc = run(r, &sql_stream_letters_failed, values);
	}
	if (rc == STATUS_OK)
		*out = retried;
	return rc;
}

/* --- All of them ------------------------------------------------------------------------------ */

struct replaying {
	const struct stream_retry *retry;
	struct stream_replay *result;
	struct buf after; /* the last key that was tried */
	bool begun; /* after is one */
};

static enum status replay_group(struct replaying *r, const struct pg_result *rows, size_t row)
{
	struct slice pk;
	int64_t letters;
	enum stream_retried retried;
	enum status rc;

	if (!pg_text(rows, row, "pk", &pk) || !pg_int(rows, row, "letters", &letters))
		return STATUS_UNAVAILABLE;
	buf_clear(&r->after);
	buf_add_slice(&r->after, pk);
	r->begun = true;
	if (!buf_ok(&r->after))
		return STATUS_NO_MEMORY;
	rc = stream_letters_retry(r->retry, rows, row, &retried);
	if (rc != STATUS_OK)
		return rc;
	if (retried == STREAM_RETRIED_AWAY)
		return STATUS_UNAVAILABLE;
	if (retried == STREAM_RETRIED_SETTLED)
		r->result->settled += letters;
	else
		r->result->left += letters;
	return STATUS_OK;
}

static enum status replay_page(struct replaying *r, struct stream_signals *signals, size_t *count)
{
	const struct stream_checkpoints *c = r->retry->checkpoints;
	const char *values[] = { c->table_name, r->begun ? buf_cstr(&r->after) : NULL };
	struct pg_result *rows;
	enum status rc =
		pg_query(c->pg, &sql_stream_letters, values, deadline_in(STATEMENT_MS), &rows);

	if (rc != STATUS_OK)
		return rc;
	*count = pg_result_rows(rows);
	for (size_t i = 0; i < *count && rc == STATUS_OK; i++) {
		stream_signals_take(signals, 0);
		rc = signals->stop ? STATUS_CONFLICT : replay_group(r, rows, i);
	}
	pg_result_free(rows);
	return rc;
}

enum status stream_letters_replay(
	const struct stream_retry *retry, struct stream_signals *signals, struct stream_replay *out)
{
	struct replaying r = { .retry = retry, .result = out };
	size_t count;
	enum status rc;

	*out = (struct stream_replay){ 0 };
	do {
		rc = replay_page(&r, signals, &count);
	} while (rc == STATUS_OK && count > 0);
	buf_free(&r.after);
	return rc;
}
