/* SPDX-License-Identifier: MIT */
/* What every request costs before and after its own work: finding the route, and a whole health
 * check from FastCGI parameters to the head of the answer, without sockets. */
#include "app/parts.h"
#include "base/log.h"
#include "base/settings.h"
#include "fetch/fetch.h"
#include "http/router.h"
#include "micro.h"

struct bench {
	struct app *app;
	struct http_request request;
	struct http_response response;
	struct buf out;
};

/* A path of each route, and one of none: the table is searched to its end. */
static void find_routes(void *context)
{
	static const struct slice paths[] = { SLICE_LITERAL("/api/health-check"),
		SLICE_LITERAL("/api/ready"), SLICE_LITERAL("/api/message_groups"),
		SLICE_LITERAL("/api/messages"),
		SLICE_LITERAL("/api/messages/bbbbbbbb-bbbb-4bbb-8bbb-000000000001"),
		SLICE_LITERAL("/api/users/@andrewbrown/short"), SLICE_LITERAL("/api/none") };
	struct slice capture;
	int found = 0;

	(void)context;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		for (const struct app_route *r = app_routes; r->pattern; r++)
			found += router_match(r->pattern, paths[i], &capture);
	}
	micro_want(found == 6, "routes not found");
}

static void health_check(void *context)
{
	static char *const params[] = { "REQUEST_METHOD=GET", "REQUEST_URI=/api/health-check",
		"QUERY_STRING=", "CONTENT_TYPE=", "CONTENT_LENGTH=", "SERVER_PROTOCOL=HTTP/1.1",
		"REQUEST_SCHEME=http", "REMOTE_ADDR=127.0.0.1",
		"HTTP_X_REQUEST_ID=0123456789abcdef0123456789abcdef", "HTTP_HOST=127.0.0.1", NULL };
	struct bench *b = context;

	micro_want(http_request_read_params(&b->request, params) == STATUS_OK, "request refused");
	http_response_clear(&b->response);
	app_handle(b->app, &b->request, &b->response);
	buf_clear(&b->out);
	micro_want(http_response_write_head(&b->response, &b->out) == STATUS_OK &&
			b->response.status == 200,
		"answer not built");
}

static const char *look_up(const char *name)
{
	static const char *const pairs[][2] = { { "CONNECTION_URL", "postgresql://127.0.0.1:1/x" },
		{ "AWS_COGNITO_USER_POOL_ID", "us-east-1_bench" },
		{ "AWS_COGNITO_USER_POOL_CLIENT_ID", MICRO_CLIENT }, { "AWS_REGION", "us-east-1" },
		{ "CRUDDUR_LOG_LEVEL", "error" } };

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (strcmp(pairs[i][0], name) == 0)
			return pairs[i][1];
	}
	return NULL;
}

int main(void)
{
	struct settings settings = { .table = NULL };
	struct buf problem = { 0 };
	struct bench b = { .response = { .status = 200 } };

	micro_want(fetch_global_open() == STATUS_OK, "libcurl does not start");
	micro_want(settings_load(look_up, SETTINGS_NEED_COGNITO | SETTINGS_NEED_POSTGRES, &settings,
			   &problem) == STATUS_OK &&
			app_new(&settings, &problem, &b.app) == STATUS_OK,
		"settings refused");
	log_open("micro", settings.log_level);
	micro_run("router: seven paths", find_routes, &b);
	micro_run("request: a health check without sockets", health_check, &b);
	http_request_free(&b.request);
	http_response_free(&b.response);
	app_free(b.app);
	settings_clear(&settings);
	buf_free(&b.out);
	buf_free(&problem);
	fetch_global_close();
	return 0;
}
