/* SPDX-License-Identifier: MIT */
/* Writing JSON text into a buffer: strings piece by piece, and whole values as they were read. */
#ifndef CRUDDUR_JSON_WRITE_H
#define CRUDDUR_JSON_WRITE_H

#include "base/buf.h"
#include "base/status.h"
#include "json/json.h"

/* Appends text as a JSON string with its quotes. Escapes what RFC 8259 section 7 demands and
 * U+007F; text must be valid UTF-8. Failure shows in buf_ok(). */
void json_write_string(struct buf *b, struct slice text);

/* Appends "name": and the string; with a comma before it unless the buffer ends in '{' or '['. name
 * is a literal that needs no escaping. */
void json_write_member(struct buf *b, const char *name, struct slice text);

/* Appends a member's name as json_next_member gives it, with its quotes: what stood as
 * JSON_NAME_NUL is U+0000 again. */
void json_write_name(struct buf *b, struct slice name);

/* Appends a value that was read, with all that is in it: read again, it is the same. STATUS_INVALID
 * for a number that json_number_text does not give, STATUS_NO_MEMORY; b then ends anywhere. A
 * buffer that is full shows in buf_ok(). */
STATUS_MUSTCHECK enum status json_write_value(struct buf *b, const struct json_value *v);

#endif
