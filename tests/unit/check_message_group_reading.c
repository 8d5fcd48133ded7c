/* SPDX-License-Identifier: MIT */
/* Marking as read, call by call, with a server of the test's own in DynamoDB's place: which calls
 * are made, under which conditions, and what is made of what they find. That the conditions hold
 * what they promise is tests/system/test_read_races.py's business. */
#include "message_group/reading.h"

#include "support/dynamo_fixture.h"
#include "unit/check_main.h"

#define GROUP "aaaaaaaa-0000-4000-8000-000000000001"
#define ANN "bbbbbbbb-0000-4000-8000-000000000001"
#define BEA "bbbbbbbb-0000-4000-8000-000000000002"
#define MEMBER_KEY "\"Key\":{\"pk\":{\"S\":\"MBR#" GROUP "\"},\"sk\":{\"S\":\"" ANN "\"}},"
#define NOTHING_UNREAD "{\"Items\":[],\"Count\":0}"
#define TWO_UNREAD                                                                                 \
	"{\"Items\":[{\"sk\":{\"S\":\"9\"},\"user_uuid\":{\"S\":\"" BEA "\"}},"                    \
	"{\"sk\":{\"S\":\"8\"},\"user_uuid\":{\"S\":\"" BEA "\"}}]}"

static const struct uuid group = { GROUP };
static const struct uuid ann = { ANN };

static struct dynamo_fixture fixture;

static void set_up(void)
{
	dynamo_fixture_up(&fixture);
}

static void tear_down(void)
{
	dynamo_fixture_down(&fixture);
}

static void reply(const char *body)
{
	http_server_reply_ok(fixture.server, body);
}

static void refuse(void)
{
	dynamo_fixture_refuse(&fixture, "ConditionalCheckFailedException");
}

/* A MBR# row that says how far Ann has read, as a GetItem gives it. */
static void reply_position(const char *place, const char *read)
{
	struct buf body = { 0 };

	buf_add_str(&body, "{\"Item\":{\"group_sk\":{\"S\":\"");
	buf_add_str(&body, place);
	buf_add_str(&body, "\"},\"read_sk\":{\"S\":\"");
	buf_add_str(&body, read);
	buf_add_str(&body, "\"},\"read_message_uuid\":{\"S\":\"uuid of ");
	buf_add_str(&body, read);
	buf_add_str(&body, "\"}}}");
	reply(buf_cstr(&body));
	buf_free(&body);
}

static void assert_marked(enum status wanted, const char *last_read, unsigned int unread)
{
	const struct message_group_mark mark = {
		.group = &group, .user = &ann, .sk = SLICE("7"), .uuid = SLICE("uuid of 7")
	};
	struct message_group_reading reading = { .unread = 4711 };
	enum status rc =
		message_group_reading_mark(fixture.table, &mark, deadline_in(4500), &reading);

	ck_assert_int_eq(rc, wanted);
	if (rc == STATUS_OK) {
		ck_assert_str_eq(buf_cstr(&reading.last_read), last_read);
		ck_assert_uint_eq(reading.unread, unread);
	}
	message_group_reading_clear(&reading);
}

START_TEST(the_first_mark_is_three_calls)
{
	reply("{\"Attributes\":{\"group_sk\":{\"S\":\"9\"}}}");
	reply(TWO_UNREAD);
	reply("{}");
	assert_marked(STATUS_OK, "uuid of 7", 2);
	ck_assert_uint_eq(http_server_hits(fixture.server), 3);
	dynamo_fixture_assert_sent(&fixture, 0, "UpdateItem",
		"{\"TableName\":\"tab\"," MEMBER_KEY
		"\"UpdateExpression\":\"SET read_sk = :sk, read_message_uuid = :uuid\","
		"\"ConditionExpression\":\"attribute_exists(pk) AND "
		"(attribute_not_exists(read_sk) OR read_sk < :sk)\","
		"\"ExpressionAttributeValues\":{\":sk\":{\"S\":\"7\"},"
		"\":uuid\":{\"S\":\"uuid of 7\"}},\"ReturnValues\":\"ALL_OLD\"}");
	dynamo_fixture_assert_sent(&fixture, 2, "UpdateItem",
		"{\"TableName\":\"tab\",\"Key\":{\"pk\":{\"S\":\"GRP#" ANN
		"\"},\"sk\":{\"S\":\"9\"}},"
		"\"UpdateExpression\":\"SET unread_count = :unread, "
		"last_read = :last_read\","
		"\"ConditionExpression\":\"message_group_uuid = :seen0 AND "
		"NOT attribute_type(last_read, :string)\","
		"\"ExpressionAttributeValues\":{\":seen0\":{\"S\":\"" GROUP
		"\"},\":string\":{\"S\":\"S\"},\":unread\":{\"S\":\"2\"},"
		"\":last_read\":{\"S\":\"uuid of 7\"}}}");
}
END_TEST

