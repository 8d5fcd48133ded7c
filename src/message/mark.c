/* SPDX-License-Identifier: MIT */
/* POST /api/message_groups/{message_group_uuid}/read: how far the caller has read. */
#include "http/body.h"
#include "message/api.h"
#include "message_group/api.h"
#include "message_group/reading.h"
#include "json/write.h"

struct marking {
	const struct message_api *api;
	const struct user *caller;
	struct http_call *call;
	struct uuid group;
	struct slice uuid; /* of the message, as the request spells it */
	struct message_found found;
	struct message_group_reading reading;
};

static void answer(const struct marking *m)
{
	struct buf *b = &m->call->response->body;

	buf_add_char(b, '{');
	json_write_member(b, "message_group_uuid", uuid_slice(&m->group));
	json_write_member(b, "last_read_message_uuid", buf_slice(&m->reading.last_read));
	message_group_api_write_unread(b, m->reading.unread);
	buf_add_char(b, '}');
}

/* The reader's other windows hear of it. */
static void tell(const struct marking *m)
{
	struct uuid message;

	if (uuid_parse(buf_slice(&m->reading.last_read), &message) == STATUS_OK)
		live_events_read(m->api->live, &m->caller->uuid, &m->group, &message);
}

/* STATUS_DENIED: no group of the caller's. STATUS_NOT_FOUND: no message of the group. */
static enum status mark(struct marking *m)
{
	struct message_group_mark wanted = { .group = &m->group, .user = &m->caller->uuid };
	enum status rc = uuid_parse(m->call->capture, &m->group);

	if (rc == STATUS_OK)
		rc = message_group_members_check(
			m->api->members, &m->group, &m->caller->uuid, m->call->by);
	if (rc != STATUS_OK)
		return rc == STATUS_INVALID || rc == STATUS_NOT_FOUND ? STATUS_DENIED : rc;
	rc = message_store_find(m->api->messages, &m->group, m->uuid, m->call->by, &m->found);
	if (rc != STATUS_OK)
		return rc;
	wanted.sk = buf_slice(&m->found.sk);
	wanted.uuid = buf_slice(&m->found.uuid);
	rc = message_group_reading_mark(m->api->table, &wanted, m->call->by, &m->reading);
	return rc == STATUS_NOT_FOUND ? STATUS_DENIED : rc;
}

/* The message that the body names; STATUS_INVALID if it is none. */
static enum status take_uuid(const struct json_flat *json, struct slice *out)
{
	struct uuid ignored;

	if (!json_at_string(json_at_get(json_flat_root(json), SLICE("message_uuid")), out))
		return STATUS_INVALID;
	return uuid_parse(*out, &ignored);
}

void message_api_mark(
	const struct message_api *api, const struct user *caller, struct http_call *call)
{
	struct marking m = { .api = api, .caller = caller, .call = call };
	struct buf body = { 0 };
	struct json_flat *json = NULL;
	enum status rc;

	if (!http_body_json(call, &body, &json))
		goto out;
	if (take_uuid(json, &m.uuid) != STATUS_OK) {
		http_response_error(call->response, 422, "message_uuid_invalid");
		goto out;
	}
	rc = mark(&m);
	if (rc == STATUS_OK) {
		answer(&m);
		tell(&m);
	} else if (rc == STATUS_DENIED)
		http_response_error(call->response, 404, "message_group_not_found");
	else if (rc == STATUS_NOT_FOUND)
		http_response_error(call->response, 404, "message_not_found");
	else
		http_response_fail(call->response, rc);
out:
	message_group_reading_clear(&m.reading);
	message_found_clear(&m.found);
	json_flat_free(json);
	buf_free(&body);
}
