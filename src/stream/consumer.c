/* SPDX-License-Identifier: MIT */
/* The loop: one step at a time of whatever is due, and a sleep until the next thing is. */
#include "stream/consumer.h"

#include "base/log.h"
#include "stream/outage.h"
#include "stream/state.h"

/* How often an instance that stands by asks for the lock; one that has it, whether it still does.
 */
#define STANDBY_MS 2000
#define CHECK_MS 3000
/* How often checkpoints are renewed though there is nothing to write. */
#define KEEP_MS ((int64_t)5 * 60 * 1000)
#define FIGURES_MS 60000
/* With once: how long to wait for the lock, and for backends that are away. */
#define ONCE_LOCK_MS 15000
#define ONCE_AWAY_MS 60000

struct consumer {
	struct stream_state state;
	struct stream_outage postgres, dynamodb;
	bool said_standby;
	int64_t began_ms;
	int64_t well_ms; /* when everything was as it should be last */
	int64_t lock_due_ms, keep_due_ms, figures_due_ms;
	int64_t hold_ms; /* no call of DynamoDB before this */
};

/* --- Active or standing by -------------------------------------------------------------------- */

static void stand_by(struct consumer *c)
{
	if (c->state.active)
		LOG(LOG_WARN, "stream_inactive");
	stream_state_hand_over(&c->state);
	c->said_standby = false;
	stream_state_forget(&c->state);
}

static void activate(struct consumer *c, int64_t now_ms)
{
	LOG(LOG_INFO, "stream_active", log_str("table", c->state.parts->table_name));
	c->state.active = true;
	c->state.list_due_ms = now_ms;
	c->state.repair_wanted = true;
	c->keep_due_ms = now_ms;
}

/* The lock, which another instance may have, or a statement about it that failed. */
static void try_for_lock(struct consumer *c)
{
	enum status rc =
		stream_checkpoints_lock(&c->state.checkpoints, deadline_in(STREAM_CALL_MS));
	int64_t now_ms = clock_monotonic_ms();

	if (rc != STATUS_OK && rc != STATUS_DENIED) {
		c->lock_due_ms = now_ms + stream_outage_fail(&c->postgres);
		return;
	}
	if (rc == STATUS_DENIED) /* who has the lock has to show that it can write, too */
		stream_outage_over(&c->postgres);
	c->lock_due_ms = now_ms + (rc == STATUS_OK ? CHECK_MS : STANDBY_MS);
	if (rc == STATUS_OK) {
		activate(c, now_ms);
	} else if (!c->said_standby) {
		LOG(LOG_INFO, "stream_stands_by", log_str("table", c->state.parts->table_name));
		c->said_standby = true;
	}
}

/* A stream that can't be read ages: its checkpoints say when it was read last. */
static enum stream_turn check_lock(struct consumer *c)
{
	int64_t now_ms = clock_monotonic_ms();
	bool keep = now_ms >= c->keep_due_ms && c->state.heard;
	struct deadline by = deadline_in(STREAM_CALL_MS);
	enum stream_turn turn;

	c->lock_due_ms = now_ms + CHECK_MS;
	if (!keep)
		return stream_state_postgres(stream_checkpoints_check(&c->state.checkpoints, by));
	turn = stream_state_postgres(
		stream_checkpoints_keep(&c->state.checkpoints, buf_cstr(&c->state.arn), by));
	if (turn == STREAM_TURN_OK) {
		c->keep_due_ms = now_ms + KEEP_MS;
		c->state.heard = false;
		c->state.wrote = true;
	}
	return turn;
}

/* What a step came to, for the ones after it. */
static void take_turn(struct consumer *c, enum stream_turn turn)
{
	int64_t now_ms = clock_monotonic_ms();

	if (c->state.wrote && turn != STREAM_TURN_POSTGRES)
		stream_outage_over(&c->postgres);
	c->state.wrote = false;
	switch (turn) {
	case STREAM_TURN_OK:
		break;
	case STREAM_TURN_LOST:
		LOG(LOG_WARN, "stream_lock_lost");
		stand_by(c);
		c->lock_due_ms = now_ms;
		break;
	case STREAM_TURN_POSTGRES:
		stand_by(c);
		c->lock_due_ms = now_ms + stream_outage_fail(&c->postgres);
		break;
	case STREAM_TURN_DYNAMODB:
		c->hold_ms = now_ms + stream_outage_fail(&c->dynamodb);
		break;
	}
}

/* --- The loop --------------------------------------------------------------------------------- */

/* DynamoDB served whatever was asked of it. */
static void note_well(struct consumer *c)
{
	if (!stream_shards_troubled(&c->state.shards))
		stream_outage_over(&c->dynamodb);
}

/* Dead letters wait while a backend is down. */
static int64_t retry_due_ms(const struct consumer *c)
{
	if (c->dynamodb.since_ms != 0 || c->postgres.since_ms != 0 || c->state.arn.len == 0)
		return INT64_MAX;
	return stream_retry_due_ms(&c->state);
}

