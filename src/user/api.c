/* SPDX-License-Identifier: MIT */
/* Users over HTTP. */
#include "user/api.h"

#include "user/store.h"
#include "json/write.h"

static void write_user(struct buf *b, const struct user *user)
{
	buf_add_char(b, '{');
	json_write_member(b, "uuid", uuid_slice(&user->uuid));
	json_write_member(b, "handle", slice_of(user->handle));
	json_write_member(b, "display_name", slice_of(user->display_name));
	buf_add_char(b, '}');
}

void user_api_short(struct pg *p, struct http_call *call)
{
	struct user user = { .handle = NULL };
	enum status rc = user_store_by_handle(p, call->capture, call->by, &user);

	if (rc == STATUS_NOT_FOUND) {
		http_response_error(call->response, 404, "user_not_found");
		return;
	}
	if (rc != STATUS_OK) {
		http_response_fail(call->response, rc);
		return;
	}
	write_user(&call->response->body, &user);
	user_clear(&user);
}

void user_api_me(const struct user *caller, struct http_call *call)
{
	write_user(&call->response->body, caller);
}
