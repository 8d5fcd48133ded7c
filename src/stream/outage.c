/* SPDX-License-Identifier: MIT */
/* Counting pauses, saying when. */
#include "stream/outage.h"

#include "base/clock.h"
#include "base/log.h"

#define PAUSE_FIRST_MS 250

int64_t stream_outage_fail(struct stream_outage *o)
{
	if (o->since_ms == 0) {
		LOG(LOG_ERROR, "stream_backend_down", log_str("backend", o->name));
		o->since_ms = clock_monotonic_ms();
		o->pause_ms = PAUSE_FIRST_MS;
	} else {
		o->pause_ms *= 2;
		if (o->pause_ms > STREAM_OUTAGE_PAUSE_MS)
			o->pause_ms = STREAM_OUTAGE_PAUSE_MS;
	}
	return o->pause_ms;
}

void stream_outage_over(struct stream_outage *o)
{
	if (o->since_ms == 0)
		return;
	LOG(LOG_INFO, "stream_backend_back", log_str("backend", o->name),
		log_int("after_ms", clock_monotonic_ms() - o->since_ms));
	o->since_ms = 0;
}
