/* SPDX-License-Identifier: MIT */
/* Strings as JSON text. Structure (braces, commas between values) is the caller's. */
#include "json/write.h"

#include "json/json.h"

#define NAME_NUL_LEN (sizeof(JSON_NAME_NUL) - 1)

static bool needs_escape(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\' || c == 0x7f;
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

static void write_characters(struct buf *b, struct slice text)
{
	size_t written = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (!needs_escape(c))
			continue;
		buf_add(b, text.ptr + written, i - written);
		write_escape(b, c);
		written = i + 1;
	}
	if (written < text.len)
		buf_add(b, text.ptr + written, text.len - written);
}

void json_write_string(struct buf *b, struct slice text)
{
	buf_add_char(b, '"');
	write_characters(b, text);
	buf_add_char(b, '"');
}

void json_write_name(struct buf *b, struct slice name)
{
	buf_add_char(b, '"');
	while (name.len > 0) {
		const char *mark = memmem(name.ptr, name.len, JSON_NAME_NUL, NAME_NUL_LEN);
		size_t plain = mark ? (size_t)(mark - name.ptr) : name.len;

		write_characters(b, (struct slice){ name.ptr, plain });
		name = slice_skip(name, plain);
		if (mark) {
			write_escape(b, '\0');
			name = slice_skip(name, NAME_NUL_LEN);
		}
	}
	buf_add_char(b, '"');
}

void json_write_member(struct buf *b, const char *name, struct slice text)
{
	struct slice before = buf_slice(b);

	if (before.len > 0 && !strchr("{[", before.ptr[before.len - 1]))
		buf_add_char(b, ',');
	buf_add_char(b, '"');
	buf_add_str(b, name);
	buf_add_str(b, "\":");
	json_write_string(b, text);
}
