/* SPDX-License-Identifier: MIT */
/* Reading a group as it is stored: its newest message, its members, and where their rows are. */
#include "group_mover/parts.h"

#include "base/log.h"
#include "message_table/keys.h"

/* --- Members and places ------------------------------------------------------------------- */

struct group_member *group_view_member(struct group_view *v, const struct uuid *user)
{
	struct group_member *added;

	for (size_t i = 0; i < v->member_count; i++) {
		if (uuid_equal(&v->members[i].user, user))
			return &v->members[i];
	}
	if (v->member_count == GROUP_MEMBERS_MAX)
		return NULL;
	added = &v->members[v->member_count++];
	*added = (struct group_member){ .user = *user };
	return added;
}

enum status group_member_place(struct group_view *v, struct group_member *member, struct slice sk)
{
	struct buf *place;

	if (sk.len == 0)
		return STATUS_OK;
	for (size_t i = 0; i < member->place_count; i++) {
		if (slice_equal(buf_slice(&member->places[i]), sk))
			return STATUS_OK;
	}
	if (member->place_count == GROUP_PLACES_MAX) {
		v->cut = true;
		return STATUS_OK;
	}
	place = &member->places[member->place_count++];
	buf_add_slice(place, sk);
	return buf_ok(place) ? STATUS_OK : STATUS_NO_MEMORY;
}

static void clear_member(struct group_member *member)
{
	buf_free(&member->pointer_sk);
	buf_free(&member->shown_sk);
	buf_free(&member->read_sk);
	buf_free(&member->read_uuid);
	for (size_t i = 0; i < member->place_count; i++)
		buf_free(&member->places[i]);
	for (size_t i = 0; i < member->row_count; i++)
		dynamo_page_free(member->rows[i].page);
	user_clear(&member->peer);
}

void group_view_clear(struct group_view *v)
{
	for (size_t i = 0; i < v->member_count; i++)
		clear_member(&v->members[i]);
	table_rows_clear(&v->newest);
	*v = (struct group_view){ .group = NULL };
}

/* --- The newest message ------------------------------------------------------------------- */

static enum table_verdict judge_message(
	const struct dynamo_item *item, const struct table_rows *so_far, struct slice *name)
{
	(void)so_far;
	(void)name;
	return table_message_is_whole(item) ? TABLE_ROW_SHOW : TABLE_ROW_BROKEN;
}

static enum status read_newest(struct group_mover *m, struct group_view *v, struct deadline by)
{
	struct table_key pk = table_key_messages(v->group);
	const struct dynamo_query q = { .hash_value = table_key_slice(&pk) };
	enum status rc = table_rows_collect(m->table, &q, 1, judge_message, by, &v->newest);

	if (rc != STATUS_OK || v->newest.count == 0)
		return rc;
	v->message_sk = table_text(v->newest.items[0], TABLE_SK);
	v->message = table_text(v->newest.items[0], TABLE_MESSAGE);
	v->has_message = v->message_sk.len > 0;
	return STATUS_OK;
}

/* --- What our own rows say ---------------------------------------------------------------- */

static enum status take_pointer(struct group_view *v, const struct dynamo_item *item)
{
	struct slice group_sk = table_text(item, TABLE_MEMBER_GROUP_SK);
	struct group_member *member;
	struct uuid user;
	enum status rc;

	if (uuid_parse(table_text(item, TABLE_SK), &user) != STATUS_OK) {
		LOG(LOG_ERROR, "member_row_broken", log_slice("group", uuid_slice(v->group)));
		return STATUS_OK;
	}
	member = group_view_member(v, &user);
	if (!member)
		return STATUS_INVALID;
	member->has_pointer = true;
	member->has_other =
		uuid_parse(table_text(item, TABLE_MEMBER_OTHER), &member->other) == STATUS_OK;
	buf_add_slice(&member->pointer_sk, group_sk);
	buf_add_slice(&member->shown_sk, table_text(item, TABLE_MEMBER_MESSAGE_SK));
	buf_add_slice(&member->read_sk, table_text(item, TABLE_MEMBER_READ_SK));
	buf_add_slice(&member->read_uuid, table_text(item, TABLE_MEMBER_READ_UUID));
	if (!buf_ok(&member->pointer_sk) || !buf_ok(&member->shown_sk) ||
		!buf_ok(&member->read_sk) || !buf_ok(&member->read_uuid))
		return STATUS_NO_MEMORY;
	rc = group_member_place(v, member, group_sk);
	if (rc == STATUS_OK)
		rc = group_member_place(v, member, table_text(item, TABLE_MEMBER_PREV_SK));
	return rc;
}

