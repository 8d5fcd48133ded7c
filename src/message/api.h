/* SPDX-License-Identifier: MIT */
/* Messages over HTTP: reading a conversation; POST /api/messages in post.c; how far somebody has
 * read in mark.c. */
#ifndef CRUDDUR_MESSAGE_API_H
#define CRUDDUR_MESSAGE_API_H

#include "http/call.h"
#include "live/events.h"
#include "message/store.h"
#include "message_group/members.h"
#include "metrics/metrics.h"
#include "pg/pg.h"

struct message_api {
	struct pg *users;
	struct dynamo *table;
	struct message_group_members *members;
	struct message_store *messages;
	struct live *live;
	struct metrics *metrics;
};

/* GET /api/messages/{message_group_uuid}: a page of the conversation, ascending, for a member. */
void message_api_list(
	const struct message_api *api, const struct user *caller, struct http_call *call);

/* POST /api/message_groups/{message_group_uuid}/read: the caller has read up to a message. */
void message_api_mark(
	const struct message_api *api, const struct user *caller, struct http_call *call);

/* POST /api/messages: adds to a group or starts a conversation. */
void message_api_post(
	const struct message_api *api, const struct user *caller, struct http_call *call);

#endif
