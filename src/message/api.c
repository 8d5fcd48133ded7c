/* SPDX-License-Identifier: MIT */
/* Reading a conversation over HTTP. */
#include "message/api.h"

#include "http/page.h"
#include "message_table/cursor.h"
#include "message_table/keys.h"
#include "json/write.h"

static void write_message(struct buf *b, const struct message *m)
{
	buf_add_char(b, '{');
	json_write_member(b, "uuid", m->uuid);
	json_write_member(b, "display_name", m->display_name);
	json_write_member(b, "handle", m->handle);
	json_write_member(b, "message", m->message);
	json_write_member(b, "created_at", m->created_at);
	buf_add_char(b, '}');
}

static enum status write_next(struct http_response *r, const struct message_page *page,
	const struct page_request *asked, const struct uuid *group)
{
	struct table_key pk = table_key_messages(group);
	struct buf cursor = { 0 }, path = { 0 };
	enum status rc = cursor_encode(table_key_slice(&pk), page->next, &cursor);

	buf_add_str(&path, "/api/messages/");
	buf_add_slice(&path, uuid_slice(group));
	if (rc == STATUS_OK && !buf_ok(&path))
		rc = STATUS_NO_MEMORY;
	if (rc == STATUS_OK)
		page_link_next(r, buf_cstr(&path), asked, buf_slice(&cursor));
	buf_free(&cursor);
	buf_free(&path);
	return rc;
}

static enum status write_page(struct http_response *r, const struct message_page *page,
	const struct page_request *asked, const struct uuid *group)
{
	buf_add_char(&r->body, '[');
	for (size_t i = 0; i < page->count; i++) {
		if (i > 0)
			buf_add_char(&r->body, ',');
		write_message(&r->body, &page->messages[i]);
	}
	buf_add_char(&r->body, ']');
	return page->next.len > 0 ? write_next(r, page, asked, group) : STATUS_OK;
}

/* Where the page starts. A cursor of another conversation is malformed, and so is any cursor for
 * what is no group at all: the answer depends on the request alone, never on what is stored. */
static enum status read_start(const struct page_request *asked, const struct uuid *group,
	bool is_group, struct buf *before)
{
	struct table_key pk = table_key_messages(group);

	if (!asked->has_cursor)
		return STATUS_OK;
	if (!is_group)
		return STATUS_INVALID;
	return cursor_decode(table_key_slice(&pk), buf_slice(&asked->cursor), before);
}

void message_api_list(
	const struct message_api *api, const struct user *caller, struct http_call *call)
{
	struct page_request asked = { .limit = 0 };
	struct message_page page = { .count = 0 };
	struct buf before = { 0 };
	struct uuid group = { .text = "" };
	bool is_group = uuid_parse(call->capture, &group) == STATUS_OK;
	enum status rc = page_request_read(call->request, &asked);

	if (rc == STATUS_OK)
		rc = read_start(&asked, &group, is_group, &before);
	if (rc == STATUS_INVALID) {
		http_response_error(call->response, 400, "malformed_request");
		goto out;
	}
	if (rc == STATUS_OK)
		rc = is_group
			? message_group_members_check(api->members, &group, &caller->uuid, call->by)
			: STATUS_NOT_FOUND;
	if (rc == STATUS_NOT_FOUND) {
		http_response_error(call->response, 404, "message_group_not_found");
		goto out;
	}
	if (rc == STATUS_OK)
		rc = message_store_list(
			api->messages, &group, asked.limit, buf_slice(&before), call->by, &page);
	if (rc == STATUS_OK)
		rc = write_page(call->response, &page, &asked, &group);
	if (rc != STATUS_OK)
		http_response_fail(call->response, rc);
out:
	message_page_clear(&page);
	page_request_clear(&asked);
	buf_free(&before);
}