START_TEST(a_later_mark_follows_upon_the_one_before)
{
	struct slice sent;

	reply("{\"Attributes\":{\"group_sk\":{\"S\":\"9\"},\"read_sk\":{\"S\":\"3\"},"
	      "\"read_message_uuid\":{\"S\":\"uuid of 3\"}}}");
	reply(NOTHING_UNREAD);
	reply("{}");
	assert_marked(STATUS_OK, "uuid of 7", 0);
	ck_assert_uint_eq(http_server_hits(fixture.server), 3);
	sent = http_server_body(fixture.server, 2);
	ck_assert_ptr_nonnull(memmem(sent.ptr, sent.len, "\":seen1\":{\"S\":\"uuid of 3\"}", 26));
}
END_TEST

START_TEST(a_mark_that_changes_nothing_writes_nothing)
{
	refuse();
	reply_position("9", "8");
	reply("{\"Item\":{\"message_group_uuid\":{\"S\":\"" GROUP
	      "\"},\"unread_count\":{\"S\":\"1\"},"
	      "\"last_read\":{\"S\":\"uuid of 8\"}}}");
	assert_marked(STATUS_OK, "uuid of 8", 1);
	ck_assert_uint_eq(http_server_hits(fixture.server), 3);
}
END_TEST

START_TEST(a_position_that_was_not_copied_is)
{
	refuse();
	reply_position("9", "8");
	reply("{\"Item\":{\"message_group_uuid\":{\"S\":\"" GROUP
	      "\"},\"unread_count\":{\"S\":\"5\"}}}");
	reply_position("9", "8");
	reply(TWO_UNREAD);
	reply("{}");
	assert_marked(STATUS_OK, "uuid of 8", 1); /* 8 was read */
	ck_assert_uint_eq(http_server_hits(fixture.server), 6);
	dynamo_fixture_assert_sent(&fixture, 5, "UpdateItem",
		"{\"TableName\":\"tab\",\"Key\":{\"pk\":{\"S\":\"GRP#" ANN
		"\"},\"sk\":{\"S\":\"9\"}},"
		"\"UpdateExpression\":\"SET unread_count = :unread, "
		"last_read = :last_read\","
		"\"ConditionExpression\":\"message_group_uuid = :seen0 AND "
		"NOT attribute_type(last_read, :string) AND unread_count = :seen2\","
		"\"ExpressionAttributeValues\":{\":seen0\":{\"S\":\"" GROUP
		"\"},\":seen2\":{\"S\":\"5\"},\":string\":{\"S\":\"S\"},"
		"\":unread\":{\"S\":\"1\"},\":last_read\":{\"S\":\"uuid of 8\"}}}");
}
END_TEST

START_TEST(a_position_that_goes_on_while_it_is_looked_at_is_looked_at_again)
{
	refuse();
	reply_position("9", "7");
	reply("{\"Item\":{\"message_group_uuid\":{\"S\":\"" GROUP "\"}}}");
	reply_position("9", "8");
	reply_position("9", "8");
	reply("{\"Item\":{\"message_group_uuid\":{\"S\":\"" GROUP
	      "\"},\"unread_count\":{\"S\":\"1\"},"
	      "\"last_read\":{\"S\":\"uuid of 8\"}}}");
	assert_marked(STATUS_OK, "uuid of 8", 1);
	ck_assert_uint_eq(http_server_hits(fixture.server), 6);
}
END_TEST

