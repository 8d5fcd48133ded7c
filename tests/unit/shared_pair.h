/* SPDX-License-Identifier: MIT */
/* Shared memory as two workers see it, in one test. */
#ifndef CRUDDUR_TESTS_SHARED_PAIR_H
#define CRUDDUR_TESTS_SHARED_PAIR_H

#include "shared/memory.h"

#include <check.h>
#include <stdio.h>
#include <unistd.h>

/* Both have the same bytes, of a file that this process alone uses and that goes with them. */
static inline void shared_pair_open(struct shared_memory *out[2])
{
	char name[64];
	int len = snprintf(name, sizeof(name), "shared pair of %ld", (long)getpid());
	const struct slice scope = { name, (size_t)len };
	const struct shared_memory_settings settings = { .scope = &scope, .scope_count = 1 };

	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(shared_memory_open(&settings, &out[i]), STATUS_OK);
		ck_assert(shared_memory_is_shared(out[i]));
	}
}

static inline void shared_pair_close(struct shared_memory *pair[2])
{
	shared_memory_close(pair[0]);
	shared_memory_close(pair[1]);
}

#endif
