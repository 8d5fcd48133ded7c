/* SPDX-License-Identifier: MIT */
/* Dead letters that time may mend, tried again by the active instance between reads: one group at a
 * time, so that live traffic goes on. */
#include "stream/letters.h"
#include "stream/state.h"

/* How often to look for groups that are due. */
#define LOOK_MS 5000

static void forget(struct stream_state *s)
{
	pg_result_free(s->due);
	s->due = NULL;
	s->due_at = 0;
}

int64_t stream_retry_due_ms(const struct stream_state *s)
{
	return s->due ? 0 : s->due_look_ms;
}

static enum stream_turn look(struct stream_state *s)
{
	enum status rc = stream_letters_due(&s->checkpoints, deadline_in(STREAM_CALL_MS), &s->due);

	if (rc != STATUS_OK)
		return stream_state_postgres(rc);
	s->due_look_ms = clock_monotonic_ms() + LOOK_MS;
	if (pg_result_rows(s->due) == 0)
		forget(s);
	return STREAM_TURN_OK;
}

enum stream_turn stream_retry_turn(struct stream_state *s)
{
	const struct stream_retry retry = {
		.checkpoints = &s->checkpoints, .mover = s->parts->mover, .table = s->parts->table
	};
	enum stream_retried retried;
	enum status rc;

	if (!s->due)
		return look(s);
	rc = stream_letters_retry(&retry, s->due, s->due_at, &retried);
	if (rc != STATUS_OK)
		return stream_state_postgres(rc);
	if (retried == STREAM_RETRIED_SETTLED && ++s->due_at < pg_result_rows(s->due))
		return STREAM_TURN_OK;
	/* After a failure the others wait a while: each may take seconds to fail as well. */
	if (retried == STREAM_RETRIED_SETTLED)
		s->due_look_ms = clock_monotonic_ms();
	forget(s);
	return retried == STREAM_RETRIED_AWAY ? STREAM_TURN_DYNAMODB : STREAM_TURN_OK;
}
