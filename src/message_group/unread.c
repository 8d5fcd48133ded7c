/* SPDX-License-Identifier: MIT */
/* Counting from the newest message back, until every reader's answer is known. */
#include "message_group/unread.h"

#include "base/ascii.h"
#include "message_table/keys.h"
#include "message_table/rows.h"

#include <stdio.h>

/* Rows asked for at once. */
#define LOOK_AT_ONCE ((size_t)100)

struct tally {
	struct message_group_reader *readers;
	size_t count;
	size_t left; /* rows that may still be looked at */
};

static bool is_done(const struct tally *t)
{
	for (size_t i = 0; i < t->count; i++) {
		if (!t->readers[i].done)
			return t->left == 0;
	}
	return true;
}

static void look_at(struct tally *t, const struct dynamo_item *message)
{
	struct slice sk = table_text(message, TABLE_SK);
	struct uuid sender;
	bool known = uuid_parse(table_text(message, TABLE_USER_UUID), &sender) == STATUS_OK;

	for (size_t i = 0; i < t->count; i++) {
		struct message_group_reader *r = &t->readers[i];

		if (r->done)
			continue;
		if (r->read_sk.len > 0 && slice_compare(sk, r->read_sk) <= 0)
			r->done = true;
		else if (!known || !uuid_equal(&sender, r->user))
			r->done = ++r->unread == MESSAGE_GROUP_UNREAD_CAP;
	}
}

/* What nobody has to look behind: the earliest read position; empty if somebody has none. */
static struct slice earliest(const struct tally *t)
{
	struct slice first = t->readers[0].read_sk;

	for (size_t i = 1; i < t->count; i++) {
		if (slice_compare(t->readers[i].read_sk, first) < 0)
			first = t->readers[i].read_sk;
	}
	return first;
}

/* Rows that cannot be shown were looked at as well, or many of them would be read each time. */
static void take(struct tally *t, const struct dynamo_page *page)
{
	size_t looked_at = dynamo_page_looked_at(page);

	for (size_t i = 0; i < dynamo_page_count(page); i++)
		look_at(t, dynamo_page_item(page, i));
	t->left -= looked_at < t->left ? looked_at : t->left;
}

enum status message_group_unread_count(struct dynamo *d, const struct uuid *group,
	struct message_group_reader *readers, size_t count, struct deadline by)
{
	struct table_key pk = table_key_messages(group);
	const struct dynamo_attr string = table_attr("string", SLICE("S"));
	struct tally t = { .readers = readers, .count = count, .left = MESSAGE_GROUP_UNREAD_LOOK };
	struct dynamo_query q = { .hash_value = table_key_slice(&pk),
		.attributes = TABLE_SK ", " TABLE_USER_UUID,
		/* As table_message_is_whole: what no list shows is not unread. */
		.filter = { "attribute_type(" TABLE_MESSAGE
			    ", :string) AND attribute_type(" TABLE_MESSAGE_UUID ", :string)",
			&string, 1 } };
	struct dynamo_page *page = NULL, *next;
	enum status rc = STATUS_OK;

	if (count == 0)
		return STATUS_OK;
	q.after = earliest(&t);
	do {
		q.limit = t.left < LOOK_AT_ONCE ? t.left : LOOK_AT_ONCE;
		rc = dynamo_query(d, &q, by, &next);
		if (rc != STATUS_OK)
			break;
		dynamo_page_free(page);
		page = next;
		q.resume = page;
		take(&t, page);
	} while (!is_done(&t) && dynamo_page_has_more(page));
	dynamo_page_free(page);
	return rc;
}

void message_group_unread_write(unsigned int unread, char out[MESSAGE_GROUP_UNREAD_SIZE])
{
	(void)snprintf(out, MESSAGE_GROUP_UNREAD_SIZE, "%u", unread);
}

bool message_group_unread_parse(struct slice text, unsigned int *unread)
{
	int64_t value = ascii_number(text);

	if (value < 0)
		return false;
	*unread = value < MESSAGE_GROUP_UNREAD_CAP ? (unsigned int)value : MESSAGE_GROUP_UNREAD_CAP;
	return true;
}
