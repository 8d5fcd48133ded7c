/* SPDX-License-Identifier: MIT */
/* Borrowed bytes with a length: the form in which text travels between modules. Never owns, need
 * not end in NUL, may hold NUL. */
#ifndef CRUDDUR_BASE_SLICE_H
#define CRUDDUR_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
	const char *ptr; /* NULL only when len is 0 */
	size_t len;
};

/* A slice of a string literal, without its NUL. Usable in initialisers of static data. */
#define SLICE_LITERAL(text)                                                                        \
	{                                                                                          \
		(text), sizeof(text) - 1                                                           \
	}
#define SLICE(text) ((struct slice)SLICE_LITERAL(text))

static inline struct slice slice_of(const char *text)
{
	return (struct slice){ text, text ? strlen(text) : 0 };
}

/* Most that are compared differ in their length, their first byte or (UUIDs, times) their last:
 * that needs no call. */
static inline bool slice_equal(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	return a.len == 0 ||
		(a.ptr[0] == b.ptr[0] && a.ptr[a.len - 1] == b.ptr[b.len - 1] &&
			(a.len <= 2 || memcmp(a.ptr, b.ptr, a.len) == 0));
}

/* Byte order, a shorter prefix first: the order in which DynamoDB sorts strings. */
static inline int slice_compare(struct slice a, struct slice b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common > 0 ? memcmp(a.ptr, b.ptr, common) : 0;

	if (order != 0)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

static inline bool slice_starts_with(struct slice text, struct slice prefix)
{
	return text.len >= prefix.len &&
		(prefix.len == 0 || memcmp(text.ptr, prefix.ptr, prefix.len) == 0);
}

/* text without its first n bytes; n must not exceed text.len. */
static inline struct slice slice_skip(struct slice text, size_t n)
{
	return (struct slice){ text.ptr + n, text.len - n };
}

#endif
