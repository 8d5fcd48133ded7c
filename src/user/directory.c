/* SPDX-License-Identifier: MIT */
/* The memory in front of user_store_by_cognito_id. */
#include "user/directory.h"

#include "shared/cache.h"
#include "user/store.h"

#include <stdlib.h>

struct user_directory {
	struct pg *pg;
	struct metrics *metrics; /* NULL: nobody counts */
	int64_t stood_ms; /* when the connection was last seen to stand */
	struct shared_cache *users;
};

/* The id itself, filled up with NULs, of which an id has none: two ids never share a key. */
struct key {
	_Alignas(uint64_t) char text[USER_DIRECTORY_KEY_MAX];
};

struct known_user {
	int64_t read_ms; /* when Postgres was asked */
	struct uuid uuid;
	unsigned char handle_len, display_name_len;
	char names[USER_DIRECTORY_NAMES_MAX]; /* handle, display name */
};

enum status user_directory_new(
	struct pg *p, struct shared_memory *memory, struct user_directory **out)
{
	const struct shared_cache_shape shape = { .capacity = USER_DIRECTORY_CAPACITY,
		.key_size = sizeof(struct key),
		.value_size = sizeof(struct known_user) };
	struct user_directory *d = calloc(1, sizeof(*d));
	enum status rc;

	if (!d)
		return STATUS_NO_MEMORY;
	d->pg = p;
	d->stood_ms = -USER_DIRECTORY_LOOK_MS;
	rc = shared_cache_new(memory, &shape, &d->users);
	if (rc != STATUS_OK) {
		user_directory_free(d);
		return rc;
	}
	*out = d;
	return STATUS_OK;
}

void user_directory_free(struct user_directory *d)
{
	if (!d)
		return;
	shared_cache_free(d->users);
	free(d);
}

void user_directory_count_in(struct user_directory *d, struct metrics *m)
{
	d->metrics = m;
}

static bool make_key(struct slice id, struct key *out)
{
	*out = (struct key){ .text = { 0 } };
	if (id.len == 0 || id.len > sizeof(out->text) || memchr(id.ptr, '\0', id.len))
		return false;
	memcpy(out->text, id.ptr, id.len);
	return true;
}

static void remember(
	struct user_directory *d, const struct key *key, int64_t read_ms, const struct user *user)
{
	struct known_user known = { .read_ms = read_ms, .uuid = user->uuid };
	size_t handle_len = strlen(user->handle), name_len = strlen(user->display_name);

	if (handle_len > sizeof(known.names) || name_len > sizeof(known.names) - handle_len)
		return;
	known.handle_len = (unsigned char)handle_len;
	known.display_name_len = (unsigned char)name_len;
	memcpy(known.names, user->handle, handle_len);
	memcpy(known.names + handle_len, user->display_name, name_len);
	shared_cache_put(d->users, key, &known);
}

static enum status make_user(const struct known_user *known, struct user *out)
{
	const struct slice handle = { known->names, known->handle_len };
	const struct slice name = { known->names + known->handle_len, known->display_name_len };

	return user_make(&known->uuid, handle, name, out);
}

/* Looking costs a system call, which a busy worker spares for a few requests. */
static bool stands(struct user_directory *d, int64_t now_ms)
{
	if (now_ms - d->stood_ms < USER_DIRECTORY_LOOK_MS)
		return true;
	if (!pg_stands(d->pg))
		return false;
	d->stood_ms = now_ms;
	return true;
}

/* Another process may have asked a moment after this request began. */
static bool is_fresh(const struct known_user *known, int64_t now_ms)
{
	return now_ms - known->read_ms < USER_DIRECTORY_AGE_MS &&
		known->read_ms - now_ms < USER_DIRECTORY_AGE_MS;
}

enum status user_directory_find(struct user_directory *d, struct slice cognito_user_id,
	int64_t now_ms, struct deadline by, struct user *out)
{
	struct known_user known;
	struct key key;
	bool has_key = make_key(cognito_user_id, &key);
	enum status rc;

	if (has_key && shared_cache_get(d->users, &key, &known) && is_fresh(&known, now_ms) &&
		stands(d, now_ms)) {
		metrics_count(d->metrics, METRICS_PEOPLE_HIT, 1);
		return make_user(&known, out);
	}
	metrics_count(d->metrics, METRICS_PEOPLE_MISS, 1);
	rc = user_store_by_cognito_id(d->pg, cognito_user_id, by, out);
	/* Postgres answered after now_ms with what was true then or later. */
	if (rc == STATUS_OK && has_key)
		remember(d, &key, now_ms, out);
	return rc;
}
