/* SPDX-License-Identifier: MIT */
/* Message groups in DynamoDB: lists and membership. Which group two people have is pair.c. */
#include "message_group/store.h"

#include "base/log.h"
#include "base/utf8.h"
#include "message_group/find.h"
#include "message_group/unread.h"

#include <stdio.h>

/* --- Lists --------------------------------------------------------------------------------- */

/* While a row moves to its new time, a reader may meet both: the newer one counts. */
static enum table_verdict judge_group(
	const struct dynamo_item *item, const struct table_rows *so_far, struct slice *name)
{
	if (!dynamo_item_string(item, TABLE_GROUP_UUID, name))
		return TABLE_ROW_BROKEN;
	for (size_t i = 0; i < so_far->count; i++) {
		if (slice_equal(so_far->names[i], *name))
			return TABLE_ROW_REPEATED;
	}
	return TABLE_ROW_SHOW;
}

/* An IN takes a hundred operands at the most, what is looked for included: a page needs two. */
#define OPERANDS_OF_IN 50

/* "message_group_uuid IN (:g0,:g1,...) OR message_group_uuid IN (...)" with its values. */
struct any_of {
	char names[TABLE_ROWS_MAX][24]; /* "g" and any size_t */
	struct dynamo_attr values[TABLE_ROWS_MAX];
	struct buf text;
};

static void fill_any_of(struct any_of *a, const struct table_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		(void)snprintf(a->names[i], sizeof(a->names[i]), "g%zu", i);
		a->values[i] = table_attr(a->names[i], rows->names[i]);
		if (i % OPERANDS_OF_IN == 0)
			buf_add_str(&a->text,
				i > 0 ? ") OR " TABLE_GROUP_UUID " IN (:"
				      : TABLE_GROUP_UUID " IN (:");
		else
			buf_add_str(&a->text, ",:");
		buf_add_str(&a->text, a->names[i]);
	}
	buf_add_char(&a->text, ')');
}

static bool was_shown(const struct dynamo_page *newer, struct slice before, struct slice group)
{
	for (size_t i = 0; i < dynamo_page_count(newer); i++) {
		const struct dynamo_item *item = dynamo_page_item(newer, i);

		if (slice_compare(table_text(item, TABLE_SK), before) >= 0 &&
			slice_equal(table_text(item, TABLE_GROUP_UUID), group))
			return true;
	}
	return false;
}

/* A group that was on an earlier page has a row at or above this page's start (it moved there, or
 * an interrupted program left two). One call looks for such rows among the newest megabyte of them,
 * some three thousand conversations. */
static enum status drop_shown_before(struct dynamo *d, const struct uuid *user, struct slice before,
	struct deadline by, struct table_rows *rows)
{
	struct table_key pk = table_key_group_rows(user);
	struct any_of any = { .text = { 0 } };
	struct dynamo_page *newer = NULL;
	size_t kept = 0;
	enum status rc = STATUS_NO_MEMORY;
	struct dynamo_query q = { .hash_value = table_key_slice(&pk) };

	fill_any_of(&any, rows);
	q.filter = (struct dynamo_expression){ buf_cstr(&any.text), any.values, rows->count };
	/* Without its last character the start is a bound below itself; was_shown looks closer. */
	q.after = utf8_without_last(before);
	if (buf_ok(&any.text))
		rc = dynamo_query(d, &q, by, &newer);
	if (rc == STATUS_OK) {
		for (size_t i = 0; i < rows->count; i++) {
			if (was_shown(newer, before, rows->names[i]))
				continue;
			rows->names[kept] = rows->names[i];
			rows->items[kept++] = rows->items[i];
		}
		rows->count = kept;
	}
	dynamo_page_free(newer);
	buf_free(&any.text);
	return rc;
}

struct message_group message_group_page_get(const struct message_group_page *page, size_t i)
{
	/* In the order in which rows are written. */
	enum { TIME, TEXT, USER, NAME, HANDLE, UNREAD, READ, ATTRIBUTES };
	static const struct slice names[ATTRIBUTES] = {
		[USER] = SLICE_LITERAL(TABLE_USER_UUID),
		[NAME] = SLICE_LITERAL(TABLE_USER_DISPLAY_NAME),
		[HANDLE] = SLICE_LITERAL(TABLE_USER_HANDLE),
		[TEXT] = SLICE_LITERAL(TABLE_MESSAGE),
		[TIME] = SLICE_LITERAL(TABLE_SK),
		[READ] = SLICE_LITERAL(TABLE_LAST_READ),
		[UNREAD] = SLICE_LITERAL(TABLE_UNREAD),
	};
	struct slice row[ATTRIBUTES];
	struct message_group group;

