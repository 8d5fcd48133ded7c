/* SPDX-License-Identifier: MIT */
/* Publishing: HTTP over nginx's Unix socket, as nchan's publisher wants it. Never logs what an
 * event says. */
#include "live/live.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "fetch/fetch.h"
#include "live/channel.h"

#include <stdlib.h>

/* For everything that one event needs. nginx is on the same machine and waits for nobody; a worker
 * must not wait long for one that does not answer, and not for each event again. */
#define PUBLISH_MS 250
#define PAUSE_AFTER_TIMEOUT_MS 1000

#define LOG_INTERVAL_MS 10000

/* What nchan answers is a few figures. */
#define ANSWER_MAX ((size_t)4096)

/* nchan says so when somebody listened. */
#define HTTP_CREATED 201

struct live {
	struct live_service service;
	struct fetch *fetch; /* its one connection is kept */
	struct uuid people[LIVE_PEOPLE_MAX]; /* of the noted event; none: nothing is noted */
	size_t people_count;
	const char *name;
	struct buf data;
	struct buf url;
	int64_t silent_until_ms, paused_until_ms; /* monotonic */
	int64_t failures; /* that no line told of yet */
};

enum status live_new(const struct live_service *service, struct live **out)
{
	struct live *l = calloc(1, sizeof(*l));
	enum status rc = STATUS_NO_MEMORY;

	if (!l)
		return rc;
	rc = fetch_new(&l->fetch);
	if (rc != STATUS_OK) {
		live_free(l);
		return rc;
	}
	l->service = *service;
	*out = l;
	return STATUS_OK;
}

void live_free(struct live *l)
{
	if (!l)
		return;
	fetch_free(l->fetch);
	buf_free(&l->data);
	buf_free(&l->url);
	free(l);
}

void live_note(struct live *l, const struct live_event *event)
{
	if (!l)
		return;
	l->people_count = 0;
	buf_clear(&l->data);
	buf_add_slice(&l->data, event->data);
	if (!buf_ok(&l->data) || event->people_count > LIVE_PEOPLE_MAX)
		return;
	memcpy(l->people, event->people, event->people_count * sizeof(l->people[0]));
	l->people_count = event->people_count;
	l->name = event->name;
}

bool live_has_noted(const struct live *l)
{
	return l && l->people_count > 0;
}

void live_forget(struct live *l)
{
	if (l)
		l->people_count = 0;
}

static void tell(struct live *l, enum status rc, int http_status)
{
	int64_t now_ms = clock_monotonic_ms();

	l->failures++;
	if (rc == STATUS_TIMEOUT)
		l->paused_until_ms = now_ms + PAUSE_AFTER_TIMEOUT_MS;
	if (now_ms < l->silent_until_ms)
		return;
	LOG(LOG_WARN, "live_not_published", log_str("status", status_name(rc)),
		log_int("http_status", http_status), log_str("problem", fetch_problem(l->fetch)),
		log_int("events", l->failures));
	l->failures = 0;
	l->silent_until_ms = now_ms + LOG_INTERVAL_MS;
}

/* false: it failed, and was told. */
static bool call(struct live *l, const char *method, struct deadline by, int *http_status)
{
	char event[64] = "X-EventSource-Event: ";
	const struct trace *trace = l->service.trace;
	const char *const headers[] = { "Content-Type: application/json", event,
		trace_is_there(trace) ? trace->header : NULL, NULL };
	const struct fetch_request request = { .method = method,
		.url = buf_cstr(&l->url),
		.unix_socket = l->service.socket_path,
		.headers = headers,
		.body = buf_slice(&l->data),
		.body_max = ANSWER_MAX,
		.connect_ms = PUBLISH_MS,
		.total_ms = deadline_left_ms(by) };
	struct fetch_answer answer = { .status = 0 };
	int64_t begun_us = usage_begin(l->service.usage);
	enum status rc = STATUS_NO_MEMORY;
	bool done;

	/* Names are short literals: it fits. */
	strncat(event, l->name, sizeof(event) - strlen(event) - 1);
	if (buf_ok(&l->url))
		rc = fetch_do(l->fetch, &request, &answer);
	done = rc == STATUS_OK && answer.status / 100 == 2;
	usage_end(l->service.usage, begun_us, !done);
	if (done)
		*http_status = answer.status;
	else
		tell(l, rc, answer.status);
	return done;
}

static void begin_url(struct live *l)
{
	buf_clear(&l->url);
	buf_add_str(&l->url, "http://live/publish?to=");
}

static void add_channel(struct live *l, const struct live_channel *channel, bool first)
{
	buf_add_str(&l->url, first ? "" : ",");
	buf_add_str(&l->url, channel->name);
}

/* First to those whose stream is in no danger; then to those that end, and end them. */
static bool publish(struct live *l, int64_t now_s)
{
	struct deadline by = deadline_in(PUBLISH_MS);
	struct live_channels channels[LIVE_PEOPLE_MAX];
	int http_status;

	begin_url(l);
	for (size_t i = 0; i < l->people_count; i++) {
		channels[i] = live_channels_at(&l->people[i], now_s);
		for (size_t k = 0; k < channels[i].current_count; k++)
			add_channel(l, &channels[i].current[k], i + k == 0);
	}
	if (!call(l, "POST", by, &http_status))
		return false;
	begin_url(l);
	for (size_t i = 0; i < l->people_count; i++)
		add_channel(l, &channels[i].old, i == 0);
	if (!call(l, "POST", by, &http_status))
		return false;
	return http_status != HTTP_CREATED || call(l, "DELETE", by, &http_status);
}

enum live_outcome live_publish(struct live *l)
{
	enum live_outcome outcome = LIVE_SKIPPED;

	if (!live_has_noted(l))
		return LIVE_NOTHING;
	if (clock_monotonic_ms() >= l->paused_until_ms)
		outcome = publish(l, clock_realtime_us() / 1000000) ? LIVE_PUBLISHED : LIVE_FAILED;
	else
		l->failures++;
	l->people_count = 0;
	buf_reset(&l->data);
	return outcome;
}

enum status live_ping(struct live *l)
{
	const struct fetch_request request = { .method = "GET",
		.url = "http://live/",
		.unix_socket = l->service.socket_path,
		.body_max = ANSWER_MAX,
		.connect_ms = PUBLISH_MS,
		.total_ms = PUBLISH_MS };
	struct fetch_answer answer;
	enum status rc = fetch_do(l->fetch, &request, &answer);

	if (rc != STATUS_OK)
		LOG(LOG_WARN, "live_silent", log_str("problem", fetch_problem(l->fetch)));
	return rc;
}
