/* SPDX-License-Identifier: MIT */
/* Which conversation two people have: our pair row, or else whatever rows other programs wrote,
 * settled once so that both sides and all later requests find the same one. */
#include "base/log.h"
#include "message_group/find.h"
#include "message_group/store.h"

static enum status read_pair(
	struct dynamo *d, const struct table_key *pk, struct deadline by, struct uuid *group)
{
	struct dynamo_page *page;
	enum status rc = dynamo_get(d, table_key_slice(pk), SLICE(TABLE_PAIR_SK), by, &page);

	if (rc != STATUS_OK)
		return rc;
	if (dynamo_page_count(page) == 0) {
		rc = STATUS_NOT_FOUND;
	} else if (uuid_parse(table_text(dynamo_page_item(page, 0), TABLE_PAIR_GROUP), group) !=
		STATUS_OK) {
		LOG(LOG_ERROR, "pair_row_broken", log_slice("pk", table_key_slice(pk)));
		rc = STATUS_UNAVAILABLE;
	}
	dynamo_page_free(page);
	return rc;
}

/* If somebody settled on another group in this moment, *group becomes that one. */
static enum status settle(
	struct dynamo *d, const struct table_key *pk, struct deadline by, struct uuid *group)
{
	const struct dynamo_attr attrs[] = {
		table_attr(TABLE_PK, table_key_slice(pk)),
		table_attr(TABLE_SK, SLICE(TABLE_PAIR_SK)),
		table_attr(TABLE_PAIR_GROUP, uuid_slice(group)),
	};
	const struct dynamo_write put = table_put_new(attrs, 3);
	enum status rc = dynamo_write(d, &put, by);

	return rc == STATUS_CONFLICT ? read_pair(d, pk, by, group) : rc;
}

/* The group of the newest of owner's rows that name the peer and a group that is one. */
static enum status find_group_with(struct dynamo *d, const struct uuid *owner,
	const struct uuid *peer, struct deadline by, struct uuid *group)
{
	struct message_group_search search = {
		.owner = owner, .attribute = TABLE_USER_UUID, .value = uuid_slice(peer)
	};
	enum status rc;

	while ((rc = message_group_search_next(d, &search, by)) == STATUS_OK) {
		if (uuid_parse(table_text(search.item, TABLE_GROUP_UUID), group) == STATUS_OK)
			break;
	}
	message_group_search_end(&search);
	return rc;
}

/* No pair row: rows of mine count before rows of the other's. */
static enum status find_and_settle(struct dynamo *d, const struct uuid *me,
	const struct uuid *other, struct deadline by, struct uuid *group)
{
	struct table_key pk = table_key_pair(me, other);
	enum status rc = find_group_with(d, me, other, by, group);

	if (rc == STATUS_NOT_FOUND)
		rc = find_group_with(d, other, me, by, group);
	return rc == STATUS_OK ? settle(d, &pk, by, group) : rc;
}

static enum status find_missing(struct dynamo *d, const struct uuid *group, const struct uuid *user,
	struct deadline by, bool *missing)
{
	enum status rc = message_group_store_member(d, group, user, by, NULL);

	*missing = rc == STATUS_NOT_FOUND;
	return *missing ? STATUS_OK : rc;
}

enum status message_group_store_pair(struct dynamo *d, const struct uuid *me,
	const struct uuid *other, struct deadline by, struct message_group_pair *out)
{
	struct table_key pk = table_key_pair(me, other);
	struct message_group_pair pair;
	enum status rc = read_pair(d, &pk, by, &pair.group);

	if (rc == STATUS_NOT_FOUND)
		rc = find_and_settle(d, me, other, by, &pair.group);
	if (rc == STATUS_OK)
		rc = find_missing(d, &pair.group, me, by, &pair.mine_missing);
	if (rc == STATUS_OK)
		rc = find_missing(d, &pair.group, other, by, &pair.other_missing);
	if (rc == STATUS_OK)
		*out = pair;
	return rc;
}
