/* SPDX-License-Identifier: MIT */
/* What is wrong with a group's rows, and the writes that put it right: left-over rows first, then
 * one transaction for all members, then the rows that were moved away from. See mover.c; the end of
 * a row is rows.c's. */
#include "group_mover/parts.h"

#include "message_table/keys.h"
#include "message_table/sort_key.h"

/* What happens to a member's row. */
enum row_work {
	ROW_STAYS,
	ROW_MOVES, /* a new one at the target, made from the current one */
	ROW_RETURNS, /* a new one at the target, as there is none */
	ROW_CHANGES, /* it is at the target, with another text or count */
};

/* One member's part of the transaction, and the memory that its writes point into. */
struct step {
	struct group_member *member;
	const struct group_row *current; /* NULL: the row was lost */
	enum row_work work;
	bool recounts; /* the row's count changes */
	bool points; /* the MBR# row changes */
	struct slice target, shown; /* where the row will be, and the message it will show */
	struct slice text; /* of that message */
	struct buf behind; /* the target, where a taken place forced it */
	struct table_key row_pk, pointer_pk;
	struct dynamo_attr row[9], row_key[2], copies[3];
	struct dynamo_attr pointer[6], pointer_key[2], places[3];
	struct table_condition seen_row, seen_pointer;
};

/* A row and a pointer for each member. */
#define WRITES_MAX ((size_t)2 * GROUP_MEMBERS_MAX)

struct plan {
	struct group_view *view;
	struct step steps[GROUP_MEMBERS_MAX];
	struct dynamo_write writes[WRITES_MAX];
	struct step *row_of[WRITES_MAX]; /* the step whose new row a write is; NULL: none */
	size_t count;
};

/* --- Deciding ----------------------------------------------------------------------------- */

/* The message that the current row shows. */
static struct slice shown_by(const struct group_member *member, const struct group_row *row)
{
	if (member->has_pointer && member->shown_sk.len > 0 &&
		slice_equal(buf_slice(&member->pointer_sk), row->sk))
		return buf_slice(&member->shown_sk);
	return row->sk;
}

/* Where a new row goes: at the message's time, or behind the place that was found taken. */
static enum status aim(
	struct step *s, const struct group_view *v, const struct group_lessons *lessons)
{
	s->target = v->message_sk;
	for (size_t i = 0; i < lessons->count; i++) {
		struct slice sk = buf_slice(&lessons->taken[i]);

		if (!uuid_equal(&lessons->user[i], &s->member->user) ||
			slice_compare(sk, s->target) < 0)
			continue;
		if (sort_key_next(sk, &s->behind) != STATUS_OK)
			return STATUS_NO_MEMORY;
		s->target = buf_slice(&s->behind);
	}
	return STATUS_OK;
}

/* Whether the current row says what is unread. Where the MBR# row knows no position, what the row
 * says of one stays. */
static bool is_counted(const struct step *s)
{
	const struct dynamo_item *row = s->current->item;
	struct slice last_read = buf_slice(&s->member->read_uuid);

	return slice_equal(table_text(row, TABLE_UNREAD), slice_of(s->member->unread)) &&
		(last_read.len == 0 || slice_equal(table_text(row, TABLE_LAST_READ), last_read));
}

static enum status decide(
	struct step *s, const struct group_view *v, const struct group_lessons *lessons)
{
	const struct group_member *member = s->member;
	struct slice pointed = buf_slice(&member->pointer_sk), remembered;
	enum status rc = STATUS_OK;

	s->shown = v->message_sk;
	s->text = v->message;
	if (!s->current) {
		s->work = ROW_RETURNS;
		rc = aim(s, v, lessons);
	} else if (slice_compare(v->message_sk, shown_by(member, s->current)) < 0) {
		s->work = ROW_STAYS; /* what it shows was removed since: forward only */
		s->target = s->current->sk;
		s->shown = shown_by(member, s->current);
		s->text = table_text(s->current->item, TABLE_MESSAGE);
	} else if (slice_compare(v->message_sk, s->current->sk) <= 0) {
		s->target = s->current->sk;
		s->work = slice_equal(table_text(s->current->item, TABLE_MESSAGE), v->message)
			? ROW_STAYS
			: ROW_CHANGES;
	} else {
		s->work = ROW_MOVES;
		rc = aim(s, v, lessons);
	}
	s->recounts = !s->current || s->work == ROW_MOVES || !is_counted(s);
	if (s->work == ROW_STAYS && s->recounts)
		s->work = ROW_CHANGES;
	remembered = member->shown_sk.len > 0 ? buf_slice(&member->shown_sk) : pointed;
	/* A count comes with the condition that the member has read no further. */
	s->points = s->recounts || !member->has_pointer || !slice_equal(pointed, s->target) ||
		!slice_equal(remembered, s->shown);
	return rc;
}

