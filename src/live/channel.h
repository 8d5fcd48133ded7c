/* SPDX-License-Identifier: MIT */
/* Names of channels, and how long one is in use.
 *
 * Every stream must end within a minute, as the token that opened it may have expired since, and
 * nchan 1.3.6 can end one only when no message came for so long, or when its channel is deleted. So
 * a person's channel has another name every LIVE_SPAN_S seconds. An event goes to the channel of
 * now and to the one before; streams of the one before are ended once they have it. With S for the
 * span and T for nchan_subscriber_timeout (conf/nginx/live.conf): a stream is in a channel
 * for at most S until the name changes. From then on the first event ends it, and with none it ends
 * T after its last event, which came before the change: S + T at the most. T < S, or else the
 * channel before the one before would have streams still. */
#ifndef CRUDDUR_LIVE_CHANNEL_H
#define CRUDDUR_LIVE_CHANNEL_H

#include "base/uuid.h"

#include <stdint.h>

#define LIVE_SPAN_S ((int64_t)30)

/* By so much the clock of the worker that admitted a stream may be ahead of ours. */
#define LIVE_SKEW_S ((int64_t)2)

/* "<uuid>.<number>" and its NUL. */
#define LIVE_CHANNEL_SIZE (UUID_LEN + 1 + 20 + 1)

struct live_channel {
	char name[LIVE_CHANNEL_SIZE];
};

/* Where a stream of that person that begins at now_s (seconds since 1970) belongs. */
struct live_channel live_channel_at(const struct uuid *person, int64_t now_s);

/* For how many seconds that channel still is the one of now: 1 to LIVE_SPAN_S. */
int live_channel_seconds(const struct uuid *person, int64_t now_s);

/* The channels that may have streams of that person at now_s, the one of now_s first; and the one
 * whose streams are to be ended then. */
struct live_channels {
	struct live_channel current[2];
	size_t current_count;
	struct live_channel old;
};
struct live_channels live_channels_at(const struct uuid *person, int64_t now_s);

#endif
