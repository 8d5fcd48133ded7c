/* SPDX-License-Identifier: MIT */
/* Looking through somebody's message-group rows for a value, newest first. It reads the whole
 * partition in the worst case, so it is asked only where our own rows do not know the answer. For
 * message_group/ and group_mover/. */
#ifndef CRUDDUR_MESSAGE_GROUP_FIND_H
#define CRUDDUR_MESSAGE_GROUP_FIND_H

#include "base/uuid.h"
#include "message_table/rows.h"

/* Set the first three, the rest zeroed. */
struct message_group_search {
	const struct uuid *owner;
	const char *attribute; /* whose value is looked for */
	struct slice value;
	const struct dynamo_item *item; /* what was found; lives until the next call */
	struct dynamo_page *page; /* the rest is private */
	size_t next;
};

/* STATUS_OK: item is the next row. STATUS_NOT_FOUND: there is none. Or as dynamo_query. */
STATUS_MUSTCHECK enum status message_group_search_next(
	struct dynamo *d, struct message_group_search *s, struct deadline by);

/* Frees what it holds; in any case, after the last call. */
void message_group_search_end(struct message_group_search *s);

#endif
