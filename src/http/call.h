/* SPDX-License-Identifier: MIT */
/* What a handler gets: the request, the answer to fill in, and how long it may take. */
#ifndef CRUDDUR_HTTP_CALL_H
#define CRUDDUR_HTTP_CALL_H

#include "base/clock.h"
#include "http/request.h"
#include "http/response.h"

struct http_call {
	const struct http_request *request;
	struct http_response *response;
	struct slice capture; /* what stood for {...} in the route; empty if it has none */
	struct deadline by; /* everything is answered by then */
};

#endif
