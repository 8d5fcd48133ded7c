/* SPDX-License-Identifier: MIT */
/* Who is a member where our own rows do not say, and what a lost row has to show. Only rows that
 * make a membership count: that somebody wrote a message proves nothing, since other programs that
 * share the table may let anybody write anywhere. */
#include "group_mover/parts.h"

#include "base/log.h"
#include "message_group/find.h"
#include "message_table/keys.h"

/* Pages of messages that are looked through for a name: enough for any but a hopeless search. */
#define NAME_PAGES_MAX 16

enum status group_members_complete(struct group_mover *m, struct group_view *v)
{
	size_t count = v->member_count;

	for (size_t i = 0; i < count; i++) {
		if (v->members[i].has_other && !group_view_member(v, &v->members[i].other)) {
			m->problem = "its rows name more people than a conversation can have";
			return STATUS_INVALID;
		}
	}
	if (count > 0)
		return STATUS_OK;
	m->problem = "no row tells who its members are";
	return STATUS_NOT_FOUND;
}

enum status group_member_search(struct group_mover *m, struct group_view *v,
	struct group_member *member, struct deadline by)
{
	struct message_group_search search = {
		.owner = &member->user, .attribute = TABLE_GROUP_UUID, .value = uuid_slice(v->group)
	};
	enum status rc;

	LOG(LOG_INFO, "group_row_searched", log_slice("group", uuid_slice(v->group)),
		log_slice("user", uuid_slice(&member->user)));
	while ((rc = message_group_search_next(m->table, &search, by)) == STATUS_OK) {
		rc = group_member_place(v, member, table_text(search.item, TABLE_SK));
		if (rc != STATUS_OK)
			break;
	}
	message_group_search_end(&search);
	return rc == STATUS_NOT_FOUND ? STATUS_OK : rc;
}

/* --- Names -------------------------------------------------------------------------------- */

static enum status take_names(
	const struct uuid *who, const struct dynamo_page *page, struct user *out)
{
	for (size_t i = 0; i < dynamo_page_count(page); i++) {
		const struct dynamo_item *item = dynamo_page_item(page, i);
		struct slice handle = table_text(item, TABLE_USER_HANDLE);
		struct slice display_name = table_text(item, TABLE_USER_DISPLAY_NAME);

		if (handle.len > 0 && display_name.len > 0)
			return user_make(who, handle, display_name, out);
	}
	return STATUS_NOT_FOUND;
}

/* The names that a person's newest message carries. */
static enum status names_from_messages(struct group_mover *m, const struct group_view *v,
	const struct uuid *who, struct deadline by, struct user *out)
{
	struct table_key pk = table_key_messages(v->group);
	const struct dynamo_attr sender = table_attr(TABLE_USER_UUID, uuid_slice(who));
	struct dynamo_query q = { .hash_value = table_key_slice(&pk),
		.filter = { TABLE_USER_UUID " = :" TABLE_USER_UUID, &sender, 1 } };
	struct dynamo_page *page = NULL, *next;
	enum status rc = STATUS_NOT_FOUND;

	for (int pages = 0; pages < NAME_PAGES_MAX && rc == STATUS_NOT_FOUND; pages++) {
		if (page && !dynamo_page_has_more(page))
			break;
		q.resume = page;
		rc = dynamo_query(m->table, &q, by, &next);
		if (rc != STATUS_OK)
			break;
		dynamo_page_free(page);
		page = next;
		rc = take_names(who, page, out);
	}
	dynamo_page_free(page);
	return rc;
}

enum status group_member_find_peer(struct group_mover *m, struct group_view *v,
	struct group_member *member, struct deadline by)
{
	enum status found = STATUS_NOT_FOUND, rc;

	if (!member->has_other && v->member_count == 2) {
		member->other = v->members[member == &v->members[0] ? 1 : 0].user;
		member->has_other = true;
	}
	if (!member->has_other) {
		m->problem = "a member's row is lost, and nothing tells who the other is";
		return STATUS_INVALID;
	}
	if (m->people.find)
		found = m->people.find(m->people.context, &member->other, by, &member->peer);
	if (found == STATUS_OK)
		return STATUS_OK;
	rc = names_from_messages(m, v, &member->other, by, &member->peer);
	if (rc != STATUS_NOT_FOUND)
		return rc;
	if (found != STATUS_NOT_FOUND)
		return found; /* who could tell does not answer now */
	m->problem = "a member's row is lost, and nobody knows the other's name";
	return STATUS_INVALID;
}
