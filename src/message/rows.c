/* SPDX-License-Identifier: MIT */
/* Filling message rows and remembered sends. */
#include "message/rows.h"

#include <inttypes.h>
#include <stdio.h>

struct dynamo_write message_rows_message(
	struct message_rows *rows, const struct message_draft *draft)
{
	const struct user *sender = draft->sender;

	rows->message_pk = table_key_messages(&rows->group);
	rows->message[0] = table_attr(TABLE_PK, table_key_slice(&rows->message_pk));
	rows->message[1] = table_attr(TABLE_SK, slice_of(rows->time));
	rows->message[2] = table_attr(TABLE_MESSAGE_UUID, uuid_slice(&rows->uuid));
	rows->message[3] = table_attr(TABLE_MESSAGE, draft->text);
	rows->message[4] = table_attr(TABLE_USER_UUID, uuid_slice(&sender->uuid));
	rows->message[5] = table_attr(TABLE_USER_DISPLAY_NAME, slice_of(sender->display_name));
	rows->message[6] = table_attr(TABLE_USER_HANDLE, slice_of(sender->handle));
	return table_put_new(rows->message, 7);
}

struct dynamo_write message_rows_key(
	struct message_rows *rows, const struct message_draft *draft, int64_t now_s)
{
	const struct user *sender = draft->sender;

	(void)snprintf(rows->now_s, sizeof(rows->now_s), "%" PRId64, now_s);
	(void)snprintf(
		rows->expires_s, sizeof(rows->expires_s), "%" PRId64, now_s + MESSAGE_KEY_LIFE_S);
	rows->key_pk = table_key_send(&sender->uuid, draft->key);
	rows->key[0] = table_attr(TABLE_PK, table_key_slice(&rows->key_pk));
	rows->key[1] = table_attr(TABLE_SK, SLICE(TABLE_SEND_SK));
	rows->key[2] = table_attr(TABLE_SEND_DIGEST, draft->digest);
	rows->key[3] = table_attr(TABLE_SEND_GROUP, uuid_slice(&rows->group));
	rows->key[4] = table_attr(TABLE_MESSAGE_UUID, uuid_slice(&rows->uuid));
	rows->key[5] = table_attr(TABLE_SEND_TIME, slice_of(rows->time));
	rows->key[6] = table_attr(TABLE_USER_DISPLAY_NAME, slice_of(sender->display_name));
	rows->key[7] = table_attr(TABLE_USER_HANDLE, slice_of(sender->handle));
	rows->key[8] = (struct dynamo_attr){
		.name = TABLE_EXPIRES_AT, .value = slice_of(rows->expires_s), .type = DYNAMO_NUMBER
	};
	rows->condition[0] = (struct dynamo_attr){
		.name = "now", .value = slice_of(rows->now_s), .type = DYNAMO_NUMBER
	};
	return (struct dynamo_write){ .kind = DYNAMO_PUT,
		.attrs = rows->key,
		.attr_count = 9,
		.condition = {
			.text = "attribute_not_exists(" TABLE_PK ") OR " TABLE_EXPIRES_AT " < :now",
			.values = rows->condition,
			.value_count = 1 } };
}
