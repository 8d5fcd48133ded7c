/* SPDX-License-Identifier: MIT */
/* Reading limit and cursor, writing Link. */
#include "http/page.h"

#include "base/ascii.h"
#include "http/uri.h"

static enum status read_limit(struct slice text, size_t *limit)
{
	int64_t value = ascii_number(text);

	if (value < 1 || value > PAGE_LIMIT_MAX)
		return STATUS_INVALID;
	*limit = (size_t)value;
	return STATUS_OK;
}

enum status page_request_read(const struct http_request *r, struct page_request *p)
{
	enum status rc = uri_query(r->query, "limit", &p->cursor);

	p->limit = PAGE_LIMIT_DEFAULT;
	if (rc == STATUS_OK)
		rc = read_limit(buf_slice(&p->cursor), &p->limit);
	if (rc != STATUS_OK && rc != STATUS_NOT_FOUND)
		return rc;
	rc = uri_query(r->query, "cursor", &p->cursor);
	p->has_cursor = rc == STATUS_OK;
	return rc == STATUS_NOT_FOUND ? STATUS_OK : rc;
}

void page_request_clear(struct page_request *p)
{
	buf_free(&p->cursor);
}

void page_link_next(struct http_response *r, const char *path, const struct page_request *p,
	struct slice cursor)
{
	buf_add_str(&r->headers, "Link: <");
	buf_add_str(&r->headers, path);
	buf_add_str(&r->headers, "?limit=");
	buf_add_int(&r->headers, (int64_t)p->limit);
	buf_add_str(&r->headers, "&cursor=");
	buf_add_slice(&r->headers, cursor);
	buf_add_str(&r->headers, ">; rel=\"next\"\r\n");
}