/* One step of each kind that is due; true if there was any. */
static bool step_active(struct consumer *c)
{
	struct stream_state *s = &c->state;
	struct stream_signals *signals = s->parts->signals;
	struct stream_shard *shard;
	enum stream_turn turn = STREAM_TURN_OK;
	bool stepped = false;

	if (clock_monotonic_ms() >= s->list_due_ms) {
		turn = stream_source_list(s);
		stepped = true;
		take_turn(c, turn);
		stream_signals_take(signals, 0);
	}
	shard = stream_shards_next(&s->shards);
	if (turn == STREAM_TURN_OK && !shard && stepped && s->listed)
		note_well(c);
	if (turn == STREAM_TURN_OK && shard && !signals->stop &&
		clock_monotonic_ms() >= shard->due_ms) {
		turn = stream_reader_turn(s, shard);
		stepped = true;
		take_turn(c, turn);
		if (turn == STREAM_TURN_OK)
			note_well(c);
		stream_signals_take(signals, 0);
	}
	if (turn == STREAM_TURN_OK && s->repair_wanted && s->arn.len > 0 && !signals->stop) {
		take_turn(c, stream_owed_turn(s));
		stepped = true;
	}
	if (turn == STREAM_TURN_OK && c->state.active && retry_due_ms(c) <= clock_monotonic_ms() &&
		!signals->stop) {
		take_turn(c, stream_retry_turn(s));
		stepped = true;
	}
	return stepped;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* When the next thing is due. */
static int64_t next_due_ms(struct consumer *c)
{
	struct stream_state *s = &c->state;
	struct stream_shard *shard = stream_shards_next(&s->shards);
	int64_t due_ms = s->list_due_ms, now_ms = clock_monotonic_ms();

	if (!c->state.active)
		return earlier(c->lock_due_ms, c->figures_due_ms);
	if (shard)
		due_ms = earlier(due_ms, shard->due_ms);
	due_ms = earlier(due_ms, retry_due_ms(c));
	if (s->repair_wanted && s->arn.len > 0)
		due_ms = now_ms;
	if (due_ms < c->hold_ms)
		due_ms = c->hold_ms;
	return earlier(earlier(due_ms, c->lock_due_ms), c->figures_due_ms);
}

static void step(struct consumer *c)
{
	int64_t now_ms = clock_monotonic_ms();

	if (now_ms >= c->figures_due_ms || c->state.parts->signals->figures) {
		if (now_ms >= c->figures_due_ms)
			c->figures_due_ms = now_ms + FIGURES_MS;
		stream_state_say_figures(&c->state);
	}
	if (now_ms >= c->lock_due_ms) {
		if (c->state.active)
			take_turn(c, check_lock(c));
		else
			try_for_lock(c);
	}
	stream_signals_take(c->state.parts->signals, 0);
	if (c->state.active && now_ms >= c->hold_ms && !c->state.parts->signals->stop)
		(void)step_active(c);
}

static bool is_well(const struct consumer *c)
{
	return c->state.active && c->state.listed && c->dynamodb.since_ms == 0 &&
		c->postgres.since_ms == 0 && !stream_shards_refused(&c->state.shards);
}

/* Everything has been read, and what is due was tried. */
static bool is_done(const struct consumer *c)
{
	const struct stream_state *s = &c->state;

	return c->state.active && s->listed && !s->repair_wanted &&
		stream_shards_drained(&s->shards) && !s->due && s->due_look_ms != 0;
}

/* With once: is it over? *rc says how. */
static bool is_over(const struct consumer *c, enum status *rc)
{
	int64_t now_ms = clock_monotonic_ms();

	if (is_done(c)) {
		*rc = STATUS_OK;
		return true;
	}
	*rc = c->said_standby ? STATUS_CONFLICT : STATUS_UNAVAILABLE;
	if (!c->state.active && c->said_standby)
		return now_ms - c->began_ms >= ONCE_LOCK_MS;
	if (is_well(c))
		return false;
	return now_ms - c->well_ms >= ONCE_AWAY_MS;
}

enum status stream_consumer_run(const struct stream_parts *parts, bool once)
{
	struct consumer c = {
		.state = { .parts = parts,
			.checkpoints = { .pg = parts->pg, .table_name = parts->table_name },
			.once = once,
			.began_s = clock_realtime_us() / 1000000 },
		.postgres = { .name = "postgres" },
		.dynamodb = { .name = "dynamodb" },
		.began_ms = clock_monotonic_ms(),
	};
	enum status rc = STATUS_OK;

	c.figures_due_ms = c.began_ms + FIGURES_MS;
	c.lock_due_ms = c.began_ms;
	c.well_ms = c.began_ms;
	while (!parts->signals->stop && !(once && is_over(&c, &rc))) {
		int64_t wait_ms = next_due_ms(&c) - clock_monotonic_ms();

		stream_signals_take(parts->signals, wait_ms > 0 ? wait_ms : 0);
		if (!parts->signals->stop)
			step(&c);
		if (is_well(&c))
			c.well_ms = clock_monotonic_ms();
		stream_state_count(&c.state);
	}
	if (parts->signals->stop)
		rc = STATUS_OK;
	stream_state_say_figures(&c.state);
	LOG(LOG_INFO, "stream_ends", log_str("status", status_name(rc)));
	stream_state_hand_over(&c.state);
	stream_state_forget(&c.state);
	buf_free(&c.state.arn);
	return rc;
}
