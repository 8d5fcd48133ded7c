/* SPDX-License-Identifier: MIT */
/* Single writes and transactions against a server that plays DynamoDB: the bytes that are sent,
 * what a refusal comes to, and what is sent again. */
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

static void cancel(const char *codes)
{
	char body[512];

	snprintf(body, sizeof(body),
		"{\"__type\":\"com.amazonaws.dynamodb.v20120810#TransactionCanceledException\","
		"\"CancellationReasons\":%s}",
		codes);
	http_server_reply(fixture.server, (struct http_server_reply){ 400, NULL, body, 0 });
}

static const struct dynamo_attr item[] = { { "pk", SLICE_LITERAL("p"), DYNAMO_STRING },
	{ "sk", SLICE_LITERAL("s"), DYNAMO_STRING }, { "n", SLICE_LITERAL("1"), DYNAMO_NUMBER } };
static const struct dynamo_attr value_a[] = { { "a", SLICE_LITERAL("x"), DYNAMO_STRING } };
static const struct dynamo_attr values_ab[] = { { "a", SLICE_LITERAL("x"), DYNAMO_STRING },
	{ "b", SLICE_LITERAL("y"), DYNAMO_STRING } };

static struct dynamo_write a_put(void)
{
	return (struct dynamo_write){ .kind = DYNAMO_PUT,
		.attrs = item,
		.attr_count = 3,
		.condition = { .text = "attribute_not_exists(pk)" } };
}

static struct dynamo_write an_update(void)
{
	return (struct dynamo_write){ .kind = DYNAMO_UPDATE,
		.attrs = item,
		.attr_count = 2,
		.condition = { "a < :a", value_a, 1 },
		.update = { "SET a = :a, b = :b", values_ab, 2 } };
}

#define PUT_MEMBERS                                                                                \
	"{\"TableName\":\"tab\",\"Item\":{\"pk\":{\"S\":\"p\"},\"sk\":{\"S\":\"s\"},"              \
	"\"n\":{\"N\":\"1\"}},\"ConditionExpression\":\"attribute_not_exists(pk)\"}"
#define UPDATE_MEMBERS                                                                             \
	"{\"TableName\":\"tab\",\"Key\":{\"pk\":{\"S\":\"p\"},\"sk\":{\"S\":\"s\"}},"              \
	"\"UpdateExpression\":\"SET a = :a, b = :b\",\"ConditionExpression\":\"a < :a\","          \
	"\"ExpressionAttributeValues\":{\":a\":{\"S\":\"x\"},\":b\":{\"S\":\"y\"}}}"
#define KEY_MEMBERS "{\"TableName\":\"tab\",\"Key\":{\"pk\":{\"S\":\"p\"},\"sk\":{\"S\":\"s\"}}"

START_TEST(writes_are_sent_as_the_api_has_them)
{
	struct dynamo_write put = a_put(), update = an_update();
	struct dynamo_write delete = { .kind = DYNAMO_DELETE, .attrs = item, .attr_count = 2 };

	http_server_reply_ok(fixture.server, "{}");
	ck_assert_int_eq(dynamo_write(fixture.table, &put, soon()), STATUS_OK);
	dynamo_fixture_assert_sent(&fixture, 0, "PutItem", PUT_MEMBERS);
	ck_assert_int_eq(dynamo_write(fixture.table, &update, soon()), STATUS_OK);
	dynamo_fixture_assert_sent(&fixture, 1, "UpdateItem", UPDATE_MEMBERS);
	ck_assert_int_eq(dynamo_write(fixture.table, &delete, soon()), STATUS_OK);
	dynamo_fixture_assert_sent(&fixture, 2, "DeleteItem", KEY_MEMBERS "}");
	ck_assert_uint_eq(http_server_connections(fixture.server), 1);
}
END_TEST

