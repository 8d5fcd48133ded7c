/* SPDX-License-Identifier: MIT */
/* Deletes that tell what they removed, and what one version of an item has that another has not,
 * against a server that plays DynamoDB. */
#include "dynamo/dynamo.h"
#include "dynamo/page.h"

#include "support/dynamo_fixture.h"
#include "support/page_of.h"
#include "unit/check_main.h"

static struct dynamo_fixture fixture;
static struct dynamo_page *from, *known;

static void set_up(void)
{
	dynamo_fixture_up(&fixture);
	from = NULL;
	known = NULL;
}

static void tear_down(void)
{
	dynamo_page_free(from);
	dynamo_page_free(known);
	dynamo_fixture_down(&fixture);
}

static struct deadline soon(void)
{
	return deadline_in(4500);
}

static const struct dynamo_attr key[] = { { "pk", SLICE_LITERAL("p"), DYNAMO_STRING },
	{ "sk", SLICE_LITERAL("s"), DYNAMO_STRING } };
static const struct dynamo_attr group[] = { { "group", SLICE_LITERAL("g"), DYNAMO_STRING } };

static struct dynamo_write write_of(enum dynamo_write_kind kind)
{
	return (struct dynamo_write){
		.kind = kind, .attrs = key, .attr_count = 2, .condition = { "g = :group", group, 1 }
	};
}

static struct dynamo_page *item(const char *text)
{
	struct dynamo_page *page;

	ck_assert_int_eq(page_of(dynamo_page_read_get, slice_of(text), &page), STATUS_OK);
	ck_assert_uint_eq(dynamo_page_count(page), 1);
	return page;
}

/* Carries what the first has to what was made from the second; true if that took a call. */
static bool carry(const char *has, const char *has_not, bool only_missing)
{
	struct dynamo_write target = write_of(DYNAMO_UPDATE);
	struct dynamo_difference d = {
		.named = key, .named_count = 2, .only_missing = only_missing
	};
	bool made;

	from = item(has);
	known = item(has_not);
	d.from = dynamo_page_item(from, 0);
	d.known = dynamo_page_item(known, 0);
	ck_assert_int_eq(dynamo_carry(fixture.table, &target, &d, soon(), &made), STATUS_OK);
	return made;
}

START_TEST(a_delete_gives_what_it_removed)
{
	struct dynamo_write w = write_of(DYNAMO_DELETE);
	struct dynamo_page *old;
	struct slice text;

	http_server_reply_ok(
		fixture.server, "{\"Attributes\":{\"pk\":{\"S\":\"p\"},\"m\":{\"S\":\"yes\"}}}");
	ck_assert_int_eq(dynamo_delete(fixture.table, &w, soon(), &old), STATUS_OK);
	dynamo_fixture_assert_sent(&fixture, 0, "DeleteItem",
		"{\"TableName\":\"tab\",\"Key\":{\"pk\":{\"S\":\"p\"},\"sk\":{\"S\":\"s\"}},"
		"\"ConditionExpression\":\"g = :group\","
		"\"ExpressionAttributeValues\":{\":group\":{\"S\":\"g\"}},"
		"\"ReturnValues\":\"ALL_OLD\"}");
	ck_assert_uint_eq(dynamo_page_count(old), 1);
	ck_assert(dynamo_item_string(dynamo_page_item(old, 0), "m", &text));
	ck_assert(slice_equal(text, SLICE("yes")));
	dynamo_page_free(old);
}
END_TEST

START_TEST(a_delete_of_nothing_gives_none_and_nonsense_is_told)
{
	struct dynamo_write w = write_of(DYNAMO_DELETE);
	struct dynamo_page *old;

	http_server_reply_ok(fixture.server, "{}");
	http_server_reply_ok(fixture.server, "{\"Attributes\":5}");
	dynamo_fixture_refuse(&fixture, "ConditionalCheckFailedException");
	ck_assert_int_eq(dynamo_delete(fixture.table, &w, soon(), &old), STATUS_OK);
	ck_assert_uint_eq(dynamo_page_count(old), 0);
	dynamo_page_free(old);
	ck_assert_int_eq(dynamo_delete(fixture.table, &w, soon(), &old), STATUS_UNAVAILABLE);
	ck_assert_int_eq(dynamo_delete(fixture.table, &w, soon(), &old), STATUS_CONFLICT);
	w.kind = DYNAMO_PUT;
	ck_assert_int_eq(dynamo_delete(fixture.table, &w, soon(), &old), STATUS_INVALID);
	ck_assert_uint_eq(http_server_hits(fixture.server), 3);
}
END_TEST

START_TEST(no_difference_is_no_call)
{
	ck_assert(!carry("{\"Item\":{\"pk\":{\"S\":\"1\"},\"sk\":{\"S\":\"2\"},\"x\":{\"N\":\"1\"},"
			 "\"y\":{\"L\":[{\"NULL\":true}]}}}",
		"{\"Item\":{\"y\":{\"L\":[{\"NULL\":true}]},\"x\":{\"N\":\"1\"},\"pk\":{\"S\":"
		"\"3\"}}}",
		false));
	ck_assert_uint_eq(http_server_hits(fixture.server), 0);
}
END_TEST

