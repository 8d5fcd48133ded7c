/* SPDX-License-Identifier: MIT */
/* Looking users up in a real Postgres that holds the project's own schema. */
#include "base/log.h"
#include "check_main.h"
#include "pg_fixture.h"
#include "private_postgres.h"
#include "user/store.h"

#include <stdio.h>

#define ANDREW "aaaaaaaa-0000-4000-8000-000000000001"
#define ANDREW_SUB "10000000-0000-4000-8000-00000000000a"
#define LONDO "bbbbbbbb-0000-4000-8000-000000000002"

/* The schema, from where "make check" says that the sources are. */
static void load_users(void)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];
	char long_name[2 * USER_KEY_MAX];

	snprintf(path, sizeof(path), "%s/sql/schema.sql", srcdir ? srcdir : ".");
	pg_fixture_load(path);
	run_apart("INSERT INTO public.users (uuid, display_name, handle, email, cognito_user_id) "
		  "VALUES ('" ANDREW "', 'Andrew Brown', 'andrewbrown', 'a@example.com', "
		  "'" ANDREW_SUB "')");
	run_apart(
		"INSERT INTO public.users (uuid, display_name, handle, email, cognito_user_id) "
		"VALUES ('" LONDO "', U&'Londo \\2019 \\+01F600', 'londo', 'l@example.com', NULL)");
	/* The longest handle that is looked for, and one that is longer. */
	memset(long_name, 'h', sizeof(long_name));
	for (size_t len = USER_KEY_MAX; len <= USER_KEY_MAX + 1; len++) {
		char sql[1024];

		snprintf(sql, sizeof(sql),
			"INSERT INTO public.users (display_name, handle) VALUES (repeat('d', "
			"100000), '%.*s')",
			(int)len, long_name);
		run_apart(sql);
	}
}

START_TEST(a_user_is_found_by_the_cognito_id)
{
	struct user u;

	ck_assert_int_eq(user_store_by_cognito_id(pg, SLICE(ANDREW_SUB), FAR, &u), STATUS_OK);
	ck_assert_str_eq(u.uuid.text, ANDREW);
	ck_assert_str_eq(u.handle, "andrewbrown");
	ck_assert_str_eq(u.display_name, "Andrew Brown");
	user_clear(&u);
	ck_assert_ptr_null(u.handle);
	user_clear(&u);
}
END_TEST

START_TEST(a_user_is_found_by_the_handle)
{
	struct user u;

	ck_assert_int_eq(user_store_by_handle(pg, SLICE("londo"), FAR, &u), STATUS_OK);
	ck_assert_str_eq(u.uuid.text, LONDO);
	ck_assert_str_eq(u.handle, "londo");
	ck_assert_str_eq(u.display_name, "Londo \xe2\x80\x99 \xf0\x9f\x98\x80");
	user_clear(&u);
}
END_TEST

START_TEST(a_user_is_found_by_the_uuid)
{
	struct uuid londo = { LONDO }, nobody = { "dddddddd-0000-4000-8000-000000000004" };
	struct user u = { 0 };

	ck_assert_int_eq(user_store_by_uuid(pg, &nobody, FAR, &u), STATUS_NOT_FOUND);
	ck_assert_ptr_null(u.handle);
	ck_assert_int_eq(user_store_by_uuid(pg, &londo, FAR, &u), STATUS_OK);
	ck_assert_str_eq(u.uuid.text, LONDO);
	ck_assert_str_eq(u.handle, "londo");
	user_clear(&u);
}
END_TEST

START_TEST(handles_match_byte_by_byte)
{
	static const struct slice others[] = {
		SLICE_LITERAL("Londo"),
		SLICE_LITERAL("londo "),
		SLICE_LITERAL(" londo"),
		SLICE_LITERAL("lond"),
		SLICE_LITERAL("londo%"),
		SLICE_LITERAL("l_ndo"),
		SLICE_LITERAL("@londo"),
		SLICE_LITERAL("' OR true --"),
		SLICE_LITERAL("l\xc3\xb6ndo"),
	};
	struct user u = { 0 };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		ck_assert_msg(user_store_by_handle(pg, others[i], FAR, &u) == STATUS_NOT_FOUND,
			"%s", others[i].ptr);
		ck_assert_ptr_null(u.handle);
	}
}
END_TEST

/* What no row can hold must neither be cut to something that is there nor reach Postgres, which
 * would refuse it. The connection leads nowhere: asking would be STATUS_UNAVAILABLE. */
START_TEST(what_no_row_can_hold_is_not_found_without_asking)
{
	static const struct slice keys[] = {
		SLICE_LITERAL(""),
		SLICE_LITERAL("londo\0"),
		SLICE_LITERAL("londo\0x"),
		SLICE_LITERAL("\0londo"),
		SLICE_LITERAL("londo\xff"),
		SLICE_LITERAL("\xc0\x80"),
		SLICE_LITERAL("\xed\xa0\x80"),
	};
	struct uuid sender = { ANDREW };
	struct user_pair pair;
	struct user u;
	struct pg *nowhere;

	ck_assert_int_eq(
		pg_new("postgresql://u@/d?host=/nonexistent&port=5432", &nowhere), STATUS_OK);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		ck_assert_int_eq(user_store_by_handle(nowhere, keys[i], FAR, &u), STATUS_NOT_FOUND);
		ck_assert_int_eq(
			user_store_by_cognito_id(nowhere, keys[i], FAR, &u), STATUS_NOT_FOUND);
		ck_assert_int_eq(
			user_store_pair(nowhere, &sender, keys[i], FAR, &pair), STATUS_NOT_FOUND);
	}
	ck_assert_int_eq(
		user_store_by_handle(nowhere, SLICE("londo"), FAR, &u), STATUS_UNAVAILABLE);
	pg_free(nowhere);
}
END_TEST

