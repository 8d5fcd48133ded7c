/* SPDX-License-Identifier: MIT */
/* Documents that passed json_check, read by json-c, and the readers of their values. */
#include "json/json.h"

#include "base/utf8.h"
#include "json/scan.h"

#include <json-c/json.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

struct json {
	struct json_object *root;
};

/* json-c has no object for null, but callers tell null from absent: this stands for it. */
static const char null_marker;

static const struct json_value *value_of(const struct json_object *o)
{
	return (const struct json_value *)(o ? (const void *)o : &null_marker);
}

/* Its object, NULL for null and for "not there". json-c's readers take no const. */
static struct json_object *object_of(const struct json_value *v)
{
	return (const void *)v == &null_marker ? NULL : (struct json_object *)v;
}

/* --- Surrogate pairs ------------------------------------------------------------------------- */

/* Both halves of a pair, spelled: "\\ud83c\\udf89". */
#define PAIR_LEN 12

/* json-c 0.16 takes the character of some pairs (U+1D800 to U+1DFFF, and the like in each plane)
 * for a lone surrogate and puts U+FFFD in its place. This copies a checked text with the characters
 * themselves where pairs were; returns its length, which is no greater. */
static size_t join_pairs(struct slice text, char *out)
{
	size_t len = 0;

	while (text.len > 0) {
		const char *mark = memchr(text.ptr, '\\', text.len);
		size_t plain = mark ? (size_t)(mark - text.ptr) : text.len;
		size_t spelled = 0;
		uint32_t code;

		memcpy(out + len, text.ptr, plain);
		len += plain;
		text = slice_skip(text, plain);
		if (mark)
			spelled = json_string_character(text, &code);
		if (spelled == PAIR_LEN) {
			len += utf8_encode(code, out + len);
		} else {
			memcpy(out + len, text.ptr, spelled);
			len += spelled;
		}
		text = slice_skip(text, spelled);
	}
	return len;
}

/* --- Names that hold U+0000 ------------------------------------------------------------------- */

/* The only spelling of U+0000 in a JSON text. */
static const char nul_escape[] = "\\u0000";
#define NUL_ESCAPE_LEN (sizeof(nul_escape) - 1)
_Static_assert(sizeof(JSON_NAME_NUL) == sizeof(nul_escape), "one must fit in the other's place");

/* The place of the quote that ends the string whose first character is at text[i]. */
static size_t string_end(const char *text, size_t i)
{
	while (text[i] != '"')
		i += text[i] == '\\' ? 2 : 1;
	return i;
}

static bool is_name(const char *text, size_t len, size_t after)
{
	while (after < len && strchr(" \n\r\t", text[after]))
		after++;
	return after < len && text[after] == ':';
}

/* json-c keeps names as C strings, so that it takes "a\u0000b" for "a". In the names of a checked
 * text this writes bytes in place of such escapes that no valid text holds: the names stay apart,
 * from each other and from all that a caller asks for. */
static void hide_nul_in_names(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		size_t end;

		if (text[i] != '"')
			continue;
		end = string_end(text, i + 1);
		if (is_name(text, len, end + 1)) {
			for (size_t at = i + 1; at < end; at += text[at] == '\\' ? 2 : 1) {
				if (end - at >= NUL_ESCAPE_LEN &&
					memcmp(text + at, nul_escape, NUL_ESCAPE_LEN) == 0)
					memcpy(text + at, JSON_NAME_NUL, NUL_ESCAPE_LEN);
			}
		}
		i = end;
	}
}

/* --- Parsing ---------------------------------------------------------------------------------- */

static enum status parse_checked(struct slice text, int depth_max, struct json **out)
{
	/* A scalar counts as a level of its own for json-c, and its limit is exclusive. */
	struct json_tokener *tokener = json_tokener_new_ex(depth_max + 2);
	struct json *doc = malloc(sizeof(*doc));
	enum status rc = STATUS_NO_MEMORY;
	enum json_tokener_error error;

