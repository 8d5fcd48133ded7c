/* SPDX-License-Identifier: MIT */
/* Reading a conversation over HTTP. */
#include "message/api.h"

#include "http/page.h"
#include "http/uri.h"
#include "message_table/cursor.h"
#include "message_table/keys.h"
#include "json/write.h"

static void write_message(struct buf *b, const struct message *m)
{
	buf_add_char(b, '{');
	json_write_member(b, "uuid", m->uuid);
	if (m->user_uuid.len > 0)
		json_write_member(b, "user_uuid", m->user_uuid);
	json_write_member(b, "display_name", m->display_name);
	json_write_member(b, "handle", m->handle);
	json_write_member(b, "message", m->message);
	json_write_member(b, "created_at", m->created_at);
	buf_add_char(b, '}');
}

/* What is asked for: a page, and where it begins. */
struct listing {
	struct page_request asked;
	struct uuid group;
	bool is_group;
	bool forward; /* towards newer messages */
	bool has_after;
	struct buf after; /* the message uuid that the page comes after; with has_after */
	struct message_found found; /* that message */
	struct buf place; /* the sort key that a cursor holds */
};

static enum status write_next(
	struct http_response *r, const struct message_page *page, const struct listing *l)
{
	struct table_key pk = table_key_messages(&l->group);
	struct buf cursor = { 0 }, path = { 0 };
	enum status rc = l->forward
		? cursor_encode_forward(table_key_slice(&pk), page->next, &cursor)
		: cursor_encode(table_key_slice(&pk), page->next, &cursor);

	buf_add_str(&path, "/api/messages/");
	buf_add_slice(&path, uuid_slice(&l->group));
	if (rc == STATUS_OK && !buf_ok(&path))
		rc = STATUS_NO_MEMORY;
	if (rc == STATUS_OK)
		page_link_next(r, buf_cstr(&path), &l->asked, buf_slice(&cursor));
	buf_free(&cursor);
	buf_free(&path);
	return rc;
}

static enum status write_page(
	struct http_response *r, const struct message_page *page, const struct listing *l)
{
	buf_add_char(&r->body, '[');
	for (size_t i = 0; i < page->rows.count; i++) {
		const struct message message = message_page_get(page, i);

		if (i > 0)
			buf_add_char(&r->body, ',');
		write_message(&r->body, &message);
	}
	buf_add_char(&r->body, ']');
	return page->next.len > 0 ? write_next(r, page, l) : STATUS_OK;
}

/* A cursor of another conversation is malformed, and so is any cursor for what is no group at all:
 * the answer depends on the request alone, never on what is stored. */
static enum status read_cursor(struct listing *l)
{
	struct table_key pk = table_key_messages(&l->group);
	struct slice cursor = buf_slice(&l->asked.cursor);
	enum status rc;

	if (!l->is_group)
		return STATUS_INVALID;
	rc = cursor_decode(table_key_slice(&pk), cursor, &l->place);
	if (rc != STATUS_INVALID)
		return rc;
	l->forward = true;
	return cursor_decode_forward(table_key_slice(&pk), cursor, &l->place);
}

static enum status read_after(struct listing *l, const struct http_request *request)
{
	struct uuid after;
	enum status rc = uri_query(request->query, "after", &l->after);

	if (rc != STATUS_OK)
		return rc == STATUS_NOT_FOUND ? STATUS_OK : rc;
	l->has_after = true;
	l->forward = true;
	return l->asked.has_cursor ? STATUS_INVALID : uuid_parse(buf_slice(&l->after), &after);
}

static enum status read_listing(struct listing *l, const struct http_call *call)
{
	enum status rc = page_request_read(call->request, &l->asked);

	l->is_group = uuid_parse(call->capture, &l->group) == STATUS_OK;
	if (rc == STATUS_OK)
		rc = read_after(l, call->request);
	if (rc == STATUS_OK && l->asked.has_cursor)
		rc = read_cursor(l);
	return rc;
}

/* STATUS_INVALID: it is to begin after a message that the group does not have. */
static enum status list(const struct message_api *api, struct listing *l, struct deadline by,
	struct message_page *page)
{
	struct message_range range = { .limit = l->asked.limit };
	struct slice place = buf_slice(&l->place);
	enum status rc = STATUS_OK;

	if (l->has_after) {
		rc = message_store_find(
			api->messages, &l->group, buf_slice(&l->after), by, &l->found);
		place = buf_slice(&l->found.sk);
	}
	if (rc != STATUS_OK)
		return rc == STATUS_NOT_FOUND ? STATUS_INVALID : rc;
	if (l->forward)
		range.after = place;
	else
		range.before = place;
	return message_store_list(api->messages, &l->group, &range, by, page);
}

static void clear_listing(struct listing *l)
{
	page_request_clear(&l->asked);
	message_found_clear(&l->found);
	buf_free(&l->after);
	buf_free(&l->place);
}

void message_api_list(
	const struct message_api *api, const struct user *caller, struct http_call *call)
{
	struct listing l = { .is_group = false };
	struct message_page page = { .forward = false };
	enum status rc = read_listing(&l, call);

	if (rc == STATUS_OK)
		rc = l.is_group ? message_group_members_check(
					  api->members, &l.group, &caller->uuid, call->by)
				: STATUS_NOT_FOUND;
	if (rc == STATUS_OK)
		rc = list(api, &l, call->by, &page);
	if (rc == STATUS_OK)
		rc = write_page(call->response, &page, &l);
	if (rc == STATUS_INVALID)
		http_response_error(call->response, 400, "malformed_request");
	else if (rc == STATUS_NOT_FOUND)
		http_response_error(call->response, 404, "message_group_not_found");
	else if (rc != STATUS_OK)
		http_response_fail(call->response, rc);
	message_page_clear(&page);
	clear_listing(&l);
}
