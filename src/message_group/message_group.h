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
	struct slice display_name, handle; /* of the other member, as stored in the row */
	struct slice message, created_at; /* the latest one, and its time as stored */
};

/* A conversation to be made. */
struct message_group_start {
	const struct uuid *group;
	const struct user *starter, *other;
	struct slice message, time; /* of the first message */
	bool other_has_row; /* the group exists, but only on the other's side: complete it */
};

/* The writes that make it, in this order; the last two are absent if other_has_row. */
enum message_group_write {
	MESSAGE_GROUP_WRITE_PAIR,
	MESSAGE_GROUP_WRITE_STARTER_GROUP,
	MESSAGE_GROUP_WRITE_STARTER_MEMBER,
	MESSAGE_GROUP_WRITE_OTHER_GROUP,
	MESSAGE_GROUP_WRITE_OTHER_MEMBER,
	MESSAGE_GROUP_WRITES
};

/* Memory that the writes point into. */
struct message_group_rows {
	struct table_key pair_pk, group_pk[2], member_pk;
	struct dynamo_attr pair[3], same_group[1], group[2][7], member[2][4];
};

/* Fills writes and the memory behind them, all conditional on not being there yet; returns how
 * many. Everything that start names must outlive the writes. To be written in one transaction
 * together with the first message. */
size_t message_group_fill_rows(const struct message_group_start *start,
	struct message_group_rows *rows, struct dynamo_write writes[MESSAGE_GROUP_WRITES]);

#endif
