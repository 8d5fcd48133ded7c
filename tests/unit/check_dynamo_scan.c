/* SPDX-License-Identifier: MIT */
/* Scan and DescribeTable against a server that plays DynamoDB: the bytes that are sent, and what is
 * made of odd answers. */
#include "dynamo/dynamo.h"
#include "dynamo/page.h"

#include "support/dynamo_fixture.h"
#include "support/page_of.h"
#include "unit/check_main.h"

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

START_TEST(scan_is_strongly_consistent_and_goes_on_where_it_stopped)
{
	struct dynamo_scan s = { .attributes = "pk, sk", .limit = 2 };
	struct dynamo_page *first, *second;
	struct slice text;

	http_server_reply_ok(fixture.server,
		"{\"Items\":[{\"pk\":{\"S\":\"a\"}}],\"Count\":1,\"LastEvaluatedKey\":"
		"{\"pk\":{\"S\":\"a\"},\"sk\":{\"S\":\"\\u0000\"}}}");
	http_server_reply_ok(fixture.server, "{\"Items\":[],\"Count\":0}");
	ck_assert_int_eq(dynamo_scan(fixture.table, &s, soon(), &first), STATUS_OK);
	dynamo_fixture_assert_sent(&fixture, 0, "Scan",
		"{\"TableName\":\"tab\",\"ProjectionExpression\":\"pk, sk\","
		"\"ConsistentRead\":true,\"Limit\":2}");
	ck_assert_uint_eq(dynamo_page_count(first), 1);
	ck_assert(dynamo_item_string(dynamo_page_item(first, 0), "pk", &text));
	ck_assert(slice_equal(text, SLICE("a")));
	ck_assert(dynamo_page_has_more(first));
	s.resume = first;
	ck_assert_int_eq(dynamo_scan(fixture.table, &s, soon(), &second), STATUS_OK);
	dynamo_fixture_assert_sent(&fixture, 1, "Scan",
		"{\"TableName\":\"tab\",\"ProjectionExpression\":\"pk, sk\","
		"\"ConsistentRead\":true,\"Limit\":2,"
		"\"ExclusiveStartKey\":{\"pk\":{\"S\":\"a\"},\"sk\":{\"S\":\"\\u0000\"}}}");
	ck_assert(!dynamo_page_has_more(second));
	dynamo_page_free(first);
	dynamo_page_free(second);
}
END_TEST

START_TEST(scan_may_have_a_filter_and_needs_nothing_at_all)
{
	const struct dynamo_attr value = { "prefix", SLICE_LITERAL("MSG#"), DYNAMO_STRING };
	struct dynamo_scan s = { .filter = { "begins_with(pk, :prefix)", &value, 1 } };
	struct dynamo_page *page;

	http_server_reply_ok(fixture.server, "{\"Items\":[]}");
	ck_assert_int_eq(dynamo_scan(fixture.table, &s, soon(), &page), STATUS_OK);
	dynamo_page_free(page);
	dynamo_fixture_assert_sent(&fixture, 0, "Scan",
		"{\"TableName\":\"tab\",\"FilterExpression\":\"begins_with(pk, :prefix)\","
		"\"ExpressionAttributeValues\":{\":prefix\":{\"S\":\"MSG#\"}},"
		"\"ConsistentRead\":true}");
	s = (struct dynamo_scan){ 0 };
	ck_assert_int_eq(dynamo_scan(fixture.table, &s, soon(), &page), STATUS_OK);
	dynamo_page_free(page);
	dynamo_fixture_assert_sent(
		&fixture, 1, "Scan", "{\"TableName\":\"tab\",\"ConsistentRead\":true}");
}
END_TEST

START_TEST(a_scan_that_is_refused_or_not_understood_is_unavailable)
{
	struct dynamo_scan s = { 0 };
	struct dynamo_page *page = NULL;

	dynamo_fixture_refuse(&fixture, "ResourceNotFoundException");
	ck_assert_int_eq(dynamo_scan(fixture.table, &s, soon(), &page), STATUS_UNAVAILABLE);
	http_server_reply_ok(fixture.server, "{\"Items\":[7]}");
	ck_assert_int_eq(dynamo_scan(fixture.table, &s, soon(), &page), STATUS_UNAVAILABLE);
	ck_assert_ptr_null(page);
	ck_assert_uint_eq(http_server_hits(fixture.server), 2);
}
END_TEST

/* As deep as DynamoDB allows: a value in 32 maps. */
START_TEST(items_nest_as_deep_as_dynamodb_lets_them)
{
	struct buf answer = { 0 };
	struct dynamo_page *page;
	struct slice text;

	buf_add_str(&answer, "{\"Items\":[{\"pk\":{\"S\":\"a\"},\"deep\":");
	for (int i = 0; i < 32; i++)
		buf_add_str(&answer, "{\"M\":{\"m\":");
	buf_add_str(&answer, "{\"S\":\"x\"}");
	for (int i = 0; i < 32; i++)
		buf_add_str(&answer, "}}");
	buf_add_str(&answer, "}]}");
	ck_assert_int_eq(page_of(dynamo_page_read_query, buf_slice(&answer), &page), STATUS_OK);
	ck_assert(dynamo_item_string(dynamo_page_item(page, 0), "pk", &text));
	dynamo_page_free(page);
	buf_free(&answer);
}
END_TEST

