/* SPDX-License-Identifier: MIT */
/* Building partition keys. */
#include "message_table/keys.h"

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
	return make(SLICE("GRP#"), user);
}

struct table_key table_key_messages(const struct uuid *group)
{
	return make(SLICE("MSG#"), group);
}

struct table_key table_key_members(const struct uuid *group)
{
	return make(SLICE("MBR#"), group);
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