START_TEST(a_row_of_another_group_at_that_place_is_left_alone)
{
	refuse();
	reply_position("9", "7");
	reply("{\"Item\":{\"message_group_uuid\":{\"S\":\"" BEA
	      "\"},\"unread_count\":{\"S\":\"5\"}}}");
	reply("{\"Items\":[]}");
	reply_position("9", "7");
	reply(TWO_UNREAD);
	assert_marked(STATUS_OK, "uuid of 7", 2);
	ck_assert_uint_eq(http_server_hits(fixture.server), 6);
}
END_TEST

START_TEST(a_row_that_another_program_moved_is_searched_for)
{
	refuse();
	reply_position("9", "7");
	reply("{}");
	reply("{\"Items\":[{\"pk\":{\"S\":\"GRP#" ANN "\"},\"sk\":{\"S\":\"99\"},"
	      "\"message_group_uuid\":{\"S\":\"" GROUP "\"}}]}");
	reply_position("9", "7");
	reply(TWO_UNREAD);
	reply("{}");
	assert_marked(STATUS_OK, "uuid of 7", 2);
	ck_assert_uint_eq(http_server_hits(fixture.server), 7);
	dynamo_fixture_assert_sent(&fixture, 3, "Query",
		"{\"TableName\":\"tab\",\"KeyConditionExpression\":\"pk = :hashkey\","
		"\"FilterExpression\":\"message_group_uuid = :message_group_uuid\","
		"\"ExpressionAttributeValues\":{\":hashkey\":{\"S\":\"GRP#" ANN "\"},"
		"\":message_group_uuid\":{\"S\":\"" GROUP "\"}},"
		"\"ConsistentRead\":true,\"ScanIndexForward\":false}");
	dynamo_fixture_assert_sent(&fixture, 6, "UpdateItem",
		"{\"TableName\":\"tab\",\"Key\":{\"pk\":{\"S\":\"GRP#" ANN
		"\"},\"sk\":{\"S\":\"99\"}},"
		"\"UpdateExpression\":\"SET unread_count = :unread, "
		"last_read = :last_read\","
		"\"ConditionExpression\":\"message_group_uuid = :seen0 AND "
		"NOT attribute_type(last_read, :string) AND "
		"NOT attribute_type(unread_count, :string)\","
		"\"ExpressionAttributeValues\":{\":seen0\":{\"S\":\"" GROUP
		"\"},\":string\":{\"S\":\"S\"},\":unread\":{\"S\":\"2\"},"
		"\":last_read\":{\"S\":\"uuid of 7\"}}}");
}
END_TEST

START_TEST(others_that_come_between_again_and_again_end_it)
{
	refuse();
	assert_marked(STATUS_UNAVAILABLE, NULL, 0); /* every call is refused, the reads as well */
	http_server_forget_script(fixture.server);
	refuse();
	for (int i = 0; i < 20; i++) {
		reply_position("9", i % 2 ? "8" : "7");
		reply("{}");
		reply_position("9", i % 2 ? "7" : "8");
	}
	assert_marked(STATUS_UNAVAILABLE, NULL, 0);
	ck_assert_uint_lt(http_server_hits(fixture.server), 60);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("message_group_reading");
	TCase *tests = tcase_create("reading");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, the_first_mark_is_three_calls);
	tcase_add_test(tests, a_later_mark_follows_upon_the_one_before);
	tcase_add_test(tests, a_mark_that_changes_nothing_writes_nothing);
	tcase_add_test(tests, a_position_that_was_not_copied_is);
	tcase_add_test(tests, a_position_that_goes_on_while_it_is_looked_at_is_looked_at_again);
	tcase_add_test(tests, a_row_of_another_group_at_that_place_is_left_alone);
	tcase_add_test(tests, a_row_that_another_program_moved_is_searched_for);
	tcase_add_test(tests, others_that_come_between_again_and_again_end_it);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
