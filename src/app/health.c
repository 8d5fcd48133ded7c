/* SPDX-License-Identifier: MIT */
/* Is this worker alive, and are its backends? */
#include "app/parts.h"

#include "config.h"

#include "json/write.h"

/* Probes may come often and at every worker: what was found out is good for so long. */
#define READY_GOOD_FOR_MS 1000
/* For each backend, so that all three together stay under the request's deadline. */
#define READY_WAIT_MS 1400

void app_health_check(struct app *a, const struct user *caller, struct http_call *call)
{
	struct buf *b = &call->response->body;

	(void)a;
	(void)caller;
	buf_add_str(b, "{\"success\":true");
	json_write_member(b, "ver", SLICE(PACKAGE_VERSION));
	buf_add_char(b, '}');
}

static void find_out(struct app *a)
{
	a->ready.postgres = pg_ping(a->users, deadline_in(READY_WAIT_MS)) == STATUS_OK;
	a->ready.dynamodb = dynamo_ping(a->table, deadline_in(READY_WAIT_MS)) == STATUS_OK;
	a->ready.jwks = cognito_ready(a->auth, deadline_in(READY_WAIT_MS));
	a->ready_at_ms = clock_monotonic_ms();
}

static struct slice word(bool ok)
{
	return ok ? SLICE("ok") : SLICE("down");
}

void app_ready(struct app *a, const struct user *caller, struct http_call *call)
{
	struct http_response *r = call->response;

	(void)caller;
	if (a->ready_at_ms == 0 || clock_monotonic_ms() - a->ready_at_ms >= READY_GOOD_FOR_MS)
		find_out(a);
	if (!a->ready.postgres || !a->ready.dynamodb || !a->ready.jwks)
		http_response_error(r, 503, "service_unavailable");
	buf_clear(&r->body);
	buf_add_char(&r->body, '{');
	json_write_member(&r->body, "postgres", word(a->ready.postgres));
	json_write_member(&r->body, "dynamodb", word(a->ready.dynamodb));
	json_write_member(&r->body, "jwks", word(a->ready.jwks));
	buf_add_char(&r->body, '}');
}
