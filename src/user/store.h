/* SPDX-License-Identifier: MIT */
/* Users in Postgres: the look-ups that requests need. Changes no user. */
#ifndef CRUDDUR_USER_STORE_H
#define CRUDDUR_USER_STORE_H

#include "base/clock.h"
#include "pg/pg.h"
#include "user/user.h"

/* What is looked for comes from outside: a text that no row can hold (over so many bytes, not
 * UTF-8, or with U+0000 in it) is not found, and Postgres is not asked. */
#define USER_KEY_MAX 255

/* All: STATUS_NOT_FOUND; STATUS_TIMEOUT; STATUS_UNAVAILABLE, also for a row without a handle or a
 * display name; STATUS_NO_MEMORY. What *out gets is the caller's to clear. */
STATUS_MUSTCHECK enum status user_store_by_cognito_id(
	struct pg *p, struct slice cognito_user_id, struct deadline by, struct user *out);

/* Handles are compared byte by byte: no case folding, no normal form. */
STATUS_MUSTCHECK enum status user_store_by_handle(
	struct pg *p, struct slice handle, struct deadline by, struct user *out);

/* By the key of their row. */
STATUS_MUSTCHECK enum status user_store_by_uuid(
	struct pg *p, const struct uuid *uuid, struct deadline by, struct user *out);

/* The two people of a new conversation. They may be one and the same. */
struct user_pair {
	struct user sender;
	struct user receiver;
};

void user_pair_clear(struct user_pair *pair);

/* Both as of one moment. STATUS_NOT_FOUND: nobody has the handle. STATUS_DENIED: the sender is no
 * user any more. */
STATUS_MUSTCHECK enum status user_store_pair(struct pg *p, const struct uuid *sender,
	struct slice receiver_handle, struct deadline by, struct user_pair *out);

#endif
