/* SPDX-License-Identifier: MIT */
/* What happens to every request, in the contract's order: route, method, token, caller, handler. */
#include "app/parts.h"
#include "base/log.h"
#include "http/router.h"

/* Answers leave within this after the front took the request: below the contract's 5 s, with room
 * for the way back. */
#define REQUEST_MS 4500
/* With less than this left a request that had to queue is not worth starting. */
#define WORTH_STARTING_MS 100

struct dispatch {
	struct app *app;
	const struct app_route *route; /* the one to run; NULL if the path or method is none */
	const struct app_route *matched; /* one with its path, also when the method is wrong */
	struct user caller;
	struct http_call call;
};

static bool serves(const struct app_route *route, enum http_method method)
{
	return route->method == method ||
		(route->method == HTTP_GET && method == HTTP_HEAD && route->login != APP_ADMISSION);
}

/* Whether the path is there for who asks. Some are nginx's alone: a client finds no such route. */
static bool is_there(const struct app_route *route, const struct http_request *q)
{
	switch (route->login) {
	case APP_ADMISSION: /* nginx serves what is asked for by GET */
		return q->method != HTTP_GET || slice_equal(q->internal, SLICE("live"));
	case APP_OPERATOR:
		return q->operated;
	default:
		return true;
	}
}

/* The first route from r on, r included, that is there for a request; NULL if none is. */
static const struct app_route *next_match(
	const struct app_route *r, const struct http_request *q, struct slice *capture)
{
	while (r->pattern && (!router_match(r->pattern, q->path, capture) || !is_there(r, q)))
		r++;
	return r->pattern ? r : NULL;
}

static void find_route(struct dispatch *d)
{
	const struct http_request *q = d->call.request;
	const struct app_route *r = app_routes;

	for (; (r = next_match(r, q, &d->call.capture)); r++) {
		d->matched = r;
		if (serves(r, q->method))
			d->route = r;
	}
}

static const char *methods_text(const struct app_route *route)
{
	if (route->method != HTTP_GET)
		return "POST, ";
	return route->login == APP_ADMISSION ? "GET, " : "GET, HEAD, ";
}

/* The longest list, "GET, HEAD, POST, OPTIONS", fits. */
#define METHODS_SIZE 64

/* Of the request's path, as Allow and Access-Control-Allow-Methods name them. */
static void list_methods(const struct http_request *q, char out[METHODS_SIZE])
{
	const struct app_route *r = app_routes;
	struct slice ignored;

	out[0] = '\0';
	for (; (r = next_match(r, q, &ignored)); r++)
		strncat(out, methods_text(r), METHODS_SIZE - strlen(out) - 1);
	strncat(out, "OPTIONS", METHODS_SIZE - strlen(out) - 1);
}

/* Whose token it is. STATUS_NOT_FOUND: a valid token of somebody who is no user here. */
static enum status log_in(struct dispatch *d)
{
	struct cognito_principal principal;
	struct slice token;
	enum status rc = http_request_bearer(d->call.request, &token);

	if (rc != STATUS_OK) {
		metrics_auth_failure(d->app->metrics, "no_token");
		return rc;
	}
	rc = cognito_verify(
		d->app->auth, token, clock_realtime_us() / 1000, d->call.by, &principal);
	if (rc != STATUS_OK)
		return rc;
	rc = user_directory_find(d->app->directory, slice_of(principal.subject),
		clock_monotonic_ms(), d->call.by, &d->caller);
	if (rc == STATUS_NOT_FOUND)
		metrics_auth_failure(d->app->metrics, "unknown_user");
	return rc;
}

static void run_route(struct dispatch *d)
{
	bool login = d->route->login == APP_LOGIN || d->route->login == APP_ADMISSION;
	enum status rc = STATUS_OK;

	if (login) {
		http_response_header(d->call.response, "Cache-Control", SLICE("no-store"));
		rc = log_in(d);
	}
	if (rc == STATUS_OK)
		d->route->handler(d->app, login ? &d->caller : NULL, &d->call);
	else if (rc == STATUS_NOT_FOUND)
		http_response_error(d->call.response, 422, "cognito_user_id_not_found");
	else
		http_response_fail(d->call.response, rc);
}

