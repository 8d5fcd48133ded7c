/* SPDX-License-Identifier: MIT */
/* An answer in the making, and the one place where a status code of ours becomes one of HTTP. */
#ifndef CRUDDUR_HTTP_RESPONSE_H
#define CRUDDUR_HTTP_RESPONSE_H

#include "base/buf.h"
#include "base/slice.h"
#include "base/status.h"

struct http_response {
	int status; /* 200 until somebody says otherwise */
	const char *content_type; /* NULL: JSON; a literal */
	struct buf body; /* empty for 204 */
	struct buf headers; /* "Name: value\r\n" lines besides those that every answer carries */
};

/* Empties it for the next request; keeps the memory. */
void http_response_clear(struct http_response *r);
void http_response_free(struct http_response *r);

/* Adds a header. A value with a control character in it is dropped whole: no header is ever split.
 */
void http_response_header(struct http_response *r, const char *name, struct slice value);

/* Makes it an error: the body is ["code"], or more codes, each with http_response_add_code. Headers
 * that were added before stay. 503 carries Retry-After. */
void http_response_error(struct http_response *r, int status, const char *code);
void http_response_add_code(struct http_response *r, const char *code);

/* What went wrong below becomes an answer: a backend's fault or a missed deadline 503, DENIED 401
 * with the body {} and WWW-Authenticate: Bearer,
 * TOO_LARGE 413, anything that no request should be able to cause 500 ["internal_error"]. What has
 * a meaning to the feature (NOT_FOUND, CONFLICT, INVALID) is the feature's to translate before. */
void http_response_fail(struct http_response *r, enum status why);

/* Appends what a FastCGI responder writes before the body: Status line, headers, empty line.
 * STATUS_NO_MEMORY if any part of the answer did not fit. */
STATUS_MUSTCHECK enum status http_response_write_head(
	const struct http_response *r, struct buf *out);

#endif
