/* SPDX-License-Identifier: MIT */
/* Messages in DynamoDB: pages of them, and writing one so that it is stored exactly once, whatever
 * clocks, retries and simultaneous requests do. Failures as in dynamo/dynamo.h. */
#ifndef CRUDDUR_MESSAGE_STORE_H
#define CRUDDUR_MESSAGE_STORE_H

#include "base/buf.h"
#include "base/clock.h"
#include "message/message.h"
#include "message_table/rows.h"
#include "user/user.h"

struct message_store;

/* Borrows the table. */
STATUS_MUSTCHECK enum status message_store_new(struct dynamo *d, struct message_store **out);
void message_store_free(struct message_store *s);

struct message_page {
	struct table_rows rows; /* own all texts; as they were read: see message_page_get */
	bool forward; /* they were read from the oldest on; else from the newest */
	struct slice next; /* sort key to go on from, in the same way; empty if there are no more */
};

/* Which messages a page is of: the newest that are older than a sort key (empty: the newest of
 * all), or the oldest that are newer than one. */
struct message_range {
	struct slice before, after; /* at most one is not empty */
	size_t limit; /* 1 to TABLE_ROWS_MAX */
};

/* Up to limit messages of a group. The caller has checked membership. out must be zeroed; clear it
 * in any case. */
STATUS_MUSTCHECK enum status message_store_list(struct message_store *s, const struct uuid *group,
	const struct message_range *range, struct deadline by, struct message_page *out);
void message_page_clear(struct message_page *page);

/* A message of a page, the oldest at 0, i below rows.count; its texts live as long as the page. */
struct message message_page_get(const struct message_page *page, size_t i);

/* A message as it is stored. */
struct message_found {
	struct buf sk, uuid;
};
void message_found_clear(struct message_found *found);

/* Nothing leads from a uuid to its row, so rows are looked through, and only so many: whoever names
 * a message that is not there must not have a long conversation read to its end each time. */
#define MESSAGE_FIND_LOOK ((size_t)4096)

/* Looks for a message of a group by its uuid, in either case. STATUS_NOT_FOUND: none of the group's
 * MESSAGE_FIND_LOOK newest rows is one with it that can be shown, or it is no uuid. out must be
 * zeroed; clear it in any case. */
STATUS_MUSTCHECK enum status message_store_find(struct message_store *s, const struct uuid *group,
	struct slice uuid, struct deadline by, struct message_found *out);

/* A request to send, as its sender made it. */
struct message_draft {
	const struct user *sender;
	struct slice text; /* without faults */
	struct slice key; /* Idempotency-Key; empty: none */
	struct slice digest; /* names the request's bytes; with a key only */
};

/* What was stored: by this call, or by an earlier one with the same key. */
struct message_sent {
	struct uuid group, uuid;
	char created_at[CLOCK_TEXT_SIZE];
	bool again; /* by an earlier call */
	struct buf display_name, handle; /* the sender's at that time */
};
void message_sent_clear(struct message_sent *sent);

/* Adds to a group that the sender is a member of. STATUS_CONFLICT: the key was used for another
 * request. *out must be zeroed; clear it after STATUS_OK. */
STATUS_MUSTCHECK enum status message_store_send(struct message_store *s,
	const struct message_draft *draft, const struct uuid *group, struct deadline by,
	struct message_sent *out);

/* Adds to the one conversation that the sender and the receiver have, or makes it, whole or not at
 * all: however many start it at once, from whichever side, there is one. As message_store_send. */
STATUS_MUSTCHECK enum status message_store_start(struct message_store *s,
	const struct message_draft *draft, const struct user *receiver, struct deadline by,
	struct message_sent *out);

/* The answer to an earlier send with this draft's sender and key: STATUS_OK; STATUS_NOT_FOUND if
 * none is remembered; STATUS_CONFLICT if it was another request. */
STATUS_MUSTCHECK enum status message_store_replay(struct message_store *s,
	const struct message_draft *draft, struct deadline by, struct message_sent *out);

#endif
