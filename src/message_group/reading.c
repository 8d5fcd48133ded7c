/* SPDX-License-Identifier: MIT */
/* Two writes: first the position in the MBR# row, which only goes forward, then the copies in the
 * GRP# row, where that is now.
 *
 * The second must not undo what others wrote by a later position: another window, or the mover,
 * which counts by the position that it read and writes in one transaction with the condition that
 * this is still the member's. So it is made only if the row's copy of the position is the one
 * before ours: then nobody wrote by ours or a later one yet. If it is not, or the row is not there
 * (it moved), it is looked at what is: either somebody has done our work, or a position was never
 * copied, as its writer ended between the writes, and then it is done here. Another program may
 * have moved the row and taken our attributes off: then it is searched for. */
#include "message_group/reading.h"

#include "base/log.h"
#include "message_group/find.h"
#include "message_group/store.h"
#include "message_group/unread.h"

/* Each means that another writer came between: another window, or the mover. */
#define MARK_TRIES 16

/* A MBR# row, as far as it matters here. */
struct position {
	struct buf group_sk, read_sk, read_uuid;
};

static void clear_position(struct position *p)
{
	buf_free(&p->group_sk);
	buf_free(&p->read_sk);
	buf_free(&p->read_uuid);
	*p = (struct position){ 0 };
}

static enum status take_position(const struct dynamo_page *page, struct position *out)
{
	const struct dynamo_item *row = dynamo_page_item(page, 0);

	if (!row)
		return STATUS_NOT_FOUND;
	buf_add_slice(&out->group_sk, table_text(row, TABLE_MEMBER_GROUP_SK));
	buf_add_slice(&out->read_sk, table_text(row, TABLE_MEMBER_READ_SK));
	buf_add_slice(&out->read_uuid, table_text(row, TABLE_MEMBER_READ_UUID));
	return buf_ok(&out->group_sk) && buf_ok(&out->read_sk) && buf_ok(&out->read_uuid)
		? STATUS_OK
		: STATUS_NO_MEMORY;
}

static enum status read_position(struct dynamo *d, const struct message_group_mark *mark,
	struct deadline by, struct position *out)
{
	struct table_key pk = table_key_members(mark->group);
	struct dynamo_page *page;
	enum status rc = dynamo_get(d, table_key_slice(&pk), uuid_slice(mark->user), by, &page);

	if (rc != STATUS_OK)
		return rc;
	rc = take_position(page, out);
	dynamo_page_free(page);
	return rc;
}

static bool same_position(const struct position *a, const struct position *b)
{
	return slice_equal(buf_slice(&a->group_sk), buf_slice(&b->group_sk)) &&
		slice_equal(buf_slice(&a->read_sk), buf_slice(&b->read_sk));
}

/* The first write. STATUS_OK: *before is how the row was. STATUS_CONFLICT: there is no row, or the
 * position is there or further already. */
static enum status advance(struct dynamo *d, const struct message_group_mark *mark,
	struct deadline by, struct position *before)
{
	struct table_key pk = table_key_members(mark->group);
	const struct dynamo_attr key[] = {
		table_attr(TABLE_PK, table_key_slice(&pk)),
		table_attr(TABLE_SK, uuid_slice(mark->user)),
	};
	const struct dynamo_attr now[] = { table_attr("sk", mark->sk),
		table_attr("uuid", mark->uuid) };
	const struct dynamo_write w = { .kind = DYNAMO_UPDATE,
		.attrs = key,
		.attr_count = 2,
		.update = { "SET " TABLE_MEMBER_READ_SK " = :sk, " TABLE_MEMBER_READ_UUID
			    " = :uuid",
			now, 2 },
		.condition = { "attribute_exists(" TABLE_PK
			       ") AND (attribute_not_exists(" TABLE_MEMBER_READ_SK
			       ") OR " TABLE_MEMBER_READ_SK " < :sk)",
			now, 1 } };
	struct dynamo_page *old;
	enum status rc = dynamo_update(d, &w, by, &old);

	if (rc != STATUS_OK)
		return rc;
	rc = take_position(old, before);
	dynamo_page_free(old);
	return rc == STATUS_NOT_FOUND ? STATUS_CONFLICT : rc;
}

/* --- The second write ---------------------------------------------------------------------- */

