/* SPDX-License-Identifier: MIT */
/* A person as the rest of the program knows one. Where they are kept is user/store.h. */
#ifndef CRUDDUR_USER_USER_H
#define CRUDDUR_USER_USER_H

#include "base/slice.h"
#include "base/status.h"
#include "base/uuid.h"

/* Its two texts are on the heap, valid UTF-8 and without U+0000. {0} is an empty one. */
struct user {
	struct uuid uuid;
	char *handle;
	char *display_name;
};

/* Copies the texts. STATUS_NO_MEMORY. The caller ends it with user_clear. */
STATUS_MUSTCHECK enum status user_make(
	const struct uuid *uuid, struct slice handle, struct slice display_name, struct user *out);

/* Frees the texts and leaves an empty user; for an empty one it does nothing. */
void user_clear(struct user *u);

#endif