static void answer(struct dispatch *d)
{
	struct http_response *r = d->call.response;
	char methods[METHODS_SIZE];

	find_route(d);
	if (!d->matched) {
		http_response_error(r, 404, "not_found");
	} else if (d->call.request->method == HTTP_OPTIONS) {
		list_methods(d->call.request, methods);
		cors_preflight(&d->app->cors, d->call.request, methods, r);
	} else if (!d->route) {
		list_methods(d->call.request, methods);
		http_response_error(r, 405, "method_not_allowed");
		http_response_header(r, "Allow", slice_of(methods));
	} else if (deadline_left_ms(d->call.by) < WORTH_STARTING_MS) {
		/* Its client gives up about now: those that came later can be served in time. */
		http_response_error(r, 503, "service_unavailable");
	} else {
		run_route(d);
	}
}

/* How long a request waited for a worker: the front says when it took it. A time in the future (a
 * clock was set) counts as now. -1: it does not say. */
static int64_t waited_ms(const struct http_request *q)
{
	int64_t waited;

	if (q->received_ms <= 0)
		return -1;
	waited = clock_realtime_us() / 1000 - q->received_ms;
	return waited > 0 ? waited : 0;
}

static void record(const struct dispatch *d, int64_t begun_us)
{
	struct app_record *r = &d->app->record;
	struct slice method = d->call.request->method_text;

	r->method_len = method.len < APP_METHOD_MAX ? method.len : APP_METHOD_MAX;
	if (r->method_len > 0)
		memcpy(r->method, method.ptr, r->method_len);
	r->route = d->matched ? d->matched->pattern : "none";
	r->status = d->call.response->status;
	r->user_known = d->caller.handle != NULL;
	if (r->user_known)
		r->user = d->caller.uuid;
	r->duration_us = clock_monotonic_us() - begun_us;
	r->open = true;
}

static void take_trace(struct app *a, const struct http_header *traceparent)
{
	/* Two of them say nothing about either. */
	if (traceparent->times == 1)
		trace_read(&a->trace, traceparent->value);
	else
		a->trace.header[0] = '\0';
}

void app_handle(struct app *a, const struct http_request *request, struct http_response *response)
{
	int64_t begun_us = clock_monotonic_us(), waited = waited_ms(request);
	struct dispatch d = { .app = a,
		.call = { .request = request,
			.response = response,
			.by = deadline_in(waited > 0 ? REQUEST_MS - waited : REQUEST_MS) } };

	a->usage = (struct app_usage){ 0 };
	take_trace(a, &request->traceparent);
	log_set_request(request->request_id);
	answer(&d);
	if (!buf_ok(&response->body) || !buf_ok(&response->headers)) {
		/* Before the rest of the headers, so that this answer has them too. */
		LOG(LOG_ERROR, "answer_not_built");
		http_response_clear(response);
		http_response_fail(response, STATUS_NO_MEMORY);
	}
	if (response->status != 200)
		live_forget(a->live);
	http_response_header(response, "X-Request-Id", request->request_id);
	http_response_header(response, "X-Content-Type-Options", SLICE("nosniff"));
	cors_apply(&a->cors, request, response);
	record(&d, begun_us);
	app_metrics_count(a, d.matched, request->method, waited);
	/* Before the answer leaves, so that nobody has an answer that the log does not know;
	 * but what live events take is known only after that. */
	if (!live_has_noted(a->live))
		app_record_close(a);
	user_clear(&d.caller);
}

void app_after(struct app *a)
{
	app_metrics_count_live(a, live_publish(a->live));
	if (a->record.open)
		app_record_close(a);
}
