/* SPDX-License-Identifier: MIT */
/* An owed repair, worked off in slices by the active instance. It is owed in Postgres until it is
 * over, so that a crash does not forget it; what is missed while it goes on is owed again. */
#include "base/log.h"
#include "message_table/keys.h"
#include "stream/letters.h"
#include "stream/state.h"

#include <stdio.h>

/* It goes on for so long between two reads. */
#define SLICE_MS 250

/* A group that it can't put right must not keep it owed. */
static enum status set_group_aside(
	void *context, const struct uuid *group, const char *reason, bool retry)
{
	struct stream_state *s = context;
	char number[sizeof("repair:") + UUID_LEN];
	struct table_key pk = table_key_messages(group);
	struct stream_letter letter = { .stream_arn = buf_cstr(&s->arn),
		.shard_id = "",
		.pk = table_key_slice(&pk),
		.sk = SLICE(""),
		.reason = reason,
		.retry = retry };
	enum status rc;

	(void)snprintf(number, sizeof(number), "repair:%s", group->text);
	letter.sequence_number = slice_of(number);
	rc = stream_letters_add(&s->checkpoints, &letter, deadline_in(STREAM_CALL_MS));
	if (rc == STATUS_OK) {
		s->figures.set_aside++;
		s->figures.groups_set_aside++;
	}
	s->letter_turn = stream_state_postgres(rc);
	return rc;
}

/* Begins one if one is owed. */
static enum stream_turn begin(struct stream_state *s)
{
	enum status rc =
		stream_checkpoints_owed(&s->checkpoints, deadline_in(STREAM_CALL_MS), &s->debts);

	if (rc != STATUS_OK)
		return stream_state_postgres(rc);
	if (s->debts == 0) {
		s->repair_wanted = false;
		return STREAM_TURN_OK;
	}
	if (stream_repair_new(s->parts->table, s->parts->mover, &s->repair) != STATUS_OK)
		return STREAM_TURN_DYNAMODB;
	LOG(LOG_WARN, "stream_repair_begins", log_int("debts", s->debts));
	return STREAM_TURN_OK;
}

static enum stream_turn end(struct stream_state *s)
{
	const struct stream_repair_progress *p = stream_repair_progress(s->repair);
	bool left_over;
	enum status rc = stream_checkpoints_repaired(
		&s->checkpoints, s->debts, deadline_in(STREAM_CALL_MS), &left_over);

	if (rc != STATUS_OK)
		return stream_state_postgres(rc);
	LOG(LOG_WARN, "stream_repair_done", log_int("rows", p->rows), log_int("groups", p->groups),
		log_int("moved", (int64_t)p->changes.moved),
		log_int("restored", (int64_t)p->changes.restored),
		log_int("removed", (int64_t)p->changes.removed), log_int("failed", p->failed));
	s->repair_wanted = left_over;
	stream_repair_free(s->repair);
	s->repair = NULL;
	return STREAM_TURN_OK;
}

enum stream_turn stream_owed_turn(struct stream_state *s)
{
	const struct stream_repair_pace pace = { .until = deadline_in(SLICE_MS),
		.stop = stream_state_is_to_stop,
		.failed = set_group_aside,
		.context = s };
	int64_t before;
	bool done;
	enum status rc;

	if (!s->repair)
		return begin(s);
	before = stream_repair_progress(s->repair)->groups;
	s->letter_turn = STREAM_TURN_OK;
	rc = stream_repair_step(s->repair, &pace, &done);
	s->figures.repaired += stream_repair_progress(s->repair)->groups - before;
	if (s->letter_turn != STREAM_TURN_OK)
		return s->letter_turn;
	if (rc != STATUS_OK)
		return STREAM_TURN_DYNAMODB;
	return done ? end(s) : STREAM_TURN_OK;
}
