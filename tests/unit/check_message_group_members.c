/* SPDX-License-Identifier: MIT */
/* Which memberships are answered without asking DynamoDB, which a server of the test's own plays.
 */
#include "message_group/members.h"

#include "support/dynamo_fixture.h"
#include "unit/check_main.h"

static const struct uuid group = { "aaaaaaaa-0000-4000-8000-000000000001" };
static const struct uuid other_group = { "aaaaaaaa-0000-4000-8000-000000000002" };
static const struct uuid ann = { "bbbbbbbb-0000-4000-8000-000000000001" };
static const struct uuid bea = { "bbbbbbbb-0000-4000-8000-000000000002" };

static struct dynamo_fixture fixture;
static struct message_group_members *members;

static void set_up(void)
{
	dynamo_fixture_up(&fixture);
	ck_assert_int_eq(message_group_members_new(fixture.table, &members), STATUS_OK);
}

static void tear_down(void)
{
	message_group_members_free(members);
	dynamo_fixture_down(&fixture);
}

/* From now on DynamoDB has a row for whatever is asked. */
static void say_member(void)
{
	http_server_forget_script(fixture.server);
	http_server_reply_ok(fixture.server, "{\"Item\":{\"pk\":{\"S\":\"MBR#x\"}}}");
}

/* From now on it has nothing, whether one row is asked for or many. */
static void say_nothing(void)
{
	http_server_forget_script(fixture.server);
	http_server_reply_ok(fixture.server, "{\"Items\":[],\"Count\":0}");
}

static enum status check(const struct uuid *g, const struct uuid *user)
{
	return message_group_members_check(members, g, user, deadline_in(4500));
}

START_TEST(a_membership_is_asked_for_once)
{
	say_member();
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(check(&group, &ann), STATUS_OK);
	ck_assert_uint_eq(http_server_hits(fixture.server), 1);
}
END_TEST

START_TEST(nobody_else_is_let_in_by_it)
{
	say_member();
	ck_assert_int_eq(check(&group, &ann), STATUS_OK);
	say_nothing();
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(check(&group, &bea), STATUS_NOT_FOUND);
		ck_assert_int_eq(check(&other_group, &ann), STATUS_NOT_FOUND);
		ck_assert_int_eq(check(&ann, &group), STATUS_NOT_FOUND);
		ck_assert_int_eq(check(&group, &ann), STATUS_OK);
	}
}
END_TEST

START_TEST(every_digit_of_both_uuids_counts)
{
	say_member();
	ck_assert_int_eq(check(&group, &ann), STATUS_OK);
	say_nothing();
	for (size_t i = 0; i < UUID_LEN; i++) {
		struct uuid near_group = group, near_ann = ann;

		if (group.text[i] == '-')
			continue;
		near_group.text[i] = group.text[i] == 'f' ? 'e' : 'f';
		near_ann.text[i] = ann.text[i] == 'f' ? 'e' : 'f';
		ck_assert_int_eq(check(&near_group, &ann), STATUS_NOT_FOUND);
		ck_assert_int_eq(check(&group, &near_ann), STATUS_NOT_FOUND);
	}
}
END_TEST

START_TEST(a_new_member_is_one_at_once)
{
	say_nothing();
	ck_assert_int_eq(check(&group, &ann), STATUS_NOT_FOUND);
	say_member();
	ck_assert_int_eq(check(&group, &ann), STATUS_OK);
}
END_TEST

START_TEST(who_the_other_member_is_stays_known)
{
	http_server_reply_ok(fixture.server,
		"{\"Item\":{\"pk\":{\"S\":\"MBR#x\"},\"other_user_uuid\":{\"S\":"
		"\"BBBBBBBB-0000-4000-8000-000000000002\"}}}");
	ck_assert_ptr_null(message_group_members_other(members, &group, &ann));
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(check(&group, &ann), STATUS_OK);
		ck_assert_str_eq(
			message_group_members_other(members, &group, &ann)->text, bea.text);
	}
	ck_assert_uint_eq(http_server_hits(fixture.server), 1);
	ck_assert_ptr_null(message_group_members_other(members, &group, &bea));
	ck_assert_ptr_null(message_group_members_other(members, &other_group, &ann));
}
END_TEST

START_TEST(a_row_that_does_not_tell_the_other_member_makes_a_member_all_the_same)
{
	static const char *const rows[] = { "{\"Item\":{\"pk\":{\"S\":\"MBR#x\"}}}",
		"{\"Item\":{\"other_user_uuid\":{\"S\":\"nobody\"}}}",
		"{\"Item\":{\"other_user_uuid\":{\"N\":\"1\"}}}" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct uuid g = group;

		g.text[0] = (char)('0' + i);
		http_server_forget_script(fixture.server);
		http_server_reply_ok(fixture.server, rows[i]);
		ck_assert_int_eq(check(&g, &ann), STATUS_OK);
		ck_assert_ptr_null(message_group_members_other(members, &g, &ann));
	}
}
END_TEST

START_TEST(a_failure_is_not_remembered)
{
	dynamo_fixture_refuse(&fixture, "AccessDeniedException");
	ck_assert_int_eq(check(&group, &ann), STATUS_UNAVAILABLE);
	say_member();
	ck_assert_int_eq(check(&group, &ann), STATUS_OK);
	say_nothing();
	ck_assert_int_eq(check(&group, &ann), STATUS_OK);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("message_group_members");
	TCase *tests = tcase_create("members");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, a_membership_is_asked_for_once);
	tcase_add_test(tests, nobody_else_is_let_in_by_it);
	tcase_add_test(tests, every_digit_of_both_uuids_counts);
	tcase_add_test(tests, a_new_member_is_one_at_once);
	tcase_add_test(tests, who_the_other_member_is_stays_known);
	tcase_add_test(
		tests, a_row_that_does_not_tell_the_other_member_makes_a_member_all_the_same);
	tcase_add_test(tests, a_failure_is_not_remembered);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
