/* SPDX-License-Identifier: MIT */
/* Writing JSON text into a buffer: strings, piece by piece. Structure is the caller's. */
#ifndef CRUDDUR_JSON_WRITE_H
#define CRUDDUR_JSON_WRITE_H

#include "base/buf.h"
#include "base/slice.h"

/* Appends text as a JSON string with its quotes. Escapes what RFC 8259 section 7 demands and
 * U+007F; text must be valid UTF-8. Failure shows in buf_ok(). */
void json_write_string(struct buf *b, struct slice text);

/* private: json_write_member before the name, with room for size more bytes, and behind it */
char *json_write_next(struct buf *b, size_t size);
void json_write_value(struct buf *b, char *at, struct slice text);

/* Appends "name": and the string; with a comma before it unless the buffer ends in '{' or '['. name
 * is a literal that needs no escaping: inline, so that nobody counts its length. */
static inline void json_write_member(struct buf *b, const char *name, struct slice text)
{
	size_t len = strlen(name);
	char *at = json_write_next(b, len + 3 + text.len + 2);

	if (!at)
		return;
	*at++ = '"';
	memcpy(at, name, len);
	at += len;
	*at++ = '"';
	*at++ = ':';
	json_write_value(b, at, text);
}

#endif
