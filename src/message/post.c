/* SPDX-License-Identifier: MIT */
/* POST /api/messages: judges the request in the contract's order, then sends or starts. */
#include "base/ascii.h"
#include "base/utf8.h"
#include "digest/sha256.h"
#include "http/body.h"
#include "message/api.h"
#include "message_table/keys.h"
#include "user/store.h"
#include "json/flat.h"
#include "json/write.h"

#define DIGEST_TEXT_SIZE ((size_t)2 * SHA256_SIZE)

/* The codes of a 422, in the contract's order. */
struct refusals {
	const char *codes[8];
	size_t count;
};

struct post {
	const struct message_api *api;
	const struct user *caller;
	struct http_call *call;
	struct buf body;
	struct json_flat *json;
	char digest[DIGEST_TEXT_SIZE];
	struct message_draft draft;
	bool has_group; /* the body names a group */
	struct slice group_text; /* valid with has_group */
	struct user_pair people; /* the two of a new conversation; empty with has_group */
	struct refusals refusals;
};

static void refuse(struct post *p, const char *code)
{
	p->refusals.codes[p->refusals.count++] = code;
}

/* --- What the request says ----------------------------------------------------------------- */

static enum status read_key(struct post *p)
{
	const struct http_header *h = &p->call->request->idempotency_key;

	if (h->times == 0)
		return STATUS_OK;
	if (h->times > 1 || h->value.len == 0 || h->value.len > TABLE_SEND_KEY_MAX ||
		!ascii_is_visible(h->value))
		return STATUS_INVALID;
	p->draft.key = h->value;
	return STATUS_OK;
}

/* The same request is the same bytes (contract, "Repeating a request"). */
static enum status digest_body(struct post *p)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char digest[SHA256_SIZE];
	struct slice body = buf_slice(&p->body);
	enum status rc = sha256(&body, 1, digest);

	if (rc != STATUS_OK)
		return rc;
	for (size_t i = 0; i < DIGEST_TEXT_SIZE; i++)
		p->digest[i] = hex[i % 2 == 0 ? digest[i / 2] >> 4 : digest[i / 2] & 15];
	p->draft.digest = (struct slice){ p->digest, DIGEST_TEXT_SIZE };
	return STATUS_OK;
}

/* Everything up to one well-formed JSON object. false: the answer says what is wrong. */
static bool read_request(struct post *p)
{
	enum status rc = STATUS_OK;

	if (read_key(p) != STATUS_OK) {
		http_response_error(p->call->response, 400, "malformed_request");
		return false;
	}
	if (!http_body_json(p->call, &p->body, &p->json))
		return false;
	if (p->draft.key.len > 0)
		rc = digest_body(p);
	if (rc != STATUS_OK)
		http_response_fail(p->call->response, rc);
	return rc == STATUS_OK;
}

static struct json_at member(const struct post *p, struct slice name)
{
	return json_at_get(json_flat_root(p->json), name);
}

static void judge_message(struct post *p)
{
	struct json_at v = member(p, SLICE("message"));
	unsigned int faults;

	if (json_at_kind(v) != JSON_NULL && !json_at_string(v, &p->draft.text)) {
		refuse(p, "message_invalid");
		return;
	}
	faults = message_faults(p->draft.text); /* empty if absent or null */
	if (faults & MESSAGE_BLANK)
		refuse(p, "message_blank");
	if (faults & MESSAGE_TOO_LONG)
		refuse(p, "message_exceed_max_chars");
	if (faults & MESSAGE_HAS_NUL)
		refuse(p, "message_invalid");
}

/* Finds the receiver of a new conversation; what is wrong with the handle is a refusal. */
static enum status judge_receiver(struct post *p)
{
	struct slice handle = { 0 };
	enum status rc;

	if (!json_at_string(member(p, SLICE("handle")), &handle) || utf8_is_blank(handle)) {
		refuse(p, "user_receiver_handle_blank");
		return STATUS_OK;
	}
	rc = user_store_pair(p->api->users, &p->caller->uuid, handle, p->call->by, &p->people);
	if (rc == STATUS_NOT_FOUND) {
		refuse(p, "user_receiver_handle_not_found");
		return STATUS_OK;
	}
	if (rc == STATUS_DENIED) {
		refuse(p, "cognito_user_id_not_found"); /* gone since the token was checked */
		return STATUS_OK;
	}
	if (rc != STATUS_OK)
		return rc;
	if (uuid_equal(&p->people.sender.uuid, &p->people.receiver.uuid))
		refuse(p, "user_receiver_handle_is_self");
	p->draft.sender = &p->people.sender;
	return STATUS_OK;
}

