/* SPDX-License-Identifier: MIT */
/* From records to groups, over the groups in passes, and back to a verdict for each record. What a
 * record says is only looked at for whether it makes sense: the mover reads the table. */
#include "stream/batch.h"

#include "message_table/keys.h"
#include "message_table/rows.h"

#include <stdlib.h>

/* So many groups failing one after the other are no matter of those groups. */
#define FAILURES_IN_A_ROW 3

/* Before the second pass, and so many times longer before each further one. */
#define PAUSE_MS 200
#define PAUSE_GROWTH 4
/* How soon a pause notices that it is to stop. */
#define PAUSE_STEP_MS 50

/* A group of the batch. */
struct work {
	struct uuid group;
	enum stream_fate fate; /* OPEN until it was tried */
	const char *reason;
	int tries, last_pass;
	bool doubtful;
	bool absent; /* its last try found nothing to settle, which an index that lags may mend */
};

/* No group: the record has its verdict already. */
#define NO_WORK SIZE_MAX

struct batch {
	struct group_mover *mover;
	const struct stream_patience *patience;
	struct stream_totals *totals;
	struct work *works; /* room for one a record */
	size_t count;
	size_t *work_of; /* of each record: its place in works, or NO_WORK */
	size_t *slots; /* a hash table of places in works, each plus one; 0: free */
	size_t mask;
};

/* --- What the records are about --------------------------------------------------------------- */

static bool judge(
	const struct dynamo_record *record, struct uuid *group, struct stream_verdict *verdict)
{
	*verdict = (struct stream_verdict){ .fate = STREAM_FATE_SKIPPED };
	if (record->pk.len == 0) {
		*verdict = (struct stream_verdict){ .fate = STREAM_FATE_BROKEN,
			.reason = "it has no key" };
		return false;
	}
	if (!table_key_is_messages(record->pk) || record->event == DYNAMO_EVENT_REMOVE)
		return false;
	if (record->event == DYNAMO_EVENT_UNKNOWN) {
		*verdict = (struct stream_verdict){ .fate = STREAM_FATE_BROKEN,
			.reason = "it says of no known event" };
		return false;
	}
	if (table_key_read_messages(record->pk, group) != STATUS_OK) {
		*verdict = (struct stream_verdict){ .fate = STREAM_FATE_BROKEN,
			.reason = "its key names no group" };
		return false;
	}
	if (record->image && !table_message_is_whole(record->image)) {
		*verdict = (struct stream_verdict){ .fate = STREAM_FATE_BROKEN,
			.reason = "its row holds no message" };
		return false;
	}
	return true;
}

static size_t work_for(struct batch *b, const struct uuid *group)
{
	const struct stream_patience *p = b->patience;
	size_t at = uuid_hash(group) & b->mask;

	for (; b->slots[at] != 0; at = (at + 1) & b->mask) {
		if (uuid_equal(&b->works[b->slots[at] - 1].group, group))
			return b->slots[at] - 1;
	}
	b->works[b->count] = (struct work){ .group = *group,
		.fate = STREAM_FATE_OPEN,
		.doubtful = p->doubtful && p->doubtful(p->context, group) };
	b->slots[at] = ++b->count;
	return b->count - 1;
}

static enum status open_batch(
	struct batch *b, const struct dynamo_records *records, struct stream_verdict *verdicts)
{
	size_t count = dynamo_records_count(records), room = 16;
	struct uuid group;

	while (room < 2 * count)
		room *= 2;
	b->mask = room - 1;
	b->works = calloc(count > 0 ? count : 1, sizeof(*b->works));
	b->work_of = calloc(count > 0 ? count : 1, sizeof(*b->work_of));
	b->slots = calloc(room, sizeof(*b->slots));
	if (!b->works || !b->work_of || !b->slots)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < count; i++) {
		bool concerns = judge(dynamo_records_at(records, i), &group, &verdicts[i]);

		b->work_of[i] = concerns ? work_for(b, &group) : NO_WORK;
	}
	return STATUS_OK;
}

static void close_batch(struct batch *b)
{
	free(b->works);
	free(b->work_of);
	free(b->slots);
}

/* --- Passes ----------------------------------------------------------------------------------- */

static bool is_to_stop(const struct batch *b)
{
	const struct stream_patience *p = b->patience;

	return deadline_left_ms(p->by) == 0 || (p->stop && p->stop(p->context));
}

