/* SPDX-License-Identifier: MIT */
/* The one pass over a JSON text that every reader here starts with: RFC 8259 to the letter and the
 * rules of json/json.h besides. It builds nothing, and notes where the values are. For json/ alone.
 */
#ifndef CRUDDUR_JSON_SCAN_H
#define CRUDDUR_JSON_SCAN_H

#include "base/slice.h"
#include "base/status.h"

#include <stdint.h>

/* A value or a member's name, in the order of the text: an object is followed by the name and the
 * value of each member in turn, an array by its elements. Texts are shorter than 4 GiB. */
struct json_node {
	uint32_t at, len; /* as spelled, quotes and brackets included */
	union {
		uint32_t next; /* not a string: the node after this one and all that is in it */
		uint32_t text_at; /* a string: where its meaning is, in the text or behind it */
	};
	uint32_t text_len; /* a string's */
};

/* What a scan noted. Start with {0}; free(items) in any case. */
struct json_nodes {
	struct json_node *items;
	size_t count, room;
	size_t escaped; /* bytes of all strings with an escape in them: these have text_at 0 */
};

/* As json_check_nested; fills nodes, whose content means nothing after a failure. */
STATUS_MUSTCHECK enum status json_scan(struct slice text, int depth_max, struct json_nodes *nodes);

/* --- Strings (string.c) ---------------------------------------------------------------------- */

/* One character of a string, spelled in any way, at the start of text, which is not empty. Its
 * length in bytes as spelled; 0 if no string may hold it (so for the closing quote). */
size_t json_string_character(struct slice text, uint32_t *out);

/* Where the string whose first character is at p ends: its closing quote; NULL if it is malformed.
 * *escaped is set if a backslash is in it. */
const char *json_string_end(const char *p, const char *end, bool *escaped);

/* Order of two sound strings, as spelled between their quotes, by what they mean. */
int json_string_compare(struct slice a, struct slice b);

/* A sound string, as spelled between its quotes. */
struct json_name {
	const char *ptr;
	uint32_t len;
	bool escaped;
};

/* Whether no two of an object's names mean the same; may sort them. */
bool json_names_differ(struct json_name *names, size_t count);

/* The meaning of a sound string into out, which has room for spelled.len; its length. */
size_t json_string_decode(struct slice spelled, char *out);

#endif
