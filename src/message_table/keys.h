/* SPDX-License-Identifier: MIT */
/* The single-table key plan: the only place that spells key prefixes, the index and attribute
 * names. */
/* clang-format off */
/*
 * Shared with other programs, their shape fixed (contract, "Rows"):
 *
 *   row               pk              sk
 *   message group     GRP#<user>      time of the latest message; one row for each member. Ours alone in it:
 *                                     unread_count ("0" to "100", which is more than 99) and
 *                                     last_read, copies of what follows from the MBR# row
 *   message           MSG#<group>     its time
 *
 * Ours alone, so that a group is found without searching a partition:
 *
 *   member            MBR#<group>     <user>   "this user is a member"; group_sk: where its GRP# row is,
 *                                              prev_sk: where it was before, message_sk: the message it shows;
 *                                              read_sk, read_message_uuid: the newest message that was read
 *   pair              PAIR#<a>#<b>    PAIR     a < b; group_uuid: the one conversation of two people
 *   remembered send   IDM#<user>#<key>  IDM    the answer to an Idempotency-Key; expires_at for TTL
 *
 * None of ours has an attribute message_group_uuid, so none of them shows in the index. Other programs
 * write only the first two: a missing member or pair row proves nothing.
 */
/* clang-format on */
#ifndef CRUDDUR_MESSAGE_TABLE_KEYS_H
#define CRUDDUR_MESSAGE_TABLE_KEYS_H

#include "base/buf.h"
#include "base/slice.h"
#include "base/uuid.h"

#define TABLE_INDEX "message-group-sk-index"

#define TABLE_PK "pk"
#define TABLE_SK "sk"
#define TABLE_GROUP_UUID "message_group_uuid" /* GRP# rows only: it is the index's hash key */
#define TABLE_MESSAGE_UUID "message_uuid"
#define TABLE_MESSAGE "message"
#define TABLE_USER_UUID "user_uuid"
#define TABLE_USER_DISPLAY_NAME "user_display_name"
#define TABLE_USER_HANDLE "user_handle"
#define TABLE_UNREAD "unread_count" /* absent: not counted yet */
#define TABLE_LAST_READ "last_read" /* absent: nothing was read */

#define TABLE_MEMBER_GROUP_SK "group_sk"
#define TABLE_MEMBER_PREV_SK "prev_sk" /* absent until the row has moved */
#define TABLE_MEMBER_MESSAGE_SK "message_sk" /* absent: it shows the message at group_sk */
#define TABLE_MEMBER_OTHER "other_user_uuid"
#define TABLE_MEMBER_READ_SK "read_sk" /* both absent: nothing was read */
#define TABLE_MEMBER_READ_UUID "read_message_uuid"
#define TABLE_PAIR_GROUP "group_uuid"
#define TABLE_SEND_GROUP "group_uuid"
#define TABLE_SEND_DIGEST "request_sha256"
#define TABLE_SEND_TIME "sent_at"
#define TABLE_EXPIRES_AT "expires_at" /* the table's TTL attribute, seconds since 1970 */

#define TABLE_PAIR_SK "PAIR"
#define TABLE_SEND_SK "IDM"

/* The longest Idempotency-Key, and room for the longest partition key. */
#define TABLE_SEND_KEY_MAX 64
#define TABLE_KEY_SIZE 128

/* A partition key built on the stack. */
struct table_key {
	char text[TABLE_KEY_SIZE];
	size_t len;
};

static inline struct slice table_key_slice(const struct table_key *k)
{
	return (struct slice){ k->text, k->len };
}

struct table_key table_key_group_rows(const struct uuid *user);
struct table_key table_key_messages(const struct uuid *group);
struct table_key table_key_members(const struct uuid *group);

/* Whose partition it is. STATUS_INVALID: pk is none of that kind, or names no UUID. */
STATUS_MUSTCHECK enum status table_key_read_group_rows(struct slice pk, struct uuid *user);
STATUS_MUSTCHECK enum status table_key_read_messages(struct slice pk, struct uuid *group);

/* true for every key that starts as those of messages do, also for one that names no UUID. */
bool table_key_is_messages(struct slice pk);

/* The same key for (a, b) and (b, a). */
struct table_key table_key_pair(const struct uuid *a, const struct uuid *b);

/* key is at most TABLE_SEND_KEY_MAX bytes. */
struct table_key table_key_send(const struct uuid *user, struct slice key);

#endif
