/* SPDX-License-Identifier: MIT */
/* Message groups over HTTP. */
#include "message_group/api.h"

#include "http/page.h"
#include "message_group/store.h"
#include "message_group/unread.h"
#include "message_table/cursor.h"
#include "json/write.h"

void message_group_api_write_unread(struct buf *b, unsigned int unread)
{
	bool capped = unread >= MESSAGE_GROUP_UNREAD_CAP;

	buf_add_str(b, ",\"unread_count\":");
	buf_add_int(b, capped ? MESSAGE_GROUP_UNREAD_CAP - 1 : unread);
	if (capped)
		buf_add_str(b, ",\"unread_capped\":true");
}

static void write_group(struct buf *b, const struct message_group *g)
{
	buf_add_char(b, '{');
	json_write_member(b, "uuid", g->uuid);
	if (g->user_uuid.len > 0)
		json_write_member(b, "user_uuid", g->user_uuid);
	json_write_member(b, "display_name", g->display_name);
	json_write_member(b, "handle", g->handle);
	json_write_member(b, "message", g->message);
	json_write_member(b, "created_at", g->created_at);
	if (g->is_counted)
		message_group_api_write_unread(b, g->unread);
	else
		buf_add_str(b, ",\"unread_count\":1,\"unread_capped\":true"); /* one or more */
	if (g->last_read.len > 0)
		json_write_member(b, "last_read_message_uuid", g->last_read);
	else
		buf_add_str(b, ",\"last_read_message_uuid\":null");
	buf_add_char(b, '}');
}

static enum status write_page(struct http_response *r, const struct message_group_page *page,
	const struct page_request *asked, struct slice pk)
{
	struct buf cursor = { 0 };
	enum status rc = STATUS_OK;

	buf_add_char(&r->body, '[');
	for (size_t i = 0; i < page->rows.count; i++) {
		const struct message_group group = message_group_page_get(page, i);

		if (i > 0)
			buf_add_char(&r->body, ',');
		write_group(&r->body, &group);
	}
	buf_add_char(&r->body, ']');
	if (page->next.len > 0) {
		rc = cursor_encode(pk, page->next, &cursor);
		if (rc == STATUS_OK)
			page_link_next(r, "/api/message_groups", asked, buf_slice(&cursor));
		buf_free(&cursor);
	}
	return rc;
}

void message_group_api_list(struct dynamo *d, const struct user *caller, struct http_call *call)
{
	struct table_key pk = table_key_group_rows(&caller->uuid);
	struct page_request asked = { .limit = 0 };
	struct message_group_page page = { .next = { 0 } };
	struct buf before = { 0 };
	enum status rc = page_request_read(call->request, &asked);

	if (rc == STATUS_OK && asked.has_cursor)
		rc = cursor_decode(table_key_slice(&pk), buf_slice(&asked.cursor), &before);
	if (rc == STATUS_INVALID) {
		http_response_error(call->response, 400, "malformed_request");
		goto out;
	}
	if (rc == STATUS_OK)
		rc = message_group_store_list(
			d, &caller->uuid, asked.limit, buf_slice(&before), call->by, &page);
	if (rc == STATUS_OK)
		rc = write_page(call->response, &page, &asked, table_key_slice(&pk));
	if (rc != STATUS_OK)
		http_response_fail(call->response, rc);
out:
	message_group_page_clear(&page);
	page_request_clear(&asked);
	buf_free(&before);
}
