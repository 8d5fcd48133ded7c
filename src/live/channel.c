/* SPDX-License-Identifier: MIT */
/* Names of channels from people and times. */
#include "live/channel.h"

#include <inttypes.h>
#include <stdio.h>

/* Each person's span begins at another second, so that not everybody comes back at once. */
static int64_t shifted(const struct uuid *person, int64_t now_s)
{
	return now_s + (int64_t)(uuid_hash(person) % (size_t)LIVE_SPAN_S);
}

static int64_t span_of(const struct uuid *person, int64_t now_s)
{
	return shifted(person, now_s) / LIVE_SPAN_S;
}

static struct live_channel name(const struct uuid *person, int64_t span)
{
	struct live_channel c;

	/* Fits: see LIVE_CHANNEL_SIZE. */
	(void)snprintf(c.name, sizeof(c.name), "%s.%" PRId64, person->text, span);
	return c;
}

struct live_channel live_channel_at(const struct uuid *person, int64_t now_s)
{
	return name(person, span_of(person, now_s));
}

int live_channel_seconds(const struct uuid *person, int64_t now_s)
{
	return (int)(LIVE_SPAN_S - shifted(person, now_s) % LIVE_SPAN_S);
}

struct live_channels live_channels_at(const struct uuid *person, int64_t now_s)
{
	int64_t span = span_of(person, now_s), ahead = span_of(person, now_s + LIVE_SKEW_S);
	struct live_channels c = { .current = { name(person, span) }, .current_count = 1 };

	if (ahead != span)
		c.current[c.current_count++] = name(person, ahead);
	c.old = name(person, span - 1);
	return c;
}
