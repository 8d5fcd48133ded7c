/* SPDX-License-Identifier: MIT */
/* The growing byte buffer; knows nothing of what it holds. */
#include "base/buf.h"

#include <stdlib.h>

#define BUF_FIRST_CAP 256

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ .max = b->max };
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = '\0';
}

void buf_reset(struct buf *b)
{
	if (b->cap > BUF_KEEP) {
		free(b->data);
		b->data = NULL;
		b->cap = 0;
	}
	buf_clear(b);
}

char *buf_make_room(struct buf *b, size_t n)
{
	size_t max = b->max ? b->max : BUF_MAX_DEFAULT;
	size_t cap = b->cap ? b->cap : BUF_FIRST_CAP;
	char *data;

	if (b->failed)
		return NULL;
	if (n > max || b->len > max - n) {
		b->failed = true;
		return NULL;
	}
	while (cap - b->len <= n)
		cap *= 2;
	data = realloc(b->data, cap);
	if (!data) {
		b->failed = true;
		return NULL;
	}
	b->data = data;
	b->cap = cap;
	return data + b->len;
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
	char *room = buf_reserve(b, n);

	if (!room)
		return;
	if (n > 0)
		memcpy(room, bytes, n);
	buf_grew(b, n);
}

void buf_add_slice(struct buf *b, struct slice s)
{
	buf_add(b, s.ptr, s.len);
}

void buf_add_char(struct buf *b, char c)
{
	char *room = buf_reserve(b, 1);

	if (!room)
		return;
	*room = c;
	buf_grew(b, 1);
}

void buf_add_int(struct buf *b, int64_t value)
{
	char digits[24];
	size_t at = sizeof(digits);
	/* Negated as unsigned, so that INT64_MIN is no special case. */
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0)
		digits[--at] = '-';
	buf_add(b, digits + at, sizeof(digits) - at);
}