START_TEST(a_failed_condition_is_a_conflict_all_else_is_unavailable)
{
	struct dynamo_write put = a_put();

	dynamo_fixture_refuse(&fixture, "ConditionalCheckFailedException");
	ck_assert_int_eq(dynamo_write(fixture.table, &put, soon()), STATUS_CONFLICT);
	dynamo_fixture_refuse(&fixture, "ValidationException");
	ck_assert_int_eq(dynamo_write(fixture.table, &put, soon()), STATUS_UNAVAILABLE);
	dynamo_fixture_refuse(&fixture, "TransactionCanceledException");
	ck_assert_int_eq(dynamo_write(fixture.table, &put, soon()), STATUS_UNAVAILABLE);
	http_server_reply_ok(fixture.server, "{nonsense}");
	ck_assert_int_eq(dynamo_write(fixture.table, &put, soon()), STATUS_UNAVAILABLE);
	ck_assert_uint_eq(http_server_hits(fixture.server), 4);
}
END_TEST

START_TEST(a_write_that_meets_a_transaction_is_tried_again)
{
	struct dynamo_write put = a_put();

	dynamo_fixture_refuse(&fixture, "TransactionConflictException");
	dynamo_fixture_refuse(&fixture, "TransactionConflictException");
	http_server_reply_ok(fixture.server, "{}");
	ck_assert_int_eq(dynamo_write(fixture.table, &put, soon()), STATUS_OK);
	ck_assert_uint_eq(http_server_hits(fixture.server), 3);
}
END_TEST

START_TEST(requests_that_make_no_sense_are_not_sent)
{
	struct dynamo_write put = a_put(), update = an_update(), check = a_put(), many[101];
	enum dynamo_reason reasons[101];

	put.attr_count = 0;
	ck_assert_int_eq(dynamo_write(fixture.table, &put, soon()), STATUS_INVALID);
	update.update.text = NULL;
	ck_assert_int_eq(dynamo_write(fixture.table, &update, soon()), STATUS_INVALID);
	check.kind = DYNAMO_CHECK;
	ck_assert_int_eq(dynamo_write(fixture.table, &check, soon()), STATUS_INVALID);
	check.condition.text = NULL;
	ck_assert_int_eq(
		dynamo_transact(fixture.table, &check, 1, soon(), reasons), STATUS_INVALID);
	for (size_t i = 0; i < 101; i++)
		many[i] = a_put();
	ck_assert_int_eq(
		dynamo_transact(fixture.table, many, 101, soon(), reasons), STATUS_INVALID);
	ck_assert_int_eq(dynamo_transact(fixture.table, many, 0, soon(), reasons), STATUS_INVALID);
	ck_assert_uint_eq(http_server_hits(fixture.server), 0);
}
END_TEST

/* --- Puts that take over another item ------------------------------------------------------------
 */

/* What DynamoDB may hold, names that hold U+0000 and a nested one of each kind included; and names
 * that the put gives anew. */
#define KEPT                                                                                       \
	"\"s\":{\"S\":\"\\u0000\\\"x\"},\"z\":{\"NULL\":true},\"b\":{\"B\":\"AAEC\"},"             \
	"\"t\":{\"BOOL\":false},\"ss\":{\"SS\":[\"y\",\"x\"]},\"ns\":{\"NS\":[\"1E-20\",\"2.50\"]" \
	"},"                                                                                       \
	"\"bs\":{\"BS\":[\"AA==\"]},\"n\\u0000\":{\"N\":\"-12.0\"},"                               \
	"\"l\":{\"L\":[{\"M\":{\"\\u0000\":{\"L\":[]},\"a\":{\"S\":\"\"}}},{\"N\":\"1\"}]}"
static const char base_answer[] =
	"{\"Item\":{\"pk\":{\"S\":\"old\"},\"n\":{\"S\":\"old\"}," KEPT ",\"sk\":{\"S\":\"old\"}}}";
