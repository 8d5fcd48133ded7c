/* SPDX-License-Identifier: MIT */
/* How far a member has read. The member's MBR# row holds it; the member's GRP# row has copies for
 * the list, which group_mover/ keeps as well. */
#ifndef CRUDDUR_MESSAGE_GROUP_READING_H
#define CRUDDUR_MESSAGE_GROUP_READING_H

#include "base/buf.h"
#include "base/uuid.h"
#include "dynamo/dynamo.h"

/* A message up to which a member has read. Borrowed. */
struct message_group_mark {
	const struct uuid *group, *user;
	struct slice sk, uuid; /* the message's, as stored */
};

/* What is so after that. */
struct message_group_reading {
	struct buf last_read; /* the newest message that the member ever marked */
	unsigned int unread; /* as in message_group/unread.h */
};
void message_group_reading_clear(struct message_group_reading *r);

/* Moves the member's read position forward to the mark; an earlier mark, or the same again, leaves
 * it where it is. The list follows at once, or with the next message if this is interrupted. The
 * caller has checked membership: STATUS_NOT_FOUND if there is none after all. Otherwise fails as
 * the calls of dynamo/dynamo.h do; the position may have moved. out must be zeroed; clear it in any
 * case. */
STATUS_MUSTCHECK enum status message_group_reading_mark(struct dynamo *d,
	const struct message_group_mark *mark, struct deadline by,
	struct message_group_reading *out);

#endif
