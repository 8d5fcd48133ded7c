/* SPDX-License-Identifier: MIT */
/* A random number that nobody knows but those who share a memory: what a key for its entries is
 * made from. It lies in the file, and is as secret and lives as long as that does, which may be
 * longer than the entries; all programs that use the file have the same one. So a key comes from
 * the secret and shared_memory_scope() together, and the copy is cleansed thereafter. */
#ifndef CRUDDUR_SHARED_SECRET_H
#define CRUDDUR_SHARED_SECRET_H

#include "base/status.h"
#include "shared/memory.h"

#define SHARED_SECRET_SIZE ((size_t)16)

struct shared_secret {
	unsigned char bytes[SHARED_SECRET_SIZE];
};

/* Takes the next area of memory and copies the secret that stands there, a new one if none does. If
 * memory is NULL or full it is this process's alone. STATUS_INTERNAL if the kernel has no random
 * bytes. */
STATUS_MUSTCHECK enum status shared_secret_take(
	struct shared_memory *memory, struct shared_secret *out);

#endif
