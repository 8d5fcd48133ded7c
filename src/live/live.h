/* SPDX-License-Identifier: MIT */
/* Events for people's open windows: noted while a request is answered, handed to nginx when the
 * answer has left. Each is a hint that may get lost: a client that was away reads the history. Who
 * is told, and what an event says, is events.h; a NULL struct live tells nobody anything. */
#ifndef CRUDDUR_LIVE_LIVE_H
#define CRUDDUR_LIVE_LIVE_H

#include "base/slice.h"
#include "base/status.h"
#include "base/trace.h"
#include "base/usage.h"
#include "base/uuid.h"

/* Those who are told of one event: a conversation's two. */
#define LIVE_PEOPLE_MAX 2

struct live;

struct live_service {
	const char *socket_path; /* where conf/nginx/live.conf takes events */
	struct usage *usage; /* each call is added to it; NULL: to none */
	const struct trace *trace; /* of the moment, goes with each call; NULL: none */
};

/* Copies the service and borrows what it points to. Connects to nothing. */
STATUS_MUSTCHECK enum status live_new(const struct live_service *service, struct live **out);
void live_free(struct live *l);

/* One event. data is one line; what it and the rest point at may go away after the call. */
struct live_event {
	const struct uuid *people; /* one for each that is told; up to LIVE_PEOPLE_MAX */
	size_t people_count;
	const char *name; /* a literal */
	struct slice data;
};

/* Notes the event, in place of one that was noted before. */
void live_note(struct live *l, const struct live_event *event);

/* true if there is something to publish. */
bool live_has_noted(const struct live *l);

/* What was noted is not to be published: the answer did not become a 200. */
void live_forget(struct live *l);

enum live_outcome {
	LIVE_NOTHING, /* nothing was noted */
	LIVE_PUBLISHED,
	LIVE_FAILED, /* some or all of them were not told */
	LIVE_SKIPPED, /* not tried: nginx did not answer lately */
};

/* STATUS_OK if something speaks HTTP at the socket; whatever it says. Publishes nothing. Otherwise
 * STATUS_TIMEOUT or STATUS_UNAVAILABLE; why is in the log. */
STATUS_MUSTCHECK enum status live_ping(struct live *l);

/* Publishes what was noted, if anything. It takes a quarter of a second at the longest; what goes
 * wrong is a line in the log, one in ten seconds, and nothing else. */
enum live_outcome live_publish(struct live *l);

#endif
