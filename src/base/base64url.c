/* SPDX-License-Identifier: MIT */
/* base64url; OpenSSL's decoder is lax exactly where tokens need strictness. */
#include "base/base64url.h"

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-')
		return 62;
	return c == '_' ? 63 : -1;
}

enum status base64url_decode(struct slice text, unsigned char *out, size_t cap, size_t *len)
{
	unsigned int bits = 0, held = 0;
	size_t n = 0;

	if (text.len % 4 == 1)
		return STATUS_INVALID;
	if (text.len / 4 * 3 + (text.len % 4 * 3) / 4 > cap)
		return STATUS_TOO_LARGE;
	for (size_t i = 0; i < text.len; i++) {
		int v = value_of(text.ptr[i]);

		if (v < 0)
			return STATUS_INVALID;
		bits = bits << 6 | (unsigned int)v;
		held += 6;
		if (held >= 8) {
			held -= 8;
			out[n++] = (unsigned char)(bits >> held);
			bits &= (1U << held) - 1;
		}
	}
	if (bits != 0)
		return STATUS_INVALID;
	*len = n;
	return STATUS_OK;
}

void base64url_encode(struct slice bytes, struct buf *b)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned int bits = 0, held = 0;

	for (size_t i = 0; i < bytes.len; i++) {
		bits = bits << 8 | (unsigned char)bytes.ptr[i];
		held += 8;
		while (held >= 6) {
			held -= 6;
			buf_add_char(b, alphabet[bits >> held & 63]);
		}
		bits &= (1U << held) - 1;
	}
	if (held > 0)
		buf_add_char(b, alphabet[bits << (6 - held) & 63]);
}