#define PUT_WITH_BASE                                                                              \
	"{\"TableName\":\"tab\",\"Item\":{\"pk\":{\"S\":\"p\"},\"sk\":{\"S\":\"s\"},"              \
	"\"n\":{\"N\":\"1\"}," KEPT "},\"ConditionExpression\":\"attribute_not_exists(pk)\"}"

START_TEST(a_put_keeps_what_it_does_not_name)
{
	static const char in_transaction[] = "[{\"Put\":" PUT_WITH_BASE "}]";
	struct dynamo_write put = a_put();
	enum dynamo_reason reasons[1];
	struct dynamo_page *page;
	struct slice sent;

	ck_assert_int_eq(page_of(dynamo_page_read_get, slice_of(base_answer), &page), STATUS_OK);
	put.base = dynamo_page_item(page, 0);
	http_server_reply_ok(fixture.server, "{}");
	ck_assert_int_eq(dynamo_write(fixture.table, &put, soon()), STATUS_OK);
	dynamo_fixture_assert_sent(&fixture, 0, "PutItem", PUT_WITH_BASE);
	ck_assert_int_eq(dynamo_transact(fixture.table, &put, 1, soon(), reasons), STATUS_OK);
	sent = http_server_body(fixture.server, 1);
	ck_assert_ptr_nonnull(memmem(sent.ptr, sent.len, in_transaction, strlen(in_transaction)));
	ck_assert_int_eq(json_check(sent), STATUS_OK);
	dynamo_page_free(page);
}
END_TEST

START_TEST(a_put_that_names_all_of_its_base_is_itself)
{
	struct dynamo_write put = a_put();
	struct dynamo_page *page;

	ck_assert_int_eq(
		page_of(dynamo_page_read_get, SLICE("{\"Item\":{\"sk\":{\"S\":\"old\"}}}"), &page),
		STATUS_OK);
	put.base = dynamo_page_item(page, 0);
	http_server_reply_ok(fixture.server, "{}");
	ck_assert_int_eq(dynamo_write(fixture.table, &put, soon()), STATUS_OK);
	dynamo_fixture_assert_sent(&fixture, 0, "PutItem", PUT_MEMBERS);
	dynamo_page_free(page);
}
END_TEST

START_TEST(a_base_is_sent_as_it_came_however_odd)
{
	static const char odd[] = "\"odd\":{\"N\":99999999999999999999},\"\\u0061\\u0000\":[1e400]";
	struct dynamo_write put = a_put();
	struct dynamo_page *page;
	struct slice sent;
	char answer[128];

	snprintf(answer, sizeof(answer), "{\"Item\":{%s}}", odd);
	ck_assert_int_eq(page_of(dynamo_page_read_get, slice_of(answer), &page), STATUS_OK);
	put.base = dynamo_page_item(page, 0);
	http_server_reply_ok(fixture.server, "{}");
	ck_assert_int_eq(dynamo_write(fixture.table, &put, soon()), STATUS_OK);
	sent = http_server_body(fixture.server, 0);
	ck_assert_ptr_nonnull(memmem(sent.ptr, sent.len, odd, strlen(odd)));
	ck_assert_int_eq(json_check(sent), STATUS_OK);
	dynamo_page_free(page);
}
END_TEST

START_TEST(only_a_put_has_a_base)
{
	struct dynamo_write update = an_update();
	struct dynamo_page *page;

	ck_assert_int_eq(page_of(dynamo_page_read_get, slice_of(base_answer), &page), STATUS_OK);
	update.base = dynamo_page_item(page, 0);
	ck_assert_int_eq(dynamo_write(fixture.table, &update, soon()), STATUS_INVALID);
	ck_assert_uint_eq(http_server_hits(fixture.server), 0);
	dynamo_page_free(page);
}
END_TEST

/* --- Transactions -------------------------------------------------------------------------------
 */

static enum status transact_two(enum dynamo_reason reasons[2], int64_t ms)
{
	struct dynamo_write writes[] = { a_put(), an_update() };

