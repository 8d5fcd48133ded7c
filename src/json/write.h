/* SPDX-License-Identifier: MIT */
/* Writing JSON text into a buffer: strings, piece by piece. Structure is the caller's. */
#ifndef CRUDDUR_JSON_WRITE_H
#define CRUDDUR_JSON_WRITE_H

#include "base/buf.h"
#include "base/slice.h"

/* Appends text as a JSON string with its quotes. Escapes what RFC 8259 section 7 demands and
 * U+007F; text must be valid UTF-8. Failure shows in buf_ok(). */
void json_write_string(struct buf *b, struct slice text);

/* private: see json_write_member, which knows the length of a literal without counting */
void json_write_named(struct buf *b, struct slice name, struct slice text);

/* Appends "name": and the string; with a comma before it unless the buffer ends in '{' or '['. name
 * is a literal that needs no escaping. */
static inline void json_write_member(struct buf *b, const char *name, struct slice text)
{
	json_write_named(b, slice_of(name), text);
}

#endif