static enum status judge(struct post *p)
{
	struct json_at group = member(p, SLICE("message_group_uuid"));

	judge_message(p);
	if (json_at_kind(group) == JSON_NULL)
		return judge_receiver(p);
	p->has_group = json_at_string(group, &p->group_text);
	if (!p->has_group)
		refuse(p, "message_group_uuid_invalid");
	return STATUS_OK;
}

/* --- Sending ------------------------------------------------------------------------------- */

static void answer_sent(struct post *p, const struct message_sent *sent)
{
	struct buf *b = &p->call->response->body;

	buf_add_char(b, '{');
	json_write_member(b, "message_group_uuid", uuid_slice(&sent->group));
	json_write_member(b, "uuid", uuid_slice(&sent->uuid));
	json_write_member(b, "user_uuid", uuid_slice(&p->caller->uuid));
	json_write_member(b, "display_name", buf_slice(&sent->display_name));
	json_write_member(b, "handle", buf_slice(&sent->handle));
	json_write_member(b, "message", p->draft.text);
	json_write_member(b, "created_at", slice_of(sent->created_at));
	buf_add_char(b, '}');
}

/* STATUS_NOT_FOUND: the group is none of the caller's. */
static enum status send(struct post *p, struct message_sent *sent)
{
	struct uuid group;
	enum status rc;

	if (!p->has_group)
		return message_store_start(
			p->api->messages, &p->draft, &p->people.receiver, p->call->by, sent);
	if (uuid_parse(p->group_text, &group) != STATUS_OK)
		return STATUS_NOT_FOUND;
	rc = message_group_members_check(p->api->members, &group, &p->caller->uuid, p->call->by);
	if (rc != STATUS_OK)
		return rc;
	return message_store_send(p->api->messages, &p->draft, &group, p->call->by, sent);
}

/* A receiver is known from the start of a conversation, in one that exists from the membership that
 * was just checked. */
static void tell(struct post *p, const struct message_sent *sent)
{
	const struct uuid *other = &p->people.receiver.uuid;

	if (!p->api->live)
		return;
	if (p->has_group)
		other = message_group_members_other(
			p->api->members, &sent->group, &p->caller->uuid);
	live_events_message(
		p->api->live, &p->caller->uuid, other, buf_slice(&p->call->response->body));
}

static void answer_refusals(struct post *p)
{
	http_response_error(p->call->response, 422, p->refusals.codes[0]);
	for (size_t i = 1; i < p->refusals.count; i++)
		http_response_add_code(p->call->response, p->refusals.codes[i]);
}

static void answer(struct post *p)
{
	struct message_sent sent = { .created_at = "" };
	enum status rc = judge(p);

	if (rc == STATUS_OK)
		rc = p->refusals.count == 0 ? send(p, &sent) : STATUS_NOT_FOUND;
	/* What would be refused now may have been accepted before (a handle may be renamed), and
	 * another request under a used key is told so first. A send that goes through looks at the
	 * key itself. */
	if (rc == STATUS_NOT_FOUND && p->draft.key.len > 0)
		rc = message_store_replay(p->api->messages, &p->draft, p->call->by, &sent);
	if (rc == STATUS_OK) {
		metrics_count(p->api->metrics,
			sent.again ? METRICS_MESSAGES_REPEATED : METRICS_MESSAGES_SENT, 1);
		answer_sent(p, &sent);
		if (!sent.again)
			tell(p, &sent);
	} else if (rc == STATUS_CONFLICT)
		http_response_error(p->call->response, 422, "idempotency_key_reused");
	else if (rc != STATUS_NOT_FOUND)
		http_response_fail(p->call->response, rc);
	else if (p->refusals.count > 0)
		answer_refusals(p);
	else
		http_response_error(p->call->response, 404, "message_group_not_found");
	message_sent_clear(&sent);
}

void message_api_post(
	const struct message_api *api, const struct user *caller, struct http_call *call)
{
	struct post p = {
		.api = api, .caller = caller, .call = call, .draft = { .sender = caller }
	};

	if (read_request(&p))
		answer(&p);
	user_pair_clear(&p.people);
	json_flat_free(p.json);
	buf_free(&p.body);
}
