/* SPDX-License-Identifier: MIT */
/* Which stream the table has now and which shards that has. Whatever shows here that records were
 * lost before anybody read them is said aloud and makes a repair owed. */
#include "stream/state.h"

#include "base/log.h"

/* How often the list is asked for: as a rule, and while it is wanted soon. */
#define LIST_MS 60000
#define LIST_SOON_MS 2000
/* How often an operator is told of what only an operator can mend. */
#define SAY_AGAIN_MS 60000

/* A stream keeps its records for a day. Whoever has not read for so long can't tell what was
 * trimmed before the first record that is left. */
#define UNREAD_MAX_S ((int64_t)23 * 3600)

static bool is_time_to_say(int64_t *said_ms)
{
	int64_t now_ms = clock_monotonic_ms();

	if (*said_ms != 0 && now_ms - *said_ms < SAY_AGAIN_MS)
		return false;
	*said_ms = now_ms;
	return true;
}

static void say_missing(struct stream_state *s, const char *what)
{
	if (is_time_to_say(&s->said_missing_ms))
		LOG(LOG_ERROR, "stream_missing", log_str("table", s->parts->table_name),
			log_str("problem", what));
}

/* --- A stream that is new to this program ----------------------------------------------------- */

/* Puts the stream's shards with a checkpoint into s. *stale: nobody read any for a day, finished
 * ones among them: a child may have come, and gone again unread. *others: the table had another
 * stream. */
static enum status restore(
	struct stream_state *s, const struct pg_result *rows, bool *stale, bool *others)
{
	int64_t youngest_s = -1;

	for (size_t i = 0; i < pg_result_rows(rows); i++) {
		struct stream_checkpoint c;
		enum status rc = stream_checkpoints_row(rows, i, &c);

		if (rc != STATUS_OK)
			return rc;
		if (!slice_equal(c.stream_arn, buf_slice(&s->arn))) {
			*others = true;
			continue;
		}
		rc = stream_shards_restore(
			&s->shards, c.shard_id, c.position, c.finished, clock_monotonic_ms());
		if (rc == STATUS_INVALID)
			LOG(LOG_ERROR, "stream_checkpoint_useless", log_slice("shard", c.shard_id));
		else if (rc != STATUS_OK)
			return rc;
		if (youngest_s < 0 || c.age_s < youngest_s)
			youngest_s = c.age_s;
	}
	*stale = youngest_s > UNREAD_MAX_S;
	return STATUS_OK;
}

static enum stream_turn adopt(struct stream_state *s, const struct buf *arn)
{
	bool others = s->arn.len > 0, stale = false;
	struct pg_result *rows;
	enum stream_turn turn;
	enum status rc;

	stream_shards_clear(&s->shards);
	buf_clear(&s->arn);
	rc = stream_checkpoints_load(&s->checkpoints, deadline_in(STREAM_CALL_MS), &rows);
	if (rc != STATUS_OK)
		return stream_state_postgres(rc);
	buf_add_slice(&s->arn, buf_slice(arn));
	rc = buf_ok(&s->arn) ? restore(s, rows, &stale, &others) : STATUS_NO_MEMORY;
	pg_result_free(rows);
	turn = stream_state_postgres(rc);
	if (turn == STREAM_TURN_OK && others)
		turn = stream_state_missed(s, "the stream was made anew", "");
	if (turn == STREAM_TURN_OK && stale)
		turn = stream_state_missed(s, "nobody read for a day", "");
	if (turn == STREAM_TURN_OK && others)
		turn = stream_state_postgres(stream_checkpoints_forget_others(
			&s->checkpoints, buf_cstr(&s->arn), deadline_in(STREAM_CALL_MS)));
	if (turn == STREAM_TURN_OK && stale) /* it is owed: not once more after a restart */
		turn = stream_state_postgres(stream_checkpoints_keep(
			&s->checkpoints, buf_cstr(&s->arn), deadline_in(STREAM_CALL_MS)));
	if (turn != STREAM_TURN_OK)
		buf_clear(&s->arn); /* so that it is adopted again */
	else
		LOG(LOG_INFO, "stream_found", log_slice("arn", buf_slice(&s->arn)));
	return turn;
}

