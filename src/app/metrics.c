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

void app_metrics_count(
	struct app *a, const struct app_route *route, enum http_method method, int64_t waited_ms)
{
	const struct metrics_request r = {
		.route = route ? (size_t)(route - app_routes) : METRICS_NO_ROUTE,
		.method = (enum metrics_method)method,
		.status = a->record.status,
		.duration_us = a->record.duration_us,
		.queued_us = waited_ms * 1000,
	};

	metrics_request(a->metrics, &r);
	metrics_backend(a->metrics, METRICS_POSTGRES, &a->usage.postgres);
	metrics_backend(a->metrics, METRICS_DYNAMODB, &a->usage.dynamodb);
	metrics_backend(a->metrics, METRICS_COGNITO, &a->usage.cognito);
}

void app_metrics_count_live(struct app *a, enum live_outcome outcome)
{
	switch (outcome) {
	case LIVE_NOTHING:
		return;
	case LIVE_PUBLISHED:
		metrics_count(a->metrics, METRICS_LIVE_PUBLISHED, 1);
		break;
	case LIVE_FAILED:
		metrics_count(a->metrics, METRICS_LIVE_FAILED, 1);
		break;
	case LIVE_SKIPPED:
		metrics_count(a->metrics, METRICS_LIVE_SKIPPED, 1);
		break;
	}
	metrics_backend(a->metrics, METRICS_LIVE, &a->usage.live);
}

void app_metrics(struct app *a, const struct user *caller, struct http_call *call)
{
	(void)caller;
	call->response->content_type = METRICS_TEXT_TYPE;
	metrics_text(a->metrics, clock_realtime_us(), &call->response->body);
}
