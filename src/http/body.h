/* SPDX-License-Identifier: MIT */
/* Taking in a request's body, with the answers to whatever is wrong with it. */
#ifndef CRUDDUR_HTTP_BODY_H
#define CRUDDUR_HTTP_BODY_H

#include "base/buf.h"
#include "http/call.h"
#include "json/flat.h"

/* Reads a body that has to be one JSON object, in the contract's order: its size, its media type,
 * its form. true: body holds its bytes, *out is the document, which the caller frees. false: the
 * answer says what is wrong. body must be zeroed; free it in any case. */
bool http_body_json(struct http_call *call, struct buf *body, struct json_flat **out);

#endif
