/* SPDX-License-Identifier: MIT */
/* The strict check that every JSON text passes before json-c sees it: RFC 8259 to the letter, and
 * the rules of json/json.h besides. Builds nothing. */
#include "base/utf8.h"
#include "json/json.h"

#include <stdlib.h>

/* Names of the objects that are open at a point; most texts never need more room than this. */
#define NAMES_ROOM 48

/* Up to so many names of one object are compared each with each, more are sorted first, so that a
 * body of nothing but names costs no quadratic time. */
#define NAMES_FEW 12

struct scan {
	struct slice rest;
	int depth, depth_max;
	/* As spelled between their quotes; a stack, the innermost object's last. */
	struct slice *names;
	size_t name_count;
	size_t name_room;
	struct slice first_names[NAMES_ROOM];
};

static enum status scan_value(struct scan *s);

static bool at_char(const struct scan *s, char c)
{
	return s->rest.len > 0 && *s->rest.ptr == c;
}

static bool take_char(struct scan *s, char c)
{
	if (!at_char(s, c))
		return false;
	s->rest = slice_skip(s->rest, 1);
	return true;
}

static void skip_space(struct scan *s)
{
	while (at_char(s, ' ') || at_char(s, '\n') || at_char(s, '\r') || at_char(s, '\t'))
		s->rest = slice_skip(s->rest, 1);
}

/* --- Strings: RFC 8259 section 7 ------------------------------------------------------------- */

static bool read_hex4(struct slice text, uint32_t *out)
{
	uint32_t code = 0;

	if (text.len < 4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		char c = text.ptr[i];

		if (c >= '0' && c <= '9')
			code = code << 4 | (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			code = code << 4 | (uint32_t)(c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			code = code << 4 | (uint32_t)(c - 'A' + 10);
		else
			return false;
	}
	*out = code;
	return true;
}

/* \uXXXX at the start of text, or two of them for a surrogate pair; its length, 0 if malformed. */
static size_t read_unicode_escape(struct slice text, uint32_t *out)
{
	uint32_t high, low;

	if (!read_hex4(slice_skip(text, 2), &high))
		return 0;
	if (high < 0xd800 || high > 0xdfff) {
		*out = high;
		return 6;
	}
	if (high > 0xdbff || text.len < 12 || text.ptr[6] != '\\' || text.ptr[7] != 'u' ||
		!read_hex4(slice_skip(text, 8), &low) || low < 0xdc00 || low > 0xdfff)
		return 0;
	*out = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	return 12;
}

/* One character of a string, spelled in any way, at the start of text, which is not empty. Its
 * length in bytes as spelled; 0 if no string may hold it (so for the closing quote). */
static size_t read_character(struct slice text, uint32_t *out)
{
	static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	unsigned char c = (unsigned char)*text.ptr;
	size_t len;

	if (c == '\\') {
		const char *found;

		if (text.len < 2 || text.ptr[1] == '\0')
			return 0;
		if (text.ptr[1] == 'u')
			return read_unicode_escape(text, out);
		found = strchr(escapes, text.ptr[1]);
		if (!found)
			return 0;
		*out = (unsigned char)meanings[found - escapes];
		return 2;
	}
	if (c < 0x20 || c == '"' || utf8_char_len(text) == 0)
		return 0;
	*out = utf8_decode(text, &len);
	return len;
}

/* A whole string; *out gets what stands between the quotes. */
static bool scan_string(struct scan *s, struct slice *out)
{
	const char *start;

	if (!take_char(s, '"'))
		return false;
	start = s->rest.ptr;
	while (s->rest.len > 0) {
		unsigned char c = (unsigned char)*s->rest.ptr;
		uint32_t code;
		size_t len = 1;

		if (c == '"') {
			*out = (struct slice){ start, (size_t)(s->rest.ptr - start) };
			s->rest = slice_skip(s->rest, 1);
			return true;
		}
		if (c < 0x20 || c >= 0x80 || c == '\\')
			len = read_character(s->rest, &code);
		if (len == 0)
			return false;
		s->rest = slice_skip(s->rest, len);
	}
	return false;
}

/* --- Names: none twice in one object ---------------------------------------------------------- */

/* Order of two spelled names by what they mean. UTF-8 sorts as its code points do, so that the two
 * ways to compare agree. */
static int compare_names(const void *left, const void *right)
{
	struct slice a = *(const struct slice *)left, b = *(const struct slice *)right;
	bool plain = (a.len == 0 || !memchr(a.ptr, '\\', a.len)) &&
		(b.len == 0 || !memchr(b.ptr, '\\', b.len));

	if (plain)
		return slice_compare(a, b);
	while (a.len > 0 && b.len > 0) {
		uint32_t x, y;

		a = slice_skip(a, read_character(a, &x));
		b = slice_skip(b, read_character(b, &y));
		if (x != y)
			return x < y ? -1 : 1;
	}
	return (a.len > 0) - (b.len > 0);
}

static bool names_differ(struct slice *names, size_t count)
{
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
			if (compare_names(&names[i], &names[j]) == 0)
				return false;
		}
	}
	return true;
}

static enum status keep_name(struct scan *s, struct slice name)
{
	if (s->name_count == s->name_room) {
		size_t room = s->name_room * 2;
		bool on_heap = s->names != s->first_names;
		struct slice *grown = reallocarray(on_heap ? s->names : NULL, room, sizeof(*grown));

		if (!grown)
			return STATUS_NO_MEMORY;
		if (!on_heap)
			memcpy(grown, s->first_names, sizeof(s->first_names));
		s->names = grown;
		s->name_room = room;
	}
	s->names[s->name_count++] = name;
	return STATUS_OK;
}

/* --- Values ----------------------------------------------------------------------------------- */

static bool scan_digits(struct scan *s)
{
	size_t before = s->rest.len;

	while (s->rest.len > 0 && *s->rest.ptr >= '0' && *s->rest.ptr <= '9')
		s->rest = slice_skip(s->rest, 1);
	return s->rest.len < before;
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
	if (!slice_starts_with(s->rest, word))
		return false;
	s->rest = slice_skip(s->rest, word.len);
	return true;
}

static enum status scan_member(struct scan *s)
{
	struct slice name;
	enum status rc;

	skip_space(s);
	if (!scan_string(s, &name))
		return STATUS_INVALID;
	rc = keep_name(s, name);
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

/* A value and the white space on both sides of it. Recursion ends at depth_max. */
static enum status scan_value(struct scan *s)
{
	enum status rc = STATUS_OK;
	struct slice text;
	bool sound = true;

	skip_space(s);
	switch (s->rest.len > 0 ? *s->rest.ptr : '\0') {
	case '{':
	case '[':
		rc = scan_nested(s);
		break;
	case '"':
		sound = scan_string(s, &text);
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
	skip_space(s);
	return sound ? rc : STATUS_INVALID;
}

enum status json_check_nested(struct slice text, int depth_max)
{
	struct scan s;
	enum status rc = STATUS_INVALID;

	s.rest = text;
	s.depth = 0;
	s.depth_max = depth_max;
	s.names = s.first_names;
	s.name_count = 0;
	s.name_room = NAMES_ROOM;

	skip_space(&s);
	if (!at_char(&s, '{'))
		goto out;
	rc = scan_value(&s);
	if (rc == STATUS_OK && s.rest.len > 0)
		rc = STATUS_INVALID;
out:
	if (s.names != s.first_names)
		free(s.names);
	return rc;
}

enum status json_check(struct slice text)
{
	return json_check_nested(text, JSON_DEPTH_MAX);
}
