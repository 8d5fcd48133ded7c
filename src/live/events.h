/* SPDX-License-Identifier: MIT */
/* The events of GET /api/live: who is told of what, in which words. The same for everybody:
 *
 *   event: message   data: what POST /api/messages answered      to both, other windows included
 *   event: read      data: {"message_group_uuid","message_uuid"} to who read, for other windows
 */
#ifndef CRUDDUR_LIVE_EVENTS_H
#define CRUDDUR_LIVE_EVENTS_H

#include "live/live.h"

/* A message was stored. answer is the JSON that its sender gets; other is NULL if no row says who
 * that is. */
void live_events_message(
	struct live *l, const struct uuid *sender, const struct uuid *other, struct slice answer);

/* reader has read the group up to that message. */
void live_events_read(struct live *l, const struct uuid *reader, const struct uuid *group,
	const struct uuid *message);

#endif
