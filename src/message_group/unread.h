/* SPDX-License-Identifier: MIT */
/* How many messages of a group a member has not read. It is a function of what is stored: of the
 * messages behind the member's read position, those that others wrote. Rows of lists carry copies
 * of it as text, so that a list need not count. */
#ifndef CRUDDUR_MESSAGE_GROUP_UNREAD_H
#define CRUDDUR_MESSAGE_GROUP_UNREAD_H

#include "base/uuid.h"
#include "dynamo/dynamo.h"

/* Counting ends here: it stands for "more than 99". */
#define MESSAGE_GROUP_UNREAD_CAP 100U

/* Only so many of the newest rows are looked at, one's own messages and what cannot be shown among
 * them, so that a count stays cheap also for somebody who writes and never says what was read.
 * Whoever wrote more than a hundred of them has seen what was before. */
#define MESSAGE_GROUP_UNREAD_LOOK ((size_t)200)

/* Who has read how far, and the answer. The rest is zeroed. */
struct message_group_reader {
	const struct uuid *user;
	struct slice read_sk; /* of the newest message that was read; empty: none was */
	unsigned int unread; /* 0 to MESSAGE_GROUP_UNREAD_CAP */
	bool done; /* private */
};

/* Counts for all of them at once, strongly consistent: one Query where few messages are unread.
 * Fails as dynamo_query does. */
STATUS_MUSTCHECK enum status message_group_unread_count(struct dynamo *d, const struct uuid *group,
	struct message_group_reader *readers, size_t count, struct deadline by);

/* A count as rows hold it. */
#define MESSAGE_GROUP_UNREAD_SIZE 12
void message_group_unread_write(unsigned int unread, char out[MESSAGE_GROUP_UNREAD_SIZE]);

/* The count that a row's TABLE_UNREAD holds, at most MESSAGE_GROUP_UNREAD_CAP; false if that is
 * empty, as it is where nobody counted yet, or no number. */
bool message_group_unread_parse(struct slice text, unsigned int *unread);

#endif