static enum status read_pointers(struct group_mover *m, struct group_view *v, struct deadline by)
{
	struct table_key pk = table_key_members(v->group);
	const struct dynamo_query q = { .hash_value = table_key_slice(&pk), .ascending = true };
	struct dynamo_page *page;
	enum status rc = dynamo_query(m->table, &q, by, &page);

	if (rc != STATUS_OK)
		return rc;
	for (size_t i = 0; rc == STATUS_OK && i < dynamo_page_count(page); i++)
		rc = take_pointer(v, dynamo_page_item(page, i));
	dynamo_page_free(page);
	if (rc == STATUS_INVALID)
		m->problem = "it has more members than a conversation can have";
	return rc;
}

/* --- What the index says ------------------------------------------------------------------ */

static enum status take_index_row(
	struct group_view *v, const struct dynamo_item *item, bool members_only)
{
	struct group_member *member;
	struct uuid user;

	if (table_key_read_group_rows(table_text(item, TABLE_PK), &user) != STATUS_OK)
		return STATUS_OK; /* no row of ours, nor of the contract's */
	member = group_view_member(v, &user);
	if (!member)
		return STATUS_INVALID;
	return members_only ? STATUS_OK : group_member_place(v, member, table_text(item, TABLE_SK));
}

/* It lags behind the table, so it is asked where rows may be, and never believed. */
static enum status read_index(
	struct group_mover *m, struct group_view *v, bool members_only, struct deadline by)
{
	const struct dynamo_query q = { .index = TABLE_INDEX,
		.hash_name = TABLE_GROUP_UUID,
		.hash_value = uuid_slice(v->group) };
	struct dynamo_page *page;
	enum status rc = dynamo_query(m->table, &q, by, &page);

	if (rc != STATUS_OK)
		return rc;
	v->cut |= !members_only && dynamo_page_has_more(page);
	for (size_t i = 0; rc == STATUS_OK && i < dynamo_page_count(page); i++)
		rc = take_index_row(v, dynamo_page_item(page, i), members_only);
	dynamo_page_free(page);
	if (rc == STATUS_INVALID)
		m->problem = "its rows belong to more people than a conversation can have";
	return rc;
}

/* --- The rows themselves ------------------------------------------------------------------ */

/* Keeps the rows in descending order of their sort keys. */
static void keep_row(struct group_member *member, struct group_row row)
{
	size_t at = member->row_count++;

	while (at > 0 && slice_compare(member->rows[at - 1].sk, row.sk) < 0) {
		member->rows[at] = member->rows[at - 1];
		at--;
	}
	member->rows[at] = row;
}

static enum status read_place(struct group_mover *m, const struct group_view *v,
	struct group_member *member, struct slice sk, struct deadline by)
{
	struct table_key pk = table_key_group_rows(&member->user);
	struct dynamo_page *page;
	const struct dynamo_item *item;
	enum status rc = dynamo_get(m->table, table_key_slice(&pk), sk, by, &page);

	if (rc != STATUS_OK)
		return rc;
	item = dynamo_page_item(page, 0);
	if (item && slice_equal(table_text(item, TABLE_GROUP_UUID), uuid_slice(v->group)))
		keep_row(member, (struct group_row){ table_text(item, TABLE_SK), item, page });
	else
		dynamo_page_free(page);
	return STATUS_OK;
}

static enum status read_places(struct group_mover *m, struct group_view *v,
	struct group_member *member, size_t from, struct deadline by)
{
	enum status rc = STATUS_OK;

	for (size_t i = from; rc == STATUS_OK && i < member->place_count; i++)
		rc = read_place(m, v, member, buf_slice(&member->places[i]), by);
	return rc;
}