/* --- Its shards ------------------------------------------------------------------------------- */

static enum stream_turn give_up_gone(struct stream_state *s)
{
	struct stream_shard *shard;

	while ((shard = stream_shards_gone(&s->shards)) != NULL) {
		enum stream_turn turn = STREAM_TURN_OK;

		if (!shard->finished)
			turn = stream_state_missed(
				s, "a shard went away before its end was read", shard->id);
		if (turn == STREAM_TURN_OK && shard->begun)
			turn = stream_state_postgres(
				stream_checkpoints_forget_shard(&s->checkpoints, buf_cstr(&s->arn),
					shard->id, deadline_in(STREAM_CALL_MS)));
		if (turn != STREAM_TURN_OK)
			return turn;
		stream_shards_remove(&s->shards, shard);
	}
	return STREAM_TURN_OK;
}

static enum stream_turn list_shards(struct stream_state *s)
{
	struct dynamo_shards listed = { 0 };
	enum status rc = dynamo_streams_shards(
		s->parts->streams, buf_cstr(&s->arn), deadline_in(STREAM_CALL_MS), &listed);

	if (rc == STATUS_NOT_FOUND) {
		say_missing(s, "the stream is unknown");
		return STREAM_TURN_OK;
	}
	if (rc != STATUS_OK)
		return STREAM_TURN_DYNAMODB;
	rc = stream_shards_list(&s->shards, &listed, clock_monotonic_ms());
	dynamo_shards_clear(&listed);
	if (rc != STATUS_OK)
		return STREAM_TURN_DYNAMODB;
	s->listed = true;
	s->heard = true;
	metrics_set_now(s->parts->metrics, METRICS_STREAM_READ_AT);
	return give_up_gone(s);
}

/* Tells what is wrong with it; true if there is a stream to read. */
static bool inspect(struct stream_state *s, const struct dynamo_table *t)
{
	if (t->stream_arn.len == 0) {
		say_missing(s, "the table has no stream");
		return false;
	}
	if (!t->stream_enabled) /* what was written before can still be read for a day */
		say_missing(s, "the stream is switched off");
	else if (!t->stream_has_image && is_time_to_say(&s->said_view_ms))
		LOG(LOG_ERROR, "stream_has_no_image", log_str("table", s->parts->table_name));
	return true;
}

enum stream_turn stream_source_list(struct stream_state *s)
{
	struct dynamo_table t = { 0 };
	enum stream_turn turn = STREAM_TURN_OK;
	enum status rc = dynamo_describe(s->parts->table, deadline_in(STREAM_CALL_MS), &t);

	s->listed = false;
	s->list_due_ms = clock_monotonic_ms() + LIST_SOON_MS;
	if (rc == STATUS_NOT_FOUND)
		say_missing(s, "the table is missing");
	if (rc != STATUS_OK)
		return rc == STATUS_NOT_FOUND ? STREAM_TURN_OK : STREAM_TURN_DYNAMODB;
	if (inspect(s, &t)) {
		if (!slice_equal(buf_slice(&t.stream_arn), buf_slice(&s->arn)))
			turn = adopt(s, &t.stream_arn);
		stream_signals_take(s->parts->signals, 0);
		if (turn == STREAM_TURN_OK && !s->parts->signals->stop)
			turn = list_shards(s);
	}
	dynamo_table_clear(&t);
	if (turn == STREAM_TURN_OK && s->listed &&
		!stream_shards_unsure(&s->shards, clock_monotonic_ms()))
		s->list_due_ms = clock_monotonic_ms() + LIST_MS;
	return turn;
}
