/* SPDX-License-Identifier: MIT */
/* What all steps of a consumer share. */
#include "stream/state.h"

#include "base/log.h"

/* A batch is finished after a signal if that takes no longer. */
#define GRACE_MS 1000
/* An open shard is read more than once a second: whatever it holds since, nobody knows. */
#define UNREAD_MS 3000

enum stream_turn stream_state_postgres(enum status rc)
{
	if (rc == STATUS_OK)
		return STREAM_TURN_OK;
	return rc == STATUS_DENIED ? STREAM_TURN_LOST : STREAM_TURN_POSTGRES;
}

enum stream_turn stream_state_missed(
	struct stream_state *s, const char *reason, const char *shard_id)
{
	LOG(LOG_ERROR, "stream_data_missed", log_str("reason", reason), log_str("shard", shard_id));
	s->figures.missed++;
	s->repair_wanted = true;
	return stream_state_postgres(
		stream_checkpoints_owe(&s->checkpoints, reason, deadline_in(STREAM_CALL_MS)));
}

void stream_state_say_figures(struct stream_state *s)
{
	int64_t behind_s = stream_shards_behind_s(&s->shards);
	int64_t lag_ms = behind_s > 0 ? clock_realtime_us() / 1000 - behind_s * 1000 : 0;
	int64_t unread_ms = stream_shards_unread_ms(&s->shards, clock_monotonic_ms());

	if (unread_ms >= UNREAD_MS && unread_ms > lag_ms)
		lag_ms = unread_ms;
	stream_figures_say(&s->figures, s->active, lag_ms > 0 ? lag_ms : 0);
	s->parts->signals->figures = false;
}

/* Since when something waits to be read, in us since 1970; 0: nothing does. */
static int64_t waiting_since_us(const struct stream_state *s)
{
	int64_t since_us = stream_shards_behind_s(&s->shards) * 1000000;
	int64_t unread_ms = stream_shards_unread_ms(&s->shards, clock_monotonic_ms());
	int64_t read_us = clock_realtime_us() - unread_ms * 1000;

	return unread_ms >= UNREAD_MS && (since_us == 0 || read_us < since_us) ? read_us : since_us;
}

void stream_state_count(struct stream_state *s)
{
	struct metrics *m = s->parts->metrics;

	if (!m)
		return;
	stream_figures_count(&s->figures, &s->told, m);
	if (!s->active)
		return;
	metrics_set(m, METRICS_STREAM_ACTIVE, 1);
	metrics_set(m, METRICS_STREAM_BEHIND, (uint64_t)waiting_since_us(s));
	metrics_set(m, METRICS_STREAM_OWED, s->repair_wanted && s->debts > 0);
}

void stream_state_hand_over(struct stream_state *s)
{
	if (s->active)
		metrics_set(s->parts->metrics, METRICS_STREAM_ACTIVE, 0);
	s->active = false;
}

bool stream_state_is_to_stop(void *context)
{
	struct stream_state *s = context;
	struct stream_signals *signals = s->parts->signals;

	stream_signals_take(signals, 0);
	if (signals->figures)
		stream_state_say_figures(s);
	return signals->stop && clock_monotonic_ms() - signals->stop_ms >= GRACE_MS;
}

void stream_state_forget(struct stream_state *s)
{
	stream_repair_free(s->repair);
	s->repair = NULL;
	pg_result_free(s->due);
	s->due = NULL;
	s->due_look_ms = 0;
	stream_shards_clear(&s->shards);
	s->heard = false;
	buf_clear(&s->arn);
	s->listed = false;
}
