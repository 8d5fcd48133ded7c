/* SPDX-License-Identifier: MIT */
/* How much of a group each member has not read, as the members' rows are to say. */
#include "group_mover/parts.h"

#include "message_table/keys.h"

/* More than 99 stays more than 99 until the member reads on. */
static bool stays_capped(const struct group_member *member)
{
	const struct dynamo_item *row = member->row_count > 0 ? member->rows[0].item : NULL;
	unsigned int unread;

	return row && message_group_unread_parse(table_text(row, TABLE_UNREAD), &unread) &&
		unread == MESSAGE_GROUP_UNREAD_CAP &&
		slice_equal(table_text(row, TABLE_LAST_READ), buf_slice(&member->read_uuid));
}

enum status group_counts_read(struct group_mover *m, struct group_view *v, struct deadline by)
{
	struct message_group_reader readers[GROUP_MEMBERS_MAX];
	struct group_member *of[GROUP_MEMBERS_MAX];
	size_t count = 0;
	enum status rc;

	for (size_t i = 0; i < v->member_count; i++) {
		struct group_member *member = &v->members[i];

		if (stays_capped(member)) {
			message_group_unread_write(MESSAGE_GROUP_UNREAD_CAP, member->unread);
			continue;
		}
		of[count] = member;
		readers[count++] = (struct message_group_reader){ .user = &member->user,
			.read_sk = buf_slice(&member->read_sk) };
	}
	rc = message_group_unread_count(m->table, v->group, readers, count, by);
	for (size_t i = 0; rc == STATUS_OK && i < count; i++)
		message_group_unread_write(readers[i].unread, of[i]->unread);
	return rc;
}
