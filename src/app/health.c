/* SPDX-License-Identifier: MIT */
/* Is this worker alive, and are its backends? */
#include "app/parts.h"

#include "config.h"

#include "json/write.h"

void app_health_check(struct app *a, const struct user *caller, struct http_call *call)
{
	struct buf *b = &call->response->body;

	(void)a;
	(void)caller;
	buf_add_str(b, "{\"success\":true");
	json_write_member(b, "ver", SLICE(PACKAGE_VERSION));
	buf_add_char(b, '}');
}

/* The time for one backend: a share of what is left, so that one that hangs leaves some to the
 * others. */
static struct deadline share(struct deadline by, int64_t backends)
{
	return deadline_in(deadline_left_ms(by) / backends);
}

static void find_out(struct app *a, struct deadline by)
{
	int64_t started_ms = clock_monotonic_ms(), now_ms;

	a->ready.postgres = pg_ping(a->users, share(by, 3)) == STATUS_OK;
	a->ready.dynamodb = dynamo_ping(a->table, share(by, 2)) == STATUS_OK;
	a->ready.jwks = cognito_ready(a->auth, share(by, 1));
	now_ms = clock_monotonic_ms();
	/* Backends that answer are asked every time. One that hangs would let probes, which need no
	 * token, hold every worker: what took long to find out is good for as long. */
	a->ready_until_ms = now_ms + (now_ms - started_ms);
}

static struct slice word(bool ok)
{
	return ok ? SLICE("ok") : SLICE("down");
}

void app_ready(struct app *a, const struct user *caller, struct http_call *call)
{
	struct http_response *r = call->response;

	(void)caller;
	if (clock_monotonic_ms() >= a->ready_until_ms)
		find_out(a, call->by);
	if (!a->ready.postgres || !a->ready.dynamodb || !a->ready.jwks)
		http_response_error(r, 503, "service_unavailable");
	buf_clear(&r->body);
	buf_add_char(&r->body, '{');
	json_write_member(&r->body, "postgres", word(a->ready.postgres));
	json_write_member(&r->body, "dynamodb", word(a->ready.dynamodb));
	json_write_member(&r->body, "jwks", word(a->ready.jwks));
	buf_add_char(&r->body, '}');
}
