/* SPDX-License-Identifier: MIT */
/* A request as the program sees it: made once, at the edge, from FastCGI parameters; whatever reads
 * it later sees decoded, bounded, unambiguous values. */
#ifndef CRUDDUR_HTTP_REQUEST_H
#define CRUDDUR_HTTP_REQUEST_H

#include "base/buf.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdint.h>

/* A body over this is refused with 413 (contract). */
#define HTTP_BODY_MAX ((size_t)16 * 1024)

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_OPTIONS, HTTP_OTHER };

/* A header that must not come twice. */
struct http_header {
	struct slice value;
	int times; /* 0: not sent */
};

/* Reads up to n bytes of a body; 0 at its end, -1 if the connection broke. */
typedef int (*http_body_read)(void *source, char *into, int n);

struct http_request {
	enum http_method method;
	struct slice method_text;
	struct slice path; /* percent-decoded once; empty if it cannot be decoded */
	struct slice query; /* raw, without the '?' */
	struct slice request_id; /* the front's, or a new one; 1 to 128 harmless characters */
	struct slice content_type;
	struct http_header authorization, origin, idempotency_key, traceparent;
	struct slice internal; /* what the front itself asks for, by a parameter that no client can
				  send; empty: a client asks */
	bool operated; /* it came by the operator's listener, as such a parameter says, too */
	int64_t content_length; /* -1: none, or no number */
	int64_t received_ms; /* when the front took it, in ms since 1970; 0: not said */
	http_body_read read;
	void *source;
	struct buf decoded; /* memory behind path and request_id */
};

/* Fills *r, which must be zeroed or left from an earlier request, from "NAME=value" strings; they
 * must outlive the request. STATUS_INTERNAL: no random number for an id; STATUS_NO_MEMORY. */
STATUS_MUSTCHECK enum status http_request_read_params(struct http_request *r, char *const *params);
void http_request_free(struct http_request *r);

/* Reads the whole body into b. STATUS_TOO_LARGE over HTTP_BODY_MAX. STATUS_INVALID: it ended before
 * the promised length, or the connection broke. */
STATUS_MUSTCHECK enum status http_request_read_body(const struct http_request *r, struct buf *b);

/* true if Content-Type is application/json, with or without parameters (RFC 9110, 8.3.1). */
bool http_request_is_json(const struct http_request *r);

/* The token of "Bearer <token>" (RFC 6750, 2.1; the scheme folds case). STATUS_DENIED: no header,
 * more than one, another scheme, or not exactly one space. */
STATUS_MUSTCHECK enum status http_request_bearer(const struct http_request *r, struct slice *token);

#endif
