/* SPDX-License-Identifier: MIT */
/* Counting what is unread, from answers that a server of the test's own gives in DynamoDB's place;
 * and what rows say of it. */
#include "message_group/unread.h"

#include "dynamo/page.h"
#include "message_table/keys.h"
#include "message_table/rows.h"
#include "support/dynamo_fixture.h"
#include "support/page_of.h"
#include "unit/check_main.h"

#include <stdio.h>

static const struct uuid group = { "aaaaaaaa-0000-4000-8000-000000000001" };
static const struct uuid ann = { "bbbbbbbb-0000-4000-8000-000000000001" };
static const struct uuid bea = { "bbbbbbbb-0000-4000-8000-000000000002" };

static struct dynamo_fixture fixture;

static void set_up(void)
{
	dynamo_fixture_up(&fixture);
}

static void tear_down(void)
{
	dynamo_fixture_down(&fixture);
}

/* A page of so many messages by one sender, the newest first, at "m<number>" downwards. */
static void say_page(int newest, int count, const char *sender, bool more)
{
	struct buf body = { 0 };
	char item[160];

	buf_add_str(&body, "{\"Items\":[");
	for (int i = 0; i < count; i++) {
		snprintf(item, sizeof(item),
			"%s{\"sk\":{\"S\":\"m%04d\"},\"user_uuid\":{\"S\":\"%s\"}}",
			i > 0 ? "," : "", newest - i, sender);
		buf_add_str(&body, item);
	}
	buf_add_str(&body, more ? "],\"LastEvaluatedKey\":{\"pk\":{\"S\":\"p\"}}}" : "]}");
	http_server_reply_ok(fixture.server, buf_cstr(&body));
	buf_free(&body);
}

static unsigned int count_for(const struct uuid *user, const char *read_sk)
{
	struct message_group_reader reader = { .user = user, .read_sk = slice_of(read_sk) };

	ck_assert_int_eq(
		message_group_unread_count(fixture.table, &group, &reader, 1, deadline_in(4500)),
		STATUS_OK);
	return reader.unread;
}

START_TEST(messages_of_others_count_and_own_ones_do_not)
{
	http_server_reply_ok(fixture.server,
		"{\"Items\":["
		"{\"sk\":{\"S\":\"m5\"},\"user_uuid\":{\"S\":"
		"\"bbbbbbbb-0000-4000-8000-000000000001\"}},"
		"{\"sk\":{\"S\":\"m4\"},\"user_uuid\":{\"S\":"
		"\"BBBBBBBB-0000-4000-8000-000000000001\"}},"
		"{\"sk\":{\"S\":\"m3\"},\"user_uuid\":{\"S\":"
		"\"bbbbbbbb-0000-4000-8000-000000000002\"}},"
		"{\"sk\":{\"S\":\"m2\"},\"user_uuid\":{\"S\":\"nobody\"}},"
		"{\"sk\":{\"S\":\"m1\"},\"user_uuid\":{\"N\":\"1\"}},{\"sk\":{\"S\":\"m0\"}}]}");
	ck_assert_uint_eq(count_for(&ann, ""), 4);
	ck_assert_uint_eq(count_for(&bea, ""), 5);
}
END_TEST

START_TEST(one_call_asks_for_what_is_behind_the_position_and_can_be_shown)
{
	say_page(9, 2, bea.text, false);
	ck_assert_uint_eq(count_for(&ann, "m0007"), 2);
	ck_assert_uint_eq(http_server_hits(fixture.server), 1);
	dynamo_fixture_assert_sent(&fixture, 0, "Query",
		"{\"TableName\":\"tab\","
		"\"KeyConditionExpression\":\"pk = :hashkey AND sk > :rangekey\","
		"\"ProjectionExpression\":\"sk, user_uuid\","
		"\"FilterExpression\":\"attribute_type(message, :string) AND "
		"attribute_type(message_uuid, :string)\","
		"\"ExpressionAttributeValues\":{"
		"\":hashkey\":{\"S\":\"MSG#aaaaaaaa-0000-4000-8000-000000000001\"},"
		"\":rangekey\":{\"S\":\"m0007\"},\":string\":{\"S\":\"S\"}},"
		"\"ConsistentRead\":true,\"ScanIndexForward\":false,\"Limit\":100}");
}
END_TEST

START_TEST(counting_ends_at_the_cap_and_asks_no_further)
{
	say_page(9999, 60, bea.text, true);
	say_page(9939, 60, bea.text, true);
	ck_assert_uint_eq(count_for(&ann, ""), MESSAGE_GROUP_UNREAD_CAP);
	ck_assert_uint_eq(http_server_hits(fixture.server), 2);
}
END_TEST

START_TEST(exactly_ninety_nine_are_ninety_nine)
{
	say_page(9999, 60, bea.text, true);
	say_page(9939, 39, bea.text, false);
	ck_assert_uint_eq(count_for(&ann, ""), 99);
}
END_TEST

START_TEST(only_so_many_of_the_newest_are_looked_at)
{
	struct slice sent;

	say_page(9999, 100, ann.text, true);
	say_page(9899, 99, ann.text, true);
	say_page(9800, 1, bea.text, true);
	ck_assert_uint_eq(count_for(&ann, ""), 1);
	ck_assert_uint_eq(http_server_hits(fixture.server), 3);
	sent = http_server_body(fixture.server, 2);
	ck_assert_ptr_nonnull(memmem(sent.ptr, sent.len, "\"Limit\":1,", 10));
}
END_TEST

