/* SPDX-License-Identifier: MIT */
/* Strict JSON documents, read only: a pre-check of our own (RFC 8259 to the letter), then json-c.
 * The only module that includes json-c. Writing is json/write.h. */
#ifndef CRUDDUR_JSON_JSON_H
#define CRUDDUR_JSON_JSON_H

#include "base/slice.h"
#include "base/status.h"

#include <stdint.h>

/* Values may nest so deep, the outermost included (contract: over 32 is malformed). */
#define JSON_DEPTH_MAX 32

/* In a name, U+0000 stands as these bytes, which no UTF-8 text holds. */
#define JSON_NAME_NUL "\xff\xff\xff\xff\xff\xff"

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json; /* a parsed document: owns every value in it */
struct json_value; /* one value of a document; lives as long as the document */

/* STATUS_OK if text is exactly one JSON object in valid UTF-8 with nothing but white space around
 * it. STATUS_INVALID for anything RFC 8259 does not allow, and besides for: a BOM, an outermost
 * value that is no object, a name twice in one object (compared after unescaping), a lone surrogate
 * escape, nesting over JSON_DEPTH_MAX. U+0000 as an escape is allowed in values and names.
 * STATUS_NO_MEMORY. */
STATUS_MUSTCHECK enum status json_check(struct slice text);

/* Checks as json_check, then parses. STATUS_INVALID as there, or STATUS_NO_MEMORY. text may go away
 * afterwards. Free with json_free. */
STATUS_MUSTCHECK enum status json_parse(struct slice text, struct json **out);

/* json_check and json_parse for a text that may nest depth_max deep: at least 1, and no more than
 * a hundred or so, as each level takes room on the stack. */
STATUS_MUSTCHECK enum status json_check_nested(struct slice text, int depth_max);
STATUS_MUSTCHECK enum status json_parse_nested(struct slice text, int depth_max, struct json **out);
void json_free(struct json *doc);

/* The outermost object; never NULL. */
const struct json_value *json_root(const struct json *doc);

/* All readers below take NULL for "not there" and say so: kind JSON_NULL, false, NULL or 0. */
enum json_kind json_kind(const struct json_value *v);

/* The member of that name; NULL if v is no object or has none. A member that is null is not NULL:
 * its kind is JSON_NULL. A name that holds U+0000 is found by no C string. */
const struct json_value *json_get(const struct json_value *v, const char *name);

/* The string's bytes (may hold NUL, valid UTF-8); false, with *out untouched, for any other kind.
 */
bool json_string(const struct json_value *v, struct slice *out);

/* json_get and json_string in one. */
bool json_get_string(const struct json_value *v, const char *name, struct slice *out);

/* A number as the nearest double; false if that is not finite (1e400), and for a whole number
 * outside -2^63 < n < 2^64 - 1 that is written without fraction and exponent. */
bool json_number(const struct json_value *v, double *out);

/* A number as it was spelled, except that -0 is 0. STATUS_INVALID if it is none, or a whole number
 * outside the bounds named above: no more is known of it. STATUS_NO_MEMORY. Lives as long as the
 * document. */
STATUS_MUSTCHECK enum status json_number_text(const struct json_value *v, struct slice *out);

bool json_boolean(const struct json_value *v, bool *out);

size_t json_array_len(const struct json_value *v);
const struct json_value *json_array_at(const struct json_value *v, size_t i);

/* Members of an object in the document's order: start with { .object = v }, call until false. In a
 * name, U+0000 stands as JSON_NAME_NUL. */
struct json_members {
	const struct json_value *object;
	const void *position; /* private */
	struct slice name;
	const struct json_value *value;
};
bool json_next_member(struct json_members *m);

#endif
