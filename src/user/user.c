/* SPDX-License-Identifier: MIT */
/* Making and ending a user in memory; touches no database. */
#include "user/user.h"

#include <stdlib.h>

enum status user_make(
	const struct uuid *uuid, struct slice handle, struct slice display_name, struct user *out)
{
	struct user u = { .uuid = *uuid };

	u.handle = strndup(handle.len > 0 ? handle.ptr : "", handle.len);
	u.display_name = strndup(display_name.len > 0 ? display_name.ptr : "", display_name.len);
	if (!u.handle || !u.display_name) {
		user_clear(&u);
		return STATUS_NO_MEMORY;
	}
	*out = u;
	return STATUS_OK;
}

void user_clear(struct user *u)
{
	free(u->handle);
	free(u->display_name);
	*u = (struct user){ 0 };
}