START_TEST(a_table_tells_of_its_stream)
{
	struct dynamo_table t = { 0 };

	http_server_reply_ok(fixture.server,
		"{\"Table\":{\"TableName\":\"tab\",\"ItemCount\":1234567890123,"
		"\"StreamSpecification\":{\"StreamEnabled\":true,\"StreamViewType\":\"NEW_IMAGE\"},"
		"\"LatestStreamArn\":\"arn:aws:dynamodb:r:1:table/tab/stream/2026\"}}");
	ck_assert_int_eq(dynamo_describe(fixture.table, soon(), &t), STATUS_OK);
	dynamo_fixture_assert_sent(&fixture, 0, "DescribeTable", "{\"TableName\":\"tab\"}");
	ck_assert_str_eq(buf_cstr(&t.stream_arn), "arn:aws:dynamodb:r:1:table/tab/stream/2026");
	ck_assert(t.stream_enabled && t.stream_has_image);
	ck_assert_int_eq(t.item_count, 1234567890123);
	dynamo_table_clear(&t);
	ck_assert_ptr_null(t.stream_arn.data);
	ck_assert(!t.stream_enabled && !t.stream_has_image && t.item_count == 0);
}
END_TEST

#define KEY(name, type) "{\"AttributeName\":\"" name "\",\"KeyType\":\"" type "\"}"
#define DEFINED(name, type) "{\"AttributeName\":\"" name "\",\"AttributeType\":\"" type "\"}"
#define KEYS(hash, range) "\"KeySchema\":[" KEY(hash, "HASH") "," KEY(range, "RANGE") "]"
#define STRINGS                                                                                    \
	"\"AttributeDefinitions\":[" DEFINED("pk", "S") "," DEFINED("sk", "S") "," DEFINED(        \
		"g", "S") "," DEFINED("n", "N") "]"

/* The table is described by that JSON. */
static void describe_as(const char *table, struct dynamo_table *out)
{
	struct buf answer = { 0 };

	buf_add_str(&answer, "{\"Table\":");
	buf_add_str(&answer, table);
	buf_add_str(&answer, "}");
	http_server_forget_script(fixture.server);
	http_server_reply_ok(fixture.server, buf_cstr(&answer));
	ck_assert_int_eq(dynamo_describe(fixture.table, soon(), out), STATUS_OK);
	buf_free(&answer);
}