	dynamo_item_strings(page->rows.items[i], names, ATTRIBUTES, row);
	group = (struct message_group){
		.uuid = page->rows.names[i],
		.user_uuid = row[USER],
		.display_name = row[NAME],
		.handle = row[HANDLE],
		.message = row[TEXT],
		.created_at = row[TIME],
		.last_read = row[READ],
	};
	group.is_counted = message_group_unread_parse(row[UNREAD], &group.unread);
	return group;
}

enum status message_group_store_list(struct dynamo *d, const struct uuid *user, size_t limit,
	struct slice before, struct deadline by, struct message_group_page *out)
{
	struct table_key pk = table_key_group_rows(user);
	const struct dynamo_query q = { .hash_value = table_key_slice(&pk), .before = before };
	enum status rc = table_rows_collect(d, &q, limit, judge_group, by, &out->rows);

	if (rc != STATUS_OK)
		return rc;
	if (out->rows.broken > 0)
		LOG(LOG_WARN, "group_rows_skipped", log_slice("pk", table_key_slice(&pk)),
			log_int("rows", (int64_t)out->rows.broken));
	/* Also where the last of the rows is dropped: the next page begins behind it. */
	out->next = table_rows_next(&out->rows);
	if (before.len > 0 && out->rows.count > 0)
		rc = drop_shown_before(d, user, before, by, &out->rows);
	return rc;
}

void message_group_page_clear(struct message_group_page *page)
{
	table_rows_clear(&page->rows);
	page->next = (struct slice){ 0 };
}

/* --- Membership ---------------------------------------------------------------------------- */

/* Remembers a membership that only another program's row shows, so that the next look is one read.
 * The membership is true whether or not this succeeds, so a failure only costs that speed. */
static void adopt_member(struct dynamo *d, const struct uuid *group, const struct uuid *user,
	const struct dynamo_item *row, struct deadline by)
{
	struct table_key pk = table_key_members(group);
	const struct dynamo_attr attrs[] = {
		table_attr(TABLE_PK, table_key_slice(&pk)),
		table_attr(TABLE_SK, uuid_slice(user)),
		table_attr(TABLE_MEMBER_GROUP_SK, table_text(row, TABLE_SK)),
		table_attr(TABLE_MEMBER_OTHER, table_text(row, TABLE_USER_UUID)),
	};
	const struct dynamo_write put = table_put_new(attrs, attrs[3].value.len > 0 ? 4 : 3);
	enum status rc = dynamo_write(d, &put, by);

	if (rc != STATUS_OK && rc != STATUS_CONFLICT)
		LOG(LOG_WARN, "member_row_not_written", log_str("status", status_name(rc)));
}

static void read_other(const struct dynamo_item *row, const char *attribute, struct uuid *other)
{
	struct uuid read;

	if (other && uuid_parse(table_text(row, attribute), &read) == STATUS_OK)
		*other = read;
}

enum status message_group_store_member(struct dynamo *d, const struct uuid *group,
	const struct uuid *user, struct deadline by, struct uuid *other)
{
	struct message_group_search search = {
		.owner = user, .attribute = TABLE_GROUP_UUID, .value = uuid_slice(group)
	};
	struct table_key pk = table_key_members(group);
	struct dynamo_page *page;
	size_t found;
	enum status rc = dynamo_get(d, table_key_slice(&pk), uuid_slice(user), by, &page);

	if (rc != STATUS_OK)
		return rc;
	found = dynamo_page_count(page);
	if (found > 0)
		read_other(dynamo_page_item(page, 0), TABLE_MEMBER_OTHER, other);
	dynamo_page_free(page);
	if (found > 0)
		return STATUS_OK;
	rc = message_group_search_next(d, &search, by);
	if (rc == STATUS_OK) {
		read_other(search.item, TABLE_USER_UUID, other);
		adopt_member(d, group, user, search.item, by);
	}
	message_group_search_end(&search);
	return rc;
}
