/* SPDX-License-Identifier: MIT */
/* Looking through a partition of message-group rows. */
#include "message_group/find.h"

#include "message_table/keys.h"

static enum status next_page(struct dynamo *d, struct message_group_search *s, struct deadline by)
{
	struct table_key pk = table_key_group_rows(s->owner);
	const struct dynamo_attr wanted = table_attr(s->attribute, s->value);
	struct dynamo_query q = { .hash_value = table_key_slice(&pk), .resume = s->page };
	struct dynamo_page *page;
	struct buf filter = { 0 };
	enum status rc = STATUS_NO_MEMORY;

	buf_add_str(&filter, s->attribute);
	buf_add_str(&filter, " = :");
	buf_add_str(&filter, s->attribute);
	q.filter = (struct dynamo_expression){ buf_cstr(&filter), &wanted, 1 };
	if (buf_ok(&filter))
		rc = dynamo_query(d, &q, by, &page);
	buf_free(&filter);
	if (rc != STATUS_OK)
		return rc;
	dynamo_page_free(s->page);
	s->page = page;
	s->next = 0;
	return STATUS_OK;
}

enum status message_group_search_next(
	struct dynamo *d, struct message_group_search *s, struct deadline by)
{
	enum status rc;

	while (!s->page || s->next == dynamo_page_count(s->page)) {
		if (s->page && !dynamo_page_has_more(s->page))
			return STATUS_NOT_FOUND;
		rc = next_page(d, s, by);
		if (rc != STATUS_OK)
			return rc;
	}
	s->item = dynamo_page_item(s->page, s->next++);
	return STATUS_OK;
}

void message_group_search_end(struct message_group_search *s)
{
	dynamo_page_free(s->page);
	s->page = NULL;
}
