/* SPDX-License-Identifier: MIT */
/* Users over HTTP. */
#include "user/api.h"

#include "user/store.h"
#include "json/write.h"

void user_api_short(struct pg *p, struct http_call *call)
{
	struct buf *body = &call->response->body;
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
	buf_add_char(body, '{');
	json_write_member(body, "uuid", uuid_slice(&user.uuid));
	json_write_member(body, "handle", slice_of(user.handle));
	json_write_member(body, "display_name", slice_of(user.display_name));
	buf_add_char(body, '}');
	user_clear(&user);
}
