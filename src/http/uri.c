/* SPDX-License-Identifier: MIT */
/* Percent-decoding and query parameters. */
#include "http/uri.h"

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum status uri_decode(struct slice text, struct buf *b)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '%') {
			int high = text.len - i > 2 ? hex_value(text.ptr[i + 1]) : -1;
			int low = high >= 0 ? hex_value(text.ptr[i + 2]) : -1;

			if (low < 0)
				return STATUS_INVALID;
			c = (char)(high << 4 | low);
			i += 2;
		}
		buf_add_char(b, c);
	}
	return STATUS_OK;
}

/* Cuts the text up to the next separator (or the end) off the front of *rest. */
static struct slice cut(struct slice *rest, char separator)
{
	const char *at = rest->len > 0 ? memchr(rest->ptr, separator, rest->len) : NULL;
	size_t len = at ? (size_t)(at - rest->ptr) : rest->len;
	struct slice head = { rest->ptr, len };

	*rest = slice_skip(*rest, at ? len + 1 : len);
	return head;
}

enum status uri_query(struct slice query, const char *name, struct buf *value)
{
	struct slice wanted = slice_of(name);
	struct buf decoded = { 0 };
	enum status rc = STATUS_NOT_FOUND;

	buf_clear(value);
	while (query.len > 0) {
		struct slice pair = cut(&query, '&');
		struct slice key = cut(&pair, '=');

		buf_clear(&decoded);
		if (uri_decode(key, &decoded) != STATUS_OK ||
			!slice_equal(buf_slice(&decoded), wanted))
			continue; /* unknown parameters are ignored, however they are spelt */
		if (rc == STATUS_OK || uri_decode(pair, value) != STATUS_OK) {
			rc = STATUS_INVALID;
			break;
		}
		rc = STATUS_OK;
	}
	if (!buf_ok(&decoded) || !buf_ok(value))
		rc = STATUS_NO_MEMORY;
	buf_free(&decoded);
	return rc;
}
