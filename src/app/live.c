/* SPDX-License-Identifier: MIT */
/* Who may open a stream, which channel it is, and how long it is good for. */
#include "app/parts.h"
#include "live/channel.h"

#include <stdio.h>

void app_live_admission(struct app *a, const struct user *caller, struct http_call *call)
{
	struct http_response *r = call->response;
	int64_t now_s = clock_realtime_us() / 1000000;
	struct live_channel channel;
	char seconds[16];

	if (!a->live) {
		http_response_error(r, 404, "not_found");
		return;
	}
	channel = live_channel_at(&caller->uuid, now_s);
	(void)snprintf(seconds, sizeof(seconds), "%d", live_channel_seconds(&caller->uuid, now_s));
	http_response_header(r, "Cruddur-Live-Channel", slice_of(channel.name));
	http_response_header(r, "Cruddur-Live-Seconds", slice_of(seconds));
	r->status = 204;
}
