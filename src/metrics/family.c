/* SPDX-License-Identifier: MIT */
/* The table of all metrics. doc/metrics.md says the same in more words, and has to be kept in
 * step. */
#include "metrics/family.h"

const struct metrics_bound metrics_bounds[METRICS_BOUNDS] = { { 100, "0.0001" }, { 250, "0.00025" },
	{ 500, "0.0005" }, { 1000, "0.001" }, { 2500, "0.0025" }, { 5000, "0.005" },
	{ 10000, "0.01" }, { 25000, "0.025" }, { 50000, "0.05" }, { 100000, "0.1" },
	{ 250000, "0.25" }, { 500000, "0.5" }, { 1000000, "1" }, { 2500000, "2.5" },
	{ 5000000, "5" } };

const char *const metrics_statuses[METRICS_STATUSES] = { "200", "204", "400", "401", "404", "405",
	"413", "415", "422", "500", "503", "other" };

/* auth/'s words for a token that does not verify, and what else keeps a request from having a
 * caller. */
const char *const metrics_reasons[METRICS_REASONS] = { "no_token", "unknown_user", "size", "parts",
	"header", "alg", "kid", "crit", "extension", "typ", "signature_shape", "payload",
	"unknown_kid", "signature", "exp_missing", "iat_missing", "expired", "iat_in_the_future",
	"nbf_in_the_future", "claim_type", "iss", "token_use", "client_id", "sub", "other" };

static const char *const methods[METRICS_METHODS] = { "GET", "HEAD", "POST", "OPTIONS", "other" };
static const char *const backends[METRICS_BACKENDS] = { "postgres", "dynamodb", "cognito", "live" };
static const char *const published[] = { "published", "failed", "skipped" };
static const char *const caches[] = { "tokens", "people" };
static const char *const hits[] = { "hit", "miss" };
static const char *const fetched[] = { "fetched", "useless", "failed" };
static const char *const settled[] = { "settled", "skipped" };
static const char *const moved[] = { "moved", "unchanged" };

#define VALUES(of) (of), sizeof(of) / sizeof((of)[0])
#define ROUTES NULL, METRICS_NO_ROUTE + 1
#define EVENT(event) (METRICS_AT_EVENTS + (event))
#define GAUGE(gauge) (METRICS_AT_GAUGES + (gauge))

