/* SPDX-License-Identifier: MIT */
/* GetItem and Query against a server that plays DynamoDB: the bytes that are sent, and what is made
 * of odd answers. That DynamoDB itself takes these bytes is the system tests' business. */
#include "dynamo/dynamo.h"
#include "dynamo/page.h"

#include "support/dynamo_fixture.h"
#include "support/page_of.h"
#include "unit/check_main.h"

#include <stdio.h>

static struct dynamo_fixture fixture;

static void set_up(void)
{
	dynamo_fixture_up(&fixture);
}

static void tear_down(void)
{
	dynamo_fixture_down(&fixture);
}

static struct deadline soon(void)
{
	return deadline_in(4500);
}

static void assert_string(const struct dynamo_item *item, const char *name, const char *should)
{
	struct slice is;

	ck_assert(dynamo_item_string(item, name, &is));
	ck_assert(slice_equal(is, slice_of(should)));
}

START_TEST(get_is_strongly_consistent)
{
	struct dynamo_page *page;

	http_server_reply_ok(
		fixture.server, "{\"Item\":{\"pk\":{\"S\":\"a\\\"b\"},\"n\":{\"N\":\"-12\"}}}");
	ck_assert_int_eq(
		dynamo_get(fixture.table, SLICE("a\"b"), SLICE("\n"), soon(), &page), STATUS_OK);
	dynamo_fixture_assert_sent(&fixture, 0, "GetItem",
		"{\"TableName\":\"tab\",\"Key\":{\"pk\":{\"S\":\"a\\\"b\"},\"sk\":{\"S\":\"\\n\"}},"
		"\"ConsistentRead\":true}");
	ck_assert_uint_eq(dynamo_page_count(page), 1);
	assert_string(dynamo_page_item(page, 0), "pk", "a\"b");
	ck_assert(!dynamo_page_has_more(page));
	dynamo_page_free(page);
	http_server_reply_ok(fixture.server, "{}");
	ck_assert_int_eq(
		dynamo_get(fixture.table, SLICE("a"), SLICE("b"), soon(), &page), STATUS_OK);
	ck_assert_uint_eq(dynamo_page_count(page), 0);
	ck_assert_ptr_null(dynamo_page_item(page, 0));
	dynamo_page_free(page);
}
END_TEST

START_TEST(query_asks_for_newest_first_and_goes_on_where_it_stopped)
{
	struct dynamo_query q = { .hash_value = SLICE("GRP#1"), .limit = 2 };
	struct dynamo_page *first, *second;

	http_server_reply_ok(fixture.server,
		"{\"Items\":[{\"sk\":{\"S\":\"2\"}}],\"Count\":1,\"LastEvaluatedKey\":"
		"{\"pk\":{\"S\":\"GRP#1\"},\"sk\":{\"S\":\"\\u00e9\\\"\"},\"n\":{\"N\":\"7\"}}}");
	http_server_reply_ok(fixture.server, "{\"Items\":[],\"Count\":0}");
	ck_assert_int_eq(dynamo_query(fixture.table, &q, soon(), &first), STATUS_OK);
	dynamo_fixture_assert_sent(&fixture, 0, "Query",
		"{\"TableName\":\"tab\",\"KeyConditionExpression\":\"pk = :hashkey\","
		"\"ExpressionAttributeValues\":{\":hashkey\":{\"S\":\"GRP#1\"}},"
		"\"ConsistentRead\":true,\"ScanIndexForward\":false,\"Limit\":2}");
	ck_assert(dynamo_page_has_more(first));
	q.resume = first;
	ck_assert_int_eq(dynamo_query(fixture.table, &q, soon(), &second), STATUS_OK);
	ck_assert(!dynamo_page_has_more(second));
	ck_assert_uint_eq(dynamo_page_count(second), 0);
	dynamo_fixture_assert_sent(&fixture, 1, "Query",
		"{\"TableName\":\"tab\",\"KeyConditionExpression\":\"pk = :hashkey\","
		"\"ExpressionAttributeValues\":{\":hashkey\":{\"S\":\"GRP#1\"}},"
		"\"ConsistentRead\":true,\"ScanIndexForward\":false,\"Limit\":2,"
		"\"ExclusiveStartKey\":{\"pk\":{\"S\":\"GRP#1\"},\"sk\":{\"S\":\"\\u00e9\\\"\"},"
		"\"n\":{\"N\":\"7\"}}}");
	dynamo_page_free(first);
	dynamo_page_free(second);
}
END_TEST