/* --- The writes --------------------------------------------------------------------------- */

static struct dynamo_write new_row(struct step *s, const struct group_view *v)
{
	struct dynamo_attr *row = s->row;
	size_t count = 0;
	struct dynamo_write w;

	row[count++] = table_attr(TABLE_PK, table_key_slice(&s->row_pk));
	row[count++] = table_attr(TABLE_SK, s->target);
	row[count++] = table_attr(TABLE_MESSAGE, v->message);
	row[count++] = table_attr(TABLE_UNREAD, slice_of(s->member->unread));
	if (s->member->read_uuid.len > 0)
		row[count++] = table_attr(TABLE_LAST_READ, buf_slice(&s->member->read_uuid));
	if (s->work == ROW_RETURNS) {
		const struct user *peer = &s->member->peer;

		row[count++] = table_attr(TABLE_GROUP_UUID, uuid_slice(v->group));
		row[count++] = table_attr(TABLE_USER_UUID, uuid_slice(&s->member->other));
		row[count++] = table_attr(TABLE_USER_DISPLAY_NAME, slice_of(peer->display_name));
		row[count++] = table_attr(TABLE_USER_HANDLE, slice_of(peer->handle));
	}
	w = table_put_new(row, count);
	w.base = s->current ? s->current->item : NULL;
	return w;
}

/* Only while it is still the row that was read, with the text and the count that were read: of two
 * edits the later one stays. */
static struct dynamo_write changed_row(struct step *s, const struct group_view *v)
{
	static const char *const updates[] = {
		NULL,
		"SET " TABLE_MESSAGE " = :text",
		"SET " TABLE_MESSAGE " = :text, " TABLE_UNREAD " = :unread",
		"SET " TABLE_MESSAGE " = :text, " TABLE_UNREAD " = :unread, " TABLE_LAST_READ
		" = :last_read",
	};
	const struct dynamo_item *row = s->current->item;
	const struct table_seen seen[] = {
		{ TABLE_GROUP_UUID, uuid_slice(v->group) },
		{ TABLE_MESSAGE, table_text(row, TABLE_MESSAGE) },
		{ TABLE_UNREAD, table_text(row, TABLE_UNREAD) },
	};
	size_t copies = !s->recounts ? 1 : s->member->read_uuid.len == 0 ? 2 : 3;

	s->row_key[0] = table_attr(TABLE_PK, table_key_slice(&s->row_pk));
	s->row_key[1] = table_attr(TABLE_SK, s->target);
	s->copies[0] = table_attr("text", s->text);
	s->copies[1] = table_attr("unread", slice_of(s->member->unread));
	s->copies[2] = table_attr("last_read", buf_slice(&s->member->read_uuid));
	return (struct dynamo_write){ .kind = DYNAMO_UPDATE,
		.attrs = s->row_key,
		.attr_count = 2,
		.update = { updates[copies], s->copies, copies },
		.condition = table_as_seen(seen, s->recounts ? 3 : 2, &s->seen_row) };
}

static struct dynamo_write new_pointer(struct step *s)
{
	struct dynamo_attr *pointer = s->pointer;
	size_t count = 0;

	pointer[count++] = table_attr(TABLE_PK, table_key_slice(&s->pointer_pk));
	pointer[count++] = table_attr(TABLE_SK, uuid_slice(&s->member->user));
	pointer[count++] = table_attr(TABLE_MEMBER_GROUP_SK, s->target);
	pointer[count++] = table_attr(TABLE_MEMBER_MESSAGE_SK, s->shown);
	if (s->member->has_other)
		pointer[count++] = table_attr(TABLE_MEMBER_OTHER, uuid_slice(&s->member->other));
	if (s->work == ROW_MOVES)
		pointer[count++] = table_attr(TABLE_MEMBER_PREV_SK, s->current->sk);
	return table_put_new(pointer, count);
}

#define SET_PLACE                                                                                  \
	"SET " TABLE_MEMBER_GROUP_SK " = :group_sk, " TABLE_MEMBER_MESSAGE_SK " = :message_sk"

static struct slice seen_text(const struct buf *b)
{
	return b->len > 0 ? buf_slice(b) : (struct slice){ 0 };
}

/* Whatever was at prev_sk is gone by now; after a move the current row's place takes its turn. */
static struct dynamo_write moved_pointer(struct step *s)
{
	const struct table_seen seen[] = {
		{ TABLE_MEMBER_GROUP_SK, seen_text(&s->member->pointer_sk) },
		{ TABLE_MEMBER_READ_SK, seen_text(&s->member->read_sk) },
	};
	bool moves = s->work == ROW_MOVES;