static void settle(struct batch *b, struct work *w)
{
	struct group_mover_changes changes = { 0 };
	enum status rc = group_mover_settle(
		b->mover, &w->group, deadline_in(b->patience->group_ms), &changes);

	b->totals->changes.moved += changes.moved;
	b->totals->changes.restored += changes.restored;
	b->totals->changes.removed += changes.removed;
	w->reason = NULL;
	w->absent = false;
	w->tries++;
	if (rc == STATUS_OK) {
		w->fate = STREAM_FATE_DONE;
		b->totals->groups++;
		if (changes.moved + changes.restored + changes.removed > 0)
			b->totals->moved++;
		return;
	}
	w->absent = rc == STATUS_NOT_FOUND;
	w->fate = rc == STATUS_INVALID ? STREAM_FATE_BROKEN : STREAM_FATE_FAILED;
	w->reason = group_mover_problem(b->mover);
	if (!*w->reason)
		w->reason = "its group could not be settled";
}

/* What a pass brought out. */
struct pass {
	int number;
	int in_a_row; /* groups that failed one after the other */
	bool ended; /* before it came to all */
	bool again; /* another one is of use */
};

static void try_work(struct batch *b, struct work *w, struct pass *pass)
{
	if (w->tries == 1)
		b->totals->retried++;
	settle(b, w);
	if (w->fate != STREAM_FATE_FAILED || w->absent)
		pass->in_a_row = 0; /* DynamoDB serves */
	if (w->fate != STREAM_FATE_FAILED || w->doubtful)
		return;
	pass->again = true;
	if (!w->absent && ++pass->in_a_row == FAILURES_IN_A_ROW)
		pass->ended = true;
}

/* Either the groups that no pass came to yet, or those that failed in an earlier one. */
static void go_over(struct batch *b, struct pass *pass, bool untried)
{
	for (size_t i = 0; i < b->count && !pass->ended; i++) {
		struct work *w = &b->works[i];
		bool failed = w->fate == STREAM_FATE_FAILED && !w->doubtful &&
			w->last_pass < pass->number;

		if (untried ? w->tries > 0 : !failed)
			continue;
		if (is_to_stop(b)) {
			pass->ended = true;
			pass->again = false;
			return;
		}
		w->last_pass = pass->number;
		try_work(b, w, pass);
	}
}

/* true if another pass is of use. Groups that can't be settled must not stand before others in each
 * pass. */
static bool run_pass(struct batch *b, int number)
{
	struct pass pass = { .number = number };

	go_over(b, &pass, true);
	go_over(b, &pass, false);
	return pass.again;
}

/* false if there is no time for it, or it is to stop. */
static bool pause_before(const struct batch *b, int pass)
{
	int64_t ms = PAUSE_MS;

	while (--pass > 1)
		ms *= PAUSE_GROWTH;
	if (ms >= deadline_left_ms(b->patience->by))
		return false;
	for (struct deadline until = deadline_in(ms); deadline_left_ms(until) > 0;) {
		int64_t left = deadline_left_ms(until);

		if (is_to_stop(b))
			return false;
		clock_sleep_ms(left < PAUSE_STEP_MS ? left : PAUSE_STEP_MS);
	}
	return true;
}

/* What all passes found nothing about is no matter of time. */
static void give_up_absent(struct batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		struct work *w = &b->works[i];

		if (w->absent && (w->doubtful || w->tries >= b->patience->passes))
			w->fate = STREAM_FATE_BROKEN;
	}
}

enum status stream_batch_run(struct group_mover *m, const struct dynamo_records *records,
	const struct stream_patience *patience, struct stream_verdict *verdicts,
	struct stream_totals *totals)
{
	struct batch b = { .mover = m, .patience = patience, .totals = totals };
	enum status rc = open_batch(&b, records, verdicts);
	int pass = 1;

	if (rc != STATUS_OK)
		goto out;
	while (run_pass(&b, pass) && pass < patience->passes && pause_before(&b, pass + 1))
		pass++;
	give_up_absent(&b);
	for (size_t i = 0; i < dynamo_records_count(records); i++) {
		const struct work *w = b.work_of[i] == NO_WORK ? NULL : &b.works[b.work_of[i]];

		if (w)
			verdicts[i] = (struct stream_verdict){ w->fate, w->tries > 0, w->reason };
	}
	for (size_t i = 0; i < b.count; i++) {
		if (b.works[i].fate == STREAM_FATE_FAILED) {
			totals->failed++;
			totals->doubtful += b.works[i].doubtful;
		}
	}
out:
	close_batch(&b);
	return rc;
}
