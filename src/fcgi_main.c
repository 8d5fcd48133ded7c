/* SPDX-License-Identifier: MIT */
/* cruddur-fcgi: one FastCGI worker. Options, settings, and the loop that serves one request at a
 * time; what a request means is app/. */
#include "config.h"

#include "app/app.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/settings.h"
#include "check/check.h"
#include "fetch/fetch.h"
#include "http/fastcgi.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

/* multiwatch(1) takes a child that leaves within ten seconds for a crashed one and, after three of
 * them, gives up on it: a worker does not retire younger than this. */
#define RETIRE_AGE_MS 11000

static const char usage[] =
	"usage: cruddur-fcgi [--check | --check=settings | --help | --version]\n"
	"\n"
	"One FastCGI worker of cruddur, on a listening socket handed over as fd 0:\n"
	"  spawn-fcgi -s SOCKET -- /usr/bin/multiwatch -f 4 -r 100 -- cruddur-fcgi\n"
	"\n"
	"  --check           looks at everything that a worker needs: settings, Postgres and its\n"
	"                    schema, credentials, the table with its index and stream, the keys,\n"
	"                    the live socket; a line each, and nothing is changed\n"
	"  --check=settings  looks at the settings alone, for a start that must not depend on\n"
	"                    backends\n"
	"\n"
	"It is configured by its environment:\n"
	"  CONNECTION_URL                    Postgres URI (required)\n"
	"  AWS_COGNITO_USER_POOL_ID          Cognito user pool (required)\n"
	"  AWS_COGNITO_USER_POOL_CLIENT_ID   app client ids, comma-separated (required)\n"
	"  AWS_REGION, AWS_DEFAULT_REGION    region (one is required)\n"
	"  AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL, "
	"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER\n"
	"                                    endpoints (default: the region's own)\n"
	"  AWS_ACCESS_KEY_ID, ...            the usual AWS credential chain\n"
	"  CRUDDUR_MESSAGES_TABLE            DynamoDB table (default: cruddur-messages)\n"
	"  FRONTEND_URL, BACKEND_URL         origins that CORS allows\n"
	"  CRUDDUR_LIVE_SOCKET               where nginx takes live events (default: none)\n"
	"  CRUDDUR_SHARED_MEMORY             file of what workers share "
	"(default: in /dev/shm)\n"
	"  CRUDDUR_LOG_LEVEL                 error, warn, info (default) or debug\n"
	"  CRUDDUR_MAX_REQUESTS              leave after so many requests (default 0: never)\n"
	"\n"
	"SIGTERM or SIGUSR1: finish the request, then leave.\n"
	"Exit status: 0; 1 if a check failed, or memory, libcurl or the socket did; 64 for\n"
	"wrong usage; 78 for a bad setting.\n";

struct worker {
	struct settings settings;
	struct app *app;
	struct fastcgi *front;
};

static void answer(struct worker *w, const struct http_request *request,
	struct http_response *response, struct buf *head)
{
	struct slice body;

	buf_clear(head);
	http_response_clear(response);
	app_handle(w->app, request, response);
	body = buf_slice(&response->body);
	if (http_response_write_head(response, head) != STATUS_OK) {
		LOG(LOG_ERROR, "answer_too_large");
		buf_clear(head);
		buf_add_str(head,
			"Status: 503 Service Unavailable\r\nContent-Type: application/json\r\n"
			"Retry-After: 1\r\n\r\n");
		body = SLICE("[\"service_unavailable\"]");
	}
	if (request->method == HTTP_HEAD)
		body.len = 0;
	if (fastcgi_write(w->front, buf_slice(head), body) != STATUS_OK)
		LOG(LOG_WARN, "front_gone");
}

static enum status serve(struct worker *w)
{
	struct http_request request = { .read = NULL };
	struct http_response response = { .status = 200 };
	struct buf head = { 0 };
	int64_t started_ms = clock_monotonic_ms(), served = 0;
	enum status rc;

	for (;;) {
		rc = fastcgi_accept(w->front, &request);
		if (rc == STATUS_NOT_FOUND || rc == STATUS_UNAVAILABLE)
			break;
		if (rc == STATUS_OK)
			answer(w, &request, &response, &head);
		else
			LOG(LOG_ERROR, "request_not_read", log_str("status", status_name(rc)));
		fastcgi_finish(w->front);
		app_after(w->app);
		served++;
		if (w->settings.max_requests > 0 && served >= w->settings.max_requests &&
			clock_monotonic_ms() - started_ms >= RETIRE_AGE_MS) {
			rc = STATUS_NOT_FOUND;
			break;
		}
	}
	if (rc == STATUS_NOT_FOUND)
		app_closes(w->app);
	LOG(LOG_INFO, "worker_leaves", log_int("served", served));
	http_request_free(&request);
	http_response_free(&response);
	buf_free(&head);
	return rc == STATUS_NOT_FOUND ? STATUS_OK : rc;
}

