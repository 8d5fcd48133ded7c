/* SPDX-License-Identifier: MIT */
/* The statements of sql/users/ and what their rows mean; no SQL text stands here. */
#include "user/store.h"
#include "base/log.h"
#include "base/utf8.h"
#include "sql_statements.h"

/* A value to bind is a C string: this refuses what would be cut or what Postgres would refuse. */
static bool bindable(struct slice text, char out[USER_KEY_MAX + 1])
{
	if (text.len == 0 || text.len > USER_KEY_MAX || memchr(text.ptr, '\0', text.len) ||
		!utf8_valid(text))
		return false;
	memcpy(out, text.ptr, text.len);
	out[text.len] = '\0';
	return true;
}

static enum status read_user(const struct pg_result *rows, size_t row, struct user *out)
{
	struct slice handle, display_name;
	struct uuid uuid;

	if (!pg_uuid(rows, row, "uuid", &uuid) || !pg_text(rows, row, "handle", &handle) ||
		!pg_text(rows, row, "display_name", &display_name)) {
		LOG(LOG_ERROR, "user_row_incomplete");
		return STATUS_UNAVAILABLE;
	}
	return user_make(&uuid, handle, display_name, out);
}

static enum status find_one(struct pg *p, const struct pg_statement *statement, struct slice key,
	struct deadline by, struct user *out)
{
	char bound[USER_KEY_MAX + 1];
	const char *values[] = { bound };
	struct pg_result *rows;
	enum status rc;

	if (!bindable(key, bound))
		return STATUS_NOT_FOUND;
	rc = pg_query_row(p, statement, values, by, &rows);
	if (rc != STATUS_OK)
		return rc;
	rc = read_user(rows, 0, out);
	pg_result_free(rows);
	return rc;
}

enum status user_store_by_cognito_id(
	struct pg *p, struct slice cognito_user_id, struct deadline by, struct user *out)
{
	return find_one(p, &sql_users_uuid_from_cognito_user_id, cognito_user_id, by, out);
}

enum status user_store_by_handle(
	struct pg *p, struct slice handle, struct deadline by, struct user *out)
{
	return find_one(p, &sql_users_short, handle, by, out);
}

enum status user_store_by_uuid(
	struct pg *p, const struct uuid *uuid, struct deadline by, struct user *out)
{
	return find_one(p, &sql_users_by_uuid, uuid_slice(uuid), by, out);
}

void user_pair_clear(struct user_pair *pair)
{
	user_clear(&pair->sender);
	user_clear(&pair->receiver);
}

/* The row of that kind; false if there is none. */
static bool find_kind(const struct pg_result *rows, struct slice kind, size_t *row)
{
	struct slice found;

	for (size_t i = 0; i < pg_result_rows(rows); i++) {
		if (pg_text(rows, i, "kind", &found) && slice_equal(found, kind)) {
			*row = i;
			return true;
		}
	}
	return false;
}

static enum status read_pair(const struct pg_result *rows, struct user_pair *out)
{
	struct user_pair pair = { 0 };
	size_t sender, receiver;
	enum status rc;

	if (!find_kind(rows, SLICE("sender"), &sender))
		return STATUS_DENIED;
	if (!find_kind(rows, SLICE("recv"), &receiver))
		return STATUS_NOT_FOUND;
	rc = read_user(rows, sender, &pair.sender);
	if (rc == STATUS_OK)
		rc = read_user(rows, receiver, &pair.receiver);
	if (rc == STATUS_OK)
		*out = pair;
	else
		user_pair_clear(&pair);
	return rc;
}

enum status user_store_pair(struct pg *p, const struct uuid *sender, struct slice receiver_handle,
	struct deadline by, struct user_pair *out)
{
	char handle[USER_KEY_MAX + 1];
	const char *values[] = { sender->text, handle };
	struct pg_result *rows;
	enum status rc;

	if (!bindable(receiver_handle, handle))
		return STATUS_NOT_FOUND;
	rc = pg_query(p, &sql_users_create_message_users, values, by, &rows);
	if (rc != STATUS_OK)
		return rc;
	rc = read_pair(rows, out);
	pg_result_free(rows);
	return rc;
}
