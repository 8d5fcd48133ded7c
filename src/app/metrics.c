/* SPDX-License-Identifier: MIT */
/* What a worker counts of each request, and telling the figures of all workers. */
#include "app/parts.h"
#include "metrics/text.h"

_Static_assert((int)METRICS_GET == (int)HTTP_GET && (int)METRICS_HEAD == (int)HTTP_HEAD &&
		(int)METRICS_POST == (int)HTTP_POST && (int)METRICS_OPTIONS == (int)HTTP_OPTIONS &&
		(int)METRICS_OTHER_METHOD == (int)HTTP_OTHER,
	"a method goes by one number in both");

enum status app_metrics_open(struct app *a, void *area)
{
	size_t count = 0;

	for (const struct app_route *r = app_routes; r->pattern; r++) {
		if (count == METRICS_NO_ROUTE)
			return STATUS_TOO_LARGE;
		a->counted_routes[count++] = (struct metrics_route){ .pattern = r->pattern,
			.method = (enum metrics_method)r->method };
	}
	return metrics_new(area, a->counted_routes, count, &a->metrics);
}

void app_metrics_count(struct app *a, const struct app_route *route, const struct http_call *call,
	int64_t started_us)
{
	const int64_t received_us = call->request->received_ms * 1000;
	const struct metrics_request r = {
		.route = route ? (size_t)(route - app_routes) : METRICS_NO_ROUTE,
		.method = (enum metrics_method)call->request->method,
		.status = call->response->status,
		.duration_us = clock_realtime_us() - started_us,
		.queued_us = received_us <= 0      ? -1
			: received_us > started_us ? 0
						   : started_us - received_us,
	};

	metrics_request(a->metrics, &r);
	metrics_backend(a->metrics, METRICS_POSTGRES, &a->usage.postgres);
	metrics_backend(a->metrics, METRICS_DYNAMODB, &a->usage.dynamodb);
	metrics_backend(a->metrics, METRICS_COGNITO, &a->usage.cognito);
}

void app_metrics(struct app *a, const struct user *caller, struct http_call *call)
{
	(void)caller;
	call->response->content_type = METRICS_TEXT_TYPE;
	metrics_text(a->metrics, clock_realtime_us(), &call->response->body);
}
