/* SPDX-License-Identifier: MIT */
/* The rows of a new conversation, in the contract's shape. */
#include "message_group/message_group.h"

#include "message_table/rows.h"

static void add(struct message_group_rows *rows, enum message_group_write kind,
	const struct dynamo_attr *attrs, size_t count)
{
	rows->kinds[rows->count] = kind;
	rows->writes[rows->count++] = table_put_new(attrs, count);
}

static void add_pair(struct message_group_rows *rows, const struct message_group_start *start)
{
	rows->pair_pk = table_key_pair(&start->starter->uuid, &start->other->uuid);
	rows->pair[0] = table_attr(TABLE_PK, table_key_slice(&rows->pair_pk));
	rows->pair[1] = table_attr(TABLE_SK, SLICE(TABLE_PAIR_SK));
	rows->pair[2] = table_attr(TABLE_PAIR_GROUP, uuid_slice(start->group));
	rows->same_group[0] = table_attr("group", uuid_slice(start->group));
	add(rows, MESSAGE_GROUP_WRITE_PAIR, rows->pair, 3);
	rows->writes[rows->count - 1].condition =
		(struct dynamo_expression){ .text = "attribute_not_exists(" TABLE_PK
						    ") OR " TABLE_PAIR_GROUP " = :group",
			.values = rows->same_group,
			.value_count = 1 };
}

/* Both rows of a side: the line in the member's list, which shows the peer, and the membership. */
static void add_side(struct message_group_rows *rows, size_t side,
	const struct message_group_start *start, const struct user *member, const struct user *peer)
{
	struct dynamo_attr *group = rows->group[side], *membership = rows->member[side];

	rows->group_pk[side] = table_key_group_rows(&member->uuid);
	group[0] = table_attr(TABLE_PK, table_key_slice(&rows->group_pk[side]));
	group[1] = table_attr(TABLE_SK, start->time);
	group[2] = table_attr(TABLE_GROUP_UUID, uuid_slice(start->group));
	group[3] = table_attr(TABLE_MESSAGE, start->message);
	group[4] = table_attr(TABLE_USER_UUID, uuid_slice(&peer->uuid));
	group[5] = table_attr(TABLE_USER_DISPLAY_NAME, slice_of(peer->display_name));
	group[6] = table_attr(TABLE_USER_HANDLE, slice_of(peer->handle));
	/* A new conversation has one message. What there is in one that is completed is counted
	 * later. */
	group[7] = table_attr(TABLE_UNREAD, side == 0 ? SLICE("0") : SLICE("1"));
	add(rows, MESSAGE_GROUP_WRITE_GROUP, group,
		start->starter_has_row || start->other_has_row ? 7 : 8);

	membership[0] = table_attr(TABLE_PK, table_key_slice(&rows->member_pk));
	membership[1] = table_attr(TABLE_SK, uuid_slice(&member->uuid));
	membership[2] = table_attr(TABLE_MEMBER_GROUP_SK, start->time);
	membership[3] = table_attr(TABLE_MEMBER_OTHER, uuid_slice(&peer->uuid));
	add(rows, MESSAGE_GROUP_WRITE_MEMBER, membership, 4);
}

void message_group_fill_rows(
	const struct message_group_start *start, struct message_group_rows *rows)
{
	rows->count = 0;
	rows->member_pk = table_key_members(start->group);
	add_pair(rows, start);
	if (!start->starter_has_row)
		add_side(rows, 0, start, start->starter, start->other);
	if (!start->other_has_row)
		add_side(rows, 1, start, start->other, start->starter);
}
