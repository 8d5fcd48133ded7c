/* SPDX-License-Identifier: MIT */
/* The rows of a new conversation, in the contract's shape. */
#include "message_group/message_group.h"

#define NOT_THERE                                                                                  \
	{                                                                                          \
		.text = "attribute_not_exists(" TABLE_PK ")"                                       \
	}

static struct dynamo_attr text(const char *name, struct slice value)
{
	return (struct dynamo_attr){ .name = name, .value = value, .type = DYNAMO_STRING };
}

static void fill_group(struct dynamo_attr attrs[7], const struct table_key *pk,
	const struct message_group_start *start, const struct user *shown)
{
	attrs[0] = text(TABLE_PK, table_key_slice(pk));
	attrs[1] = text(TABLE_SK, start->time);
	attrs[2] = text(TABLE_GROUP_UUID, uuid_slice(start->group));
	attrs[3] = text(TABLE_MESSAGE, start->message);
	attrs[4] = text(TABLE_USER_UUID, uuid_slice(&shown->uuid));
	attrs[5] = text(TABLE_USER_DISPLAY_NAME, slice_of(shown->display_name));
	attrs[6] = text(TABLE_USER_HANDLE, slice_of(shown->handle));
}

static void fill_member(struct dynamo_attr attrs[4], const struct table_key *pk,
	const struct message_group_start *start, const struct user *member,
	const struct user *other)
{
	attrs[0] = text(TABLE_PK, table_key_slice(pk));
	attrs[1] = text(TABLE_SK, uuid_slice(&member->uuid));
	attrs[2] = text(TABLE_MEMBER_GROUP_SK, start->time);
	attrs[3] = text(TABLE_MEMBER_OTHER, uuid_slice(&other->uuid));
}

/* A row that must not be there yet. */
static struct dynamo_write put(const struct dynamo_attr *attrs, size_t count)
{
	return (struct dynamo_write){ .kind = DYNAMO_PUT,
		.attrs = attrs,
		.attr_count = count,
		.condition = { .text = "attribute_not_exists(" TABLE_PK ")" } };
}

size_t message_group_fill_rows(const struct message_group_start *start,
	struct message_group_rows *rows, struct dynamo_write writes[MESSAGE_GROUP_WRITES])
{
	const struct user *a = start->starter, *b = start->other;

	rows->pair_pk = table_key_pair(&a->uuid, &b->uuid);
	rows->group_pk[0] = table_key_group_rows(&a->uuid);
	rows->group_pk[1] = table_key_group_rows(&b->uuid);
	rows->member_pk = table_key_members(start->group);
	rows->pair[0] = text(TABLE_PK, table_key_slice(&rows->pair_pk));
	rows->pair[1] = text(TABLE_SK, SLICE(TABLE_PAIR_SK));
	rows->pair[2] = text(TABLE_PAIR_GROUP, uuid_slice(start->group));
	fill_group(rows->group[0], &rows->group_pk[0], start, b);
	fill_group(rows->group[1], &rows->group_pk[1], start, a);
	fill_member(rows->member[0], &rows->member_pk, start, a, b);
	fill_member(rows->member[1], &rows->member_pk, start, b, a);

	writes[MESSAGE_GROUP_WRITE_PAIR] = put(rows->pair, 3);
	rows->same_group[0] = text("group", uuid_slice(start->group));
	writes[MESSAGE_GROUP_WRITE_PAIR].condition =
		(struct dynamo_expression){ .text = "attribute_not_exists(" TABLE_PK
						    ") OR " TABLE_PAIR_GROUP " = :group",
			.values = rows->same_group,
			.value_count = 1 };
	writes[MESSAGE_GROUP_WRITE_STARTER_GROUP] = put(rows->group[0], 7);
	writes[MESSAGE_GROUP_WRITE_STARTER_MEMBER] = put(rows->member[0], 4);
	if (start->other_has_row)
		return MESSAGE_GROUP_WRITE_OTHER_GROUP;
	writes[MESSAGE_GROUP_WRITE_OTHER_GROUP] = put(rows->group[1], 7);
	writes[MESSAGE_GROUP_WRITE_OTHER_MEMBER] = put(rows->member[1], 4);
	return MESSAGE_GROUP_WRITES;
}
