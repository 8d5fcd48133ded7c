/* SPDX-License-Identifier: MIT */
/* THE route table: every path that a worker answers stands here. */
#include "app/parts.h"
#include "message/api.h"
#include "message_group/api.h"
#include "user/api.h"

static void list_message_groups(struct app *a, const struct user *caller, struct http_call *call)
{
	message_group_api_list(a->table, caller, call);
}

static struct message_api message_api_of(struct app *a)
{
	return (struct message_api){
		.users = a->users,
		.table = a->table,
		.members = a->members,
		.messages = a->messages,
		.live = a->live,
		.metrics = a->metrics,
	};
}

static void list_messages(struct app *a, const struct user *caller, struct http_call *call)
{
	const struct message_api api = message_api_of(a);

	message_api_list(&api, caller, call);
}

static void mark_messages(struct app *a, const struct user *caller, struct http_call *call)
{
	const struct message_api api = message_api_of(a);

	message_api_mark(&api, caller, call);
}

static void post_message(struct app *a, const struct user *caller, struct http_call *call)
{
	const struct message_api api = message_api_of(a);

	message_api_post(&api, caller, call);
}

static void user_short(struct app *a, const struct user *caller, struct http_call *call)
{
	(void)caller;
	user_api_short(a->users, call);
}

static void user_me(struct app *a, const struct user *caller, struct http_call *call)
{
	(void)a;
	user_api_me(caller, call);
}

const struct app_route app_routes[] = {
	{ "/api/health-check", HTTP_GET, APP_ANYBODY, app_health_check },
	{ "/api/ready", HTTP_GET, APP_ANYBODY, app_ready },
	{ "/api/message_groups", HTTP_GET, APP_LOGIN, list_message_groups },
	{ "/api/message_groups/{message_group_uuid}/read", HTTP_POST, APP_LOGIN, mark_messages },
	{ "/api/messages", HTTP_POST, APP_LOGIN, post_message },
	{ "/api/messages/{message_group_uuid}", HTTP_GET, APP_LOGIN, list_messages },
	{ "/api/live", HTTP_GET, APP_ADMISSION, app_live_admission },
	{ "/api/users/@{handle}/short", HTTP_GET, APP_ANYBODY, user_short },
	{ "/api/users/me", HTTP_GET, APP_LOGIN, user_me },
	{ "/metrics", HTTP_GET, APP_OPERATOR, app_metrics },
	{ NULL, HTTP_OTHER, APP_ANYBODY, NULL },
};
