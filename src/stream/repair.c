/* SPDX-License-Identifier: MIT */
/* The way through the table: page by page, row by row. */
#include "stream/repair.h"

#include "base/log.h"
#include "message_table/keys.h"
#include "message_table/rows.h"

#include <stdlib.h>

/* Rows of one page: few, so that no call reads much at once from a table that lives. */
#define PAGE_ROWS 500
#define SCAN_MS 4000
#define GROUP_MS 5000
#define PING_MS 2000
#define TRIES 3

/* A conversation's rows lie in three partitions, its messages in one. Groups that were settled a
 * little while ago are remembered, as many as this; it must be a power of two. */
#define SEEN_MAX 4096

struct stream_repair {
	struct dynamo *table;
	struct group_mover *mover;
	struct dynamo_page *page; /* NULL: none was read yet */
	size_t at; /* the row of it to look at next */
	int tries; /* of that row's group */
	struct stream_repair_progress progress;
	struct uuid seen[SEEN_MAX]; /* each in the place its bits point to */
};

enum status stream_repair_new(
	struct dynamo *table, struct group_mover *mover, struct stream_repair **out)
{
	struct stream_repair *r = calloc(1, sizeof(*r));

	if (!r)
		return STATUS_NO_MEMORY;
	r->table = table;
	r->mover = mover;
	*out = r;
	return STATUS_OK;
}

void stream_repair_free(struct stream_repair *r)
{
	if (!r)
		return;
	dynamo_page_free(r->page);
	free(r);
}

const struct stream_repair_progress *stream_repair_progress(const struct stream_repair *r)
{
	return &r->progress;
}

static struct uuid *seen_place(struct stream_repair *r, const struct uuid *group)
{
	return &r->seen[uuid_hash(group) & (SEEN_MAX - 1)];
}

/* The group that a row is about; false for rows of other kinds, and for those that name none. */
static bool group_of(const struct dynamo_item *item, struct uuid *group)
{
	struct slice pk = table_text(item, TABLE_PK);
	struct uuid user;

	if (table_key_read_messages(pk, group) == STATUS_OK)
		return true;
	return table_key_read_group_rows(pk, &user) == STATUS_OK &&
		uuid_parse(table_text(item, TABLE_GROUP_UUID), group) == STATUS_OK;
}

static enum status next_page(struct stream_repair *r, bool *end)
{
	const struct dynamo_scan scan = {
		.attributes = TABLE_PK ", " TABLE_GROUP_UUID,
		.limit = PAGE_ROWS,
		.resume = r->page,
	};
	struct dynamo_page *page;
	enum status rc;

	*end = r->page && !dynamo_page_has_more(r->page);
	if (*end)
		return STATUS_OK;
	rc = dynamo_scan(r->table, &scan, deadline_in(SCAN_MS), &page);
	if (rc != STATUS_OK)
		return rc;
	dynamo_page_free(r->page);
	r->page = page;
	r->at = 0;
	return STATUS_OK;
}

/* Once for a group; *moved_on: it is done with, for better or worse. */
static enum status try_group(struct stream_repair *r, const struct stream_repair_pace *pace,
	const struct uuid *group, bool *moved_on)
{
	struct group_mover_changes changes = { 0 };
	enum status rc = group_mover_settle(r->mover, group, deadline_in(GROUP_MS), &changes);
	const char *problem = group_mover_problem(r->mover);
	bool retry = rc != STATUS_INVALID && rc != STATUS_NOT_FOUND;

	r->progress.changes.moved += changes.moved;
	r->progress.changes.restored += changes.restored;
	r->progress.changes.removed += changes.removed;
	*moved_on = true;
	if (rc == STATUS_OK) {
		r->progress.groups++;
		return STATUS_OK;
	}
	*moved_on = false;
	if (rc != STATUS_INVALID) {
		if (++r->tries < TRIES)
			return STATUS_OK;
		r->tries = 0;
		rc = retry ? dynamo_ping(r->table, deadline_in(PING_MS)) : STATUS_OK;
		if (rc != STATUS_OK)
			return rc;
	}
	if (pace->failed) {
		rc = pace->failed(pace->context, group, problem, retry);
		if (rc != STATUS_OK)
			return rc;
	}
	r->progress.failed++;
	*moved_on = true;
	return STATUS_OK;
}

/* The row at r->at. */
static enum status look_at_row(
	struct stream_repair *r, const struct stream_repair_pace *pace, bool *moved_on)
{
	struct uuid group, *seen;
	enum status rc;

	*moved_on = true;
	if (!group_of(dynamo_page_item(r->page, r->at), &group))
		return STATUS_OK;
	seen = seen_place(r, &group);
	if (uuid_equal(seen, &group))
		return STATUS_OK;
	rc = try_group(r, pace, &group, moved_on);
	if (rc == STATUS_OK && *moved_on)
		*seen = group;
	return rc;
}

enum status stream_repair_step(
	struct stream_repair *r, const struct stream_repair_pace *pace, bool *done)
{
	bool moved_on = true;
	enum status rc = STATUS_OK;

	*done = false;
	/* A group that failed is left for the next step: live traffic may be waiting. */
	while (rc == STATUS_OK && moved_on && deadline_left_ms(pace->until) > 0 &&
		!(pace->stop && pace->stop(pace->context))) {
		if (!r->page || r->at == dynamo_page_count(r->page)) {
			rc = next_page(r, done);
			if (rc == STATUS_OK && *done)
				break;
			continue;
		}
		rc = look_at_row(r, pace, &moved_on);
		if (rc == STATUS_OK && moved_on) {
			r->at++;
			r->tries = 0;
			r->progress.rows++;
		}
	}
	return rc;
}
