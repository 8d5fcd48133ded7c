/* SPDX-License-Identifier: MIT */
/* One turn of one shard. Its checkpoint is written after the groups of the records were settled and
 * the dead letters kept, never before: whatever is interrupted is read again, which changes
 * nothing. */
#include "stream/letters.h"
#include "stream/state.h"

#include "base/log.h"
#include "message_table/keys.h"

#include <stdio.h>
#include <stdlib.h>

/* How soon a shard is read again after a page without records: one that had some lately, and one
 * that had not. A message shows in both lists within a second. */
#define LIVELY_MS 10000
#define POLL_LIVELY_MS 200
#define POLL_IDLE_MS 500
/* After a shard was unknown, or an iterator was refused. */
#define POLL_REFUSED_MS 2000

#define PASSES 3
#define GROUP_MS 5000
/* A batch goes on for so long at the most: other shards wait for their turn. What it did not come
 * to is read again, with all that comes after it, so this is long enough for the groups of a page
 * with a DynamoDB that is slow. */
#define BATCH_MS 30000
#define PING_MS 2000
/* While most groups fail and DynamoDB still answers (its writes alone may be throttled), they are
 * tried again for so long before they are set aside. Records that come meanwhile are read along
 * with them: if their groups can be settled, it is the others' own matter. */
#define TROUBLE_MS 15000
#define POLL_TROUBLE_MS 500

/* A page of records and what became of them. */
struct page {
	struct stream_state *s;
	struct stream_shard *shard;
	const struct dynamo_records *records;
	struct stream_verdict *verdicts;
	size_t count;
	size_t dealt_with; /* of the first records */
	bool complete; /* the groups that failed had all their passes */
	bool well; /* what failed is the matter of single groups */
	bool away; /* DynamoDB does not even answer a ping */
};

/* --- Verdicts --------------------------------------------------------------------------------- */

static bool is_doubtful(void *context, const struct uuid *group)
{
	const struct stream_state *s = context;

	return stream_failing_has(&s->failing, group, clock_monotonic_ms());
}

/* May groups that failed be set aside, or is it more than them that is not well? */
static bool find_out_well(struct page *p, const struct stream_totals *totals)
{
	struct stream_state *s = p->s;
	int64_t now_ms = clock_monotonic_ms();
	size_t fresh = totals->failed - totals->doubtful;

	if (totals->failed == 0) {
		p->shard->trouble_ms = 0;
		return true;
	}
	if (s->parts->signals->stop)
		return false;
	p->away = dynamo_ping(s->parts->table, deadline_in(PING_MS)) != STATUS_OK;
	if (p->away)
		return false;
	if (fresh <= totals->groups) {
		p->shard->trouble_ms = 0;
		return true;
	}
	if (p->shard->trouble_ms == 0)
		p->shard->trouble_ms = now_ms;
	return now_ms - p->shard->trouble_ms >= TROUBLE_MS;
}

static enum status judge(struct page *p)
{
	struct stream_state *s = p->s;
	const struct stream_patience patience = { .passes = PASSES,
		.by = deadline_in(BATCH_MS),
		.group_ms = GROUP_MS,
		.stop = stream_state_is_to_stop,
		.doubtful = is_doubtful,
		.context = s };
	struct stream_totals totals = { 0 };
	enum status rc =
		stream_batch_run(s->parts->mover, p->records, &patience, p->verdicts, &totals);

	stream_figures_add_totals(&s->figures, &totals);
	p->complete = deadline_left_ms(patience.by) > 0 && !s->parts->signals->stop;
	p->well = rc == STATUS_OK && find_out_well(p, &totals);
	return rc;
}

static enum stream_turn set_aside(struct page *p, size_t i)
{
	const struct dynamo_record *record = dynamo_records_at(p->records, i);
	char unnamed[DYNAMO_SEQUENCE_SIZE + 32];
	struct stream_letter letter = { .stream_arn = buf_cstr(&p->s->arn),
		.shard_id = p->shard->id,
		.sequence_number = record->sequence_number,
		.pk = record->pk,
		.sk = record->sk,
		.reason = p->verdicts[i].reason,
		.retry = p->verdicts[i].fate == STREAM_FATE_FAILED };
	enum stream_turn turn;

	if (letter.sequence_number.len == 0) {
		(void)snprintf(unnamed, sizeof(unnamed), "%s+%zu", p->shard->position, i + 1);
		letter.sequence_number = slice_of(unnamed);
	}
	turn = stream_state_postgres(
		stream_letters_add(&p->s->checkpoints, &letter, deadline_in(STREAM_CALL_MS)));
	if (turn == STREAM_TURN_OK)
		p->s->figures.set_aside++;
	return turn;
}

