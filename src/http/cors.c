/* SPDX-License-Identifier: MIT */
/* Cross-origin headers. */
#include "http/cors.h"

#define MAX_AGE_S "7200" /* what Chromium caps it to */

static bool is_allowed(const struct cors *c, const struct http_request *q)
{
	if (q->origin.times != 1)
		return false;
	for (size_t i = 0; i < c->origin_count; i++) {
		if (slice_equal(q->origin.value, slice_of(c->origins[i])))
			return true;
	}
	return false;
}

void cors_apply(const struct cors *c, const struct http_request *q, struct http_response *r)
{
	http_response_header(r, "Vary", SLICE("Origin"));
	if (!is_allowed(c, q))
		return;
	http_response_header(r, "Access-Control-Allow-Origin", q->origin.value);
	http_response_header(r, "Access-Control-Expose-Headers", SLICE("Link, X-Request-Id"));
}

void cors_preflight(const struct cors *c, const struct http_request *q, const char *methods,
	struct http_response *r)
{
	r->status = 204;
	http_response_header(r, "Allow", slice_of(methods));
	if (!is_allowed(c, q))
		return;
	http_response_header(r, "Access-Control-Allow-Methods", slice_of(methods));
	http_response_header(r, "Access-Control-Allow-Headers",
		SLICE("Authorization, Content-Type, Idempotency-Key"));
	http_response_header(r, "Access-Control-Max-Age", SLICE(MAX_AGE_S));
}
