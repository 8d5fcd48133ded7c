/* SPDX-License-Identifier: MIT */
/* Strings as JSON text. Structure (braces, commas between values) is the caller's. */
#include "json/write.h"

#include "json/plain.h"

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

/* A string with something in it to escape. */
static void write_escaped(struct buf *b, struct slice text)
{
	buf_add_char(b, '"');
	while (text.len > 0) {
		char *room = buf_reserve(b, text.len);
		size_t plain;

		if (!room)
			return;
		plain = json_copy_unescaped(room, text.ptr, text.len);
		buf_grew(b, plain);
		text = slice_skip(text, plain);
		if (text.len > 0) {
			write_escape(b, (unsigned char)*text.ptr);
			text = slice_skip(text, 1);
		}
	}
	buf_add_char(b, '"');
}

void json_write_end(struct buf *b, char *at, struct slice text)
{
	char *end = at + 1 + text.len;

	*at = '"';
	if (json_copy_unescaped(at + 1, text.ptr, text.len) < text.len) {
		buf_grew(b, (size_t)(at - (b->data + b->len)));
		write_escaped(b, text);
		return;
	}
	*end++ = '"';
	buf_grew(b, (size_t)(end - (b->data + b->len)));
}

void json_write_string(struct buf *b, struct slice text)
{
	char *room = buf_reserve(b, text.len + 2);

	if (room)
		json_write_end(b, room, text);
}

char *json_write_begin(struct buf *b, size_t size)
{
	bool first = b->len == 0 || b->data[b->len - 1] == '{' || b->data[b->len - 1] == '[';
	char *room = buf_reserve(b, !first + size);

	if (room && !first)
		*room++ = ',';
	return room;
}
