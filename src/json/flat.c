/* SPDX-License-Identifier: MIT */
/* Documents read in place; see flat.h. */
#include "json/flat.h"

#include "json/scan.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* With room behind it for the strings that had escapes, offsets stay within 32 bits. */
#define TEXT_MAX ((size_t)INT32_MAX)

/* The spelling of a number for strtod; longer ones go to the heap. */
#define NUMBER_ROOM 64

#define COUNT_DIGITS ((size_t)15)

struct json_flat {
	struct json_nodes nodes;
	struct buf text; /* as it came, then what its strings with escapes mean */
};

/* --- Parsing ---------------------------------------------------------------------------------- */

/* Writes the meaning of strings that have escapes behind the text, where there is room. */
static void decode_strings(struct json_flat *doc)
{
	for (size_t i = 0; i < doc->nodes.count; i++) {
		struct json_node *node = &doc->nodes.items[i];
		const char *start = doc->text.data + node->at;

		if (*start != '"' || node->text_at != 0)
			continue;
		node->text_at = (uint32_t)doc->text.len;
		node->text_len = (uint32_t)json_string_decode(
			(struct slice){ start + 1, node->len - 2 }, doc->text.data + doc->text.len);
		buf_grew(&doc->text, node->text_len);
	}
}

static enum status scan(struct slice text, int depth_max, struct json_nodes *nodes)
{
	return text.len <= TEXT_MAX ? json_scan(text, depth_max, nodes) : STATUS_INVALID;
}

/* Takes the memory of both over, if there is enough for the rest. What strings mean is not what the
 * text's owner has bounded. */
static enum status build(struct buf *text, struct json_nodes *nodes, struct json_flat **out)
{
	size_t owners_max = text->max;
	struct json_flat *doc = malloc(sizeof(*doc));

	if (!doc)
		return STATUS_NO_MEMORY;
	text->max = text->len + nodes->escaped;
	if (nodes->escaped > 0 && !buf_reserve(text, nodes->escaped)) {
		*text = (struct buf){ text->data, text->len, text->cap, owners_max, false };
		free(doc);
		return STATUS_NO_MEMORY;
	}
	*doc = (struct json_flat){ .nodes = *nodes, .text = *text };
	*text = (struct buf){ .max = owners_max };
	nodes->items = NULL;
	if (nodes->escaped > 0)
		decode_strings(doc);
	*out = doc;
	return STATUS_OK;
}

enum status json_flat_take(struct buf *text, int depth_max, struct json_flat **out)
{
	struct json_nodes nodes = { 0 };
	enum status rc = scan(buf_slice(text), depth_max, &nodes);

	if (rc == STATUS_OK)
		rc = build(text, &nodes, out);
	free(nodes.items);
	return rc;
}

enum status json_flat_parse(struct slice text, int depth_max, struct json_flat **out)
{
	struct json_nodes nodes = { 0 };
	struct buf copy = { 0 };
	enum status rc = scan(text, depth_max, &nodes);

	if (rc == STATUS_OK) {
		copy.max = text.len + nodes.escaped;
		(void)buf_reserve(&copy, copy.max); /* at once */
		buf_add_slice(&copy, text);
		rc = buf_ok(&copy) ? build(&copy, &nodes, out) : STATUS_NO_MEMORY;
	}
	free(nodes.items);
	buf_free(&copy);
	return rc;
}

void json_flat_free(struct json_flat *doc)
{
	if (!doc)
		return;
	free(doc->nodes.items);
	buf_free(&doc->text);
	free(doc);
}

/* --- Readers ---------------------------------------------------------------------------------- */

static const struct json_node *node_of(struct json_at v)
{
	return &v.doc->nodes.items[v.index];
}

/* '{' for an object, '"' for a string, ...; NUL for "not there". */
static char first_char(struct json_at v)
{
	if (!v.doc)
		return '\0';
	return v.doc->text.data[node_of(v)->at];
}

static struct slice text_of(const struct json_flat *doc, const struct json_node *string)
{
	return (struct slice){ doc->text.data + string->text_at, string->text_len };
}

/* The one after a value and all that is in it. */
static const struct json_node *node_after(
	const struct json_flat *doc, const struct json_node *value)
{
	return doc->text.data[value->at] == '"' ? value + 1 : doc->nodes.items + value->next;
}

/* The names of an object's members, from the first on: each is followed by its value. */
static const struct json_node *first_name(struct json_at object, const struct json_node **end)
{
	*end = object.doc->nodes.items + node_of(object)->next;
	return node_of(object) + 1;
}

static struct json_at at_node(const struct json_flat *doc, const struct json_node *node)
{
	return (struct json_at){ doc, (uint32_t)(node - doc->nodes.items) };
}

struct json_at json_flat_root(const struct json_flat *doc)
{
	return (struct json_at){ doc, 0 };
}

enum json_kind json_at_kind(struct json_at v)
{
	switch (first_char(v)) {
	case '\0':
	case 'n':
		return JSON_NULL;
	case 't':
	case 'f':
		return JSON_BOOL;
	case '"':
		return JSON_STRING;
	case '[':
		return JSON_ARRAY;
	case '{':
		return JSON_OBJECT;
	default:
		return JSON_NUMBER;
	}
}