	if (!tokener || !doc)
		goto out;
	doc->root = json_tokener_parse_ex(tokener, text.ptr, (int)text.len);
	if (!doc->root) {
		error = json_tokener_get_error(tokener);
		/* It has one word for everything that a checked text cannot cause. */
		rc = error == json_tokener_success ? STATUS_NO_MEMORY : STATUS_INTERNAL;
		goto out;
	}
	*out = doc;
	doc = NULL;
	rc = STATUS_OK;
out:
	free(doc);
	if (tokener)
		json_tokener_free(tokener);
	return rc;
}

enum status json_parse_nested(struct slice text, int depth_max, struct json **out)
{
	char *copy = NULL;
	enum status rc;

	if (text.len > INT_MAX)
		return STATUS_INVALID;
	rc = json_check_nested(text, depth_max);
	if (rc != STATUS_OK)
		return rc;
	if (memmem(text.ptr, text.len, "\\u", 2)) {
		copy = malloc(text.len);
		if (!copy)
			return STATUS_NO_MEMORY;
		text = (struct slice){ copy, join_pairs(text, copy) };
		hide_nul_in_names(copy, text.len);
	}
	rc = parse_checked(text, depth_max, out);
	free(copy);
	return rc;
}

enum status json_parse(struct slice text, struct json **out)
{
	return json_parse_nested(text, JSON_DEPTH_MAX, out);
}

void json_free(struct json *doc)
{
	if (!doc)
		return;
	json_object_put(doc->root);
	free(doc);
}

/* --- Readers ---------------------------------------------------------------------------------- */

const struct json_value *json_root(const struct json *doc)
{
	return value_of(doc->root);
}

enum json_kind json_kind(const struct json_value *v)
{
	switch (json_object_get_type(object_of(v))) {
	case json_type_boolean:
		return JSON_BOOL;
	case json_type_double:
	case json_type_int:
		return JSON_NUMBER;
	case json_type_string:
		return JSON_STRING;
	case json_type_array:
		return JSON_ARRAY;
	case json_type_object:
		return JSON_OBJECT;
	case json_type_null:
		break;
	}
	return JSON_NULL;
}

const struct json_value *json_get(const struct json_value *v, const char *name)
{
	struct json_object *member;

	if (json_kind(v) != JSON_OBJECT || !json_object_object_get_ex(object_of(v), name, &member))
		return NULL;
	return value_of(member);
}

bool json_string(const struct json_value *v, struct slice *out)
{
	struct json_object *o = object_of(v);

	if (json_kind(v) != JSON_STRING)
		return false;
	*out = (struct slice){ json_object_get_string(o), (size_t)json_object_get_string_len(o) };
	return true;
}

bool json_get_string(const struct json_value *v, const char *name, struct slice *out)
{
	return json_string(json_get(v, name), out);
}

/* json-c saturates a whole number that it cannot hold: its greatest and its least are what they say
 * or anything beyond. */
static bool is_saturated(const struct json_object *o)
{
	return json_object_is_type(o, json_type_int) &&
		(json_object_get_uint64(o) == UINT64_MAX || json_object_get_int64(o) == INT64_MIN);
}

bool json_number(const struct json_value *v, double *out)
{
	struct json_object *o = object_of(v);
	double number;

	if (json_kind(v) != JSON_NUMBER || is_saturated(o))
		return false;
	number = json_object_get_double(o);
	if (!isfinite(number))
		return false;
	*out = number;
	return true;
}

bool json_boolean(const struct json_value *v, bool *out)
{
	if (json_kind(v) != JSON_BOOL)
		return false;
	*out = json_object_get_boolean(object_of(v));
	return true;
}

size_t json_array_len(const struct json_value *v)
{
	return json_kind(v) == JSON_ARRAY ? json_object_array_length(object_of(v)) : 0;
}

const struct json_value *json_array_at(const struct json_value *v, size_t i)
{
	if (i >= json_array_len(v))
		return NULL;
	return value_of(json_object_array_get_idx(object_of(v), i));
}

bool json_next_member(struct json_members *m)
{
	const struct lh_entry *entry = m->position;

	if (json_kind(m->object) != JSON_OBJECT)
		return false;
	entry = entry ? lh_entry_next(entry) : json_object_get_object(object_of(m->object))->head;
	if (!entry)
		return false;
	m->position = entry;
	m->name = slice_of(lh_entry_k(entry));
	m->value = value_of(lh_entry_v(entry));
	return true;
}
