/* SPDX-License-Identifier: MIT */
/* Agreeing on a secret without a lock: who is first to write a half of it has chosen that half. */
#include "shared/secret.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#define HALVES (SHARED_SECRET_SIZE / sizeof(uint64_t))

enum status shared_secret_take(struct shared_memory *memory, struct shared_secret *out)
{
	uint64_t halves[HALVES];
	shared_word *area = memory ? shared_memory_take(memory, sizeof(halves)) : NULL;

	if (getrandom(halves, sizeof(halves), 0) != (ssize_t)sizeof(halves))
		return STATUS_INTERNAL;
	for (size_t i = 0; area && i < HALVES; i++) {
		uint64_t there = 0;

		/* 0: not chosen yet. Who chooses 0, once in 2^64, is alone with it. */
		if (!atomic_compare_exchange_strong(&area[i], &there, halves[i]))
			halves[i] = there;
	}
	memcpy(out->bytes, halves, sizeof(halves));
	return STATUS_OK;
}
