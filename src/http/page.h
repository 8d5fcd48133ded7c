/* SPDX-License-Identifier: MIT */
/* Paging as clients see it: ?limit=, ?cursor= and the Link header (RFC 8288). What a cursor means
 * is the feature's. */
#ifndef CRUDDUR_HTTP_PAGE_H
#define CRUDDUR_HTTP_PAGE_H

#include "http/request.h"
#include "http/response.h"

#define PAGE_LIMIT_MAX 100
#define PAGE_LIMIT_DEFAULT 20

struct page_request {
	size_t limit;
	bool has_cursor;
	struct buf cursor; /* as the client sent it, percent-decoded */
};

/* Reads both parameters. STATUS_INVALID: one is malformed or there twice. p must be zeroed; free
 * its cursor with page_request_clear in any case. */
STATUS_MUSTCHECK enum status page_request_read(
	const struct http_request *r, struct page_request *p);
void page_request_clear(struct page_request *p);

/* Adds Link: <path?limit=...&cursor=...>; rel="next". The cursor needs no escaping. */
void page_link_next(struct http_response *r, const char *path, const struct page_request *p,
	struct slice cursor);

#endif
