/* SPDX-License-Identifier: MIT */
/* base64url without padding (RFC 4648 section 5), strictly: no padding, no white space, no other
 * alphabet, and unused bits zero (section 3.5), so that each value has exactly one spelling. */
#ifndef CRUDDUR_BASE_BASE64URL_H
#define CRUDDUR_BASE_BASE64URL_H

#include "base/buf.h"
#include "base/slice.h"
#include "base/status.h"

/* Bytes that decoding so many characters gives at the most. */
#define BASE64URL_DECODED_MAX(chars) ((chars) / 4 * 3 + 2)

/* Decodes text into out, which holds cap bytes; *len gets the number written.
 * STATUS_INVALID for a wrong spelling, STATUS_TOO_LARGE if it does not fit. */
STATUS_MUSTCHECK enum status base64url_decode(
	struct slice text, unsigned char *out, size_t cap, size_t *len);

/* Appends the spelling of bytes to b. */
void base64url_encode(struct slice bytes, struct buf *b);

#endif
