/* SPDX-License-Identifier: MIT */
/* Message groups in DynamoDB. */
#include "message_group/store.h"

#include "base/log.h"

static struct slice text_or_empty(const struct dynamo_item *item, const char *name)
{
	struct slice value = { 0 };

	if (!dynamo_item_string(item, name, &value))
		return (struct slice){ 0 };
	return value;
}

/* Refuses a row without a group, and the older of two rows of one group: while a row moves to its
 * new time, a reader may meet both. */
static bool accept_group(const struct dynamo_item *item, const struct table_rows *so_far)
{
	struct slice uuid, seen;

	if (!dynamo_item_string(item, TABLE_GROUP_UUID, &uuid)) {
		LOG(LOG_WARN, "group_row_skipped", log_slice("pk", text_or_empty(item, TABLE_PK)),
			log_slice("sk", text_or_empty(item, TABLE_SK)));
		return false;
	}
	for (size_t i = 0; i < so_far->count; i++) {
		if (dynamo_item_string(so_far->items[i], TABLE_GROUP_UUID, &seen) &&
			slice_equal(seen, uuid))
			return false;
	}
	return true;
}

enum status message_group_store_list(struct dynamo *d, const struct uuid *user, size_t limit,
	struct slice before, struct deadline by, struct message_group_page *out)
{
	struct table_key pk = table_key_group_rows(user);
	const struct dynamo_query q = { .hash_value = table_key_slice(&pk), .before = before };
	enum status rc = table_rows_collect(d, &q, limit, accept_group, by, &out->rows);

	if (rc != STATUS_OK)
		return rc;
	for (size_t i = 0; i < out->rows.count; i++) {
		const struct dynamo_item *item = out->rows.items[i];

		out->groups[i] = (struct message_group){
			.uuid = text_or_empty(item, TABLE_GROUP_UUID),
			.display_name = text_or_empty(item, TABLE_USER_DISPLAY_NAME),
			.handle = text_or_empty(item, TABLE_USER_HANDLE),
			.message = text_or_empty(item, TABLE_MESSAGE),
			.created_at = text_or_empty(item, TABLE_SK),
		};
	}
	out->count = out->rows.count;
	if (out->rows.more)
		out->next = out->groups[out->count - 1].created_at;
	return STATUS_OK;
}

void message_group_page_clear(struct message_group_page *page)
{
	table_rows_clear(&page->rows);
	page->count = 0;
	page->next = (struct slice){ 0 };
}

/* The newest of user's rows in which an attribute has a value. A filter reads the whole partition
 * in the worst case; it is asked only where our own rows do not know the answer. */
static enum status find_row(struct dynamo *d, const struct uuid *user,
	const struct dynamo_attr *wanted, struct deadline by, struct dynamo_page **out)
{
	struct table_key pk = table_key_group_rows(user);
	struct dynamo_query q = { .hash_value = table_key_slice(&pk) };
	struct buf text = { 0 };
	enum status rc;

	buf_add_str(&text, wanted->name);
	buf_add_str(&text, " = :");
	buf_add_str(&text, wanted->name);
	if (!buf_ok(&text)) {
		buf_free(&text);
		return STATUS_NO_MEMORY;
	}
	q.filter = (struct dynamo_expression){ buf_cstr(&text), wanted, 1 };
	rc = table_rows_first(d, &q, by, out);
	buf_free(&text);
	return rc;
}

/* Remembers a membership that only another program's row shows, so that the next look is one read.
 * The membership is true whether or not this succeeds, so a failure only costs that speed. */
static void adopt_member(struct dynamo *d, const struct uuid *group, const struct uuid *user,
	const struct dynamo_item *row, struct deadline by)
{
	struct table_key pk = table_key_members(group);
	const struct dynamo_attr attrs[] = {
		{ .name = TABLE_PK, .value = table_key_slice(&pk) },
		{ .name = TABLE_SK, .value = uuid_slice(user) },
		{ .name = TABLE_MEMBER_GROUP_SK, .value = text_or_empty(row, TABLE_SK) },
		{ .name = TABLE_MEMBER_OTHER, .value = text_or_empty(row, TABLE_USER_UUID) },
	};
	const struct dynamo_write put = { .kind = DYNAMO_PUT,
		.attrs = attrs,
		.attr_count = attrs[3].value.len > 0 ? 4 : 3,
		.condition = { .text = "attribute_not_exists(" TABLE_PK ")" } };
	enum status rc = dynamo_write(d, &put, by);

	if (rc != STATUS_OK && rc != STATUS_CONFLICT)
		LOG(LOG_WARN, "member_row_not_written", log_str("status", status_name(rc)));
}

