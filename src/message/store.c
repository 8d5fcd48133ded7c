/* SPDX-License-Identifier: MIT */
/* Messages in DynamoDB: reading pages, sending into a group, remembered answers. Starting a
 * conversation is start.c. */
#include "message/store.h"

#include "base/log.h"
#include "message/sending.h"

#include <stdlib.h>

enum status message_store_new(struct dynamo *d, struct message_store **out)
{
	struct message_store *s = calloc(1, sizeof(*s));

	if (!s)
		return STATUS_NO_MEMORY;
	s->table = d;
	*out = s;
	return STATUS_OK;
}

void message_store_free(struct message_store *s)
{
	free(s);
}

static enum table_verdict judge_message(
	const struct dynamo_item *item, const struct table_rows *so_far, struct slice *name)
{
	(void)so_far;
	(void)name;
	return table_message_is_whole(item) ? TABLE_ROW_SHOW : TABLE_ROW_BROKEN;
}

struct message message_page_get(const struct message_page *page, size_t i)
{
	/* In the order in which rows are written. */
	enum { TIME, UUID, TEXT, USER, NAME, HANDLE, ATTRIBUTES };
	static const struct slice names[ATTRIBUTES] = {
		[UUID] = SLICE_LITERAL(TABLE_MESSAGE_UUID),
		[USER] = SLICE_LITERAL(TABLE_USER_UUID),
		[NAME] = SLICE_LITERAL(TABLE_USER_DISPLAY_NAME),
		[HANDLE] = SLICE_LITERAL(TABLE_USER_HANDLE),
		[TEXT] = SLICE_LITERAL(TABLE_MESSAGE),
		[TIME] = SLICE_LITERAL(TABLE_SK),
	};
	struct slice row[ATTRIBUTES];
	size_t at = page->forward ? i : page->rows.count - 1 - i;

	dynamo_item_strings(page->rows.items[at], names, ATTRIBUTES, row);
	return (struct message){
		.uuid = row[UUID],
		.user_uuid = row[USER],
		.display_name = row[NAME],
		.handle = row[HANDLE],
		.message = row[TEXT],
		.created_at = row[TIME],
	};
}

enum status message_store_list(struct message_store *s, const struct uuid *group,
	const struct message_range *range, struct deadline by, struct message_page *out)
{
	struct table_key pk = table_key_messages(group);
	const struct dynamo_query q = { .hash_value = table_key_slice(&pk),
		.before = range->before,
		.after = range->after,
		.ascending = range->after.len > 0 };
	enum status rc =
		table_rows_collect(s->table, &q, range->limit, judge_message, by, &out->rows);

	if (rc != STATUS_OK)
		return rc;
	if (out->rows.broken > 0)
		LOG(LOG_WARN, "message_rows_skipped", log_slice("pk", table_key_slice(&pk)),
			log_int("rows", (int64_t)out->rows.broken));
	out->forward = q.ascending;
	out->next = table_rows_next(&out->rows);
	return STATUS_OK;
}

void message_page_clear(struct message_page *page)
{
	table_rows_clear(&page->rows);
	page->next = (struct slice){ 0 };
}

void message_sent_clear(struct message_sent *sent)
{
	buf_free(&sent->display_name);
	buf_free(&sent->handle);
}

/* --- Sending ------------------------------------------------------------------------------- */

int64_t message_sending_now_us(struct message_store *s)
{
	int64_t now = clock_realtime_us();

	if (now <= s->last_us && s->last_us - now < MESSAGE_SENDING_STEP_US)
		now = s->last_us + 1;
	s->last_us = now;
	return now;
}

enum status message_sending_done(const struct message_rows *rows, const struct message_draft *draft,
	struct message_sent *out)
{
	struct message_sent sent = { .group = rows->group, .uuid = rows->uuid };

	memcpy(sent.created_at, rows->time, sizeof(sent.created_at));
	buf_add_str(&sent.display_name, draft->sender->display_name);
	buf_add_str(&sent.handle, draft->sender->handle);
	if (!buf_ok(&sent.display_name) || !buf_ok(&sent.handle)) {
		message_sent_clear(&sent);
		return STATUS_NO_MEMORY;
	}
	*out = sent;
	return STATUS_OK;
}

enum status message_sending_is_stored(
	struct message_store *s, const struct message_rows *rows, struct deadline by, bool *stored)
{
	struct dynamo_page *page;
	struct slice uuid;
	enum status rc = dynamo_get(
		s->table, table_key_slice(&rows->message_pk), slice_of(rows->time), by, &page);

	if (rc != STATUS_OK)
		return rc;
	*stored = dynamo_page_count(page) > 0 &&
		dynamo_item_string(dynamo_page_item(page, 0), TABLE_MESSAGE_UUID, &uuid) &&
		slice_equal(uuid, uuid_slice(&rows->uuid));
	dynamo_page_free(page);
	return STATUS_OK;
}