START_TEST(rows_that_cannot_be_shown_are_looked_at_too)
{
	for (int i = 0; i < 3; i++)
		http_server_reply_ok(fixture.server,
			"{\"Items\":[{\"sk\":{\"S\":\"m9\"},\"user_uuid\":{\"S\":\"x\"}}],"
			"\"Count\":1,\"ScannedCount\":100,"
			"\"LastEvaluatedKey\":{\"pk\":{\"S\":\"p\"}}}");
	ck_assert_uint_eq(count_for(&ann, ""), 2);
	ck_assert_uint_eq(http_server_hits(fixture.server), 2);
}
END_TEST

START_TEST(two_readers_are_counted_for_in_one_go_from_the_earlier_position)
{
	struct message_group_reader readers[] = {
		{ .user = &ann, .read_sk = SLICE("m0008") },
		{ .user = &bea, .read_sk = SLICE("m0004") },
	};
	struct slice sent;

	say_page(10, 3, bea.text, true);
	say_page(7, 3, ann.text, false);
	ck_assert_int_eq(
		message_group_unread_count(fixture.table, &group, readers, 2, deadline_in(4500)),
		STATUS_OK);
	ck_assert_uint_eq(readers[0].unread, 2);
	ck_assert_uint_eq(readers[1].unread, 3);
	ck_assert_uint_eq(http_server_hits(fixture.server), 2);
	sent = http_server_body(fixture.server, 0);
	ck_assert_ptr_nonnull(memmem(sent.ptr, sent.len, "\"m0004\"", 7));
}
END_TEST

START_TEST(somebody_who_read_nothing_bounds_nobody)
{
	struct message_group_reader readers[] = {
		{ .user = &ann, .read_sk = SLICE("m0008") },
		{ .user = &bea },
	};
	struct slice sent;

	say_page(9, 9, ann.text, false);
	ck_assert_int_eq(
		message_group_unread_count(fixture.table, &group, readers, 2, deadline_in(4500)),
		STATUS_OK);
	ck_assert_uint_eq(readers[0].unread, 0);
	ck_assert_uint_eq(readers[1].unread, 9);
	sent = http_server_body(fixture.server, 0);
	ck_assert_ptr_null(memmem(sent.ptr, sent.len, "rangekey", 8));
}
END_TEST

START_TEST(nobody_to_count_for_costs_no_call)
{
	ck_assert_int_eq(
		message_group_unread_count(fixture.table, &group, NULL, 0, deadline_in(4500)),
		STATUS_OK);
	ck_assert_uint_eq(http_server_hits(fixture.server), 0);
}
END_TEST

START_TEST(a_failure_is_said)
{
	struct message_group_reader reader = { .user = &ann };

	dynamo_fixture_refuse(&fixture, "AccessDeniedException");
	ck_assert_int_eq(
		message_group_unread_count(fixture.table, &group, &reader, 1, deadline_in(4500)),
		STATUS_UNAVAILABLE);
}
END_TEST

/* --- What rows hold ----------------------------------------------------------------------- */

static void assert_row(const char *attribute, bool counted, unsigned int wanted)
{
	char text[160];
	struct dynamo_page *page;
	unsigned int unread = 4711;

	snprintf(text, sizeof(text), "{\"Item\":{\"pk\":{\"S\":\"x\"}%s}}", attribute);
	ck_assert_int_eq(page_of(dynamo_page_read_get, slice_of(text), &page), STATUS_OK);
	ck_assert_int_eq(message_group_unread_parse(
				 table_text(dynamo_page_item(page, 0), TABLE_UNREAD), &unread),
		counted);
	ck_assert_uint_eq(unread, counted ? wanted : 4711);
	dynamo_page_free(page);
}

START_TEST(what_was_written_is_read)
{
	static const unsigned int counts[] = { 0, 1, 99, 100 };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		char unread[MESSAGE_GROUP_UNREAD_SIZE], attribute[80];

		message_group_unread_write(counts[i], unread);
		snprintf(attribute, sizeof(attribute), ",\"unread_count\":{\"S\":\"%s\"}", unread);
		assert_row(attribute, true, counts[i]);
	}
}
END_TEST

START_TEST(what_is_no_count_is_none)
{
	assert_row("", false, 0);
	assert_row(",\"unread_count\":{\"N\":\"5\"}", false, 0);
	assert_row(",\"unread_count\":{\"S\":\"\"}", false, 0);
	assert_row(",\"unread_count\":{\"S\":\"-1\"}", false, 0);
	assert_row(",\"unread_count\":{\"S\":\"many\"}", false, 0);
	assert_row(",\"unread_count\":{\"S\":\"123456789\"}", true, MESSAGE_GROUP_UNREAD_CAP);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("message_group_unread");
	TCase *tests = tcase_create("unread");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, messages_of_others_count_and_own_ones_do_not);
	tcase_add_test(tests, one_call_asks_for_what_is_behind_the_position_and_can_be_shown);
	tcase_add_test(tests, counting_ends_at_the_cap_and_asks_no_further);
	tcase_add_test(tests, exactly_ninety_nine_are_ninety_nine);
	tcase_add_test(tests, only_so_many_of_the_newest_are_looked_at);
	tcase_add_test(tests, rows_that_cannot_be_shown_are_looked_at_too);
	tcase_add_test(tests, two_readers_are_counted_for_in_one_go_from_the_earlier_position);
	tcase_add_test(tests, somebody_who_read_nothing_bounds_nobody);
	tcase_add_test(tests, nobody_to_count_for_costs_no_call);
	tcase_add_test(tests, a_failure_is_said);
	tcase_add_test(tests, what_was_written_is_read);
	tcase_add_test(tests, what_is_no_count_is_none);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
