/* SPDX-License-Identifier: MIT */
/* Building partition keys. */
#include "message_table/keys.h"

#define GROUP_ROWS_PREFIX "GRP#"
#define MESSAGES_PREFIX "MSG#"

static void add(struct table_key *k, struct slice text)
{
	size_t room = sizeof(k->text) - k->len;
	size_t n = text.len < room ? text.len
				   : room; /* callers stay below it: see the header's caps */

	if (n > 0)
		memcpy(k->text + k->len, text.ptr, n);
	k->len += n;
}

static struct table_key make(struct slice prefix, const struct uuid *u)
{
	struct table_key k = { .len = 0 };

	add(&k, prefix);
	add(&k, uuid_slice(u));
	return k;
}

struct table_key table_key_group_rows(const struct uuid *user)
{
	return make(SLICE(GROUP_ROWS_PREFIX), user);
}

struct table_key table_key_messages(const struct uuid *group)
{
	return make(SLICE(MESSAGES_PREFIX), group);
}

struct table_key table_key_members(const struct uuid *group)
{
	return make(SLICE("MBR#"), group);
}

static enum status read(struct slice pk, struct slice prefix, struct uuid *out)
{
	if (!slice_starts_with(pk, prefix))
		return STATUS_INVALID;
	return uuid_parse(slice_skip(pk, prefix.len), out);
}

enum status table_key_read_group_rows(struct slice pk, struct uuid *user)
{
	return read(pk, SLICE(GROUP_ROWS_PREFIX), user);
}

enum status table_key_read_messages(struct slice pk, struct uuid *group)
{
	return read(pk, SLICE(MESSAGES_PREFIX), group);
}

bool table_key_is_messages(struct slice pk)
{
	return slice_starts_with(pk, SLICE(MESSAGES_PREFIX));
}

struct table_key table_key_pair(const struct uuid *a, const struct uuid *b)
{
	bool ordered = slice_compare(uuid_slice(a), uuid_slice(b)) < 0;
	struct table_key k = make(SLICE("PAIR#"), ordered ? a : b);

	add(&k, SLICE("#"));
	add(&k, uuid_slice(ordered ? b : a));
	return k;
}

struct table_key table_key_send(const struct uuid *user, struct slice key)
{
	struct table_key k = make(SLICE("IDM#"), user);

	add(&k, SLICE("#"));
	add(&k, key);
	return k;
}
