/* SPDX-License-Identifier: MIT */
/* Who has a Cognito id, for every signed-in request: from memory while that is fresh, else from
 * user/store. Nothing else reads or fills this memory, which workers may share. */
#ifndef CRUDDUR_USER_DIRECTORY_H
#define CRUDDUR_USER_DIRECTORY_H

#include "base/clock.h"
#include "metrics/metrics.h"
#include "pg/pg.h"
#include "shared/memory.h"
#include "user/user.h"

/* What Postgres said counts for less than this, in time that the machine runs. So a new name shows
 * in what its bearer does, and a removed user is one, after ten seconds at the latest, on every
 * worker. And only while the connection stands: with Postgres stopped, nobody is known, so that a
 * worker does not serve some and refuse others. It is looked at again after
 * USER_DIRECTORY_LOOK_MS. */
#define USER_DIRECTORY_AGE_MS ((int64_t)10000)
#define USER_DIRECTORY_LOOK_MS ((int64_t)20)

/* Users held: 208 bytes each. */
#define USER_DIRECTORY_CAPACITY ((size_t)4096)

/* A longer Cognito id, or a handle and a display name of more bytes together, is read each time. */
#define USER_DIRECTORY_KEY_MAX ((size_t)40)
#define USER_DIRECTORY_NAMES_MAX ((size_t)104)

struct user_directory;

/* Borrows the connection and, as in shared/cache.h, the memory, whose scope has the database in
 * it. */
STATUS_MUSTCHECK enum status user_directory_new(
	struct pg *p, struct shared_memory *memory, struct user_directory **out);
void user_directory_free(struct user_directory *d);

/* Counts there from now on who was remembered and who was not. NULL: nowhere. */
void user_directory_count_in(struct user_directory *d, struct metrics *m);

/* As user_store_by_cognito_id, which is asked unless it found that user less than
 * USER_DIRECTORY_AGE_MS ago; nobody found and failures are never remembered. now_ms is the
 * monotonic clock. */
STATUS_MUSTCHECK enum status user_directory_find(struct user_directory *d,
	struct slice cognito_user_id, int64_t now_ms, struct deadline by, struct user *out);

#endif
