/* SPDX-License-Identifier: MIT */
/* UUIDs as text (RFC 9562): made at random, read strictly, always lower-case. */
#ifndef CRUDDUR_BASE_UUID_H
#define CRUDDUR_BASE_UUID_H

#include "base/slice.h"
#include "base/status.h"

#define UUID_LEN 36
#define UUID_BYTES 16

struct uuid {
	char text[UUID_LEN + 1]; /* lower-case, with its NUL */
};

static inline struct slice uuid_slice(const struct uuid *u)
{
	return (struct slice){ u->text, UUID_LEN };
}

static inline bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a->text, b->text, UUID_LEN) == 0;
}

/* A new version 4 UUID from the kernel's random numbers. STATUS_INTERNAL if there are none. */
STATUS_MUSTCHECK enum status uuid_new(struct uuid *out);

/* Reads 8-4-4-4-12 hexadecimal digits of either case, of any version; STATUS_INVALID otherwise. */
STATUS_MUSTCHECK enum status uuid_parse(struct slice text, struct uuid *out);

/* The 128 bits of u, in the order of its text. */
void uuid_bytes(const struct uuid *u, unsigned char out[UUID_BYTES]);

/* A number for hash tables, spread over all its bits; no protection against chosen UUIDs. */
size_t uuid_hash(const struct uuid *u);

#endif
