/* SPDX-License-Identifier: MIT */
/* The memory in front of message_group_store_member. */
#include "message_group/members.h"

#include "base/lru.h"
#include "message_group/store.h"

#include <stdlib.h>

struct message_group_members {
	struct dynamo *table;
	struct lru *seen; /* who the other member is; an empty text: not known */
};

/* Both in full: two memberships never share a key. */
struct membership {
	unsigned char group[UUID_BYTES], user[UUID_BYTES];
};

enum status message_group_members_new(struct dynamo *d, struct message_group_members **out)
{
	const struct lru_shape shape = { .capacity = MESSAGE_GROUP_MEMBERS_CAPACITY,
		.key_size = sizeof(struct membership),
		.value_size = sizeof(struct uuid) };
	struct message_group_members *m = calloc(1, sizeof(*m));
	enum status rc;

	if (!m)
		return STATUS_NO_MEMORY;
	m->table = d;
	rc = lru_new(&shape, &m->seen);
	if (rc != STATUS_OK) {
		message_group_members_free(m);
		return rc;
	}
	*out = m;
	return STATUS_OK;
}

void message_group_members_free(struct message_group_members *m)
{
	if (!m)
		return;
	lru_free(m->seen);
	free(m);
}

static void make_key(const struct uuid *group, const struct uuid *user, struct membership *key)
{
	uuid_bytes(group, key->group);
	uuid_bytes(user, key->user);
}

const struct uuid *message_group_members_other(
	struct message_group_members *m, const struct uuid *group, const struct uuid *user)
{
	struct membership key;
	const struct uuid *other;

	make_key(group, user, &key);
	other = lru_find(m->seen, &key);
	return other && other->text[0] != '\0' ? other : NULL;
}

enum status message_group_members_check(struct message_group_members *m, const struct uuid *group,
	const struct uuid *user, struct deadline by)
{
	struct membership key;
	struct uuid other = { .text = "" };
	enum status rc;

	make_key(group, user, &key);
	if (lru_find(m->seen, &key))
		return STATUS_OK;
	rc = message_group_store_member(m->table, group, user, by, &other);
	if (rc == STATUS_OK)
		lru_put(m->seen, &key, &other);
	return rc;
}