/* One try at one sort key. STATUS_CONFLICT: a row has it, or the key was used; *key_used tells. */
static enum status try_send(struct message_store *s, const struct message_draft *draft,
	struct message_rows *rows, struct deadline by, bool *key_used)
{
	enum dynamo_reason reasons[2] = { DYNAMO_REASON_NONE };
	struct dynamo_write writes[2];
	enum status rc;

	*key_used = false;
	writes[0] = message_rows_message(rows, draft);
	if (draft->key.len == 0)
		return dynamo_write(s->table, &writes[0], by);
	writes[1] = message_rows_key(rows, draft, clock_realtime_us() / 1000000);
	rc = dynamo_transact(s->table, writes, 2, by, reasons);
	*key_used = rc == STATUS_CONFLICT && reasons[1] == DYNAMO_REASON_CONDITION;
	return rc;
}

enum status message_store_send(struct message_store *s, const struct message_draft *draft,
	const struct uuid *group, struct deadline by, struct message_sent *out)
{
	struct message_rows rows = { .group = *group };
	bool key_used, stored;
	enum status rc = uuid_new(&rows.uuid);

	if (rc != STATUS_OK)
		return rc;
	for (int tries = 0; tries < MESSAGE_SENDING_TRIES; tries++) {
		clock_format(message_sending_now_us(s), rows.time);
		rc = try_send(s, draft, &rows, by, &key_used);
		if (rc == STATUS_OK)
			return message_sending_done(&rows, draft, out);
		if (rc != STATUS_CONFLICT)
			return rc;
		if (key_used) {
			rc = message_store_replay(s, draft, by, out);
			if (rc != STATUS_NOT_FOUND)
				return rc;
			continue; /* it expired and went away in this moment */
		}
		/* The row may be ours: written by an attempt whose answer was lost. */
		rc = message_sending_is_stored(s, &rows, by, &stored);
		if (rc != STATUS_OK)
			return rc;
		if (stored)
			return message_sending_done(&rows, draft, out);
	}
	LOG(LOG_ERROR, "no_free_sort_key", log_int("tries", MESSAGE_SENDING_TRIES));
	return STATUS_UNAVAILABLE;
}

/* --- Remembered answers -------------------------------------------------------------------- */

static enum status read_remembered(
	const struct dynamo_item *item, const struct message_draft *draft, struct message_sent *out)
{
	struct slice digest, group, uuid, time, name, handle;
	struct message_sent sent = { .again = true };
	int64_t expires;

	if (!dynamo_item_int(item, TABLE_EXPIRES_AT, &expires) ||
		!dynamo_item_string(item, TABLE_SEND_DIGEST, &digest) ||
		!dynamo_item_string(item, TABLE_SEND_GROUP, &group) ||
		!dynamo_item_string(item, TABLE_MESSAGE_UUID, &uuid) ||
		!dynamo_item_string(item, TABLE_SEND_TIME, &time) ||
		!dynamo_item_string(item, TABLE_USER_DISPLAY_NAME, &name) ||
		!dynamo_item_string(item, TABLE_USER_HANDLE, &handle) ||
		time.len != CLOCK_TEXT_LEN || uuid_parse(group, &sent.group) != STATUS_OK ||
		uuid_parse(uuid, &sent.uuid) != STATUS_OK) {
		LOG(LOG_ERROR, "remembered_send_broken");
		return STATUS_UNAVAILABLE;
	}
	if (expires < clock_realtime_us() / 1000000)
		return STATUS_NOT_FOUND; /* TTL deletes hours late */
	if (!slice_equal(digest, draft->digest))
		return STATUS_CONFLICT;
	memcpy(sent.created_at, time.ptr, time.len);
	buf_add_slice(&sent.display_name, name);
	buf_add_slice(&sent.handle, handle);
	if (!buf_ok(&sent.display_name) || !buf_ok(&sent.handle)) {
		message_sent_clear(&sent);
		return STATUS_NO_MEMORY;
	}
	*out = sent;
	return STATUS_OK;
}

enum status message_store_replay(struct message_store *s, const struct message_draft *draft,
	struct deadline by, struct message_sent *out)
{
	struct table_key pk = table_key_send(&draft->sender->uuid, draft->key);
	struct dynamo_page *page;
	enum status rc =
		dynamo_get(s->table, table_key_slice(&pk), SLICE(TABLE_SEND_SK), by, &page);

	if (rc != STATUS_OK)
		return rc;
	rc = STATUS_NOT_FOUND;
	if (dynamo_page_count(page) > 0)
		rc = read_remembered(dynamo_page_item(page, 0), draft, out);
	dynamo_page_free(page);
	return rc;
}
