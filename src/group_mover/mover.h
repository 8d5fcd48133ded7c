/* SPDX-License-Identifier: MIT */
/* Brings the message-group rows of a conversation in line with its newest message: one row for each
 * member, at that message's time, with its text, with the count of what that member has not read,
 * and with every attribute that this project does not know. Never moves a row back in time. However
 * often it is called, by however many programs at once, in whatever order, and wherever it is
 * interrupted: the next call that is not leads to the same rows.
 *
 * It works from what is stored, not from what a stream record says: a record only tells that a
 * group has to be looked at. So records may come twice, late or out of order.
 *
 * How, and what it costs, is at the top of mover.c. */
#ifndef CRUDDUR_GROUP_MOVER_MOVER_H
#define CRUDDUR_GROUP_MOVER_MOVER_H

#include "base/clock.h"
#include "base/uuid.h"
#include "dynamo/dynamo.h"
#include "user/user.h"

struct group_mover;

/* Where a person's names are found when a lost row has to be made anew: STATUS_OK with a user that
 * the caller clears, STATUS_NOT_FOUND, or whatever keeps it from answering now. */
struct group_mover_people {
	enum status (*find)(void *context, const struct uuid *who, struct deadline by,
		struct user *out); /* NULL: nobody is known */
	void *context;
};

/* Borrows the table and what people points to. */
STATUS_MUSTCHECK enum status group_mover_new(
	struct dynamo *table, struct group_mover_people people, struct group_mover **out);
void group_mover_free(struct group_mover *m);

/* What a call did; all zero: the rows were right already. */
struct group_mover_changes {
	size_t moved; /* rows that went forward, or whose text or count was brought up to date */
	size_t restored; /* rows that were missing */
	size_t removed; /* rows that a member had beside the right one */
};

/* STATUS_OK, also for a group that holds no message (there is nothing to go by, so nothing is
 * changed). STATUS_INVALID: the group can't be put right by this program, whenever it is tried: its
 * rows contradict each other, or DynamoDB calls a row that it needs invalid. STATUS_NOT_FOUND: no
 * row tells who its members are; they may be on their way, as other programs write the message
 * first, and the index lags. STATUS_TIMEOUT,
 * STATUS_UNAVAILABLE (a backend is down, throttles, or refuses), STATUS_CONFLICT (others changed
 * the group again and again), STATUS_NO_MEMORY: another try may do; part of the work may be done.
 * *changes is filled in any case. */
STATUS_MUSTCHECK enum status group_mover_settle(struct group_mover *m, const struct uuid *group,
	struct deadline by, struct group_mover_changes *changes);

/* Why the last call failed, in a few words for an operator; "" if it did not. Static. */
const char *group_mover_problem(const struct group_mover *m);

#endif
