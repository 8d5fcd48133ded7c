/* SPDX-License-Identifier: MIT */
/* Making and reading UUIDs. */
#include "base/uuid.h"

#include <stdint.h>
#include <sys/random.h>

static const char hex[] = "0123456789abcdef";

static bool is_dash_place(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

enum status uuid_new(struct uuid *out)
{
	unsigned char bytes[16];
	size_t at = 0;

	/* Up to 256 bytes come whole or not at all once the pool is initialised: getrandom(2). */
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return STATUS_INTERNAL;
	bytes[6] = (bytes[6] & 0x0f) | 0x40;
	bytes[8] = (bytes[8] & 0x3f) | 0x80;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		if (is_dash_place(at))
			out->text[at++] = '-';
		out->text[at++] = hex[bytes[i] >> 4];
		out->text[at++] = hex[bytes[i] & 15];
	}
	out->text[at] = '\0';
	return STATUS_OK;
}

enum status uuid_parse(struct slice text, struct uuid *out)
{
	struct uuid u;

	if (text.len != UUID_LEN)
		return STATUS_INVALID;
	for (size_t i = 0; i < UUID_LEN; i++) {
		char c = text.ptr[i];

		if (c >= 'A' && c <= 'F')
			c = (char)(c - 'A' + 'a');
		if (is_dash_place(i) ? c != '-' : c == '\0' || !strchr(hex, c))
			return STATUS_INVALID;
		u.text[i] = c;
	}
	u.text[UUID_LEN] = '\0';
	*out = u;
	return STATUS_OK;
}

static unsigned char nibble(char digit)
{
	return (unsigned char)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

void uuid_bytes(const struct uuid *u, unsigned char out[UUID_BYTES])
{
	const char *at = u->text;

	for (size_t i = 0; i < UUID_BYTES; i++) {
		if (*at == '-')
			at++;
		out[i] = (unsigned char)(nibble(at[0]) << 4 | nibble(at[1]));
		at += 2;
	}
}

/* FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/). */
size_t uuid_hash(const struct uuid *u)
{
	uint64_t h = 14695981039346656037U;

	for (size_t i = 0; i < UUID_LEN; i++)
		h = (h ^ (unsigned char)u->text[i]) * 1099511628211U;
	return (size_t)h;
}
