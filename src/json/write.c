/* SPDX-License-Identifier: MIT */
/* Strings as JSON text. Structure (braces, commas between values) is the caller's. */
#include "json/write.h"

#include "json/plain.h"

/* How many bytes from the start of text can be written as they are. */
static size_t plain_len(struct slice text)
{
	return text.len > 0 ? (size_t)(json_unescaped_end(text.ptr, text.ptr + text.len) - text.ptr)
			    : 0;
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

/* Between quotes, without a look. */
static char *put_quoted(char *at, struct slice text)
{
	*at++ = '"';
	if (text.len > 0)
		memcpy(at, text.ptr, text.len);
	at += text.len;
	*at++ = '"';
	return at;
}

static void write_escaped(struct buf *b, struct slice text)
{
	buf_add_char(b, '"');
	write_pieces(b, text);
	buf_add_char(b, '"');
}

void json_write_string(struct buf *b, struct slice text)
{
	char *room;

	if (plain_len(text) < text.len) {
		write_escaped(b, text);
		return;
	}
	room = buf_reserve(b, text.len + 2);
	if (room)
		buf_grew(b, (size_t)(put_quoted(room, text) - room));
}

void json_write_member(struct buf *b, const char *name, struct slice text)
{
	bool first = b->len == 0 || b->data[b->len - 1] == '{' || b->data[b->len - 1] == '[';
	bool is_plain = plain_len(text) == text.len;
	struct slice quoted = slice_of(name);
	char *room = buf_reserve(b, !first + quoted.len + 3 + (is_plain ? text.len + 2 : 0));
	char *at = room;

	if (!room)
		return;
	if (!first)
		*at++ = ',';
	at = put_quoted(at, quoted);
	*at++ = ':';
	if (is_plain)
		at = put_quoted(at, text);
	buf_grew(b, (size_t)(at - room));
	if (!is_plain)
		write_escaped(b, text);
}
