/* SPDX-License-Identifier: MIT */
/* The worker's parts, for the files of app/ only. */
#ifndef CRUDDUR_APP_PARTS_H
#define CRUDDUR_APP_PARTS_H

#include "app/app.h"
#include "auth/cognito.h"
#include "aws/call.h"
#include "aws/credentials.h"
#include "base/usage.h"
#include "dynamo/dynamo.h"
#include "http/call.h"
#include "http/cors.h"
#include "live/live.h"
#include "message/store.h"
#include "message_group/members.h"
#include "metrics/metrics.h"
#include "pg/pg.h"
#include "user/directory.h"
#include "user/user.h"

/* What the request under way has spent on each backend. */
struct app_usage {
	struct usage postgres, dynamodb, cognito, live;
};

struct app {
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
	int64_t ready_until_ms; /* how long what is known below is good for, monotonic */
	struct {
		bool postgres, dynamodb, jwks;
	} ready;
};

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

/* The route table; a route with a NULL pattern ends it. */
extern const struct app_route app_routes[];

void app_health_check(struct app *a, const struct user *caller, struct http_call *call);
void app_ready(struct app *a, const struct user *caller, struct http_call *call);

/* --- metrics.c -------------------------------------------------------------------------------- */

/* Makes a->metrics, for the route table. area as in metrics_new. */
STATUS_MUSTCHECK enum status app_metrics_open(struct app *a, void *area);

/* The request is answered: counts it, and what it spent on all backends but the live one. route is
 * the table's, or NULL. */
void app_metrics_count(struct app *a, const struct app_route *route, const struct http_call *call,
	int64_t started_us);

/* GET /metrics. */
void app_metrics(struct app *a, const struct user *caller, struct http_call *call);

/* --- Others ----------------------------------------------------------------------------------- */

/* GET /api/live, as nginx asks: 204, with the channel's name and the seconds that it has left. */
void app_live_admission(struct app *a, const struct user *caller, struct http_call *call);

#endif
