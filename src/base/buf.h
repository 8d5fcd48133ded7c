/* SPDX-License-Identifier: MIT */
/* A growing byte buffer with a cap. Failure is sticky: append freely, ask buf_ok() once at the end.
 * Not for secrets: nothing is wiped. */
#ifndef CRUDDUR_BASE_BUF_H
#define CRUDDUR_BASE_BUF_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data; /* NUL-terminated whenever not NULL */
	size_t len; /* without that NUL */
	size_t cap;
	size_t max; /* len never exceeds it; 0 means BUF_MAX_DEFAULT */
	bool failed; /* out of memory or over max; what was appended since is lost */
};

/* Larger than anything that is built here: a guard against runaway growth. */
#define BUF_MAX_DEFAULT ((size_t)16 << 20)

/* What a buffer may keep between uses: more than any everyday answer. */
#define BUF_KEEP ((size_t)64 << 10)

/* An empty buffer is {0}: struct buf b = { 0 }; needs no call. */
void buf_free(struct buf *b);

/* Empties it and forgets a failure; keeps the memory for the next use. */
void buf_clear(struct buf *b);

/* As buf_clear, but gives memory over BUF_KEEP back: one large text must not stay with a program
 * for good. For buffers that live long. */
void buf_reset(struct buf *b);

/* true if every append since the last clear fitted. */
static inline bool buf_ok(const struct buf *b)
{
	return !b->failed;
}

/* Its content; valid until the next append. */
static inline struct slice buf_slice(const struct buf *b)
{
	return (struct slice){ b->data ? b->data : "", b->len };
}

/* Its content as a C string; valid until the next append. */
static inline const char *buf_cstr(const struct buf *b)
{
	return b->data ? b->data : "";
}

void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_add_slice(struct buf *b, struct slice s);
void buf_add_char(struct buf *b, char c);
void buf_add_int(struct buf *b, int64_t value);

/* Inline, so that nobody counts the length of a literal. */
static inline void buf_add_str(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

char *buf_make_room(struct buf *b, size_t n); /* private: buf_reserve where the memory must grow */

/* Room for n more bytes, to be filled by the caller before buf_grew(b, written); NULL on failure.
 */
static inline char *buf_reserve(struct buf *b, size_t n)
{
	size_t max = b->max ? b->max : BUF_MAX_DEFAULT;

	if (!b->failed && b->cap - b->len > n && n <= max && b->len <= max - n)
		return b->data + b->len;
	return buf_make_room(b, n);
}

static inline void buf_grew(struct buf *b, size_t written)
{
	b->len += written;
	b->data[b->len] = '\0';
}

#endif
