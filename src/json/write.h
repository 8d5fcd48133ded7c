/* SPDX-License-Identifier: MIT */
/* Writing JSON text into a buffer: strings, piece by piece. Structure is the caller's. */
#ifndef CRUDDUR_JSON_WRITE_H
#define CRUDDUR_JSON_WRITE_H

#include "base/buf.h"
#include "base/slice.h"

/* Appends text as a JSON string with its quotes. Escapes what RFC 8259 section 7 demands and
 * U+007F; text must be valid UTF-8. Failure shows in buf_ok(). */
void json_write_string(struct buf *b, struct slice text);

/* private, for json_write_member: reserves room for a comma and size bytes more, and puts the comma
 * there if one is due. Where the member goes, which the buffer does not count yet; NULL on failure.
 */
char *json_write_begin(struct buf *b, size_t size);

/* private: puts the string to at, in room that was reserved behind the buffer's end, and counts all
 * up to its end. */
void json_write_end(struct buf *b, char *at, struct slice text);

/* Appends "name": and the string; with a comma before it unless the buffer ends in '{' or '['. name
 * is a literal that needs no escaping: inline, so that nobody counts its length. */
static inline void json_write_member(struct buf *b, const char *name, struct slice text)
{
	size_t len = strlen(name);
	char *at = json_write_begin(b, len + 3 + text.len + 2);

	if (!at)
		return;
	*at++ = '"';
	memcpy(at, name, len);
	at += len;
	*at++ = '"';
	*at++ = ':';
	json_write_end(b, at, text);
}

#endif
