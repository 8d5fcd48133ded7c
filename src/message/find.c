/* SPDX-License-Identifier: MIT */
/* Looking a message up by its uuid. Nothing in the table's keys leads from the one to the other, so
 * the group's messages are looked through, the newest first: who asks has mostly just seen it. */
#include "base/buf.h"
#include "message/sending.h"
#include "message_table/keys.h"

/* Rows looked at by a call: the newest page first, then doubled each time up to a limit that keeps
 * a call short. */
#define LOOK_FIRST ((size_t)16)
#define LOOK_MOST ((size_t)1024)

/* What is looked for: other programs may have stored the uuid in another case. */
struct wanted {
	struct uuid lower;
	struct dynamo_attr values[2];
};

static enum status take(const struct dynamo_page *page, struct message_found *out)
{
	for (size_t i = 0; i < dynamo_page_count(page); i++) {
		const struct dynamo_item *item = dynamo_page_item(page, i);

		if (!table_message_is_whole(item))
			continue;
		buf_add_slice(&out->sk, table_text(item, TABLE_SK));
		buf_add_slice(&out->uuid, table_text(item, TABLE_MESSAGE_UUID));
		return buf_ok(&out->sk) && buf_ok(&out->uuid) ? STATUS_OK : STATUS_NO_MEMORY;
	}
	return STATUS_NOT_FOUND;
}

/* Rows that the next call is to look at. */
static size_t next_look(size_t last, size_t looked_at)
{
	size_t left = MESSAGE_FIND_LOOK - looked_at, next = last < LOOK_MOST ? last * 2 : LOOK_MOST;

	return next < left ? next : left;
}

enum status message_store_find(struct message_store *s, const struct uuid *group, struct slice uuid,
	struct deadline by, struct message_found *out)
{
	struct table_key pk = table_key_messages(group);
	struct wanted wanted = { .values = { table_attr("sent", uuid) } };
	struct dynamo_query q = { .hash_value = table_key_slice(&pk), .limit = LOOK_FIRST };
	struct dynamo_page *page = NULL, *next;
	size_t looked_at = 0;
	enum status rc = uuid_parse(uuid, &wanted.lower);

	if (rc != STATUS_OK)
		return STATUS_NOT_FOUND;
	wanted.values[1] = table_attr("lower", uuid_slice(&wanted.lower));
	q.filter = (struct dynamo_expression){ TABLE_MESSAGE_UUID " IN (:sent, :lower)",
		wanted.values, 2 };
	do {
		rc = dynamo_query(s->table, &q, by, &next);
		if (rc != STATUS_OK)
			break;
		dynamo_page_free(page);
		page = next;
		rc = take(page, out);
		looked_at += dynamo_page_looked_at(page);
		if (rc != STATUS_NOT_FOUND || looked_at >= MESSAGE_FIND_LOOK)
			break;
		q.resume = page;
		q.limit = next_look(q.limit, looked_at);
	} while (dynamo_page_has_more(page));
	dynamo_page_free(page);
	return rc;
}

void message_found_clear(struct message_found *found)
{
	buf_free(&found->sk);
	buf_free(&found->uuid);
}
