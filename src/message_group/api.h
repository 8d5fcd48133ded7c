/* SPDX-License-Identifier: MIT */
/* Message groups over HTTP. */
#ifndef CRUDDUR_MESSAGE_GROUP_API_H
#define CRUDDUR_MESSAGE_GROUP_API_H

#include "dynamo/dynamo.h"
#include "http/call.h"
#include "user/user.h"

/* Appends the members of an object that say how much is unread, as message_group/unread.h counts
 * it; others stand before them. */
void message_group_api_write_unread(struct buf *b, unsigned int unread);

/* GET /api/message_groups: a page of the caller's conversations, newest first. */
void message_group_api_list(struct dynamo *d, const struct user *caller, struct http_call *call);

#endif
