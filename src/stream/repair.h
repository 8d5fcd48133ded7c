/* SPDX-License-Identifier: MIT */
/* Rebuilding every message-group row of the table from the newest messages: goes through the whole
 * table and settles each group that it meets, a little at a time. Safe beside live traffic and
 * beside others of its kind. */
#ifndef CRUDDUR_STREAM_REPAIR_H
#define CRUDDUR_STREAM_REPAIR_H

#include "group_mover/mover.h"
#include "stream/signals.h"

struct stream_repair;

/* Borrows both. */
STATUS_MUSTCHECK enum status stream_repair_new(
	struct dynamo *table, struct group_mover *mover, struct stream_repair **out);
void stream_repair_free(struct stream_repair *r);

struct stream_repair_progress {
	int64_t rows; /* of the table, of whatever kind */
	int64_t groups; /* settled; one whose rows lie far apart may count more than once */
	int64_t failed; /* could not be settled */
	struct group_mover_changes changes;
};

struct stream_repair_pace {
	struct deadline until; /* begin nothing after this */
	bool (*stop)(void *context); /* true: begin nothing more */
	/* A group that could not be settled; retry: another time it may. Anything but STATUS_OK is
	 * the step's answer, and the group is tried again by the next. NULL: it is only counted. */
	enum status (*failed)(
		void *context, const struct uuid *group, const char *reason, bool retry);
	void *context;
};

/* Goes on. STATUS_OK: *done says whether the table's end was reached. STATUS_TIMEOUT,
 * STATUS_UNAVAILABLE: DynamoDB is not well; the next step goes on where this one stopped. Others:
 * pace->failed's. */
STATUS_MUSTCHECK enum status stream_repair_step(
	struct stream_repair *r, const struct stream_repair_pace *pace, bool *done);

const struct stream_repair_progress *stream_repair_progress(const struct stream_repair *r);

/* The whole of it in one go, with progress on stderr if that is a terminal, and a line about the
 * result on stdout. STATUS_OK: every group is right. STATUS_CONFLICT: some could not be settled,
 * the log says which. STATUS_DENIED: a signal ended it before. STATUS_UNAVAILABLE: DynamoDB stayed
 * away. STATUS_NO_MEMORY. */
STATUS_MUSTCHECK enum status stream_repair_run(
	struct dynamo *table, struct group_mover *mover, struct stream_signals *signals);

#endif