START_TEST(a_table_tells_of_its_keys_and_whether_it_is_in_service)
{
	static const struct {
		const char *table;
		bool has_keys, active;
	} cases[] = {
		{ "{" STRINGS "," KEYS("pk", "sk") ",\"TableStatus\":\"ACTIVE\"}", true, true },
		{ "{" STRINGS "," KEYS("pk", "sk") ",\"TableStatus\":\"UPDATING\"}", true, true },
		{ "{" STRINGS "," KEYS("pk", "sk") ",\"TableStatus\":\"CREATING\"}", true, false },
		{ "{" STRINGS "," KEYS("sk", "pk") "}", false, false },
		{ "{" STRINGS "," KEYS("pk", "n") "}", false, false },
		{ "{" STRINGS ",\"KeySchema\":[" KEY("pk", "HASH") "]}", false, false },
		{ "{" KEYS("pk", "sk") "}", false, false },
		{ "{\"AttributeDefinitions\":[" DEFINED("pk", "S") "," DEFINED("sk", "B") "]," KEYS(
			  "pk", "sk") "}",
			false, false },
		{ "{\"KeySchema\":7,\"AttributeDefinitions\":{},\"TableStatus\":1}", false, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dynamo_table t = { 0 };

		describe_as(cases[i].table, &t);
		ck_assert_msg(t.has_keys == cases[i].has_keys, "%s", cases[i].table);
		ck_assert_msg(t.active == cases[i].active, "%s", cases[i].table);
		dynamo_table_clear(&t);
	}
}
END_TEST

START_TEST(an_index_is_found_by_its_name_and_judged)
{
	struct dynamo_index index = { .active = true };

	http_server_reply_ok(fixture.server,
		"{\"Table\":{" STRINGS ",\"GlobalSecondaryIndexes\":[7,{\"IndexName\":\"other\"},"
		"{\"IndexName\":\"ours\",\"IndexStatus\":\"ACTIVE\"," KEYS(
			"g", "sk") ","
				   "\"Projection\":{\"ProjectionType\":\"ALL\"}}]}}");
	ck_assert_int_eq(dynamo_describe_index(fixture.table, "theirs", "g", soon(), &index),
		STATUS_NOT_FOUND);
	ck_assert(index.active); /* untouched */
	ck_assert_int_eq(
		dynamo_describe_index(fixture.table, "other", "g", soon(), &index), STATUS_OK);
	ck_assert(!index.active && !index.has_keys && !index.projects_all);
	ck_assert_int_eq(
		dynamo_describe_index(fixture.table, "ours", "g", soon(), &index), STATUS_OK);
	ck_assert(index.active && index.has_keys && index.projects_all);
	ck_assert_int_eq(
		dynamo_describe_index(fixture.table, "ours", "n", soon(), &index), STATUS_OK);
	ck_assert(!index.has_keys);
	http_server_forget_script(fixture.server);
	http_server_reply_ok(fixture.server, "{\"Table\":[]}");
	ck_assert_int_eq(dynamo_describe_index(fixture.table, "ours", "g", soon(), &index),
		STATUS_UNAVAILABLE);
	dynamo_fixture_refuse(&fixture, "ResourceNotFoundException");
	ck_assert_int_eq(dynamo_describe_index(fixture.table, "ours", "g", soon(), &index),
		STATUS_NOT_FOUND);
}
END_TEST

START_TEST(a_stream_may_be_absent_switched_off_or_without_rows)
{
	static const struct {
		const char *table, *arn;
		bool enabled, has_image;
	} cases[] = {
		{ "{}", "", false, false },
		{ "{\"LatestStreamArn\":\"arn\",\"ItemCount\":-1}", "arn", false, false },
		{ "{\"LatestStreamArn\":\"arn\",\"ItemCount\":\"7\","
		  "\"StreamSpecification\":{\"StreamEnabled\":false}}",
			"arn", false, false },
		{ "{\"LatestStreamArn\":\"arn\",\"StreamSpecification\":"
		  "{\"StreamEnabled\":true,\"StreamViewType\":\"KEYS_ONLY\"}}",
			"arn", true, false },
		{ "{\"LatestStreamArn\":\"arn\",\"StreamSpecification\":"
		  "{\"StreamEnabled\":true,\"StreamViewType\":\"OLD_IMAGE\"}}",
			"arn", true, false },
		{ "{\"LatestStreamArn\":\"arn\",\"StreamSpecification\":"
		  "{\"StreamEnabled\":true,\"StreamViewType\":\"NEW_AND_OLD_IMAGES\"}}",
			"arn", true, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dynamo_table t = { 0 };

		describe_as(cases[i].table, &t);
		ck_assert_str_eq(buf_cstr(&t.stream_arn), cases[i].arn);
		ck_assert_int_eq(t.stream_enabled, cases[i].enabled);
		ck_assert_int_eq(t.stream_has_image, cases[i].has_image);
		ck_assert_int_eq(t.item_count, 0);
		dynamo_table_clear(&t);
	}
}
END_TEST

START_TEST(a_table_that_is_not_there_is_told_from_one_that_cannot_be_asked)
{
	static const char *const nonsense[] = { "{}", "{\"Table\":null}", "{\"Table\":[]}",
		"{\"Table\":{\"LatestStreamArn\":7}}", "{\"Table\":{\"LatestStreamArn\":null}}",
		"{\"Table\":{\"LatestStreamArn\":\"a\\u0000b\"}}", "{\"Table\":{}}}" };
	struct dynamo_table t = { 0 };

	dynamo_fixture_refuse(&fixture, "ResourceNotFoundException");
	ck_assert_int_eq(dynamo_describe(fixture.table, soon(), &t), STATUS_NOT_FOUND);
	dynamo_fixture_refuse(&fixture, "AccessDeniedException");
	ck_assert_int_eq(dynamo_describe(fixture.table, soon(), &t), STATUS_UNAVAILABLE);
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		http_server_forget_script(fixture.server);
		http_server_reply_ok(fixture.server, nonsense[i]);
		ck_assert_msg(dynamo_describe(fixture.table, soon(), &t) == STATUS_UNAVAILABLE,
			"%s", nonsense[i]);
	}
	ck_assert_ptr_null(t.stream_arn.data);
	http_server_forget_script(fixture.server);
	http_server_reply(fixture.server, (struct http_server_reply){ .manner = HTTP_SERVER_HANG });
	ck_assert_int_eq(dynamo_describe(fixture.table, deadline_in(200), &t), STATUS_TIMEOUT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dynamo_scan");
	TCase *tests = tcase_create("scan");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 20);
	tcase_add_test(tests, scan_is_strongly_consistent_and_goes_on_where_it_stopped);
	tcase_add_test(tests, scan_may_have_a_filter_and_needs_nothing_at_all);
	tcase_add_test(tests, a_scan_that_is_refused_or_not_understood_is_unavailable);
	tcase_add_test(tests, items_nest_as_deep_as_dynamodb_lets_them);
	tcase_add_test(tests, a_table_tells_of_its_stream);
	tcase_add_test(tests, a_table_tells_of_its_keys_and_whether_it_is_in_service);
	tcase_add_test(tests, an_index_is_found_by_its_name_and_judged);
	tcase_add_test(tests, a_stream_may_be_absent_switched_off_or_without_rows);
	tcase_add_test(tests, a_table_that_is_not_there_is_told_from_one_that_cannot_be_asked);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
