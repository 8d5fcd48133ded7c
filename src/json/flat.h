/* SPDX-License-Identifier: MIT */
/* Strict JSON documents read in place: one pass checks the text as json_check does and notes where
 * its values are, readers then find them there. No tree, no lookup table: for answers of which each
 * member is looked at once or twice. json/json.h accepts the same texts and reads them the same. */
#ifndef CRUDDUR_JSON_FLAT_H
#define CRUDDUR_JSON_FLAT_H

#include "base/buf.h"
#include "base/slice.h"
#include "base/status.h"
#include "json/json.h"

#include <stdint.h>

struct json_flat; /* a document: owns its text and all that was noted of it */

/* One value of a document, or a member's name; lives as long as the document. {0} is "not there":
 * readers take it as a value of kind JSON_NULL with nothing in it. */
struct json_at {
	const struct json_flat *doc;
	uint32_t index; /* private */
};

/* As json_parse_nested. */
STATUS_MUSTCHECK enum status json_flat_parse(
	struct slice text, int depth_max, struct json_flat **out);

/* As json_flat_parse, without a copy: the document takes the text's memory over and leaves an empty
 * buffer. Where it comes to none, the text stays. */
STATUS_MUSTCHECK enum status json_flat_take(
	struct buf *text, int depth_max, struct json_flat **out);
void json_flat_free(struct json_flat *doc);

/* The outermost object. */
struct json_at json_flat_root(const struct json_flat *doc);

enum json_kind json_at_kind(struct json_at v);

/* false for "not there"; true for a member that is null. */
bool json_at_is_there(struct json_at v);

/* The member of that name, which may hold U+0000; "not there" if v is no object or has none. */
struct json_at json_at_get(struct json_at v, struct slice name);

/* The string's bytes (may hold NUL, valid UTF-8); false, with *out untouched, for any other kind.
 */
bool json_at_string(struct json_at v, struct slice *out);

/* The string that is the only member of an object and has that name: {"S":"..."}. */
bool json_at_only_string(struct json_at v, struct slice name, struct slice *out);

/* What json_at_only_string finds in several members of v, in one walk: out[i] is the string in the
 * one named members[i], {0} if there is none (that of an empty string has an address). No two of
 * members are the same; fastest where they come in the text's order. */
void json_at_only_strings(struct json_at v, struct slice name, const struct slice *members,
	size_t count, struct slice *out);

/* As json_number. */
bool json_at_number(struct json_at v, double *out);

/* The value as it is spelled in the text, without white space around it: JSON text by itself. Empty
 * for "not there". */
struct slice json_at_spelled(struct json_at v);

/* Number of elements of an array, of members of an object; else 0. */
size_t json_at_count(struct json_at v);

/* Elements of an array or members of an object, in the text's order: start with { .in = v }, call
 * until false. */
struct json_walk {
	struct json_at in;
	uint32_t next; /* private */
	struct json_at name; /* a string; "not there" in an array */
	struct json_at value;
};
bool json_walk_next(struct json_walk *w);

#endif