static int refuse_settings(struct buf *problem)
{
	if (problem->len > 0)
		(void)fprintf(stderr, "cruddur-fcgi: %s\n", buf_cstr(problem));
	return SETTINGS_EXIT_STATUS;
}

static int run(struct worker *w, struct buf *problem)
{
	enum status rc = settings_load((settings_getenv)getenv,
		SETTINGS_NEED_COGNITO | SETTINGS_NEED_POSTGRES, &w->settings, problem);

	if (rc == STATUS_OK) {
		log_open("cruddur-fcgi", w->settings.log_level);
		rc = app_new(&w->settings, problem, &w->app);
	}
	if (rc == STATUS_INVALID)
		return refuse_settings(problem);
	if (rc == STATUS_OK)
		rc = fastcgi_open(&w->front);
	if (rc == STATUS_INVALID) {
		(void)fprintf(stderr,
			"cruddur-fcgi: fd 0 is no listening socket: "
			"start it by spawn-fcgi (see --help)\n");
		return EX_USAGE;
	}
	if (rc == STATUS_OK) {
		LOG(LOG_INFO, "worker_starts", log_str("version", PACKAGE_VERSION));
		app_opens(w->app);
		rc = serve(w);
	} else {
		LOG(LOG_ERROR, "start_failed", log_str("status", status_name(rc)));
	}
	return rc == STATUS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Everything, or the settings alone. */
static int check(struct worker *w, bool all)
{
	struct buf problem = { 0 };
	struct check c;
	int exit_status;
	enum status rc = settings_load((settings_getenv)getenv,
		SETTINGS_NEED_COGNITO | SETTINGS_NEED_POSTGRES, &w->settings, &problem);
	char *memory = w->settings.shared_memory, none[] = "";

	check_begin(&c);
	/* Looked at, but nothing is made or counted there. */
	w->settings.shared_memory = none;
	if (rc == STATUS_OK)
		rc = app_new(&w->settings, &problem, &w->app);
	w->settings.shared_memory = memory;
	if (rc == STATUS_OK) {
		check_settings_ok(&c, &w->settings);
		if (all)
			app_check(w->app, &w->settings, &c);
		exit_status = check_end(&c);
	} else {
		exit_status = check_settings_failed(&c, rc, buf_slice(&problem));
	}
	buf_free(&problem);
	return exit_status;
}

/* glibc raises the size from which on an allocation is a mapping of its own to that of the largest
 * one freed, so that one large page of messages would stay with the worker's heap for good. Said
 * once, the size stays (mallopt(3)). */
static void keep_heap_small(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, 128 * 1024);
}

static int say(const char *text)
{
	return fputs(text, stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct worker w = { .app = NULL };
	struct buf problem = { 0 };
	bool check_only = false;
	int exit_status;

	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return say("cruddur-fcgi " PACKAGE_VERSION "\n");
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return say(usage);
	if (argc == 2)
		check_only = strncmp(argv[1], "--check", 7) == 0;
	if (argc > 2 ||
		(argc == 2 && strcmp(argv[1], "--check") != 0 &&
			strcmp(argv[1], "--check=settings") != 0)) {
		(void)fputs(usage, stderr);
		return EX_USAGE;
	}
	/* libpq looks host names up in a call that no deadline of ours ends. glibc asks up to three
	 * name servers: with a second for each, dead ones cost three of the contract's five
	 * seconds. What the operator set stays. */
	if (setenv("RES_OPTIONS", "timeout:1 attempts:1", 0) != 0 ||
		fetch_global_open() != STATUS_OK) {
		(void)fputs(
			"cruddur-fcgi: the environment or libcurl does not let it start\n", stderr);
		return EXIT_FAILURE;
	}
	keep_heap_small();
	exit_status = check_only ? check(&w, strcmp(argv[1], "--check") == 0) : run(&w, &problem);
	fastcgi_close(w.front);
	app_free(w.app);
	settings_clear(&w.settings);
	buf_free(&problem);
	fetch_global_close();
	return exit_status;
}
