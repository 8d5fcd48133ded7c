/* SPDX-License-Identifier: MIT */
/* Which groups could not be settled lately: of those a further record is not worth as many tries. A
 * few of them, for a few minutes. */
#ifndef CRUDDUR_STREAM_FAILING_H
#define CRUDDUR_STREAM_FAILING_H

#include "base/uuid.h"

#include <stdint.h>

/* Groups that are remembered; another one takes the place of the oldest. */
#define STREAM_FAILING_MAX 64
#define STREAM_FAILING_MS ((int64_t)5 * 60 * 1000)

struct stream_failing {
	struct {
		struct uuid group;
		int64_t at_ms; /* 0: a free place */
	} items[STREAM_FAILING_MAX];
};

void stream_failing_note(struct stream_failing *f, const struct uuid *group, int64_t now_ms);
bool stream_failing_has(const struct stream_failing *f, const struct uuid *group, int64_t now_ms);

#endif
