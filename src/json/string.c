/* SPDX-License-Identifier: MIT */
/* Strings as they are spelled (RFC 8259 section 7): where one ends, what it means, which are the
 * same. */
#include "base/utf8.h"
#include "json/plain.h"
#include "json/scan.h"

#include <stdlib.h>

/* Up to so many names of one object are compared each with each, more are sorted first, so that a
 * body of nothing but names costs no quadratic time. */
#define NAMES_FEW 12

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

size_t json_string_character(struct slice text, uint32_t *out)
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

const char *json_string_end(const char *p, const char *end, bool *escaped)
{
	for (;;) {
		uint32_t code;
		size_t len;

		p = json_plain_end(p, end);
		if (p == end)
			return NULL;
		if (*p == '"')
			return p;
		*escaped |= *p == '\\';
		len = json_string_character((struct slice){ p, (size_t)(end - p) }, &code);
		if (len == 0)
			return NULL;
		p += len;
	}
}

/* UTF-8 sorts as its code points do, so that this order is that of the decoded bytes. */
int json_string_compare(struct slice a, struct slice b)
{
	while (a.len > 0 && b.len > 0) {
		uint32_t x, y;

		a = slice_skip(a, json_string_character(a, &x));
		b = slice_skip(b, json_string_character(b, &y));
		if (x != y)
			return x < y ? -1 : 1;
	}
	return (a.len > 0) - (b.len > 0);
}

/* The two ways to compare agree: see json_string_compare. */
static int compare_names(const void *left, const void *right)
{
	const struct json_name *l = left, *r = right;
	struct slice a = { l->ptr, l->len }, b = { r->ptr, r->len };

	return l->escaped || r->escaped ? json_string_compare(a, b) : slice_compare(a, b);
}

static bool are_same(const struct json_name *a, const struct json_name *b)
{
	if (a->escaped || b->escaped)
		return compare_names(a, b) == 0;
	return a->len == b->len && memcmp(a->ptr, b->ptr, a->len) == 0;
}

bool json_names_differ(struct json_name *names, size_t count)
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

size_t json_string_decode(struct slice spelled, char *out)
{
	size_t len = 0;

	while (spelled.len > 0) {
		const char *mark = memchr(spelled.ptr, '\\', spelled.len);
		size_t plain = mark ? (size_t)(mark - spelled.ptr) : spelled.len;
		uint32_t code = 0;

		memcpy(out + len, spelled.ptr, plain);
		len += plain;
		spelled = slice_skip(spelled, plain);
		if (!mark)
			break;
		/* At least as long as the UTF-8 of what it stands for. */
		spelled = slice_skip(spelled, json_string_character(spelled, &code));
		len += utf8_encode(code, out + len);
	}
	return len;
}
