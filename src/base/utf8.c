/* SPDX-License-Identifier: MIT */
/* UTF-8, checked by the table of well-formed byte sequences (Unicode, table 3-7). */
#include "base/utf8.h"

static bool continues(const char *at, unsigned char low, unsigned char high)
{
	unsigned char c = (unsigned char)*at;

	return c >= low && c <= high;
}

size_t utf8_char_len(struct slice text)
{
	const char *p = text.ptr;
	unsigned char c, low = 0x80, high = 0xbf;

	if (text.len == 0)
		return 0;
	c = (unsigned char)*p;
	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	if (c < 0xe0)
		return text.len >= 2 && continues(p + 1, 0x80, 0xbf) ? 2 : 0;
	if (c == 0xe0)
		low = 0xa0; /* overlong below */
	else if (c == 0xed)
		high = 0x9f; /* surrogates above */
	else if (c == 0xf0)
		low = 0x90; /* overlong below */
	else if (c == 0xf4)
		high = 0x8f; /* beyond U+10FFFF above */
	if (text.len < 3 || !continues(p + 1, low, high) || !continues(p + 2, 0x80, 0xbf))
		return 0;
	if (c < 0xf0)
		return 3;
	return text.len >= 4 && continues(p + 3, 0x80, 0xbf) ? 4 : 0;
}

uint32_t utf8_decode(struct slice text, size_t *len)
{
	static const unsigned char lead_mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	size_t n = utf8_char_len(text);
	uint32_t code = (unsigned char)text.ptr[0] & lead_mask[n];

	for (size_t i = 1; i < n; i++)
		code = code << 6 | ((unsigned char)text.ptr[i] & 0x3f);
	*len = n;
	return code;
}

bool utf8_valid(struct slice text)
{
	while (text.len > 0) {
		size_t n = utf8_char_len(text);

		if (n == 0)
			return false;
		text = slice_skip(text, n);
	}
	return true;
}

size_t utf8_count(struct slice text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
	return count;
}

/* Unicode 15, PropList.txt, White_Space. */
static bool is_white_space(uint32_t c)
{
	return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
		(c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
		c == 0x205f || c == 0x3000;
}

bool utf8_is_blank(struct slice text)
{
	while (text.len > 0) {
		size_t n;

		if (!is_white_space(utf8_decode(text, &n)))
			return false;
		text = slice_skip(text, n);
	}
	return true;
}

struct slice utf8_without_last(struct slice text)
{
	bool inside = true;

	while (text.len > 0 && inside)
		inside = continues(text.ptr + --text.len, 0x80, 0xbf);
	return text;
}

size_t utf8_encode(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}
