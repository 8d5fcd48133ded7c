/* SPDX-License-Identifier: MIT */
/* Building an answer; decides no policy of a route. */
#include "http/response.h"

#include "json/write.h"

#define RETRY_AFTER_S                                                                              \
	"1" /* a backend is asked again with the next request: no reason to wait long */

void http_response_clear(struct http_response *r)
{
	r->status = 200;
	r->content_type = NULL;
	buf_reset(&r->body);
	buf_clear(&r->headers);
}

void http_response_free(struct http_response *r)
{
	buf_free(&r->body);
	buf_free(&r->headers);
}

void http_response_header(struct http_response *r, const char *name, struct slice value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];

		if (c < ' ' || c == 0x7f)
			return;
	}
	buf_add_str(&r->headers, name);
	buf_add_str(&r->headers, ": ");
	buf_add_slice(&r->headers, value);
	buf_add_str(&r->headers, "\r\n");
}

void http_response_error(struct http_response *r, int status, const char *code)
{
	r->status = status;
	r->content_type = NULL;
	buf_clear(&r->body);
	buf_add_char(&r->body, '[');
	json_write_string(&r->body, slice_of(code));
	buf_add_char(&r->body, ']');
	if (status == 503)
		http_response_header(r, "Retry-After", SLICE(RETRY_AFTER_S));
}

void http_response_add_code(struct http_response *r, const char *code)
{
	r->body.len--; /* the closing bracket */
	buf_add_char(&r->body, ',');
	json_write_string(&r->body, slice_of(code));
	buf_add_char(&r->body, ']');
}

static void unauthorized(struct http_response *r)
{
	r->status = 401;
	r->content_type = NULL;
	buf_clear(&r->body);
	buf_add_str(&r->body, "{}");
	http_response_header(r, "WWW-Authenticate", SLICE("Bearer"));
}

void http_response_fail(struct http_response *r, enum status why)
{
	switch (why) {
	case STATUS_TIMEOUT:
	case STATUS_UNAVAILABLE:
	case STATUS_NO_MEMORY:
		http_response_error(r, 503, "service_unavailable");
		return;
	case STATUS_DENIED:
		unauthorized(r);
		return;
	case STATUS_TOO_LARGE:
		http_response_error(r, 413, "body_too_large");
		return;
	case STATUS_OK:
	case STATUS_INVALID:
	case STATUS_NOT_FOUND:
	case STATUS_CONFLICT:
	case STATUS_INTERNAL:
		break;
	}
	http_response_error(r, 500, "internal_error");
}

/* nginx writes the status line as it is given: without a phrase it would leave out the space before
 * it, which RFC 9112, 4 demands. */
static const char *reason_phrase(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} known[] = { { 200, "OK" }, { 204, "No Content" }, { 400, "Bad Request" },
		{ 401, "Unauthorized" }, { 404, "Not Found" }, { 405, "Method Not Allowed" },
		{ 413, "Content Too Large" }, { 415, "Unsupported Media Type" },
		{ 422, "Unprocessable Content" }, { 503, "Service Unavailable" } };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].status == status)
			return known[i].phrase;
	}
	return "Internal Server Error";
}

enum status http_response_write_head(const struct http_response *r, struct buf *out)
{
	if (!buf_ok(&r->body) || !buf_ok(&r->headers))
		return STATUS_NO_MEMORY;
	buf_add_str(out, "Status: ");
	buf_add_int(out, r->status);
	buf_add_char(out, ' ');
	buf_add_str(out, reason_phrase(r->status));
	buf_add_str(out, "\r\n");
	if (r->status != 204) {
		buf_add_str(out, "Content-Type: ");
		buf_add_str(out, r->content_type ? r->content_type : "application/json");
		buf_add_str(out, "\r\nContent-Length: ");
		buf_add_int(out, (int64_t)r->body.len);
		buf_add_str(out, "\r\n");
	}
	buf_add_slice(out, buf_slice(&r->headers));
	buf_add_str(out, "\r\n");
	return buf_ok(out) ? STATUS_OK : STATUS_NO_MEMORY;
}