/* A row that is not where its MBR# row says may have been moved in this moment: STATUS_CONFLICT. */
static enum status check_pointer(struct group_mover *m, const struct group_view *v,
	const struct group_member *member, struct deadline by)
{
	struct table_key pk = table_key_members(v->group);
	struct dynamo_page *page;
	enum status rc =
		dynamo_get(m->table, table_key_slice(&pk), uuid_slice(&member->user), by, &page);

	if (rc != STATUS_OK)
		return rc;
	if (dynamo_page_count(page) == 0 ||
		!slice_equal(table_text(dynamo_page_item(page, 0), TABLE_MEMBER_GROUP_SK),
			buf_slice(&member->pointer_sk)))
		rc = STATUS_CONFLICT;
	dynamo_page_free(page);
	return rc;
}

/* Without a row at any known place the whole partition is searched; without one there either, it
 * was lost. search: it is searched in any case. */
static enum status read_rows(struct group_mover *m, struct group_view *v,
	struct group_member *member, bool search, struct deadline by)
{
	size_t known = member->place_count;
	enum status rc = read_places(m, v, member, 0, by);

	if (rc != STATUS_OK || (member->row_count > 0 && !search))
		return rc;
	if (member->row_count == 0 && member->has_pointer)
		rc = check_pointer(m, v, member, by);
	if (rc == STATUS_OK)
		rc = group_member_search(m, v, member, by);
	if (rc == STATUS_OK)
		rc = read_places(m, v, member, known, by);
	return rc;
}

/* The peer that the row shows counts before the one that the MBR# row remembers. */
static void read_peer(struct group_member *member)
{
	struct uuid other;

	if (member->row_count > 0 &&
		uuid_parse(table_text(member->rows[0].item, TABLE_USER_UUID), &other) == STATUS_OK)
		member->other = other;
	else if (!member->has_other)
		return;
	member->has_other = !uuid_equal(&member->other, &member->user);
}

/* --- All of it ---------------------------------------------------------------------------- */

/* Members may be added while their rows are read: a row names the peer. */
static enum status read_members(
	struct group_mover *m, struct group_view *v, bool search, struct deadline by)
{
	enum status rc = STATUS_OK;

	for (size_t i = 0; rc == STATUS_OK && i < v->member_count; i++) {
		rc = read_rows(m, v, &v->members[i], search, by);
		read_peer(&v->members[i]);
		if (rc == STATUS_OK && i + 1 == v->member_count)
			rc = group_members_complete(m, v);
	}
	return rc;
}

static enum status recall_taken(struct group_view *v, const struct group_lessons *lessons)
{
	enum status rc = STATUS_OK;

	for (size_t i = 0; rc == STATUS_OK && i < lessons->count; i++) {
		struct group_member *member = group_view_member(v, &lessons->user[i]);

		if (member)
			rc = group_member_place(v, member, buf_slice(&lessons->taken[i]));
	}
	return rc;
}

static enum status read_people(struct group_mover *m, struct group_view *v,
	const struct group_lessons *lessons, struct deadline by)
{
	enum status rc = read_pointers(m, v, by);

	if (rc == STATUS_OK)
		rc = read_index(m, v, lessons->search, by);
	if (rc == STATUS_OK)
		rc = recall_taken(v, lessons);
	if (rc == STATUS_OK && v->member_count == 0)
		rc = group_members_complete(m, v);
	if (rc == STATUS_OK)
		rc = read_members(m, v, lessons->search, by);
	for (size_t i = 0; rc == STATUS_OK && i < v->member_count; i++) {
		if (v->members[i].row_count == 0 && !v->cut)
			rc = group_member_find_peer(m, v, &v->members[i], by);
	}
	return rc;
}

/* The message comes last: a row that another consumer brings up to date after it was read here is
 * not as it was seen any more, and the write fails; read before the rows, a text could be older
 * than the one that a row shows already, and would take its place. So it is with the counts. */
enum status group_view_read(struct group_mover *m, const struct uuid *group,
	const struct group_lessons *lessons, struct deadline by, struct group_view *out)
{
	enum status people, rc;

	out->group = group;
	people = read_people(m, out, lessons, by);
	if (people != STATUS_OK && people != STATUS_INVALID && people != STATUS_NOT_FOUND)
		return people;
	rc = read_newest(m, out, by);
	if (rc == STATUS_OK && people == STATUS_OK && out->has_message)
		rc = group_counts_read(m, out, by);
	if (rc != STATUS_OK || out->has_message)
		return rc == STATUS_OK ? people : rc;
	m->problem = ""; /* no message, so nothing is asked of its members */
	return STATUS_OK;
}