/* Is record i to be set aside? false: it has to be tried again first. */
static bool may_set_aside(struct page *p, size_t i)
{
	const struct stream_verdict *v = &p->verdicts[i];
	struct uuid group;
	bool doubtful;

	if (v->fate == STREAM_FATE_FAILED && !p->well)
		return false;
	if (!v->tried ||
		table_key_read_messages(dynamo_records_at(p->records, i)->pk, &group) != STATUS_OK)
		return true;
	doubtful = is_doubtful(p->s, &group);
	stream_failing_note(&p->s->failing, &group, clock_monotonic_ms());
	return v->fate == STREAM_FATE_BROKEN || doubtful || p->complete;
}

/* Counts the records that are dealt with, from the first one on, setting aside what has to be. Each
 * letter may take its time: a signal does not wait for all of them. */
static enum stream_turn deal(struct page *p)
{
	enum stream_turn turn = STREAM_TURN_OK;

	for (; p->dealt_with < p->count; p->dealt_with++) {
		size_t i = p->dealt_with;
		enum stream_fate fate = p->verdicts[i].fate;

		if (fate == STREAM_FATE_OPEN)
			return STREAM_TURN_OK;
		if (fate == STREAM_FATE_SKIPPED)
			p->s->figures.skipped++;
		if (fate == STREAM_FATE_FAILED || fate == STREAM_FATE_BROKEN) {
			if (stream_state_is_to_stop(p->s) || !may_set_aside(p, i))
				return STREAM_TURN_OK;
			turn = set_aside(p, i);
			if (turn != STREAM_TURN_OK)
				break;
		}
		p->s->figures.records++;
	}
	return turn;
}

/* --- Where to go on --------------------------------------------------------------------------- */

static enum stream_turn save(struct stream_state *s, struct stream_shard *shard, bool finished)
{
	const struct stream_place place = { .stream_arn = buf_cstr(&s->arn),
		.shard_id = shard->id,
		.position = shard->position,
		.finished = finished };
	enum stream_turn turn = stream_state_postgres(
		stream_checkpoints_save(&s->checkpoints, &place, deadline_in(STREAM_CALL_MS)));

	if (turn == STREAM_TURN_OK) {
		shard->begun = true;
		s->wrote = true;
	}
	return turn;
}

/* The number of the last record that was dealt with and has one. */
static void advance_position(struct page *p)
{
	for (size_t i = p->dealt_with; i > 0; i--) {
		struct slice number = dynamo_records_at(p->records, i - 1)->sequence_number;

		if (number.len > 0 && number.len < DYNAMO_SEQUENCE_SIZE) {
			memcpy(p->shard->position, number.ptr, number.len);
			p->shard->position[number.len] = '\0';
			return;
		}
	}
}

static enum stream_turn finish_shard(struct page *p)
{
	struct stream_state *s = p->s;
	enum stream_turn turn = save(s, p->shard, true);

	if (turn != STREAM_TURN_OK)
		return turn;
	LOG(LOG_INFO, "stream_shard_finished", log_str("shard", p->shard->id));
	stream_shards_finish(p->shard, clock_monotonic_ms());
	s->listed = false;
	s->list_due_ms = clock_monotonic_ms();
	return STREAM_TURN_OK;
}

/* When to read the page after this one, which was dealt with to its end. */
static void schedule(struct page *p)
{
	struct stream_shard *shard = p->shard;
	int64_t now_ms = clock_monotonic_ms();
	bool lively;

	if (p->count > 0) {
		shard->records_ms = now_ms;
		shard->empty_pages = 0;
		shard->newest_s = dynamo_records_at(p->records, p->count - 1)->created_s;
		shard->due_ms = now_ms;
		return;
	}
	shard->empty_pages++;
	shard->newest_s = 0;
	lively = p->s->once || (shard->records_ms > 0 && now_ms - shard->records_ms < LIVELY_MS);
	shard->due_ms = now_ms + (lively ? POLL_LIVELY_MS : POLL_IDLE_MS);
}

static enum stream_turn move_on(struct page *p)
{
	struct stream_shard *shard = p->shard;
	struct slice next = dynamo_records_next(p->records);
	enum stream_turn turn = STREAM_TURN_OK;

	if (p->dealt_with > 0) {
		advance_position(p);
		/* Times of creation are rounded down. */
		if (dynamo_records_at(p->records, p->dealt_with - 1)->created_s > p->s->began_s)
			shard->caught_up = true;
	}
	if (p->dealt_with < p->count) {
		/* The rest is read again: a page is not kept over turns. */
		buf_clear(&shard->iterator);
		shard->empty_pages = 0;
		shard->newest_s = dynamo_records_at(p->records, p->dealt_with)->created_s;
		shard->due_ms = clock_monotonic_ms() + (p->well ? 0 : POLL_TROUBLE_MS);
	} else if (next.len == 0) {
		return finish_shard(p);
	} else {
		buf_clear(&shard->iterator);
		buf_add_slice(&shard->iterator, next);
		schedule(p);
	}
	if (p->dealt_with > 0)
		turn = save(p->s, shard, false);
	return turn == STREAM_TURN_OK && p->away ? STREAM_TURN_DYNAMODB : turn;
}