/* Where the GRP# row is, and what its copies must still be. */
struct place {
	struct slice group_sk;
	struct slice last_read; /* without an address: it has none */
	const struct dynamo_item *row; /* whose count it must still have; NULL: that is no matter */
};

/* STATUS_CONFLICT: the row is not there, or not as it has to be. */
static enum status copy(struct dynamo *d, const struct message_group_mark *mark,
	const struct place *at, struct deadline by, const struct message_group_reading *now)
{
	struct table_key pk = table_key_group_rows(mark->user);
	char unread[MESSAGE_GROUP_UNREAD_SIZE];
	const struct dynamo_attr key[] = {
		table_attr(TABLE_PK, table_key_slice(&pk)),
		table_attr(TABLE_SK, at->group_sk),
	};
	const struct table_seen seen[] = {
		{ TABLE_GROUP_UUID, uuid_slice(mark->group) },
		{ TABLE_LAST_READ, at->last_read },
		{ TABLE_UNREAD, at->row ? table_text(at->row, TABLE_UNREAD) : SLICE("") },
	};
	struct table_condition condition;
	struct dynamo_attr copies[2];
	struct dynamo_write w = { .kind = DYNAMO_UPDATE, .attrs = key, .attr_count = 2 };

	message_group_unread_write(now->unread, unread);
	copies[0] = table_attr("unread", slice_of(unread));
	copies[1] = table_attr("last_read", buf_slice(&now->last_read));
	w.update = (struct dynamo_expression){
		"SET " TABLE_UNREAD " = :unread, " TABLE_LAST_READ " = :last_read", copies, 2
	};
	w.condition = table_as_seen(seen, at->row ? 3 : 2, &condition);
	return dynamo_write(d, &w, by);
}

static enum status count(struct dynamo *d, const struct message_group_mark *mark,
	struct slice read_sk, struct deadline by, struct message_group_reading *out)
{
	struct message_group_reader reader = { .user = mark->user, .read_sk = read_sk };
	enum status rc = message_group_unread_count(d, mark->group, &reader, 1, by);

	out->unread = reader.unread;
	return rc;
}

static enum status say_last_read(struct slice uuid, struct message_group_reading *out)
{
	buf_clear(&out->last_read);
	buf_add_slice(&out->last_read, uuid);
	return buf_ok(&out->last_read) ? STATUS_OK : STATUS_NO_MEMORY;
}

/* What is almost always enough: the row is where the MBR# row said, with the copy of its position
 * before. */
static enum status follow_at_once(struct dynamo *d, const struct message_group_mark *mark,
	const struct position *before, struct deadline by, struct message_group_reading *out)
{
	struct place at = { .group_sk = buf_slice(&before->group_sk) };
	enum status rc = count(d, mark, mark->sk, by, out);

	if (before->read_uuid.len > 0)
		at.last_read = buf_slice(&before->read_uuid);
	if (rc == STATUS_OK)
		rc = say_last_read(mark->uuid, out);
	if (rc != STATUS_OK)
		return rc;
	return at.group_sk.len > 0 ? copy(d, mark, &at, by, out) : STATUS_CONFLICT;
}

/* What is at that place of the member's list; *page may stay untouched, as with no row. */
static enum status read_row(struct dynamo *d, const struct message_group_mark *mark,
	struct slice group_sk, struct deadline by, struct dynamo_page **page)
{
	struct table_key pk = table_key_group_rows(mark->user);

	return group_sk.len > 0 ? dynamo_get(d, table_key_slice(&pk), group_sk, by, page)
				: STATUS_OK;
}

/* The row there, NULL if it is none of the group's. */
static const struct dynamo_item *row_of(const struct dynamo_page *page, const struct uuid *group)
{
	const struct dynamo_item *row = page ? dynamo_page_item(page, 0) : NULL;
	bool ours = row && slice_equal(table_text(row, TABLE_GROUP_UUID), uuid_slice(group));

	return ours ? row : NULL;
}

/* The group's row, and the memory that it lives in. */
struct held_row {
	struct dynamo_page *page;
	struct message_group_search search;
};

static void let_go(struct held_row *held)
{
	dynamo_page_free(held->page);
	message_group_search_end(&held->search);
}

/* Looks where the MBR# row says; if it is not there another program moved it, and it is somewhere
 * in the member's list. at->row stays NULL if there is none at all. */