enum status message_group_store_member(
	struct dynamo *d, const struct uuid *group, const struct uuid *user, struct deadline by)
{
	struct table_key pk = table_key_members(group);
	const struct dynamo_attr wanted = { .name = TABLE_GROUP_UUID, .value = uuid_slice(group) };
	struct dynamo_page *page;
	size_t found;
	enum status rc = dynamo_get(d, table_key_slice(&pk), uuid_slice(user), by, &page);

	if (rc != STATUS_OK)
		return rc;
	found = dynamo_page_count(page);
	dynamo_page_free(page);
	if (found > 0)
		return STATUS_OK;
	rc = find_row(d, user, &wanted, by, &page);
	if (rc != STATUS_OK)
		return rc;
	adopt_member(d, group, user, dynamo_page_item(page, 0), by);
	dynamo_page_free(page);
	return STATUS_OK;
}

static enum status read_pair(
	struct dynamo *d, const struct table_key *pk, struct deadline by, struct uuid *group)
{
	struct dynamo_page *page;
	struct slice text;
	enum status rc = dynamo_get(d, table_key_slice(pk), SLICE(TABLE_PAIR_SK), by, &page);

	if (rc != STATUS_OK)
		return rc;
	if (dynamo_page_count(page) == 0)
		rc = STATUS_NOT_FOUND;
	else if (!dynamo_item_string(dynamo_page_item(page, 0), TABLE_PAIR_GROUP, &text) ||
		uuid_parse(text, group) != STATUS_OK) {
		LOG(LOG_ERROR, "pair_row_broken", log_slice("pk", table_key_slice(pk)));
		rc = STATUS_INTERNAL;
	}
	dynamo_page_free(page);
	return rc;
}

/* Settles on a group for the pair, once: from then on both sides find it at once. If somebody
 * settled on another in this moment, *group becomes that one. */
static enum status pin_pair(
	struct dynamo *d, const struct table_key *pk, struct deadline by, struct uuid *group)
{
	const struct dynamo_attr attrs[] = {
		{ .name = TABLE_PK, .value = table_key_slice(pk) },
		{ .name = TABLE_SK, .value = SLICE(TABLE_PAIR_SK) },
		{ .name = TABLE_PAIR_GROUP, .value = uuid_slice(group) },
	};
	const struct dynamo_write put = { .kind = DYNAMO_PUT,
		.attrs = attrs,
		.attr_count = 3,
		.condition = { .text = "attribute_not_exists(" TABLE_PK ")" } };
	enum status rc = dynamo_write(d, &put, by);

	return rc == STATUS_CONFLICT ? read_pair(d, pk, by, group) : rc;
}

/* The group of the newest of owner's rows that name the peer. */
static enum status find_group_with(struct dynamo *d, const struct uuid *owner,
	const struct uuid *peer, struct deadline by, struct uuid *group)
{
	const struct dynamo_attr wanted = { .name = TABLE_USER_UUID, .value = uuid_slice(peer) };
	struct dynamo_page *page;
	struct slice text;
	enum status rc = find_row(d, owner, &wanted, by, &page);

	if (rc != STATUS_OK)
		return rc;
	if (!dynamo_item_string(dynamo_page_item(page, 0), TABLE_GROUP_UUID, &text) ||
		uuid_parse(text, group) != STATUS_OK)
		rc = STATUS_NOT_FOUND; /* a row that names no group is no conversation */
	dynamo_page_free(page);
	return rc;
}

enum status message_group_store_pair(struct dynamo *d, const struct uuid *me,
	const struct uuid *other, struct deadline by, struct message_group_pair *out)
{
	struct table_key pk = table_key_pair(me, other);
	struct message_group_pair pair = { .mine_missing = false };
	enum status rc = read_pair(d, &pk, by, &pair.group), member;

	if (rc == STATUS_OK) {
		/* It may have been settled on by the other, whose side of it is the only one there
		 * is. */
		member = message_group_store_member(d, &pair.group, me, by);
		if (member == STATUS_NOT_FOUND)
			pair.mine_missing = true;
		else
			rc = member;
	} else if (rc == STATUS_NOT_FOUND) {
		rc = find_group_with(d, me, other, by, &pair.group);
		if (rc == STATUS_OK)
			rc = pin_pair(d, &pk, by, &pair.group);
		else if (rc == STATUS_NOT_FOUND) {
			rc = find_group_with(d, other, me, by, &pair.group);
			pair.mine_missing = rc == STATUS_OK;
		}
	}
	if (rc == STATUS_OK)
		*out = pair;
	return rc;
}