/* --- Reading ---------------------------------------------------------------------------------- */

/* The service refused for a reason that time or another list mends. */
static enum stream_turn wait_for_list(struct stream_state *s, struct stream_shard *shard)
{
	int64_t now_ms = clock_monotonic_ms();

	buf_clear(&shard->iterator);
	shard->refused = true;
	shard->due_ms = now_ms + POLL_REFUSED_MS;
	if (s->list_due_ms > shard->due_ms)
		s->list_due_ms = now_ms;
	return STREAM_TURN_OK;
}

/* The position can't be read on from. */
static enum stream_turn start_over(struct stream_state *s, struct stream_shard *shard)
{
	enum stream_turn turn =
		stream_state_missed(s, "the records after a checkpoint were trimmed", shard->id);

	if (turn != STREAM_TURN_OK)
		return turn;
	shard->position[0] = '\0';
	return save(s, shard, false);
}

/* An old iterator needs a new one, after the last record that was dealt with. A new one that is of
 * no use says that its position is not: the service may tell only now that it was trimmed. */
static enum stream_turn replace_iterator(struct stream_state *s, struct stream_shard *shard)
{
	buf_clear(&shard->iterator);
	shard->refused = true;
	shard->due_ms = clock_monotonic_ms() + POLL_LIVELY_MS;
	return shard->fresh && shard->position[0] != '\0' ? start_over(s, shard) : STREAM_TURN_OK;
}

static enum stream_turn find_iterator(struct stream_state *s, struct stream_shard *shard)
{
	struct dynamo_shard named = { 0 };
	enum stream_turn turn = shard->begun ? STREAM_TURN_OK : save(s, shard, false);
	enum status rc;

	if (turn != STREAM_TURN_OK)
		return turn;
	memcpy(named.id, shard->id, sizeof(named.id));
	memcpy(named.parent, shard->parent, sizeof(named.parent));
	rc = dynamo_streams_iterator(s->parts->streams, buf_cstr(&s->arn), &named, shard->position,
		deadline_in(STREAM_CALL_MS), &shard->iterator);
	shard->fresh = rc == STATUS_OK;
	if (rc == STATUS_OK)
		return STREAM_TURN_OK;
	buf_clear(&shard->iterator);
	if (rc == STATUS_NOT_FOUND || (rc == STATUS_CONFLICT && shard->position[0] == '\0'))
		return wait_for_list(s, shard);
	return rc == STATUS_CONFLICT ? start_over(s, shard) : STREAM_TURN_DYNAMODB;
}

static enum stream_turn process(
	struct stream_state *s, struct stream_shard *shard, const struct dynamo_records *records)
{
	struct page p = {
		.s = s, .shard = shard, .records = records, .count = dynamo_records_count(records)
	};
	enum stream_turn turn = STREAM_TURN_DYNAMODB;

	p.verdicts = calloc(p.count > 0 ? p.count : 1, sizeof(*p.verdicts));
	p.well = true;
	if (p.verdicts && (p.count == 0 || judge(&p) == STATUS_OK))
		turn = deal(&p);
	if (turn == STREAM_TURN_OK)
		turn = move_on(&p);
	free(p.verdicts);
	return turn;
}

static enum stream_turn read_page(struct stream_state *s, struct stream_shard *shard)
{
	struct dynamo_records *records;
	enum stream_turn turn;
	enum status rc = dynamo_streams_read(s->parts->streams, buf_slice(&shard->iterator),
		deadline_in(STREAM_CALL_MS), &records);

	if (rc == STATUS_NOT_FOUND)
		return wait_for_list(s, shard);
	if (rc == STATUS_CONFLICT)
		return replace_iterator(s, shard);
	if (rc != STATUS_OK)
		return STREAM_TURN_DYNAMODB;
	shard->fresh = false;
	shard->refused = false;
	shard->read_ms = clock_monotonic_ms();
	s->heard = true;
	metrics_set_now(s->parts->metrics, METRICS_STREAM_READ_AT);
	turn = process(s, shard, records);
	dynamo_records_free(records);
	return turn;
}

enum stream_turn stream_reader_turn(struct stream_state *s, struct stream_shard *shard)
{
	enum stream_turn turn = STREAM_TURN_OK;

	if (shard->iterator.len == 0)
		turn = find_iterator(s, shard);
	stream_signals_take(s->parts->signals, 0);
	if (turn == STREAM_TURN_OK && shard->iterator.len > 0 && !s->parts->signals->stop)
		turn = read_page(s, shard);
	shard->troubled = turn != STREAM_TURN_OK;
	if (shard->troubled) /* whatever it was: an iterator that may be the cause is not kept */
		buf_clear(&shard->iterator);
	return turn;
}
