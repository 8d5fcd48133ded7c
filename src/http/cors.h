/* SPDX-License-Identifier: MIT */
/* Cross-origin headers for an exact list of origins (Fetch standard, "CORS protocol"). */
#ifndef CRUDDUR_HTTP_CORS_H
#define CRUDDUR_HTTP_CORS_H

#include "http/request.h"
#include "http/response.h"

struct cors {
	char *const *origins; /* borrowed, as a browser spells them */
	size_t origin_count;
};

/* Adds Vary: Origin, and for an allowed origin what lets its page read the answer. */
void cors_apply(const struct cors *c, const struct http_request *q, struct http_response *r);

/* Answers OPTIONS: 204, with the methods ("GET, HEAD, OPTIONS"), headers and max age for an allowed
 * origin. cors_apply is still to be called. */
void cors_preflight(const struct cors *c, const struct http_request *q, const char *methods,
	struct http_response *r);

#endif
