/* SPDX-License-Identifier: MIT */
/* A conversation of two people as its list shows it, and the rows that make one. */
#ifndef CRUDDUR_MESSAGE_GROUP_MESSAGE_GROUP_H
#define CRUDDUR_MESSAGE_GROUP_MESSAGE_GROUP_H

#include "base/slice.h"
#include "base/uuid.h"
#include "dynamo/dynamo.h"
#include "message_table/keys.h"
#include "user/user.h"

/* One line of somebody's list: the other person and the latest message. Borrowed texts. */
struct message_group {
	struct slice uuid;
	struct slice user_uuid; /* the other member's, as are the next two; empty: not known */
	struct slice display_name, handle; /* as stored in the row */
	struct slice message, created_at; /* the latest one, and its time as stored */
	unsigned int unread; /* as in message_group/unread.h, if is_counted */
	bool is_counted; /* false: nobody counted yet, and unread says nothing */
	struct slice last_read; /* a message's uuid; empty: nothing was read */
};

/* A conversation to be made, or to be completed where another program left only one side of it. */
struct message_group_start {
	const struct uuid *group;
	const struct user *starter, *other;
	struct slice message, time; /* of the message that starts it */
	bool starter_has_row, other_has_row; /* both false: it is new */
};

/* What a write is for, so that its refusal can be understood. */
enum message_group_write {
	MESSAGE_GROUP_WRITE_PAIR, /* settles which group the two have; holds if it is this one
				     already */
	MESSAGE_GROUP_WRITE_GROUP, /* a GRP# row: refused if its member has another at that time */
	MESSAGE_GROUP_WRITE_MEMBER, /* a MBR# row: refused if somebody else made it */
};

#define MESSAGE_GROUP_WRITES_MAX 5

/* The writes, and the memory that they point into. */
struct message_group_rows {
	struct dynamo_write writes[MESSAGE_GROUP_WRITES_MAX];
	enum message_group_write kinds[MESSAGE_GROUP_WRITES_MAX];
	size_t count;
	struct table_key pair_pk, group_pk[2], member_pk;
	struct dynamo_attr pair[3], same_group[1], group[2][8], member[2][4];
};

/* Fills rows; everything that start names must outlive them, and they must not be moved. To be
 * written in one transaction together with the message. */
void message_group_fill_rows(
	const struct message_group_start *start, struct message_group_rows *rows);

#endif
