/* SPDX-License-Identifier: MIT */
/* Strings as JSON text. Structure (braces, commas between values) is the caller's. */
#include "json/write.h"

#include <stdint.h>

static bool needs_escape(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\' || c == 0x7f;
}

#define EACH_BYTE(c) ((c)*UINT64_C(0x0101010101010101))

/* true if one of eight bytes may need an escape: its high bit tells, once a subtraction has
 * borrowed from it. A byte behind such a one may be taken for one as well, which costs a closer
 * look. */
static bool may_need_escape(uint64_t bytes)
{
	uint64_t quote = bytes ^ EACH_BYTE('"'), backslash = bytes ^ EACH_BYTE('\\');
	uint64_t del = bytes ^ EACH_BYTE(0x7f);
	uint64_t low = (bytes - EACH_BYTE(0x20)) | (quote - EACH_BYTE(1)) |
		(backslash - EACH_BYTE(1)) | (del - EACH_BYTE(1));

	return (low & ~bytes & EACH_BYTE(0x80)) != 0;
}

/* How many bytes from the start of text can be written as they are. */
static size_t plain_len(struct slice text)
{
	uint64_t bytes;
	size_t i = 0;

	for (; text.len - i >= sizeof(bytes); i += sizeof(bytes)) {
		memcpy(&bytes, text.ptr + i, sizeof(bytes));
		if (may_need_escape(bytes))
			break;
	}
	while (i < text.len && !needs_escape((unsigned char)text.ptr[i]))
		i++;
	return i;
}

static void write_escape(struct buf *b, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char letters[] = "btn\0fr"; /* for U+0008 to U+000D; none for U+000B */
	char unicode[] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

	if (c >= 0x20 && c != 0x7f) {
		buf_add_char(b, '\\');
		buf_add_char(b, (char)c);
	} else if (c >= 0x08 && c <= 0x0d && letters[c - 0x08]) {
		buf_add_char(b, '\\');
		buf_add_char(b, letters[c - 0x08]);
	} else {
		buf_add(b, unicode, sizeof(unicode));
	}
}

/* A string with something in it to escape, without its quotes. */
static void write_pieces(struct buf *b, struct slice text)
{
	while (text.len > 0) {
		size_t plain = plain_len(text);

		buf_add(b, text.ptr, plain);
		text = slice_skip(text, plain);
		if (text.len > 0) {
			write_escape(b, (unsigned char)*text.ptr);
			text = slice_skip(text, 1);
		}
	}
}

void json_write_string(struct buf *b, struct slice text)
{
	char *room;

	if (plain_len(text) < text.len) {
		buf_add_char(b, '"');
		write_pieces(b, text);
		buf_add_char(b, '"');
		return;
	}
	room = buf_reserve(b, text.len + 2);
	if (!room)
		return;
	room[0] = '"';
	if (text.len > 0)
		memcpy(room + 1, text.ptr, text.len);
	room[text.len + 1] = '"';
	buf_grew(b, text.len + 2);
}

void json_write_member(struct buf *b, const char *name, struct slice text)
{
	bool first = b->len == 0 || b->data[b->len - 1] == '{' || b->data[b->len - 1] == '[';
	size_t len = strlen(name);
	char *room = buf_reserve(b, len + 4), *at = room;

	if (!room)
		return;
	if (!first)
		*at++ = ',';
	*at++ = '"';
	memcpy(at, name, len);
	at += len;
	*at++ = '"';
	*at++ = ':';
	buf_grew(b, (size_t)(at - room));
	json_write_string(b, text);
}
