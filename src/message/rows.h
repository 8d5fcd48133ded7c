/* SPDX-License-Identifier: MIT */
/* The rows that sending writes: the message, and what an Idempotency-Key is remembered by. */
#ifndef CRUDDUR_MESSAGE_ROWS_H
#define CRUDDUR_MESSAGE_ROWS_H

#include "message/store.h"
#include "message_table/keys.h"

/* How long a key is remembered: a day, far over the contract's ten minutes, so that a client that
 * was offline may still repeat itself. */
#define MESSAGE_KEY_LIFE_S ((int64_t)24 * 60 * 60)

/* One message about to be written. Memory that its writes point into; must not be moved. */
struct message_rows {
	struct uuid group, uuid;
	char time[CLOCK_TEXT_SIZE]; /* the sort key */
	char now_s[24], expires_s[24];
	struct table_key message_pk, key_pk;
	struct dynamo_attr message[7], key[9], condition[1];
};

/* The write of the message row, on condition that no row has its sort key. rows' group, uuid and
 * time are set by the caller before. */
struct dynamo_write message_rows_message(
	struct message_rows *rows, const struct message_draft *draft);

/* The write of the remembered answer, on condition that the key is free or has expired. */
struct dynamo_write message_rows_key(
	struct message_rows *rows, const struct message_draft *draft, int64_t now_s);

#endif
