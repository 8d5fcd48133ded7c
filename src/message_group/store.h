/* SPDX-License-Identifier: MIT */
/* Message groups in DynamoDB: whose there are, who is a member, which one two people have. Rows
 * that other programs wrote count like our own. All reads are strongly consistent. Failures as in
 * dynamo/dynamo.h. */
#ifndef CRUDDUR_MESSAGE_GROUP_STORE_H
#define CRUDDUR_MESSAGE_GROUP_STORE_H

#include "message_group/message_group.h"
#include "message_table/rows.h"

struct message_group_page {
	struct table_rows rows; /* own all texts; newest first, names[i] is the group's uuid */
	struct slice next; /* sort key to go on before; empty if this was the last page */
};

/* A page of user's groups: up to limit (1 to TABLE_ROWS_MAX), older than the sort key before
 * (empty: the newest). A conversation is shown once even while its row moves. out must be zeroed;
 * clear it in any case. */
STATUS_MUSTCHECK enum status message_group_store_list(struct dynamo *d, const struct uuid *user,
	size_t limit, struct slice before, struct deadline by, struct message_group_page *out);
void message_group_page_clear(struct message_group_page *page);

/* The conversation of a row, i below rows.count; its texts live as long as the page. */
struct message_group message_group_page_get(const struct message_group_page *page, size_t i);

/* STATUS_OK: user is a member of group; *other becomes the other member, where the row tells and
 * the caller wants to know (not NULL). STATUS_NOT_FOUND: no member, or no such group. Membership is
 * never revoked today: whoever brings in leaving a group must delete the MBR# row and the GRP# row
 * together, and look into message_group/members.h first. */
STATUS_MUSTCHECK enum status message_group_store_member(struct dynamo *d, const struct uuid *group,
	const struct uuid *user, struct deadline by, struct uuid *other);

/* The conversation of two people. A side without a row is not its member: another program was
 * interrupted, and the next message is to complete it (see message_group_start). */
struct message_group_pair {
	struct uuid group;
	bool mine_missing, other_missing;
};

/* STATUS_OK, or STATUS_NOT_FOUND if they have none. Where other programs made several, it is the
 * one that is newest to me, and from then on always that one, from either side. */
STATUS_MUSTCHECK enum status message_group_store_pair(struct dynamo *d, const struct uuid *me,
	const struct uuid *other, struct deadline by, struct message_group_pair *out);

#endif
