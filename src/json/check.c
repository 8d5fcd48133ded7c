/* SPDX-License-Identifier: MIT */
/* The strict check that every JSON text passes: RFC 8259 to the letter, and the rules of
 * json/json.h besides. Notes where the values are for those that read them in place. */
#include "json/json.h"
#include "json/scan.h"

#include <stdlib.h>

/* Names of the objects that are open at a point; most texts never need more room than this. */
#define NAMES_ROOM 48

/* Up to so many names of one object are compared each with each, more are sorted first, so that a
 * body of nothing but names costs no quadratic time. */
#define NAMES_FEW 12

/* As spelled between its quotes. */
struct name {
	const char *ptr;
	uint32_t len;
	bool escaped;
};

struct scan {
	const char *start, *at, *end;
	int depth, depth_max;
	struct json_nodes *nodes; /* NULL: nobody wants them */
	struct name *names; /* a stack, the innermost object's last */
	size_t name_count;
	size_t name_room;
	struct name first_names[NAMES_ROOM];
};

static enum status scan_value(struct scan *s);

static inline bool at_char(const struct scan *s, char c)
{
	return s->at < s->end && *s->at == c;
}

static inline bool take_char(struct scan *s, char c)
{
	if (!at_char(s, c))
		return false;
	s->at++;
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline void skip_space(struct scan *s)
{
	while (s->at < s->end && *s->at <= ' ' && is_space(*s->at))
		s->at++;
}

/* --- Nodes ------------------------------------------------------------------------------------ */

static uint32_t offset(const struct scan *s, const char *p)
{
	return (uint32_t)(p - s->start);
}

/* A row of strings has a node for each ten bytes or so. */
static enum status grow_nodes(const struct scan *s)
{
	struct json_nodes *n = s->nodes;
	size_t room = n->room ? n->room * 2 : (size_t)(s->end - s->start) / 10 + 16;
	struct json_node *grown = reallocarray(n->items, room, sizeof(*grown));

	if (!grown)
		return STATUS_NO_MEMORY;
	n->items = grown;
	n->room = room;
	return STATUS_OK;
}

/* A node that starts here, not finished; *index is its place. */
static inline enum status open_node(const struct scan *s, size_t *index)
{
	struct json_nodes *n = s->nodes;

	if (!n)
		return STATUS_OK;
	if (n->count == n->room && grow_nodes(s) != STATUS_OK)
		return STATUS_NO_MEMORY;
	*index = n->count++;
	n->items[*index] = (struct json_node){ .at = offset(s, s->at) };
	return STATUS_OK;
}

static inline void close_node(const struct scan *s, size_t index)
{
	struct json_node *node;

	if (!s->nodes)
		return;
	node = &s->nodes->items[index];
	node->len = offset(s, s->at) - node->at;
	node->next = (uint32_t)s->nodes->count;
}

static inline void close_string(const struct scan *s, size_t index, bool escaped)
{
	struct json_node *node;

	if (!s->nodes)
		return;
	node = &s->nodes->items[index];
	node->len = offset(s, s->at) - node->at;
	node->text_len = node->len - 2;
	if (escaped)
		s->nodes->escaped += node->text_len;
	else
		node->text_at = node->at + 1;
}

/* --- Strings and names ------------------------------------------------------------------------ */

/* A whole string; *out gets what stands between the quotes. */
static inline enum status scan_string(struct scan *s, struct name *out)
{
	size_t index = 0;
	const char *end;
	enum status rc;

	if (!at_char(s, '"'))
		return STATUS_INVALID;
	rc = open_node(s, &index);
	if (rc != STATUS_OK)
		return rc;
	out->ptr = ++s->at;
	out->escaped = false;
	end = json_string_end(s->at, s->end, &out->escaped);
	if (!end)
		return STATUS_INVALID;
	out->len = (uint32_t)(end - s->at);
	s->at = end + 1;
	close_string(s, index, out->escaped);
	return STATUS_OK;
}

/* The two ways to compare agree: see json_string_compare. */
static int compare_names(const void *left, const void *right)
{
	const struct name *l = left, *r = right;
	struct slice a = { l->ptr, l->len }, b = { r->ptr, r->len };

	return l->escaped || r->escaped ? json_string_compare(a, b) : slice_compare(a, b);
}

static bool are_same(const struct name *a, const struct name *b)
{
	if (a->escaped || b->escaped)
		return compare_names(a, b) == 0;
	return a->len == b->len && memcmp(a->ptr, b->ptr, a->len) == 0;
}

static bool names_differ(struct name *names, size_t count)
{
	if (count < 2)
		return true;
	if (count > NAMES_FEW) {
		qsort(names, count, sizeof(*names), compare_names);
		for (size_t i = 1; i < count; i++) {
			if (compare_names(&names[i - 1], &names[i]) == 0)
				return false;
		}
		return true;
	}
	for (size_t i = 1; i < count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (are_same(&names[i], &names[j]))
				return false;
		}
	}
	return true;
}

static enum status grow_names(struct scan *s)
{
	size_t room = s->name_room * 2;
	bool on_heap = s->names != s->first_names;
	struct name *grown = reallocarray(on_heap ? s->names : NULL, room, sizeof(*grown));