START_TEST(query_has_bounds_a_filter_and_an_index)
{
	const struct dynamo_attr values[] = { { "user_uuid", SLICE_LITERAL("u"), DYNAMO_STRING },
		{ "n", SLICE_LITERAL("5"), DYNAMO_NUMBER } };
	struct dynamo_query q = {
		.hash_value = SLICE("h"),
		.before = SLICE("s"),
		.filter = { "user_uuid = :user_uuid AND n < :n", values, 2 },
	};
	struct dynamo_page *page;

	http_server_reply_ok(fixture.server, "{\"Items\":[]}");
	ck_assert_int_eq(dynamo_query(fixture.table, &q, soon(), &page), STATUS_OK);
	dynamo_page_free(page);
	dynamo_fixture_assert_sent(&fixture, 0, "Query",
		"{\"TableName\":\"tab\","
		"\"KeyConditionExpression\":\"pk = :hashkey AND sk < :rangekey\","
		"\"FilterExpression\":\"user_uuid = :user_uuid AND n < :n\","
		"\"ExpressionAttributeValues\":{\":hashkey\":{\"S\":\"h\"},"
		"\":rangekey\":{\"S\":\"s\"},\":user_uuid\":{\"S\":\"u\"},\":n\":{\"N\":\"5\"}},"
		"\"ConsistentRead\":true,\"ScanIndexForward\":false}");
	q = (struct dynamo_query){ .index = "idx",
		.hash_name = "message_group_uuid",
		.hash_value = SLICE("g"),
		.after = SLICE("t"),
		.ascending = true };
	ck_assert_int_eq(dynamo_query(fixture.table, &q, soon(), &page), STATUS_OK);
	dynamo_page_free(page);
	dynamo_fixture_assert_sent(&fixture, 1, "Query",
		"{\"TableName\":\"tab\",\"IndexName\":\"idx\",\"KeyConditionExpression\":"
		"\"message_group_uuid = :hashkey AND sk > :rangekey\","
		"\"ExpressionAttributeValues\":{\":hashkey\":{\"S\":\"g\"},"
		"\":rangekey\":{\"S\":\"t\"}}}");
	q.before = SLICE("u");
	ck_assert_int_eq(dynamo_query(fixture.table, &q, soon(), &page), STATUS_INVALID);
}
END_TEST

START_TEST(an_empty_page_may_have_more)
{
	struct dynamo_page *page;

	ck_assert_int_eq(
		page_of(dynamo_page_read_query,
			SLICE("{\"Items\":[],\"LastEvaluatedKey\":{\"pk\":{\"S\":\"x\"}}}"), &page),
		STATUS_OK);
	ck_assert_uint_eq(dynamo_page_count(page), 0);
	ck_assert(dynamo_page_has_more(page));
	dynamo_page_free(page);
}
END_TEST

START_TEST(a_page_says_how_many_rows_were_evaluated_for_it)
{
	static const struct {
		const char *scanned;
		size_t looked_at;
	} answers[] = {
		{ "", 1 },
		{ ",\"ScannedCount\":1", 1 },
		{ ",\"ScannedCount\":4096", 4096 },
		{ ",\"ScannedCount\":0", 1 },
		{ ",\"ScannedCount\":-5", 1 },
		{ ",\"ScannedCount\":1e300", 1 },
		{ ",\"ScannedCount\":\"7\"", 1 },
		{ ",\"ScannedCount\":null", 1 },
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct dynamo_page *page;
		char text[128];

		snprintf(text, sizeof(text), "{\"Items\":[{\"pk\":{\"S\":\"x\"}}]%s}",
			answers[i].scanned);
		ck_assert_int_eq(page_of(dynamo_page_read_query, slice_of(text), &page), STATUS_OK);
		ck_assert_uint_eq(dynamo_page_looked_at(page), answers[i].looked_at);
		dynamo_page_free(page);
	}
}
END_TEST

START_TEST(attributes_of_another_type_are_not_there)
{
	static const char *const odd[] = { "text", "number", "null", "list", "both", "bare", "none",
		"missing", "empty", "map" };
	struct dynamo_page *page;
	struct slice text = SLICE("untouched");
	int64_t number = 7;

	ck_assert_int_eq(
		page_of(dynamo_page_read_query,
			SLICE("{\"Items\":[{\"text\":{\"S\":5},\"number\":{\"N\":5},"
			      "\"null\":{\"NULL\":true},\"list\":{\"L\":[]},"
			      "\"both\":{\"S\":\"a\",\"N\":\"1\"},\"bare\":\"a\",\"none\":null,"
			      "\"empty\":{},\"map\":{\"M\":{\"S\":\"a\"}},"
			      "\"good\":{\"S\":\"a\\u0000b\"},\"nothing\":{\"S\":\"\"}}]}"),
			&page),
		STATUS_OK);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		const struct dynamo_item *item = dynamo_page_item(page, 0);

		ck_assert_msg(!dynamo_item_string(item, odd[i], &text), "%s", odd[i]);
		ck_assert_msg(!dynamo_item_int(item, odd[i], &number), "%s", odd[i]);
	}
	ck_assert(slice_equal(text, SLICE("untouched")));
	ck_assert_int_eq(number, 7);
	ck_assert(dynamo_item_string(dynamo_page_item(page, 0), "good", &text));
	ck_assert_uint_eq(text.len, 3);
	assert_string(dynamo_page_item(page, 0), "nothing", "");
	dynamo_page_free(page);
}
END_TEST

