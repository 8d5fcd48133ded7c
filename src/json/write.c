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

/* A string with nothing in it to escape, and where it ends; NULL for any other. */
static inline char *put_plain(char *at, struct slice text)
{
	*at++ = '"';
	if (json_copy_unescaped(at, text.ptr, text.len) < text.len)
		return NULL;
	at += text.len;
	*at++ = '"';
	return at;
}

void json_write_string(struct buf *b, struct slice text)
{
	char *room = buf_reserve(b, text.len + 2);
	const char *end = room ? put_plain(room, text) : NULL;

	if (end)
		buf_grew(b, (size_t)(end - room));
	else
		write_escaped(b, text);
}

void json_write_named(struct buf *b, struct slice name, struct slice text)
{
	bool first = b->len == 0 || b->data[b->len - 1] == '{' || b->data[b->len - 1] == '[';
	char *room = buf_reserve(b, !first + name.len + 3 + text.len + 2);
	char *at = room;
	const char *end;

	if (!room)
		return;
	if (!first)
		*at++ = ',';
	*at++ = '"';
	memcpy(at, name.ptr, name.len);
	at += name.len;
	*at++ = '"';
	*at++ = ':';
	end = put_plain(at, text);
	buf_grew(b, (size_t)((end ? end : at) - room));
	if (!end)
		write_escaped(b, text);
}
