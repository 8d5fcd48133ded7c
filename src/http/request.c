/* SPDX-License-Identifier: MIT */
/* From FastCGI parameters to a request; speaks no FastCGI itself. */
#include "http/request.h"

#include "base/ascii.h"
#include "base/uuid.h"
#include "http/uri.h"

#include <strings.h>

#define REQUEST_ID_MAX 128

static enum http_method method_of(struct slice text)
{
	static const struct {
		struct slice text;
		enum http_method method;
	} known[] = { { SLICE_LITERAL("GET"), HTTP_GET }, { SLICE_LITERAL("HEAD"), HTTP_HEAD },
		{ SLICE_LITERAL("POST"), HTTP_POST }, { SLICE_LITERAL("OPTIONS"), HTTP_OPTIONS } };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (slice_equal(text, known[i].text))
			return known[i].method;
	}
	return HTTP_OTHER;
}

/* nginx says "1790000000.123": seconds and milliseconds. */
static int64_t milliseconds_of(struct slice text)
{
	const char *dot = text.len > 0 ? memchr(text.ptr, '.', text.len) : NULL;
	size_t whole = dot ? (size_t)(dot - text.ptr) : 0;
	int64_t s = ascii_number((struct slice){ text.ptr, whole });
	int64_t ms = dot ? ascii_number(slice_skip(text, whole + 1)) : -1;

	return s < 0 || ms < 0 || text.len - whole != 4 ? 0 : s * 1000 + ms;
}

static void set_header(struct http_header *h, struct slice value)
{
	h->value = value;
	h->times++;
}

struct raw {
	struct slice target, request_id, content_length, received;
};

static void take_param(
	struct http_request *r, struct raw *raw, struct slice name, struct slice value)
{
	if (slice_equal(name, SLICE("REQUEST_METHOD")))
		r->method_text = value;
	else if (slice_equal(name, SLICE("REQUEST_URI")))
		raw->target = value;
	else if (slice_equal(name, SLICE("CONTENT_LENGTH")))
		raw->content_length = value;
	else if (slice_equal(name, SLICE("CONTENT_TYPE")))
		r->content_type = value;
	else if (slice_equal(name, SLICE("CRUDDUR_RECEIVED_MSEC")))
		raw->received = value;
	else if (slice_equal(name, SLICE("HTTP_X_REQUEST_ID")))
		raw->request_id = value;
	else if (slice_equal(name, SLICE("HTTP_AUTHORIZATION")))
		set_header(&r->authorization, value);
	else if (slice_equal(name, SLICE("HTTP_ORIGIN")))
		set_header(&r->origin, value);
	else if (slice_equal(name, SLICE("HTTP_IDEMPOTENCY_KEY")))
		set_header(&r->idempotency_key, value);
	else if (slice_equal(name, SLICE("HTTP_TRACEPARENT")))
		set_header(&r->traceparent, value);
	else if (slice_equal(name, SLICE("CRUDDUR_INTERNAL")))
		r->internal = value;
	else if (slice_equal(name, SLICE("CRUDDUR_OPERATOR")))
		r->operated = slice_equal(value, SLICE("1"));
}

/* The target is "path?query", raw; a fragment never reaches a server. */
static enum status take_target(struct http_request *r, struct slice target)
{
	const char *mark = target.len > 0 ? memchr(target.ptr, '?', target.len) : NULL;
	struct slice path = { target.ptr, mark ? (size_t)(mark - target.ptr) : target.len };
	size_t start = r->decoded.len;

	if (mark)
		r->query = slice_skip(target, path.len + 1);
	if (uri_decode(path, &r->decoded) != STATUS_OK)
		return STATUS_OK; /* a path that cannot be decoded is no route */
	if (!buf_ok(&r->decoded))
		return STATUS_NO_MEMORY;
	r->path = (struct slice){ r->decoded.data + start, r->decoded.len - start };
	return STATUS_OK;
}

/* A front that sends no id, or one that has no business in a header or log, gets a new one. */
static enum status take_request_id(struct http_request *r, struct slice id)
{
	struct uuid made;

	if (id.len == 0 || id.len > REQUEST_ID_MAX || !ascii_is_visible(id)) {
		if (uuid_new(&made) != STATUS_OK)
			return STATUS_INTERNAL;
		id = uuid_slice(&made);
	}
	buf_add_slice(&r->decoded, id);
	if (!buf_ok(&r->decoded))
		return STATUS_NO_MEMORY;
	r->request_id = (struct slice){ r->decoded.data, id.len };
	return STATUS_OK;
}

enum status http_request_read_params(struct http_request *r, char *const *params)
{
	struct raw raw = { 0 };
	struct buf kept = r->decoded;
	struct slice id;
	enum status rc;

	*r = (struct http_request){ .decoded = kept, .read = r->read, .source = r->source };
	buf_clear(&r->decoded);
	for (; *params; params++) {
		const char *equals = strchr(*params, '=');

		if (equals)
			take_param(r, &raw, (struct slice){ *params, (size_t)(equals - *params) },
				slice_of(equals + 1));
	}
	r->method = method_of(r->method_text);
	r->content_length = ascii_number(raw.content_length);
	r->received_ms = milliseconds_of(raw.received);
	/* One reservation, so that the id does not move when the path is appended behind it. */
	if (!buf_reserve(&r->decoded, REQUEST_ID_MAX + raw.target.len))
		return STATUS_NO_MEMORY;
	rc = take_request_id(r, raw.request_id);
	if (rc != STATUS_OK)
		return rc;
	id = r->request_id;
	rc = take_target(r, raw.target);
	r->request_id = id;
	return rc;
}

void http_request_free(struct http_request *r)
{
	buf_free(&r->decoded);
}

enum status http_request_read_body(const struct http_request *r, struct buf *b)
{
	char piece[4096];
	int n;

	if (r->content_length > (int64_t)HTTP_BODY_MAX)
		return STATUS_TOO_LARGE;
	while ((n = r->read(r->source, piece, sizeof(piece))) > 0) {
		if (b->len + (size_t)n > HTTP_BODY_MAX)
			return STATUS_TOO_LARGE;
		buf_add(b, piece, (size_t)n);
	}
	if (!buf_ok(b))
		return STATUS_NO_MEMORY;
	if (n < 0 || (r->content_length >= 0 && b->len != (size_t)r->content_length))
		return STATUS_INVALID;
	return STATUS_OK;
}

bool http_request_is_json(const struct http_request *r)
{
	static const char wanted[] = "application/json";
	size_t len = sizeof(wanted) - 1;
	struct slice type = r->content_type;

	if (type.len < len || strncasecmp(type.ptr, wanted, len) != 0)
		return false;
	type = slice_skip(type, len);
	while (type.len > 0 && (*type.ptr == ' ' || *type.ptr == '\t'))
		type = slice_skip(type, 1);
	return type.len == 0 || *type.ptr == ';';
}

enum status http_request_bearer(const struct http_request *r, struct slice *token)
{
	static const char scheme[] = "Bearer ";
	size_t len = sizeof(scheme) - 1;
	struct slice value = r->authorization.value;

	if (r->authorization.times != 1 || value.len <= len ||
		strncasecmp(value.ptr, scheme, len) != 0 || value.ptr[len] == ' ')
		return STATUS_DENIED;
	*token = slice_skip(value, len);
	return STATUS_OK;
}
