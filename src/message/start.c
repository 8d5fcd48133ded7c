/* SPDX-License-Identifier: MIT */
/* Starting a conversation: one for a pair of people, made whole or not at all. */
#include "base/log.h"
#include "message/sending.h"
#include "message_group/store.h"

/* Why a try to make the conversation did not. */
struct obstacle {
	bool key_used; /* the Idempotency-Key was: the first answer counts */
	bool settled; /* somebody else made, found or completed the conversation */
};

/* The message, the group's rows, the remembered answer. */
#define WRITES_MAX (1 + MESSAGE_GROUP_WRITES_MAX + 1)

static void find_obstacle(const enum dynamo_reason *reasons, const struct message_group_rows *group,
	bool keyed, struct obstacle *why)
{
	const enum dynamo_reason *of_group = reasons + 1;

	why->key_used = keyed && of_group[group->count] == DYNAMO_REASON_CONDITION;
	why->settled = false;
	for (size_t i = 0; i < group->count; i++) {
		if (group->kinds[i] != MESSAGE_GROUP_WRITE_GROUP)
			why->settled |= of_group[i] == DYNAMO_REASON_CONDITION;
	}
}

static enum status try_create(struct message_store *s, const struct message_draft *draft,
	const struct message_group_start *start, struct message_rows *rows, struct deadline by,
	struct obstacle *why)
{
	struct dynamo_write writes[WRITES_MAX];
	enum dynamo_reason reasons[WRITES_MAX] = { DYNAMO_REASON_NONE };
	struct message_group_rows group;
	bool keyed = draft->key.len > 0;
	size_t count = 0;
	enum status rc;

	message_group_fill_rows(start, &group);
	writes[count++] = message_rows_message(rows, draft);
	for (size_t i = 0; i < group.count; i++)
		writes[count++] = group.writes[i];
	if (keyed)
		writes[count++] = message_rows_key(rows, draft, clock_realtime_us() / 1000000);
	rc = dynamo_transact(s->table, writes, count, by, reasons);
	if (rc == STATUS_CONFLICT)
		find_obstacle(reasons, &group, keyed, why);
	return rc;
}

/* Tries until the conversation is made, or something is in the way that *why names. A sort key that
 * one of the two has already (for another conversation) only costs another try. */
static enum status create(struct message_store *s, const struct message_draft *draft,
	const struct message_group_start *wanted, struct deadline by, struct message_sent *out,
	struct obstacle *why)
{
	struct message_group_start start = *wanted;
	struct message_rows rows = { .group = *wanted->group };
	enum status rc = uuid_new(&rows.uuid);
	bool stored;

	if (rc != STATUS_OK)
		return rc;
	for (int tries = 0; tries < MESSAGE_SENDING_TRIES; tries++) {
		clock_format(message_sending_now_us(s), rows.time);
		start.time = slice_of(rows.time);
		rc = try_create(s, draft, &start, &rows, by, why);
		if (rc == STATUS_OK)
			return message_sending_done(&rows, draft, out);
		if (rc != STATUS_CONFLICT || why->key_used)
			return rc;
		/* It may be ours: made by an attempt whose answer was lost. */
		rc = message_sending_is_stored(s, &rows, by, &stored);
		if (rc != STATUS_OK)
			return rc;
		if (stored)
			return message_sending_done(&rows, draft, out);
		if (why->settled)
			return STATUS_CONFLICT;
	}
	LOG(LOG_ERROR, "no_free_sort_key", log_int("tries", MESSAGE_SENDING_TRIES));
	return STATUS_UNAVAILABLE;
}

enum status message_store_start(struct message_store *s, const struct message_draft *draft,
	const struct user *receiver, struct deadline by, struct message_sent *out)
{
	struct message_group_pair pair;
	struct message_group_start start = {
		.starter = draft->sender, .other = receiver, .message = draft->text
	};
	struct obstacle why;
	enum status rc;

	for (int tries = 0; tries < MESSAGE_SENDING_TRIES; tries++) {
		rc = message_group_store_pair(
			s->table, &draft->sender->uuid, &receiver->uuid, by, &pair);
		if (rc == STATUS_OK && !pair.mine_missing && !pair.other_missing)
			return message_store_send(s, draft, &pair.group, by, out);
		start.starter_has_row = rc == STATUS_OK && !pair.mine_missing;
		start.other_has_row = rc == STATUS_OK && !pair.other_missing;
		if (rc == STATUS_NOT_FOUND)
			rc = uuid_new(&pair.group);
		if (rc != STATUS_OK)
			return rc;
		start.group = &pair.group;
		why = (struct obstacle){ .key_used = false };
		rc = create(s, draft, &start, by, out, &why);
		if (rc != STATUS_CONFLICT)
			return rc;
		if (why.key_used) {
			rc = message_store_replay(s, draft, by, out);
			if (rc != STATUS_NOT_FOUND)
				return rc;
		}
	}
	return STATUS_UNAVAILABLE;
}