START_TEST(numbers_are_whole_and_fit)
{
	static const struct {
		const char *text;
		bool good;
		int64_t value;
	} cases[] = { { "0", true, 0 }, { "-0", true, 0 }, { "42", true, 42 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "-9223372036854775808", true, INT64_MIN }, { "9223372036854775808", false, 0 },
		{ "-9223372036854775809", false, 0 }, { "99999999999999999999999", false, 0 },
		{ "", false, 0 }, { "-", false, 0 }, { "1.5", false, 0 }, { "1E2", false, 0 },
		{ " 1", false, 0 }, { "+1", false, 0 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char answer[96];
		struct dynamo_page *page;
		int64_t value = 7;

		snprintf(
			answer, sizeof(answer), "{\"Item\":{\"n\":{\"N\":\"%s\"}}}", cases[i].text);
		ck_assert_int_eq(page_of(dynamo_page_read_get, slice_of(answer), &page), STATUS_OK);
		ck_assert_int_eq(
			dynamo_item_int(dynamo_page_item(page, 0), "n", &value), cases[i].good);
		ck_assert_int_eq(value, cases[i].good ? cases[i].value : 7);
		dynamo_page_free(page);
	}
}
END_TEST

START_TEST(answers_that_the_api_does_not_document_are_unavailable)
{
	static const char *const queries[] = { "{}", "{\"Items\":null}", "{\"Items\":{}}",
		"{\"Items\":[1]}", "{\"Items\":[{},null]}",
		"{\"Items\":[],\"LastEvaluatedKey\":null}",
		"{\"Items\":[],\"LastEvaluatedKey\":{}}", "{\"Items\":[],\"LastEvaluatedKey\":[]}",
		"{\"Items\":[],\"LastEvaluatedKey\":{\"pk\":\"x\"}}",
		"{\"Items\":[],\"LastEvaluatedKey\":{\"pk\":{\"B\":\"x\"}}}",
		"{\"Items\":[],\"LastEvaluatedKey\":{\"p\\u0000\":{\"S\":\"x\"}}}",
		"{\"Items\":[],\"Items\":[]}", "{\"Items\":[]}x}" };
	static const char *const gets[] = { "{\"Item\":null}", "{\"Item\":[]}", "{\"Item\":{}",
		"{}}" };
	struct dynamo_query q = { .hash_value = SLICE("h") };
	struct dynamo_page *page = NULL;

	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		http_server_forget_script(fixture.server);
		http_server_reply_ok(fixture.server, queries[i]);
		ck_assert_msg(dynamo_query(fixture.table, &q, soon(), &page) == STATUS_UNAVAILABLE,
			"%s", queries[i]);
	}
	for (size_t i = 0; i < sizeof(gets) / sizeof(gets[0]); i++) {
		http_server_forget_script(fixture.server);
		http_server_reply_ok(fixture.server, gets[i]);
		ck_assert_msg(dynamo_get(fixture.table, SLICE("a"), SLICE("b"), soon(), &page) ==
				STATUS_UNAVAILABLE,
			"%s", gets[i]);
	}
	ck_assert_ptr_null(page);
}
END_TEST

START_TEST(a_refused_read_is_unavailable)
{
	static const char *const names[] = { "ResourceNotFoundException", "AccessDeniedException",
		"ValidationException", "ConditionalCheckFailedException" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		http_server_forget_script(fixture.server);
		dynamo_fixture_refuse(&fixture, names[i]);
		ck_assert_int_eq(dynamo_ping(fixture.table, soon()), STATUS_UNAVAILABLE);
		ck_assert_uint_eq(http_server_hits(fixture.server), i + 1);
	}
	http_server_forget_script(fixture.server);
	http_server_reply_ok(fixture.server, "{}");
	ck_assert_int_eq(dynamo_ping(fixture.table, soon()), STATUS_OK);
	http_server_forget_script(fixture.server);
	http_server_reply(fixture.server, (struct http_server_reply){ .manner = HTTP_SERVER_HANG });
	ck_assert_int_eq(dynamo_ping(fixture.table, deadline_in(200)), STATUS_TIMEOUT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dynamo_read");
	TCase *reads = tcase_create("reads");

	tcase_add_checked_fixture(reads, set_up, tear_down);
	tcase_set_timeout(reads, 20);
	tcase_add_test(reads, get_is_strongly_consistent);
	tcase_add_test(reads, query_asks_for_newest_first_and_goes_on_where_it_stopped);
	tcase_add_test(reads, query_has_bounds_a_filter_and_an_index);
	tcase_add_test(reads, an_empty_page_may_have_more);
	tcase_add_test(reads, attributes_of_another_type_are_not_there);
	tcase_add_test(reads, a_page_says_how_many_rows_were_evaluated_for_it);
	tcase_add_test(reads, numbers_are_whole_and_fit);
	tcase_add_test(reads, answers_that_the_api_does_not_document_are_unavailable);
	tcase_add_test(reads, a_refused_read_is_unavailable);
	suite_add_tcase(suite, reads);
	return check_main(suite);
}