	if (!grown)
		return STATUS_NO_MEMORY;
	if (!on_heap)
		memcpy(grown, s->first_names, sizeof(s->first_names));
	s->names = grown;
	s->name_room = room;
	return STATUS_OK;
}

static inline enum status keep_name(struct scan *s, const struct name *name)
{
	if (s->name_count == s->name_room && grow_names(s) != STATUS_OK)
		return STATUS_NO_MEMORY;
	s->names[s->name_count++] = *name;
	return STATUS_OK;
}

/* --- Values ----------------------------------------------------------------------------------- */

static bool scan_digits(struct scan *s)
{
	const char *before = s->at;

	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return s->at > before;
}

/* RFC 8259 section 6. A second digit after a leading zero is left over, and nothing that may
 * follow a value. */
static bool scan_number(struct scan *s)
{
	(void)take_char(s, '-');
	if (!take_char(s, '0') && !scan_digits(s))
		return false;
	if (take_char(s, '.') && !scan_digits(s))
		return false;
	if (take_char(s, 'e') || take_char(s, 'E')) {
		if (!take_char(s, '+'))
			(void)take_char(s, '-');
		return scan_digits(s);
	}
	return true;
}

static bool scan_word(struct scan *s, struct slice word)
{
	if (!slice_starts_with((struct slice){ s->at, (size_t)(s->end - s->at) }, word))
		return false;
	s->at += word.len;
	return true;
}

static enum status scan_member(struct scan *s)
{
	struct name name;
	enum status rc;

	skip_space(s);
	rc = scan_string(s, &name);
	if (rc == STATUS_OK)
		rc = keep_name(s, &name);
	if (rc != STATUS_OK)
		return rc;
	skip_space(s);
	if (!take_char(s, ':'))
		return STATUS_INVALID;
	return scan_value(s);
}

static enum status scan_object(struct scan *s)
{
	size_t outer_names = s->name_count;
	bool differ;

	skip_space(s);
	if (take_char(s, '}'))
		return STATUS_OK;
	do {
		enum status rc = scan_member(s);

		if (rc != STATUS_OK)
			return rc;
	} while (take_char(s, ','));
	if (!take_char(s, '}'))
		return STATUS_INVALID;
	differ = names_differ(s->names + outer_names, s->name_count - outer_names);
	s->name_count = outer_names;
	return differ ? STATUS_OK : STATUS_INVALID;
}

static enum status scan_array(struct scan *s)
{
	skip_space(s);
	if (take_char(s, ']'))
		return STATUS_OK;
	do {
		enum status rc = scan_value(s);

		if (rc != STATUS_OK)
			return rc;
	} while (take_char(s, ','));
	return take_char(s, ']') ? STATUS_OK : STATUS_INVALID;
}

static enum status scan_nested(struct scan *s)
{
	enum status rc = STATUS_INVALID;

	if (s->depth == s->depth_max)
		return STATUS_INVALID;
	s->depth++;
	if (take_char(s, '{'))
		rc = scan_object(s);
	else if (take_char(s, '['))
		rc = scan_array(s);
	s->depth--;
	return rc;
}

/* Anything but a string. */
static enum status scan_other(struct scan *s)
{
	size_t index = 0;
	enum status rc = open_node(s, &index);
	bool sound = true;

	if (rc != STATUS_OK)
		return rc;
	switch (s->at < s->end ? *s->at : '\0') {
	case '{':
	case '[':
		rc = scan_nested(s);
		break;
	case 't':
		sound = scan_word(s, SLICE("true"));
		break;
	case 'f':
		sound = scan_word(s, SLICE("false"));
		break;
	case 'n':
		sound = scan_word(s, SLICE("null"));
		break;
	default:
		sound = scan_number(s);
		break;
	}
	close_node(s, index);
	return sound ? rc : STATUS_INVALID;
}

/* A value and the white space on both sides of it. Recursion ends at depth_max. */
static enum status scan_value(struct scan *s)
{
	struct name text;
	enum status rc;

	skip_space(s);
	rc = at_char(s, '"') ? scan_string(s, &text) : scan_other(s);
	skip_space(s);
	return rc;
}

enum status json_scan(struct slice text, int depth_max, struct json_nodes *nodes)
{
	struct scan s;
	enum status rc = STATUS_INVALID;

	if (text.len == 0 || text.len >= UINT32_MAX)
		return STATUS_INVALID;
	s.start = s.at = text.ptr;
	s.end = text.ptr + text.len;
	s.depth = 0;
	s.depth_max = depth_max;
	s.nodes = nodes;
	s.names = s.first_names;
	s.name_count = 0;
	s.name_room = NAMES_ROOM;

	skip_space(&s);
	if (!at_char(&s, '{'))
		goto out;
	rc = scan_value(&s);
	if (rc == STATUS_OK && s.at < s.end)
		rc = STATUS_INVALID;
out:
	if (s.names != s.first_names)
		free(s.names);
	return rc;
}

enum status json_check_nested(struct slice text, int depth_max)
{
	return json_scan(text, depth_max, NULL);
}

enum status json_check(struct slice text)
{
	return json_check_nested(text, JSON_DEPTH_MAX);
}