START_TEST(changed_new_and_gone_attributes_are_one_update)
{
	http_server_reply_ok(fixture.server, "{}");
	ck_assert(carry("{\"Item\":{\"same\":{\"S\":\"1\"},\"changed\":{\"BOOL\":true},"
			"\"n\\u00e9w \\\"#\":{\"B\":\"AP8=\"}}}",
		"{\"Item\":{\"gone\":{\"S\":\"x\"},\"changed\":{\"BOOL\":false},\"same\":{\"S\":"
		"\"1\"}}}",
		false));
	dynamo_fixture_assert_sent(&fixture, 0, "UpdateItem",
		"{\"TableName\":\"tab\",\"Key\":{\"pk\":{\"S\":\"p\"},\"sk\":{\"S\":\"s\"}},"
		"\"UpdateExpression\":\"SET #a0 = :a0, #a1 = :a1 REMOVE #a2\","
		"\"ConditionExpression\":\"g = :group\","
		"\"ExpressionAttributeNames\":{\"#a0\":\"changed\",\"#a1\":\"n\\u00e9w "
		"\\\"#\",\"#a2\":\"gone\"},"
		"\"ExpressionAttributeValues\":{\":group\":{\"S\":\"g\"},\":a0\":{\"BOOL\":true},"
		"\":a1\":{\"B\":\"AP8=\"}}}");
}
END_TEST

START_TEST(only_what_is_gone_is_sound_too)
{
	http_server_reply_ok(fixture.server, "{}");
	ck_assert(carry("{\"Item\":{\"a\":{\"S\":\"1\"}}}",
		"{\"Item\":{\"a\":{\"S\":\"1\"},\"b\":{\"S\":\"2\"}}}", false));
	dynamo_fixture_assert_sent(&fixture, 0, "UpdateItem",
		"{\"TableName\":\"tab\",\"Key\":{\"pk\":{\"S\":\"p\"},\"sk\":{\"S\":\"s\"}},"
		"\"UpdateExpression\":\"REMOVE #a0\",\"ConditionExpression\":\"g = :group\","
		"\"ExpressionAttributeNames\":{\"#a0\":\"b\"},"
		"\"ExpressionAttributeValues\":{\":group\":{\"S\":\"g\"}}}");
}
END_TEST

START_TEST(only_missing_leaves_what_is_there)
{
	http_server_reply_ok(fixture.server, "{}");
	ck_assert(carry("{\"Item\":{\"both\":{\"S\":\"older\"},\"mine\":{\"S\":\"1\"}}}",
		"{\"Item\":{\"both\":{\"S\":\"newer\"},\"theirs\":{\"S\":\"2\"}}}", true));
	dynamo_fixture_assert_sent(&fixture, 0, "UpdateItem",
		"{\"TableName\":\"tab\",\"Key\":{\"pk\":{\"S\":\"p\"},\"sk\":{\"S\":\"s\"}},"
		"\"UpdateExpression\":\"SET #a0 = :a0\",\"ConditionExpression\":\"g = :group\","
		"\"ExpressionAttributeNames\":{\"#a0\":\"mine\"},"
		"\"ExpressionAttributeValues\":{\":group\":{\"S\":\"g\"},\":a0\":{\"S\":\"1\"}}}");
}
END_TEST

START_TEST(a_write_that_is_invalid_is_told_from_one_that_is_not_served)
{
	struct dynamo_write w = write_of(DYNAMO_DELETE);
	enum dynamo_reason reasons[1];

	dynamo_fixture_refuse(&fixture, "ValidationException");
	dynamo_fixture_refuse(&fixture, "AccessDeniedException");
	http_server_reply(fixture.server,
		(struct http_server_reply){ 400, NULL,
			"{\"__type\":\"x#TransactionCanceledException\",\"CancellationReasons\":"
			"[{\"Code\":\"ValidationError\"}]}",
			0 });
	http_server_reply_ok(fixture.server, "{}");
	ck_assert_int_eq(dynamo_write(fixture.table, &w, soon()), STATUS_UNAVAILABLE);
	ck_assert(dynamo_write_was_invalid(fixture.table));
	ck_assert_int_eq(dynamo_write(fixture.table, &w, soon()), STATUS_UNAVAILABLE);
	ck_assert(!dynamo_write_was_invalid(fixture.table));
	ck_assert_int_eq(
		dynamo_transact(fixture.table, &w, 1, soon(), reasons), STATUS_UNAVAILABLE);
	ck_assert(dynamo_write_was_invalid(fixture.table));
	ck_assert_int_eq(dynamo_write(fixture.table, &w, soon()), STATUS_OK);
	ck_assert(!dynamo_write_was_invalid(fixture.table));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dynamo_carry");
	TCase *tests = tcase_create("carry");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_delete_gives_what_it_removed);
	tcase_add_test(tests, a_delete_of_nothing_gives_none_and_nonsense_is_told);
	tcase_add_test(tests, no_difference_is_no_call);
	tcase_add_test(tests, changed_new_and_gone_attributes_are_one_update);
	tcase_add_test(tests, only_what_is_gone_is_sound_too);
	tcase_add_test(tests, only_missing_leaves_what_is_there);
	tcase_add_test(tests, a_write_that_is_invalid_is_told_from_one_that_is_not_served);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