	return dynamo_transact(fixture.table, writes, 2, deadline_in(ms), reasons);
}

START_TEST(a_transaction_is_sent_whole_with_a_token_of_its_own)
{
	enum dynamo_reason reasons[4];
	struct dynamo_write writes[] = { a_put(), an_update(),
		{ .kind = DYNAMO_DELETE, .attrs = item, .attr_count = 2 },
		{ .kind = DYNAMO_CHECK,
			.attrs = item,
			.attr_count = 2,
			.condition = { .text = "attribute_exists(pk)" } } };
	char should[1024], tokens[2][37];

	http_server_reply_ok(fixture.server, "{}");
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(
			dynamo_transact(fixture.table, writes, 4, soon(), reasons), STATUS_OK);
		memcpy(tokens[i],
			http_server_body(fixture.server, i).ptr +
				strlen("{\"ClientRequestToken\":\""),
			36);
		tokens[i][36] = '\0';
		snprintf(should, sizeof(should),
			"{\"ClientRequestToken\":\"%s\",\"TransactItems\":[{\"Put\":" PUT_MEMBERS
			"},{\"Update\":" UPDATE_MEMBERS "},{\"Delete\":" KEY_MEMBERS
			"}},{\"ConditionCheck\":" KEY_MEMBERS
			",\"ConditionExpression\":\"attribute_exists(pk)\"}}]}",
			tokens[i]);
		dynamo_fixture_assert_sent(&fixture, i, "TransactWriteItems", should);
	}
	ck_assert_str_ne(tokens[0], tokens[1]);
}
END_TEST

START_TEST(a_lost_answer_is_asked_for_with_the_same_bytes)
{
	enum dynamo_reason reasons[2];

	http_server_reply(fixture.server, (struct http_server_reply){ .manner = HTTP_SERVER_DROP });
	http_server_reply(fixture.server, (struct http_server_reply){ 500, NULL, "{}", 0 });
	dynamo_fixture_refuse(&fixture, "TransactionInProgressException");
	http_server_reply_ok(fixture.server, "{}");
	ck_assert_int_eq(transact_two(reasons, 4500), STATUS_OK);
	ck_assert_uint_eq(http_server_hits(fixture.server), 4);
	for (size_t i = 1; i < 4; i++)
		ck_assert(slice_equal(
			http_server_body(fixture.server, 0), http_server_body(fixture.server, i)));
}
END_TEST

START_TEST(a_failed_condition_says_whose)
{
	enum dynamo_reason reasons[2] = { 7, 7 };

	cancel("[{\"Code\":\"None\"},{\"Code\":\"ConditionalCheckFailed\",\"Message\":\"m\"}]");
	ck_assert_int_eq(transact_two(reasons, 4500), STATUS_CONFLICT);
	ck_assert_int_eq(reasons[0], DYNAMO_REASON_NONE);
	ck_assert_int_eq(reasons[1], DYNAMO_REASON_CONDITION);
	cancel("[{\"Code\":\"ConditionalCheckFailed\"},{\"Code\":\"TransactionConflict\"}]");
	ck_assert_int_eq(transact_two(reasons, 4500), STATUS_CONFLICT);
	ck_assert_int_eq(reasons[0], DYNAMO_REASON_CONDITION);
	ck_assert_int_eq(reasons[1], DYNAMO_REASON_NONE);
	ck_assert_uint_eq(http_server_hits(fixture.server), 2);
}
END_TEST

START_TEST(contention_is_tried_again_with_the_same_bytes)
{
	enum dynamo_reason reasons[2] = { 7, 7 };

	for (int i = 0; i < 5; i++)
		cancel("[{\"Code\":\"None\"},{\"Code\":\"TransactionConflict\"}]");
	cancel("[{\"Code\":\"None\"},{\"Code\":\"ThrottlingError\"}]");
	http_server_reply_ok(fixture.server, "{}");
	ck_assert_int_eq(transact_two(reasons, 8000), STATUS_OK);
	ck_assert_uint_eq(http_server_hits(fixture.server), 7);
	for (size_t i = 1; i < 7; i++)
		ck_assert(slice_equal(
			http_server_body(fixture.server, 0), http_server_body(fixture.server, i)));
	ck_assert_int_eq(reasons[0], 7);
}
END_TEST

