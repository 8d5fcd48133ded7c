/* SPDX-License-Identifier: MIT */
/* Reading and judging a body; what its members mean is the feature's. */
#include "http/body.h"

bool http_body_json(struct http_call *call, struct buf *body, struct json_flat **out)
{
	struct http_response *r = call->response;
	enum status rc = http_request_read_body(call->request, body);

	if (rc != STATUS_OK && rc != STATUS_INVALID) {
		http_response_fail(r, rc);
		return false;
	}
	if (!http_request_is_json(call->request)) {
		http_response_error(r, 415, "unsupported_media_type");
		return false;
	}
	if (rc == STATUS_OK)
		rc = json_flat_parse(buf_slice(body), JSON_DEPTH_MAX, out);
	if (rc == STATUS_INVALID)
		http_response_error(r, 400, "malformed_json");
	else if (rc != STATUS_OK)
		http_response_fail(r, rc);
	return rc == STATUS_OK;
}
