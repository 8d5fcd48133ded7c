/* SPDX-License-Identifier: MIT */
/* Who may open a stream, and which channel it is. */
#include "app/parts.h"
#include "live/channel.h"

void app_live_admission(struct app *a, const struct user *caller, struct http_call *call)
{
	struct http_response *r = call->response;
	struct live_channel channel;

	if (!a->live) {
		http_response_error(r, 404, "not_found");
		return;
	}
	channel = live_channel_at(&caller->uuid, clock_realtime_us() / 1000000);
	http_response_header(r, "Cruddur-Live-Channel", slice_of(channel.name));
	r->status = 204;
}
