/* SPDX-License-Identifier: MIT */
/* A number that nobody knows but those who share a memory, made by the first of them: a key for
 * what stands there. */
#ifndef CRUDDUR_SHARED_SECRET_H
#define CRUDDUR_SHARED_SECRET_H

#include "base/status.h"
#include "shared/memory.h"

#define SHARED_SECRET_SIZE ((size_t)16)

struct shared_secret {
	unsigned char bytes[SHARED_SECRET_SIZE];
};

/* Takes the next area of memory; NULL, or one that has not so much left: of this process's own.
 * STATUS_INTERNAL if the kernel has no random bytes. */
STATUS_MUSTCHECK enum status shared_secret_take(
	struct shared_memory *memory, struct shared_secret *out);

#endif