START_TEST(the_length_of_a_handle_is_capped_exactly)
{
	char handle[USER_KEY_MAX + 1];
	struct user u;

	memset(handle, 'h', sizeof(handle));
	ck_assert_int_eq(user_store_by_handle(pg, (struct slice){ handle, USER_KEY_MAX }, FAR, &u),
		STATUS_OK);
	ck_assert_uint_eq(strlen(u.handle), USER_KEY_MAX);
	ck_assert_uint_eq(strlen(u.display_name), 100000);
	user_clear(&u);
	ck_assert_int_eq(
		user_store_by_handle(pg, (struct slice){ handle, USER_KEY_MAX + 1 }, FAR, &u),
		STATUS_NOT_FOUND);
}
END_TEST

START_TEST(nobody_has_a_null_cognito_id)
{
	struct user u;

	ck_assert_int_eq(user_store_by_cognito_id(pg, SLICE("NULL"), FAR, &u), STATUS_NOT_FOUND);
	ck_assert_int_eq(user_store_by_cognito_id(pg, SLICE("MOCK"), FAR, &u), STATUS_NOT_FOUND);
}
END_TEST

START_TEST(a_pair_is_a_sender_and_a_receiver)
{
	struct uuid sender = { ANDREW };
	struct user_pair pair;

	ck_assert_int_eq(user_store_pair(pg, &sender, SLICE("londo"), FAR, &pair), STATUS_OK);
	ck_assert_str_eq(pair.sender.uuid.text, ANDREW);
	ck_assert_str_eq(pair.sender.handle, "andrewbrown");
	ck_assert_str_eq(pair.sender.display_name, "Andrew Brown");
	ck_assert_str_eq(pair.receiver.uuid.text, LONDO);
	ck_assert_str_eq(pair.receiver.handle, "londo");
	user_pair_clear(&pair);
	ck_assert_ptr_null(pair.receiver.display_name);
}
END_TEST

START_TEST(someone_who_writes_to_himself_is_both)
{
	struct uuid sender = { ANDREW };
	struct user_pair pair;

	ck_assert_int_eq(user_store_pair(pg, &sender, SLICE("andrewbrown"), FAR, &pair), STATUS_OK);
	ck_assert(uuid_equal(&pair.sender.uuid, &pair.receiver.uuid));
	user_pair_clear(&pair);
}
END_TEST

START_TEST(a_missing_half_of_a_pair_is_named)
{
	struct uuid sender = { ANDREW }, stranger = { "cccccccc-0000-4000-8000-000000000003" };
	struct user_pair pair = { 0 };

	ck_assert_int_eq(
		user_store_pair(pg, &sender, SLICE("nobody"), FAR, &pair), STATUS_NOT_FOUND);
	ck_assert_int_eq(user_store_pair(pg, &stranger, SLICE("londo"), FAR, &pair), STATUS_DENIED);
	ck_assert_ptr_null(pair.sender.handle);
	ck_assert_ptr_null(pair.receiver.handle);
}
END_TEST

/* Former data: a look-up by handle or Cognito id is a look-up in an index, and no two rows share
 * either. */
START_TEST(the_schema_keeps_handles_and_cognito_ids_apart)
{
	static const char *const names[] = { "handle", "cognito_user_id" };
	const struct pg_statement insert = { .name = "insert",
		.text = "INSERT INTO public.users (display_name, handle, cognito_user_id) "
			"VALUES ('d', $1, $2)",
		.parameters = names,
		.parameter_count = 2 };
	const char *same_handle[] = { "londo", "new" }, *same_id[] = { "new", ANDREW_SUB };
	struct pg_result *r;

	ck_assert_int_eq(pg_query(pg, &insert, same_handle, FAR, &r), STATUS_CONFLICT);
	ck_assert_int_eq(pg_query(pg, &insert, same_id, FAR, &r), STATUS_CONFLICT);
}
END_TEST

START_TEST(an_unreachable_postgres_is_no_missing_user)
{
	struct user u;

	ck_assert_int_eq(
		user_store_by_handle(pg, SLICE("londo"), deadline_in(0), &u), STATUS_TIMEOUT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("user_store");
	TCase *tests = tcase_create("store");

	if (!private_postgres_available()) {
		puts("skipped: no Postgres server programs (or no user to run them as)");
		return CHECK_SKIPPED;
	}
	pg_fixture_add(tests);
	tcase_add_unchecked_fixture(tests, load_users, NULL);
	tcase_add_test(tests, a_user_is_found_by_the_cognito_id);
	tcase_add_test(tests, a_user_is_found_by_the_handle);
	tcase_add_test(tests, a_user_is_found_by_the_uuid);
	tcase_add_test(tests, handles_match_byte_by_byte);
	tcase_add_test(tests, what_no_row_can_hold_is_not_found_without_asking);
	tcase_add_test(tests, the_length_of_a_handle_is_capped_exactly);
	tcase_add_test(tests, nobody_has_a_null_cognito_id);
	tcase_add_test(tests, a_pair_is_a_sender_and_a_receiver);
	tcase_add_test(tests, someone_who_writes_to_himself_is_both);
	tcase_add_test(tests, a_missing_half_of_a_pair_is_named);
	tcase_add_test(tests, the_schema_keeps_handles_and_cognito_ids_apart);
	tcase_add_test(tests, an_unreachable_postgres_is_no_missing_user);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