static enum status find_row(struct dynamo *d, const struct message_group_mark *mark,
	struct deadline by, struct held_row *held, struct place *at)
{
	enum status rc = read_row(d, mark, at->group_sk, by, &held->page);

	if (rc != STATUS_OK)
		return rc;
	at->row = row_of(held->page, mark->group);
	if (!at->row) {
		held->search = (struct message_group_search){ .owner = mark->user,
			.attribute = TABLE_GROUP_UUID,
			.value = uuid_slice(mark->group) };
		rc = message_group_search_next(d, &held->search, by);
		if (rc != STATUS_OK)
			return rc == STATUS_NOT_FOUND ? STATUS_OK : rc;
		at->row = held->search.item;
		at->group_sk = table_text(at->row, TABLE_SK);
	}
	at->last_read = table_text(at->row, TABLE_LAST_READ);
	return STATUS_OK;
}

/* The position is at the mark or behind it. It is read again after the row: only if it is the same
 * still, what the row shows comes from no later one. */
static enum status follow(struct dynamo *d, const struct message_group_mark *mark,
	const struct position *first, struct deadline by, struct message_group_reading *out)
{
	struct position again = { .group_sk = { 0 } };
	struct held_row held = { .page = NULL };
	struct place at = { .group_sk = buf_slice(&first->group_sk) };
	struct slice read_uuid = buf_slice(&first->read_uuid);
	enum status rc = say_last_read(read_uuid, out);

	if (rc == STATUS_OK)
		rc = find_row(d, mark, by, &held, &at);
	if (rc != STATUS_OK)
		goto out;
	if (at.row && slice_equal(at.last_read, read_uuid) &&
		message_group_unread_parse(table_text(at.row, TABLE_UNREAD), &out->unread))
		goto out; /* somebody was faster, or there was nothing to do */
	rc = read_position(d, mark, by, &again);
	if (rc == STATUS_OK && !same_position(first, &again))
		rc = STATUS_CONFLICT;
	if (rc == STATUS_OK)
		rc = count(d, mark, buf_slice(&first->read_sk), by, out);
	if (rc == STATUS_OK && at.row)
		rc = copy(d, mark, &at, by, out);
out:
	let_go(&held);
	clear_position(&again);
	return rc;
}

/* --- Both ---------------------------------------------------------------------------------- */

/* Looks at what is and does what is left. STATUS_CONFLICT: it was not as it seemed. */
static enum status try_once(struct dynamo *d, const struct message_group_mark *mark,
	struct deadline by, struct message_group_reading *out)
{
	struct position now = { .group_sk = { 0 } }, before = { .group_sk = { 0 } };
	enum status rc = read_position(d, mark, by, &now);

	if (rc == STATUS_NOT_FOUND) {
		/* Membership was proved by another program's row, and ours is to be made of it. */
		rc = message_group_store_member(d, mark->group, mark->user, by, NULL);
		rc = rc == STATUS_OK ? STATUS_CONFLICT : rc;
	} else if (rc == STATUS_OK && slice_compare(buf_slice(&now.read_sk), mark->sk) < 0) {
		rc = advance(d, mark, by, &before);
		rc = rc == STATUS_OK ? follow_at_once(d, mark, &before, by, out) : rc;
	} else if (rc == STATUS_OK) {
		rc = follow(d, mark, &now, by, out);
	}
	clear_position(&now);
	clear_position(&before);
	return rc;
}

enum status message_group_reading_mark(struct dynamo *d, const struct message_group_mark *mark,
	struct deadline by, struct message_group_reading *out)
{
	struct position before = { .group_sk = { 0 } };
	enum status rc = advance(d, mark, by, &before);

	if (rc == STATUS_OK)
		rc = follow_at_once(d, mark, &before, by, out);
	clear_position(&before);
	for (int tries = 0; rc == STATUS_CONFLICT && tries < MARK_TRIES; tries++)
		rc = try_once(d, mark, by, out);
	if (rc != STATUS_CONFLICT)
		return rc;
	LOG(LOG_WARN, "mark_not_copied", log_slice("group", uuid_slice(mark->group)),
		log_slice("user", uuid_slice(mark->user)));
	return STATUS_UNAVAILABLE;
}

void message_group_reading_clear(struct message_group_reading *r)
{
	buf_free(&r->last_read);
}