	s->pointer_key[0] = table_attr(TABLE_PK, table_key_slice(&s->pointer_pk));
	s->pointer_key[1] = table_attr(TABLE_SK, uuid_slice(&s->member->user));
	s->places[0] = table_attr("group_sk", s->target);
	s->places[1] = table_attr("message_sk", s->shown);
	if (moves)
		s->places[2] = table_attr("prev_sk", s->current->sk);
	return (struct dynamo_write){ .kind = DYNAMO_UPDATE,
		.attrs = s->pointer_key,
		.attr_count = 2,
		.update = { moves ? SET_PLACE ", " TABLE_MEMBER_PREV_SK " = :prev_sk"
				  : SET_PLACE " REMOVE " TABLE_MEMBER_PREV_SK,
			s->places, moves ? 3 : 2 },
		.condition = table_as_seen(seen, 2, &s->seen_pointer) };
}

static void add_step(struct plan *p, struct step *s)
{
	s->row_pk = table_key_group_rows(&s->member->user);
	s->pointer_pk = table_key_members(p->view->group);
	if (s->work == ROW_CHANGES) {
		p->writes[p->count++] = changed_row(s, p->view);
	} else if (s->work != ROW_STAYS) {
		p->row_of[p->count] = s;
		p->writes[p->count++] = new_row(s, p->view);
	}
	if (s->points)
		p->writes[p->count++] = s->member->has_pointer ? moved_pointer(s) : new_pointer(s);
}

static enum status fill_plan(struct plan *p, const struct group_lessons *lessons)
{
	enum status rc = STATUS_OK;

	for (size_t i = 0; rc == STATUS_OK && i < p->view->member_count; i++) {
		struct step *s = &p->steps[i];

		s->member = &p->view->members[i];
		s->current = s->member->row_count > 0 ? &s->member->rows[0] : NULL;
		rc = decide(s, p->view, lessons);
		if (rc == STATUS_OK)
			add_step(p, s);
	}
	return rc;
}

static void clear_plan(struct plan *p)
{
	for (size_t i = 0; i < GROUP_MEMBERS_MAX; i++)
		buf_free(&p->steps[i].behind);
}

/* --- Doing it ----------------------------------------------------------------------------- */

/* Keeps the furthest place of each person. */
static enum status learn_taken(struct group_lessons *lessons, const struct step *s)
{
	size_t i = 0;

	while (i < lessons->count && !uuid_equal(&lessons->user[i], &s->member->user))
		i++;
	if (i == GROUP_MEMBERS_MAX)
		return STATUS_OK;
	if (i == lessons->count)
		lessons->count++;
	lessons->user[i] = s->member->user;
	buf_clear(&lessons->taken[i]);
	buf_add_slice(&lessons->taken[i], s->target);
	return buf_ok(&lessons->taken[i]) ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status transact(
	struct group_mover *m, struct plan *p, struct group_lessons *lessons, struct deadline by)
{
	enum dynamo_reason reasons[WRITES_MAX] = { DYNAMO_REASON_NONE };
	enum status rc = dynamo_transact(m->table, p->writes, p->count, by, reasons);

	if (rc == STATUS_UNAVAILABLE && dynamo_write_was_invalid(m->table)) {
		m->problem = "DynamoDB calls a row that it needs invalid";
		return STATUS_INVALID;
	}
	if (rc != STATUS_CONFLICT)
		return rc;
	for (size_t i = 0; i < p->count; i++) {
		if (p->row_of[i] && reasons[i] == DYNAMO_REASON_CONDITION &&
			learn_taken(lessons, p->row_of[i]) != STATUS_OK)
			return STATUS_NO_MEMORY;
	}
	return STATUS_CONFLICT;
}

static enum status finish(struct group_mover *m, const struct plan *p, struct deadline by,
	struct group_mover_changes *changes)
{
	enum status rc = STATUS_OK;

	for (size_t i = 0; i < p->view->member_count; i++) {
		const struct step *s = &p->steps[i];

		changes->moved += s->work == ROW_MOVES || s->work == ROW_CHANGES;
		changes->restored += s->work == ROW_RETURNS;
		if (s->work == ROW_MOVES && rc == STATUS_OK)
			rc = group_row_leave(m, p->view, s->member, s->target, by);
	}
	return rc;
}

enum status group_view_apply(struct group_mover *m, struct group_view *v,
	struct group_lessons *lessons, struct deadline by, struct group_mover_changes *changes)
{
	struct plan plan = { .view = v };
	enum status rc = group_rows_remove_left_over(m, v, by, changes);

	if (rc == STATUS_OK && v->cut) {
		/* The index may go on naming rows that are gone: from now on it is not asked. */
		lessons->search = true;
		rc = STATUS_CONFLICT;
	}
	if (rc == STATUS_OK)
		rc = fill_plan(&plan, lessons);
	if (rc == STATUS_OK && plan.count > 0) {
		rc = transact(m, &plan, lessons, by);
		if (rc == STATUS_OK)
			rc = finish(m, &plan, by, changes);
	}
	clear_plan(&plan);
	return rc;
}
