/* SPDX-License-Identifier: MIT */
/* The worker's parts, for the files of app/ only. */
#ifndef CRUDDUR_APP_PARTS_H
#define CRUDDUR_APP_PARTS_H

#include "app/app.h"
#include "auth/cognito.h"
#include "aws/call.h"
#include "aws/credentials.h"
#include "base/trace.h"
#include "base/usage.h"
#include "dynamo/dynamo.h"
#include "http/call.h"
#include "http/cors.h"
#include "live/live.h"
#include "message/store.h"
#include "message_group/members.h"
#include "metrics/metrics.h"
#include "pg/pg.h"
#include "shared/memory.h"
#include "user/directory.h"
#include "user/user.h"

/* What the request under way has spent on each backend. */
struct app_usage {
	struct usage postgres, dynamodb, cognito, live;
};

#define APP_METHOD_MAX 16 /* bytes of a method's name that its line shows */

/* The request under way, once it is answered: for its line in the log. */
struct app_record {
	bool open; /* answered, and its line is yet to be written */
	char method[APP_METHOD_MAX];
	size_t method_len;
	const char *route; /* the pattern, also when the method is wrong; "none" */
	int status;
	int64_t duration_us; /* from the request to its answer; live events come after that */
	struct uuid user; /* the caller; of no meaning unless user_known */
	bool user_known;
};

struct app {
	struct shared_memory *memory;
	struct metrics *metrics;
	struct metrics_route counted_routes[METRICS_NO_ROUTE];
	struct cors cors;
	struct pg *users;
	struct user_directory *directory;
	struct aws_credential_chain *credentials;
	struct aws_client *dynamodb;
	struct dynamo *table;
	struct cognito *auth;
	struct message_group_members *members;
	struct message_store *messages;
	struct live *live; /* NULL: there is no live channel */
	struct app_usage usage;
	struct trace trace; /* of the request under way */
	struct app_record record;
	int64_t ready_until_ms; /* how long what is known below is good for, monotonic */
	struct {
		bool postgres, dynamodb, jwks;
	} ready;
};

/* What the workers' memory is made from; scope becomes part of the answer. */
#define APP_SCOPE_MAX (SETTINGS_CLIENT_IDS_MAX + 3)
struct shared_memory_settings app_memory_settings(
	const struct settings *s, struct slice scope[APP_SCOPE_MAX]);

/* caller is NULL on a route without login. */
typedef void (*app_handler)(struct app *a, const struct user *caller, struct http_call *call);

enum app_login {
	APP_ANYBODY,
	APP_LOGIN,
	APP_ADMISSION, /* a login that nginx asks about, before it serves the path itself */
	APP_OPERATOR, /* nobody but who comes by the operator's listener */
};

struct app_route {
	const char *pattern; /* see http/router.h */
	enum http_method method; /* HTTP_GET serves HEAD as well */
	enum app_login login;
	app_handler handler;
};

/* The request is over: writes its line. */
void app_record_close(struct app *a);

/* The route table; a route with a NULL pattern ends it. */
extern const struct app_route app_routes[];

void app_health_check(struct app *a, const struct user *caller, struct http_call *call);
void app_ready(struct app *a, const struct user *caller, struct http_call *call);

/* --- metrics.c -------------------------------------------------------------------------------- */

/* Makes a->metrics, for the route table. area as in metrics_new. */
STATUS_MUSTCHECK enum status app_metrics_open(struct app *a, void *area);

/* The request is answered: counts a->record, and what it spent on all backends but the live one.
 * route is the table's, or NULL; waited_ms is negative if that is not known. */
void app_metrics_count(
	struct app *a, const struct app_route *route, enum http_method method, int64_t waited_ms);

/* The same for its live event, and what that took. */
void app_metrics_count_live(struct app *a, enum live_outcome outcome);

/* GET /metrics. */
void app_metrics(struct app *a, const struct user *caller, struct http_call *call);

/* --- Others ----------------------------------------------------------------------------------- */

/* GET /api/live, as nginx asks: 204, with the channel's name and the seconds that it has left. */
void app_live_admission(struct app *a, const struct user *caller, struct http_call *call);

#endif
