/* SPDX-License-Identifier: MIT */
/* Who is a member of which group: memberships that were seen once are answered from memory, all
 * others by message_group/store.
 *
 * A membership is for good today, so one that was seen never gets untrue. Whoever brings in leaving
 * a group, or taking somebody out of one, has to change this file before anything else: every
 * worker has a memory of its own that no other can reach, so either entries get an age as those of
 * user/directory have (and the contract says how long somebody who left may still read), or this
 * memory goes. What is stored has to go as store.h says. */
#ifndef CRUDDUR_MESSAGE_GROUP_MEMBERS_H
#define CRUDDUR_MESSAGE_GROUP_MEMBERS_H

#include "base/clock.h"
#include "base/uuid.h"
#include "dynamo/dynamo.h"

/* Memberships held: with their links 80 bytes each. */
#define MESSAGE_GROUP_MEMBERS_CAPACITY ((size_t)4096)

struct message_group_members;

/* Borrows the table. */
STATUS_MUSTCHECK enum status message_group_members_new(
	struct dynamo *d, struct message_group_members **out);
void message_group_members_free(struct message_group_members *m);

/* The other member of a group, from the membership that this user's last check remembered; NULL if
 * it is not remembered, or no row said it. Good until the next check. */
const struct uuid *message_group_members_other(
	struct message_group_members *m, const struct uuid *group, const struct uuid *user);

/* As message_group_store_member, which is asked unless it has said STATUS_OK to this group and user
 * before; no other answer is remembered, so that a new member is one at once. */
STATUS_MUSTCHECK enum status message_group_members_check(struct message_group_members *m,
	const struct uuid *group, const struct uuid *user, struct deadline by);

#endif
