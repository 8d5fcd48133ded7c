/* SPDX-License-Identifier: MIT */
/* Starting a conversation: one for a pair of people, made whole or not at all. */
#include "base/log.h"
#include "message/sending.h"
#include "message_group/store.h"

/* Writes before the group's own in the transaction. */
enum { WRITE_MESSAGE, WRITE_FIRST_OF_GROUP };

/* Why a try to make the conversation did not. */
struct obstacle {
	bool key_used; /* the Idempotency-Key was: the first answer counts */
	bool pair_settled; /* somebody else made or found the conversation */
};

/* The pair has another group, or this one was completed by somebody else; a taken sort key of a
 * group row is neither. */
static bool is_settled(const enum dynamo_reason *group_reasons)
{
	return group_reasons[MESSAGE_GROUP_WRITE_PAIR] == DYNAMO_REASON_CONDITION ||
		group_reasons[MESSAGE_GROUP_WRITE_STARTER_MEMBER] == DYNAMO_REASON_CONDITION;
}

static enum status try_create(struct message_store *s, const struct message_draft *draft,
	const struct message_group_start *start, struct message_rows *rows, struct deadline by,
	struct obstacle *why)
{
	struct dynamo_write writes[WRITE_FIRST_OF_GROUP + MESSAGE_GROUP_WRITES + 1];
	enum dynamo_reason reasons[sizeof(writes) / sizeof(writes[0])] = { DYNAMO_REASON_NONE };
	struct message_group_rows group_rows;
	size_t count = WRITE_FIRST_OF_GROUP, key_at;
	enum status rc;

	writes[WRITE_MESSAGE] = message_rows_message(rows, draft);
	count += message_group_fill_rows(start, &group_rows, writes + WRITE_FIRST_OF_GROUP);
	key_at = count;
	if (draft->key.len > 0)
		writes[count++] = message_rows_key(rows, draft, clock_realtime_us() / 1000000);
	rc = dynamo_transact(s->table, writes, count, by, reasons);
	if (rc == STATUS_CONFLICT) {
		why->key_used = key_at < count && reasons[key_at] == DYNAMO_REASON_CONDITION;
		why->pair_settled = is_settled(reasons + WRITE_FIRST_OF_GROUP);
	}
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
		if (why->pair_settled)
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
		if (rc == STATUS_OK && !pair.mine_missing)
			return message_store_send(s, draft, &pair.group, by, out);
		start.other_has_row = rc == STATUS_OK;
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
