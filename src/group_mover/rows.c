/* SPDX-License-Identifier: MIT */
/* Group rows that go, and what must not go with them: attributes that this program does not know.
 */
#include "group_mover/parts.h"

#include "base/log.h"
#include "message_table/keys.h"

/* Where a group row is. */
struct group_place {
	const struct uuid *group, *user;
	struct slice sk;
};

/* What this program sets itself in a group row. */
static const struct dynamo_attr own_attributes[] = {
	{ .name = TABLE_PK },
	{ .name = TABLE_SK },
	{ .name = TABLE_MESSAGE },
	{ .name = TABLE_UNREAD },
	{ .name = TABLE_LAST_READ },
};

/* Makes the member's row at sk have what one version of it has and another has not.
 * STATUS_CONFLICT: it is not there any more. */
static enum status carry(struct group_mover *m, const struct group_place *place,
	const struct dynamo_difference *difference, struct deadline by, bool *made)
{
	struct table_key pk = table_key_group_rows(place->user);
	const struct dynamo_attr key[] = {
		table_attr(TABLE_PK, table_key_slice(&pk)),
		table_attr(TABLE_SK, place->sk),
	};
	const struct dynamo_attr ours = table_attr("group", uuid_slice(place->group));
	const struct dynamo_write target = { .kind = DYNAMO_UPDATE,
		.attrs = key,
		.attr_count = 2,
		.condition = { TABLE_GROUP_UUID " = :group", &ours, 1 } };
	struct dynamo_difference d = *difference;

	d.named = own_attributes;
	d.named_count = sizeof(own_attributes) / sizeof(own_attributes[0]);
	*made = false;
	return dynamo_carry(m->table, &target, &d, by, made);
}

/* Also STATUS_OK when it is gone already, or another group's by now: then *old is untouched. */
static enum status remove_row(struct group_mover *m, const struct group_place *place,
	struct deadline by, struct dynamo_page **old)
{
	struct table_key pk = table_key_group_rows(place->user);
	const struct dynamo_attr key[] = {
		table_attr(TABLE_PK, table_key_slice(&pk)),
		table_attr(TABLE_SK, place->sk),
	};
	const struct dynamo_attr ours = table_attr("group", uuid_slice(place->group));
	const struct dynamo_write w = { .kind = DYNAMO_DELETE,
		.attrs = key,
		.attr_count = 2,
		.condition = { TABLE_GROUP_UUID " = :group", &ours, 1 } };
	enum status rc = dynamo_delete(m->table, &w, by, old);

	return rc == STATUS_CONFLICT ? STATUS_OK : rc;
}

/* Removes a row and makes up, in the row that stands for it now, for what somebody changed in it
 * after it was read. */
static enum status replace_row(struct group_mover *m, const struct group_place *goes,
	const struct dynamo_item *as_read, const struct group_place *stands, struct deadline by)
{
	struct dynamo_page *old = NULL;
	bool carried;
	enum status rc = remove_row(m, goes, by, &old);

	if (rc == STATUS_OK && old && dynamo_page_count(old) > 0) {
		const struct dynamo_difference since = { .from = dynamo_page_item(old, 0),
			.known = as_read };

		rc = carry(m, stands, &since, by, &carried);
		if (rc != STATUS_OK)
			LOG(LOG_WARN, "group_row_change_lost",
				log_slice("group", uuid_slice(goes->group)),
				log_slice("user", uuid_slice(goes->user)));
	}
	dynamo_page_free(old);
	return rc;
}

/* What only the left-over row knows goes to the row that stays, then it goes itself. */
static enum status remove_one_left_over(struct group_mover *m, const struct group_view *v,
	const struct group_member *member, size_t k, struct deadline by)
{
	struct group_place stays = { v->group, &member->user, member->rows[0].sk };
	struct group_place goes = { v->group, &member->user, member->rows[k].sk };
	const struct dynamo_difference lacking = {
		.from = member->rows[k].item, .known = member->rows[0].item, .only_missing = true
	};
	bool carried;
	enum status rc = carry(m, &stays, &lacking, by, &carried);

	if (rc == STATUS_OK)
		rc = replace_row(m, &goes, member->rows[k].item, &stays, by);
	if (rc != STATUS_OK)
		return rc;
	return carried ? STATUS_CONFLICT : STATUS_OK; /* the row that stays is not as it was read */
}

/* Readers have the newest row all the while, and no row of a group ever moves back to where an
 * older one is. */
enum status group_rows_remove_left_over(struct group_mover *m, const struct group_view *v,
	struct deadline by, struct group_mover_changes *changes)
{
	enum status rc = STATUS_OK;

	for (size_t i = 0; i < v->member_count; i++) {
		const struct group_member *member = &v->members[i];

		for (size_t k = 1; k < member->row_count; k++) {
			enum status one = remove_one_left_over(m, v, member, k, by);

			if (one != STATUS_OK && one != STATUS_CONFLICT)
				return one;
			if (one == STATUS_CONFLICT)
				rc = one;
			else
				changes->removed++;
		}
	}
	return rc;
}

enum status group_row_leave(struct group_mover *m, const struct group_view *v,
	const struct group_member *member, struct slice target, struct deadline by)
{
	struct group_place left = { v->group, &member->user, member->rows[0].sk };
	struct group_place moved = { v->group, &member->user, target };

	return replace_row(m, &left, member->rows[0].item, &moved, by);
}