const struct metrics_family metrics_families[] = {
	/* --- Requests --- */
	{ "cruddur_http_requests_total", "Requests answered by the workers.", METRICS_AT_REQUESTS,
		{ { "route", ROUTES }, { "method", VALUES(methods) },
			{ "status", VALUES(metrics_statuses) } },
		METRICS_KIND_COUNTER, true },
	{ "cruddur_http_request_duration_seconds",
		"From the moment a worker took a request to its answer.", METRICS_AT_DURATIONS,
		{ { "route", ROUTES } }, METRICS_KIND_HISTOGRAM, true },
	{ "cruddur_http_request_queue_seconds",
		"How long requests waited for a worker: from nginx, in steps of a millisecond.",
		METRICS_AT_QUEUED, { { NULL } }, METRICS_KIND_HISTOGRAM, false },
	{ "cruddur_auth_failures_total", "Requests without a caller, by what was wrong.",
		METRICS_AT_REASONS, { { "reason", VALUES(metrics_reasons) } }, METRICS_KIND_COUNTER,
		false },
	/* --- Backends --- */
	{ "cruddur_backend_calls_total", "Calls of the workers to a backend.", METRICS_AT_CALLS,
		{ { "backend", VALUES(backends) } }, METRICS_KIND_COUNTER, false },
	{ "cruddur_backend_failures_total",
		"Calls that a backend answered too late, not at all, or with nonsense.",
		METRICS_AT_FAILURES, { { "backend", VALUES(backends) } }, METRICS_KIND_COUNTER,
		false },
	{ "cruddur_backend_retries_total", "Tries of calls after their first.", METRICS_AT_RETRIES,
		{ { "backend", VALUES(backends) } }, METRICS_KIND_COUNTER, false },
	{ "cruddur_backend_wait_seconds",
		"What one request spent on a backend in all, of requests that called it.",
		METRICS_AT_WAITS, { { "backend", VALUES(backends) } }, METRICS_KIND_HISTOGRAM,
		false },
	{ "cruddur_jwks_refreshes_total", "Fetches of the user pool's keys.",
		EVENT(METRICS_JWKS_FETCHED), { { "outcome", VALUES(fetched) } },
		METRICS_KIND_COUNTER, false },
	{ "cruddur_jwks_last_success_timestamp_seconds",
		"When a worker last fetched the user pool's keys.", GAUGE(METRICS_JWKS_AT),
		{ { NULL } }, METRICS_KIND_TIME, false },
	{ "cruddur_cache_lookups_total", "Look-ups in the workers' memories.",
		EVENT(METRICS_TOKENS_HIT),
		{ { "cache", VALUES(caches) }, { "outcome", VALUES(hits) } }, METRICS_KIND_COUNTER,
		false },
	/* --- Messages --- */
	{ "cruddur_messages_sent_total", "Messages that were stored.", EVENT(METRICS_MESSAGES_SENT),
		{ { NULL } }, METRICS_KIND_COUNTER, false },
	{ "cruddur_messages_repeated_total",
		"Sends that had been answered before, and got that answer again.",
		EVENT(METRICS_MESSAGES_REPEATED), { { NULL } }, METRICS_KIND_COUNTER, false },
	{ "cruddur_live_events_total", "Events for open windows, by what became of them.",
		EVENT(METRICS_LIVE_PUBLISHED), { { "outcome", VALUES(published) } },
		METRICS_KIND_COUNTER, false },
	/* --- Processes --- */
	{ "cruddur_worker_starts_total", "Workers that began to serve.",
		EVENT(METRICS_WORKER_STARTS), { { NULL } }, METRICS_KIND_COUNTER, false },
	{ "cruddur_worker_exits_total",
		"Workers that left in order: they were told to, or had served enough.",
		EVENT(METRICS_WORKER_EXITS), { { NULL } }, METRICS_KIND_COUNTER, false },
	{ "cruddur_counters_start_timestamp_seconds", "When these counters were at zero.",
		GAUGE(METRICS_SINCE), { { NULL } }, METRICS_KIND_TIME, false },
	{ "cruddur_build_info", "The version of the worker that answers.", METRICS_AT_LAYOUT,
		{ { NULL } }, METRICS_KIND_VERSION, false },
	/* --- cruddur-stream --- */
	{ "cruddur_stream_starts_total", "Starts of cruddur-stream as a daemon.",
		EVENT(METRICS_STREAM_STARTS), { { NULL } }, METRICS_KIND_COUNTER, false },
	{ "cruddur_stream_records_total",
		"Records of the stream that were dealt with and did not become dead letters.",
		EVENT(METRICS_STREAM_SETTLED), { { "outcome", VALUES(settled) } },
		METRICS_KIND_COUNTER, false },
	{ "cruddur_stream_groups_total",
		"Message groups that were put in step with their messages.",
		EVENT(METRICS_STREAM_MOVED), { { "outcome", VALUES(moved) } }, METRICS_KIND_COUNTER,
		false },
	{ "cruddur_stream_groups_retried_total", "Message groups that took more than one try.",
		EVENT(METRICS_STREAM_RETRIED), { { NULL } }, METRICS_KIND_COUNTER, false },
	{ "cruddur_stream_groups_repaired_total", "Message groups that owed repairs went through.",
		EVENT(METRICS_STREAM_REPAIRED), { { NULL } }, METRICS_KIND_COUNTER, false },
	{ "cruddur_stream_dead_letters_total", "What was set aside as a dead letter.",
		EVENT(METRICS_STREAM_LETTERS), { { NULL } }, METRICS_KIND_COUNTER, false },
	{ "cruddur_stream_missed_total",
		"Times that records were lost before they were read; each makes a repair owed.",
		EVENT(METRICS_STREAM_MISSED), { { NULL } }, METRICS_KIND_COUNTER, false },
	{ "cruddur_stream_last_read_timestamp_seconds",
		"When cruddur-stream here last had an answer of the stream.",
		GAUGE(METRICS_STREAM_READ_AT), { { NULL } }, METRICS_KIND_TIME, false },
	{ "cruddur_stream_lag_seconds",
		"How long the oldest unread record has waited, or nobody has read.",
		GAUGE(METRICS_STREAM_BEHIND), { { NULL } }, METRICS_KIND_LAG, false },
	{ "cruddur_stream_repair_owed", "1 while a repair of the whole table is owed.",
		GAUGE(METRICS_STREAM_OWED), { { NULL } }, METRICS_KIND_OWED, false },
};
const size_t metrics_family_count = sizeof(metrics_families) / sizeof(metrics_families[0]);
