/* SPDX-License-Identifier: MIT */
/* A short memory for groups. */
#include "stream/failing.h"

static bool is_fresh(int64_t at_ms, int64_t now_ms)
{
	return at_ms > 0 && now_ms - at_ms < STREAM_FAILING_MS;
}

void stream_failing_note(struct stream_failing *f, const struct uuid *group, int64_t now_ms)
{
	size_t oldest = 0;

	for (size_t i = 0; i < STREAM_FAILING_MAX; i++) {
		if (f->items[i].at_ms > 0 && uuid_equal(&f->items[i].group, group)) {
			oldest = i;
			break;
		}
		if (f->items[i].at_ms < f->items[oldest].at_ms)
			oldest = i;
	}
	f->items[oldest].group = *group;
	f->items[oldest].at_ms = now_ms > 0 ? now_ms : 1;
}

bool stream_failing_has(const struct stream_failing *f, const struct uuid *group, int64_t now_ms)
{
	for (size_t i = 0; i < STREAM_FAILING_MAX; i++) {
		if (is_fresh(f->items[i].at_ms, now_ms) && uuid_equal(&f->items[i].group, group))
			return true;
	}
	return false;
}