START_TEST(contention_without_end_ends_by_the_deadline)
{
	enum dynamo_reason reasons[2] = { 7, 7 };
	int64_t began = clock_monotonic_ms();
	enum status rc;

	cancel("[{\"Code\":\"TransactionConflict\"},{\"Code\":\"TransactionConflict\"}]");
	rc = transact_two(reasons, 500);
	ck_assert(rc == STATUS_UNAVAILABLE || rc == STATUS_TIMEOUT);
	ck_assert_int_lt(clock_monotonic_ms() - began, 900);
	ck_assert_uint_gt(http_server_hits(fixture.server), 1);
	ck_assert_int_eq(reasons[0], 7);
}
END_TEST

START_TEST(a_transaction_that_is_refused_or_not_understood_is_unavailable)
{
	static const char *const reasons_of[] = {
		"[{\"Code\":\"ValidationError\"},{\"Code\":\"None\"}]",
		"[{\"Code\":\"TransactionConflict\"},{\"Code\":\"DuplicateItem\"}]",
		"[{\"Code\":\"None\"},{\"Code\":\"None\"}]",
		"[{\"Code\":\"ConditionalCheckFailed\"}]",
		"[{\"Code\":\"ConditionalCheckFailed\"},{}]",
		"[{\"Code\":\"ConditionalCheckFailed\"},null]",
		"null",
		"{}",
	};
	enum dynamo_reason reasons[2] = { 7, 7 };
	size_t count = sizeof(reasons_of) / sizeof(reasons_of[0]);

	for (size_t i = 0; i < count; i++) {
		http_server_forget_script(fixture.server);
		cancel(reasons_of[i]);
		ck_assert_msg(
			transact_two(reasons, 4500) == STATUS_UNAVAILABLE, "%s", reasons_of[i]);
	}
	http_server_forget_script(fixture.server);
	dynamo_fixture_refuse(&fixture, "IdempotentParameterMismatchException");
	ck_assert_int_eq(transact_two(reasons, 4500), STATUS_UNAVAILABLE);
	ck_assert_uint_eq(http_server_hits(fixture.server), count + 1);
	ck_assert_int_eq(reasons[0], 7);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dynamo_write");
	TCase *writes = tcase_create("writes");

	tcase_add_checked_fixture(writes, set_up, tear_down);
	tcase_set_timeout(writes, 20);
	tcase_add_test(writes, writes_are_sent_as_the_api_has_them);
	tcase_add_test(writes, a_failed_condition_is_a_conflict_all_else_is_unavailable);
	tcase_add_test(writes, a_write_that_meets_a_transaction_is_tried_again);
	tcase_add_test(writes, requests_that_make_no_sense_are_not_sent);
	tcase_add_test(writes, a_put_keeps_what_it_does_not_name);
	tcase_add_test(writes, a_put_that_names_all_of_its_base_is_itself);
	tcase_add_test(writes, a_base_is_sent_as_it_came_however_odd);
	tcase_add_test(writes, only_a_put_has_a_base);
	tcase_add_test(writes, a_transaction_is_sent_whole_with_a_token_of_its_own);
	tcase_add_test(writes, a_lost_answer_is_asked_for_with_the_same_bytes);
	tcase_add_test(writes, a_failed_condition_says_whose);
	tcase_add_test(writes, contention_is_tried_again_with_the_same_bytes);
	tcase_add_test(writes, contention_without_end_ends_by_the_deadline);
	tcase_add_test(writes, a_transaction_that_is_refused_or_not_understood_is_unavailable);
	suite_add_tcase(suite, writes);
	return check_main(suite);
}
