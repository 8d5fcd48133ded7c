/* SPDX-License-Identifier: MIT */
/* The strict check that every JSON text passes: RFC 8259 to the letter, and the rules of
 * json/json.h besides. Notes where the values are for those that read them in place. */
#include "json/json.h"
#include "json/plain.h"
#include "json/scan.h"

#include <stdlib.h>

/* Names of the objects that are open at a point; most texts never need more room than this. */
#define NAMES_ROOM 48

/* {"S":"..."} as nodes: the object, the name, the string. */
#define TYPED_STRING_NODES 3

/* For what a scan spends most of its time in, too large for so many callers to a compiler. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

/* What a scan knows besides where it is: that goes from function to function, each of which takes
 * the place where its part starts and gives the place behind it, or NULL for what fails. */
struct scan {
	const char *start, *end;
	enum status failure; /* why, where it is NULL */
	int depth, depth_max;
	struct json_nodes nodes;
	size_t node_step; /* 1; 0 where nobody wants them, and all are written to the same place */
	struct json_name *names; /* a stack, the innermost object's last */
	size_t name_count;
	size_t name_room;
	struct json_name first_names[NAMES_ROOM];
};

static const char *scan_other(struct scan *s, const char *p);

static inline bool is_char(const struct scan *s, const char *p, char c)
{
	return p < s->end && *p == c;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline const char *skip_space(const struct scan *s, const char *p)
{
	while (p < s->end && *p <= ' ' && is_space(*p))
		p++;
	return p;
}

/* --- Nodes ------------------------------------------------------------------------------------ */

static inline uint32_t offset(const struct scan *s, const char *p)
{
	return (uint32_t)(p - s->start);
}

/* A row of strings has a node for each ten bytes or so. */
static bool grow_nodes(struct scan *s)
{
	struct json_nodes *n = &s->nodes;
	size_t room = n->room ? n->room * 2 : (size_t)(s->end - s->start) / 10 + 16;
	struct json_node *grown = reallocarray(n->items, room, sizeof(*grown));

	if (!grown) {
		s->failure = STATUS_NO_MEMORY;
		return false;
	}
	n->items = grown;
	n->room = room;
	return true;
}

static inline bool add_node(struct scan *s, struct json_node node)
{
	struct json_nodes *n = &s->nodes;

	if (n->count == n->room && !grow_nodes(s))
		return false;
	n->items[n->count] = node;
	n->count += s->node_step;
	return true;
}

/* A string without escapes, whose first character is at text. */
static inline struct json_node plain_node(const struct scan *s, const char *text, size_t len)
{
	uint32_t at = offset(s, text);

	return (struct json_node){ at - 1, (uint32_t)len + 2, { at }, (uint32_t)len };
}

/* --- Strings and names ------------------------------------------------------------------------ */

/* A whole string; *out gets what stands between the quotes. */
static ALWAYS_INLINE const char *scan_string(struct scan *s, const char *p, struct json_name *out)
{
	bool escaped = false;
	const char *text, *end;
	struct json_node node;

	if (!is_char(s, p, '"'))
		return NULL;
	text = p + 1;
	end = json_plain_end(text, s->end);
	if (!is_char(s, end, '"')) {
		end = json_string_end(end, s->end, &escaped);
		if (!end)
			return NULL;
	}
	*out = (struct json_name){ text, (uint32_t)(end - text), escaped };
	node = plain_node(s, text, out->len);
	if (escaped) {
		node.text_at = 0;
		s->nodes.escaped += out->len;
	}
	if (!add_node(s, node))
		return NULL;
	return end + 1;
}

static bool grow_names(struct scan *s)
{
	size_t room = s->name_room * 2;
	bool on_heap = s->names != s->first_names;
	struct json_name *grown = reallocarray(on_heap ? s->names : NULL, room, sizeof(*grown));

	if (!grown) {
		s->failure = STATUS_NO_MEMORY;
		return false;
	}
	if (!on_heap)
		memcpy(grown, s->first_names, sizeof(s->first_names));
	s->names = grown;
	s->name_room = room;
	return true;
}

/* --- Values ----------------------------------------------------------------------------------- */

static const char *scan_digits(const struct scan *s, const char *p)
{
	const char *before = p;

	while (p < s->end && *p >= '0' && *p <= '9')
		p++;
	return p > before ? p : NULL;
}

/* RFC 8259 section 6. A second digit after a leading zero is left over, and nothing that may
 * follow a value. */
static const char *scan_number(const struct scan *s, const char *p)
{
	p += is_char(s, p, '-');
	p = is_char(s, p, '0') ? p + 1 : scan_digits(s, p);
	if (p && is_char(s, p, '.'))
		p = scan_digits(s, p + 1);
	if (p && (is_char(s, p, 'e') || is_char(s, p, 'E'))) {
		p++;
		p += is_char(s, p, '+') || is_char(s, p, '-');
		p = scan_digits(s, p);
	}
	return p;
}

static const char *scan_word(const struct scan *s, const char *p, struct slice word)
{
	if (!slice_starts_with((struct slice){ p, (size_t)(s->end - p) }, word))
		return NULL;
	return p + word.len;
}

/* {"S":"..."} as DynamoDB writes it, half of the values in an answer, without a call for each of
 * its parts: an object, its name, its string. NULL, with nothing noted, for whatever else
 * scan_value is to look at. */
static inline const char *scan_typed_string(struct scan *s, const char *p)
{
	static const char opening[] = "{\"S\":\"", closing[] = "\"}";
	struct json_nodes *all = &s->nodes;
	struct json_node *nodes;
	const char *text, *end;

	if (s->end - p < (ptrdiff_t)strlen(opening) || memcmp(p, opening, strlen(opening)) != 0)
		return NULL;
	if (s->depth == s->depth_max || all->room - all->count < TYPED_STRING_NODES)
		return NULL;
	text = p + strlen(opening);
	end = json_plain_end(text, s->end);
	if (s->end - end < (ptrdiff_t)strlen(closing) || memcmp(end, closing, strlen(closing)) != 0)
		return NULL;
	nodes = all->items + all->count;
	nodes[0] = (struct json_node){ .at = offset(s, p),
		.len = (uint32_t)(end - p) + 2,
		.next = (uint32_t)all->count + TYPED_STRING_NODES };
	nodes[1] = plain_node(s, p + 2, 1);
	nodes[2] = plain_node(s, text, (size_t)(end - text));
	all->count += s->node_step * TYPED_STRING_NODES;
	return end + strlen(closing);
}

/* A value and the white space on both sides of it. */
static ALWAYS_INLINE const char *scan_value(struct scan *s, const char *p)
{
	struct json_name text;

	p = skip_space(s, p);
	if (is_char(s, p, '"'))
		p = scan_string(s, p, &text);
	else
		p = scan_other(s, p);
	return p ? skip_space(s, p) : NULL;
}

/* Puts the name on the stack; what the value puts there is gone again behind it. */
static inline const char *scan_member(struct scan *s, const char *p)
{
	struct json_name *name;
	const char *typed;

	if (s->name_count == s->name_room && !grow_names(s))
		return NULL;
	name = &s->names[s->name_count++];
	p = scan_string(s, skip_space(s, p), name);
	if (!p)
		return NULL;
	/* DynamoDB writes no white space. */
	if (is_char(s, p, ':') && (typed = scan_typed_string(s, p + 1)))
		return skip_space(s, typed);
	p = skip_space(s, p);
	return is_char(s, p, ':') ? scan_value(s, p + 1) : NULL;
}

/* From behind the opening brace. */
static const char *scan_object(struct scan *s, const char *p)
{
	size_t outer_names = s->name_count;

	p = skip_space(s, p);
	if (is_char(s, p, '}'))
		return p + 1;
	while ((p = scan_member(s, p)) && is_char(s, p, ','))
		p++;
	if (!p || !is_char(s, p, '}') ||
		!json_names_differ(s->names + outer_names, s->name_count - outer_names))
		return NULL;
	s->name_count = outer_names;
	return p + 1;
}

/* From behind the opening bracket. */
static const char *scan_array(struct scan *s, const char *p)
{
	p = skip_space(s, p);
	if (is_char(s, p, ']'))
		return p + 1;
	while ((p = scan_value(s, p)) && is_char(s, p, ','))
		p++;
	return p && is_char(s, p, ']') ? p + 1 : NULL;
}

static inline const char *scan_nested(struct scan *s, const char *p)
{
	if (s->depth == s->depth_max)
		return NULL;
	s->depth++;
	p = *p == '{' ? scan_object(s, p + 1) : scan_array(s, p + 1);
	s->depth--;
	return p;
}

/* Anything but a string. Recursion, of which this is a part, ends at depth_max. */
static const char *scan_other(struct scan *s, const char *p)
{
	const char *start = p;
	size_t index = s->nodes.count;

	if (!add_node(s, (struct json_node){ .at = offset(s, start) }))
		return NULL;
	switch (p < s->end ? *p : '\0') {
	case '{':
	case '[':
		p = scan_nested(s, p);
		break;
	case 't':
		p = scan_word(s, p, SLICE("true"));
		break;
	case 'f':
		p = scan_word(s, p, SLICE("false"));
		break;
	case 'n':
		p = scan_word(s, p, SLICE("null"));
		break;
	default:
		p = scan_number(s, p);
		break;
	}
	if (p) {
		s->nodes.items[index].len = (uint32_t)(p - start);
		s->nodes.items[index].next = (uint32_t)s->nodes.count;
	}
	return p;
}

static enum status scan_text(struct scan *s, struct slice text, int depth_max)
{
	const char *p;

	if (text.len == 0 || text.len >= UINT32_MAX)
		return STATUS_INVALID;
	s->start = text.ptr;
	s->end = text.ptr + text.len;
	s->failure = STATUS_INVALID;
	s->depth = 0;
	s->depth_max = depth_max;
	s->names = s->first_names;
	s->name_count = 0;
	s->name_room = NAMES_ROOM;

	p = skip_space(s, text.ptr);
	p = is_char(s, p, '{') ? scan_value(s, p) : NULL;
	if (s->names != s->first_names)
		free(s->names);
	if (!p)
		return s->failure;
	return p == s->end ? STATUS_OK : STATUS_INVALID;
}

enum status json_scan(struct slice text, int depth_max, struct json_nodes *nodes)
{
	struct scan s;
	enum status rc;

	s.nodes = *nodes;
	s.node_step = 1;
	rc = scan_text(&s, text, depth_max);
	*nodes = s.nodes;
	return rc;
}

enum status json_check_nested(struct slice text, int depth_max)
{
	struct json_node unwanted[TYPED_STRING_NODES]; /* as many as are written at once */
	struct scan s;

	s.nodes = (struct json_nodes){ .items = unwanted, .room = TYPED_STRING_NODES };
	s.node_step = 0;
	return scan_text(&s, text, depth_max);
}

enum status json_check(struct slice text)
{
	return json_check_nested(text, JSON_DEPTH_MAX);
}
