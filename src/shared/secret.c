/* SPDX-License-Identifier: MIT */
/* Agreeing on a secret without a lock: whoever is first to write a half of it, has chosen it. */
#include "shared/secret.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#define HALVES (SHARED_SECRET_SIZE / sizeof(uint64_t))

enum status shared_secret_take(struct shared_memory *memory, struct shared_secret *out)
{
	uint64_t halves[HALVES];
	_Atomic uint64_t *area = memory ? shared_memory_take(memory, sizeof(halves)) : NULL;

	if (getrandom(halves, sizeof(halves), 0) != (ssize_t)sizeof(halves))
		return STATUS_INTERNAL;
	for (size_t i = 0; area && i < HALVES; i++) {
		uint64_t there = 0;

		/* 0 is what nobody has chosen yet; that it is what was chosen here, nobody will
		 * see. */
		if (!atomic_compare_exchange_strong(&area[i], &there, halves[i]))
			halves[i] = there;
	}
	memcpy(out->bytes, halves, sizeof(halves));
	return STATUS_OK;
}
