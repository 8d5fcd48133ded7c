/* SPDX-License-Identifier: MIT */
/* What store.c and start.c share about writing a message; not for anybody else. */
#ifndef CRUDDUR_MESSAGE_SENDING_H
#define CRUDDUR_MESSAGE_SENDING_H

#include "message/rows.h"

/* Sort keys tried before giving up: each is a microsecond later, so only a flood of messages in one
 * group within a few microseconds could use them up. */
#define MESSAGE_SENDING_TRIES 32

struct message_store {
	struct dynamo *table;
	int64_t last_us; /* newest time given out here */
};

/* A clock may be stepped back by so much without messages changing their order; a larger step means
 * that it was wrong before, and what it says now counts. */
#define MESSAGE_SENDING_STEP_US 1000000

/* A time for a message, later than the one that this store gave before. */
int64_t message_sending_now_us(struct message_store *s);

/* Makes the answer from rows that were written. */
STATUS_MUSTCHECK enum status message_sending_done(const struct message_rows *rows,
	const struct message_draft *draft, struct message_sent *out);

/* Whether the row at rows' sort key is this very message. */
STATUS_MUSTCHECK enum status message_sending_is_stored(
	struct message_store *s, const struct message_rows *rows, struct deadline by, bool *stored);

#endif