bool json_at_is_there(struct json_at v)
{
	return v.doc != NULL;
}

struct json_at json_at_get(struct json_at v, struct slice name)
{
	const struct json_node *at, *end;

	if (first_char(v) != '{')
		return (struct json_at){ 0 };
	for (at = first_name(v, &end); at < end; at = node_after(v.doc, at + 1)) {
		if (slice_equal(text_of(v.doc, at), name))
			return at_node(v.doc, at + 1);
	}
	return (struct json_at){ 0 };
}

bool json_at_string(struct json_at v, struct slice *out)
{
	if (first_char(v) != '"')
		return false;
	*out = text_of(v.doc, node_of(v));
	return true;
}

/* The object, the name, the string, and no more. */
static bool is_only_string(
	const struct json_flat *doc, const struct json_node *object, struct slice name)
{
	return doc->text.data[object->at] == '{' &&
		object->next == (uint32_t)(object - doc->nodes.items) + 3 &&
		doc->text.data[object[2].at] == '"' && slice_equal(text_of(doc, object + 1), name);
}

bool json_at_only_string(struct json_at v, struct slice name, struct slice *out)
{
	if (!v.doc || !is_only_string(v.doc, node_of(v), name))
		return false;
	*out = text_of(v.doc, node_of(v) + 2);
	return true;
}

/* Looked for from one of the names on, as members mostly come in the caller's order. count if it is
 * none of them. */
static size_t find_name(const struct slice *names, size_t count, size_t from, struct slice wanted)
{
	size_t i = from;

	for (size_t tried = 0; tried < count; tried++) {
		if (slice_equal(names[i], wanted))
			return i;
		i = i + 1 < count ? i + 1 : 0;
	}
	return count;
}

void json_at_only_strings(struct json_at v, struct slice name, const struct slice *members,
	size_t count, struct slice *out)
{
	const struct json_node *at, *end;
	size_t next = 0;

	for (size_t k = 0; k < count; k++)
		out[k] = (struct slice){ 0 };
	if (first_char(v) != '{')
		return;
	for (at = first_name(v, &end); at < end; at = node_after(v.doc, at + 1)) {
		size_t i = find_name(members, count, next, text_of(v.doc, at));

		if (i == count)
			continue;
		if (is_only_string(v.doc, at + 1, name))
			out[i] = text_of(v.doc, at + 3);
		next = i + 1 < count ? i + 1 : 0;
	}
}

/* Whether a whole number has at least the magnitude from which on json_number knows no more of it.
 */
static bool is_saturated(const char *spelled)
{
	if (strpbrk(spelled, ".eE"))
		return false;
	errno = 0;
	if (*spelled == '-')
		return strtoll(spelled, NULL, 10) == INT64_MIN;
	return strtoull(spelled, NULL, 10) == UINT64_MAX;
}

/* A count, which most numbers are: digits that a double holds exactly. */
static bool read_count(struct slice spelled, double *out)
{
	uint64_t value = 0;

	if (spelled.len > COUNT_DIGITS)
		return false;
	for (size_t i = 0; i < spelled.len; i++) {
		if (spelled.ptr[i] < '0' || spelled.ptr[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(spelled.ptr[i] - '0');
	}
	*out = (double)value;
	return true;
}

bool json_at_number(struct json_at v, double *out)
{
	struct slice spelled = json_at_spelled(v);
	char room[NUMBER_ROOM], *text = room;
	double number;
	bool known;

	if (json_at_kind(v) != JSON_NUMBER)
		return false;
	if (read_count(spelled, out))
		return true;
	if (spelled.len >= sizeof(room))
		text = malloc(spelled.len + 1);
	if (!text)
		return false;
	memcpy(text, spelled.ptr, spelled.len);
	text[spelled.len] = '\0';
	number = strtod(text, NULL);
	known = isfinite(number) && !is_saturated(text);
	if (text != room)
		free(text);
	if (known)
		*out = number;
	return known;
}

struct slice json_at_spelled(struct json_at v)
{
	const struct json_node *node;

	if (!v.doc)
		return SLICE("");
	node = node_of(v);
	return (struct slice){ v.doc->text.data + node->at, node->len };
}

size_t json_at_count(struct json_at v)
{
	struct json_walk w = { .in = v };
	size_t count = 0;

	while (json_walk_next(&w))
		count++;
	return count;
}

bool json_walk_next(struct json_walk *w)
{
	char kind = first_char(w->in);

	if (kind != '{' && kind != '[')
		return false;
	if (w->next == 0)
		w->next = w->in.index + 1;
	if (w->next == node_of(w->in)->next)
		return false;
	w->name = (struct json_at){ 0 };
	if (kind == '{')
		w->name = (struct json_at){ w->in.doc, w->next++ };
	w->value = (struct json_at){ w->in.doc, w->next };
	w->next = at_node(w->in.doc, node_after(w->in.doc, node_of(w->value))).index;
	return true;
}
