/* SPDX-License-Identifier: MIT */
/* Settling a group: read what is stored, put it right, and again if somebody came between.
 *
 * A row can't change its sort key, so moving one means a new row and the end of the old one. The
 * order is fixed by what readers may see. A list is a Query, and beside a transaction a Query is
 * only read-committed: with both in one transaction it could meet neither row. So the new row comes
 * first, in a transaction with the MBR# row, which says where the member's row is (group_sk) and
 * where it was (prev_sk); the old row is deleted by a later call. In between there are two rows, of
 * which lists show the newer one. A Query that read the new row's place before it was there and
 * reaches the old row's place after its end would have to be under way during a whole transaction
 * and the call after it.
 *
 * The MBR# row's condition (group_sk is still what was read) is the fence: of several consumers
 * that move a row from one place, one succeeds and the others look again. At any moment a member
 * has at most one left-over row of this program's making, at prev_sk, and the next settling of the
 * group removes it. Other programs keep no MBR# rows; what they leave is found through the index,
 * which lags, and so is confirmed by consistent reads, or else by a search of the partition.
 *
 * Attributes that this program does not know go along. What another program changed in the old row
 * after it was read shows when it is deleted (ALL_OLD) and is made up for; what a left-over row has
 * and the right one lacks is taken over before it goes.
 *
 * What a member has not read is counted at each settling, by the read position in the MBR# row. The
 * transaction's condition on the MBR# row includes that position: a mark that comes between makes
 * it fail, and it is counted again. doc/stream.md says how marking as read works beside this.
 *
 * Cost of a usual move, rows up to 1 KB and two members: the newest message 1, the MBR# rows 1, the
 * index 0.5, old and previous rows 4, what is unread 1 or more read units; the transaction 8, the
 * deletes 2, and the index 4 to 6 write units. When nothing is to be done, the reads alone. Doing
 * without the transaction would save 4 write units and lose the fence: a consumer that was held up
 * could add a row behind one that has moved on. */
#include "group_mover/parts.h"

#include <stdlib.h>

/* Somebody else changed the group in between, or a place was taken: each such try is a step
 * forward for somebody, so only a broken table or a flood could use them up. */
#define SETTLE_TRIES 32

enum status group_mover_new(
	struct dynamo *table, struct group_mover_people people, struct group_mover **out)
{
	struct group_mover *m = calloc(1, sizeof(*m));

	if (!m)
		return STATUS_NO_MEMORY;
	m->table = table;
	m->people = people;
	m->problem = "";
	*out = m;
	return STATUS_OK;
}

void group_mover_free(struct group_mover *m)
{
	free(m);
}

const char *group_mover_problem(const struct group_mover *m)
{
	return m->problem;
}

static enum status try_once(struct group_mover *m, const struct uuid *group,
	struct group_lessons *lessons, struct deadline by, struct group_mover_changes *changes)
{
	struct group_view view = { .group = group };
	enum status rc = group_view_read(m, group, lessons, by, &view);

	if (rc == STATUS_OK && view.has_message)
		rc = group_view_apply(m, &view, lessons, by, changes);
	group_view_clear(&view);
	return rc;
}

static const char *words_for(enum status rc)
{
	switch (rc) {
	case STATUS_CONFLICT:
		return "others changed the group again and again";
	case STATUS_TIMEOUT:
		return "no answer in time";
	case STATUS_NO_MEMORY:
		return "out of memory";
	default:
		return "DynamoDB or Postgres did not serve it";
	}
}

enum status group_mover_settle(struct group_mover *m, const struct uuid *group, struct deadline by,
	struct group_mover_changes *changes)
{
	struct group_lessons lessons = { .count = 0 };
	enum status rc = STATUS_CONFLICT;

	*changes = (struct group_mover_changes){ 0 };
	m->problem = "";
	for (int tries = 0; tries < SETTLE_TRIES && rc == STATUS_CONFLICT; tries++) {
		if (deadline_left_ms(by) == 0) {
			rc = STATUS_TIMEOUT;
			break;
		}
		rc = try_once(m, group, &lessons, by, changes);
	}
	for (size_t i = 0; i < lessons.count; i++)
		buf_free(&lessons.taken[i]);
	if (rc != STATUS_OK && !m->problem[0])
		m->problem = words_for(rc);
	return rc;
}
