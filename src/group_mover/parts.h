/* SPDX-License-Identifier: MIT */
/* What the mover's files share: a view of one group as it is stored, read anew for each try.
 * For group_mover/ alone. */
#ifndef CRUDDUR_GROUP_MOVER_PARTS_H
#define CRUDDUR_GROUP_MOVER_PARTS_H

#include "base/buf.h"
#include "group_mover/mover.h"
#include "message_group/unread.h"
#include "message_table/rows.h"

struct group_mover {
	struct dynamo *table;
	struct group_mover_people people;
	const char *problem;
};

/* A conversation has two; more are put up with, but not any number. */
#define GROUP_MEMBERS_MAX 4

/* Places of one member that are looked at in one try. One or two is usual. */
#define GROUP_PLACES_MAX 8

/* A message-group row of a member, as a strongly consistent read gave it. */
struct group_row {
	struct slice sk;
	const struct dynamo_item *item;
	struct dynamo_page *page; /* owns both */
};

struct group_member {
	struct uuid user;
	struct uuid other; /* the peer, if has_other */
	bool has_other;
	bool has_pointer; /* there is a MBR# row */
	struct buf pointer_sk, shown_sk; /* its group_sk and message_sk; empty: it has none */
	struct buf read_sk, read_uuid; /* how far the member has read; empty: not at all */
	char unread[MESSAGE_GROUP_UNREAD_SIZE]; /* what the row has to say of that */
	struct buf places[GROUP_PLACES_MAX]; /* sort keys at which a row is or may be */
	size_t place_count;
	struct group_row rows[GROUP_PLACES_MAX]; /* those that are there, the newest first */
	size_t row_count;
	struct user peer; /* the other's names, if the member has no row */
};

/* What a try found out for those after it: places taken by another group of the same person, so
 * that the row goes behind them, and whether there are more rows than the index can be trusted
 * with. */
struct group_lessons {
	struct uuid user[GROUP_MEMBERS_MAX];
	struct buf taken[GROUP_MEMBERS_MAX];
	size_t count;
	bool search; /* members' whole partitions are searched */
};

struct group_view {
	const struct uuid *group;
	bool has_message;
	struct slice message_sk, message; /* of the newest; live as long as newest */
	struct table_rows newest;
	struct group_member members[GROUP_MEMBERS_MAX];
	size_t member_count;
	bool cut; /* there are more rows than were looked at */
};

/* --- view.c: reading it ------------------------------------------------------------------- */

/* out must be zeroed; clear it in any case. Failures as group_mover_settle has them. */
STATUS_MUSTCHECK enum status group_view_read(struct group_mover *m, const struct uuid *group,
	const struct group_lessons *lessons, struct deadline by, struct group_view *out);
void group_view_clear(struct group_view *v);

/* The member, added if it is new; NULL if there are too many. */
struct group_member *group_view_member(struct group_view *v, const struct uuid *user);

/* Notes a place to look at, once. */
STATUS_MUSTCHECK enum status group_member_place(
	struct group_view *v, struct group_member *member, struct slice sk);

/* --- counts.c: what is unread ------------------------------------------------------------- */

/* Fills in unread for each member, by the read positions that were read before. */
STATUS_MUSTCHECK enum status group_counts_read(
	struct group_mover *m, struct group_view *v, struct deadline by);

/* --- members.c: what our own rows do not say ---------------------------------------------- */

/* Adds the members that only their peer's row tells of. */
STATUS_MUSTCHECK enum status group_members_complete(struct group_mover *m, struct group_view *v);

/* Looks through the member's whole partition for rows of the group and notes their places. */
STATUS_MUSTCHECK enum status group_member_search(struct group_mover *m, struct group_view *v,
	struct group_member *member, struct deadline by);

/* Finds the names that a new row of the member has to show. */
STATUS_MUSTCHECK enum status group_member_find_peer(struct group_mover *m, struct group_view *v,
	struct group_member *member, struct deadline by);

/* --- rows.c: ending rows ------------------------------------------------------------------ */

/* Removes all rows but the newest of each member; first what only they know goes to that one: then
 * STATUS_CONFLICT, as the newest is not as it was read any more. */
STATUS_MUSTCHECK enum status group_rows_remove_left_over(struct group_mover *m,
	const struct group_view *v, struct deadline by, struct group_mover_changes *changes);

/* Removes the member's newest row as it was read, which has moved to target, and makes up there for
 * what somebody changed in it after it was read. */
STATUS_MUSTCHECK enum status group_row_leave(struct group_mover *m, const struct group_view *v,
	const struct group_member *member, struct slice target, struct deadline by);

/* --- write.c: putting it right ------------------------------------------------------------ */

/* STATUS_OK: the rows are right now. STATUS_CONFLICT: somebody else was faster, or something was
 * learnt: read again. changes is added to. */
STATUS_MUSTCHECK enum status group_view_apply(struct group_mover *m, struct group_view *v,
	struct group_lessons *lessons, struct deadline by, struct group_mover_changes *changes);

#endif
