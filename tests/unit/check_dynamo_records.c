/* SPDX-License-Identifier: MIT */
/* Stream records as GetRecords and a Lambda event spell them: sound ones are read in full, broken
 * ones are still there, and only what is no batch at all is refused. */
#include "dynamo/records.h"
#include "dynamo/streams.h"

#include "unit/check_main.h"

static struct dynamo_records *parse(const char *text)
{
	struct dynamo_records *r = NULL;

	ck_assert_msg(dynamo_records_parse(slice_of(text), &r) == STATUS_OK, "%s", text);
	return r;
}

static void assert_slice(struct slice is, const char *should)
{
	ck_assert_msg(
		slice_equal(is, slice_of(should)), "%.*s, not %s", (int)is.len, is.ptr, should);
}

START_TEST(a_page_of_getrecords_is_read)
{
	char text[] = "{\"NextShardIterator\":\"000|arn|next\",\"Records\":[{\"awsRegion\":\"r\","
		      "\"dynamodb\":{\"ApproximateCreationDateTime\":1.46480646E9,"
		      "\"Keys\":{\"sk\":{\"S\":\"2026\\u0000\"},\"pk\":{\"S\":\"MSG#1\"}},"
		      "\"NewImage\":{\"pk\":{\"S\":\"MSG#1\"},\"message\":{\"S\":\"h\\u00e9\"},"
		      "\"n\":{\"N\":\"7\"}},\"SequenceNumber\":\"300000000000000499659\","
		      "\"SizeBytes\":41,\"StreamViewType\":\"NEW_IMAGE\"},"
		      "\"eventID\":\"e\",\"eventName\":\"INSERT\",\"eventSource\":\"aws:dynamodb\","
		      "\"eventVersion\":\"1.1\"},{\"eventName\":\"MODIFY\",\"dynamodb\":{}},"
		      "{\"eventName\":\"REMOVE\",\"userIdentity\":{\"type\":\"Service\"},"
		      "\"dynamodb\":{\"ApproximateCreationDateTime\":1795612479.770,"
		      "\"Keys\":{\"pk\":{\"S\":\"p\"},\"sk\":{\"S\":\"s\"}},"
		      "\"SequenceNumber\":\"300000000000000499660\"}}]}";
	struct dynamo_records *r = parse(text);
	const struct dynamo_record *e = dynamo_records_at(r, 0);
	struct slice message;

	memset(text, 'x', sizeof(text));
	ck_assert_uint_eq(dynamo_records_count(r), 3);
	assert_slice(dynamo_records_next(r), "000|arn|next");
	ck_assert_int_eq(e->event, DYNAMO_EVENT_INSERT);
	assert_slice(e->sequence_number, "300000000000000499659");
	assert_slice(e->pk, "MSG#1");
	ck_assert(slice_equal(e->sk, SLICE("2026\0")));
	ck_assert_int_eq(e->created_s, 1464806460);
	ck_assert(dynamo_item_string(e->image, "message", &message));
	assert_slice(message, "h\xc3\xa9");
	e = dynamo_records_at(r, 1);
	ck_assert_int_eq(e->event, DYNAMO_EVENT_MODIFY);
	ck_assert_ptr_null(e->image);
	e = dynamo_records_at(r, 2);
	ck_assert_int_eq(e->event, DYNAMO_EVENT_REMOVE);
	assert_slice(e->sequence_number, "300000000000000499660");
	assert_slice(e->sk, "s");
	ck_assert_int_eq(e->created_s, 1795612479);
	ck_assert_ptr_null(e->image);
	ck_assert_ptr_null(dynamo_records_at(r, 3));
	dynamo_records_free(r);
}
END_TEST

START_TEST(an_event_of_a_function_is_read)
{
	struct dynamo_records *r =
		parse("{\"Records\":[{\"eventID\":\"c4ca\",\"eventName\":\"INSERT\","
		      "\"dynamodb\":{\"Keys\":{\"pk\":{\"S\":\"a\"},\"sk\":{\"S\":\"b\"}},"
		      "\"NewImage\":{},\"SequenceNumber\":\"111\",\"SizeBytes\":26,"
		      "\"ApproximateCreationDateTime\":1428537600},"
		      "\"eventSourceARN\":\"arn\"}],\"window\":{\"start\":\"2026\"},\"state\":{}}");
	const struct dynamo_record *e = dynamo_records_at(r, 0);

	ck_assert_uint_eq(dynamo_records_count(r), 1);
	assert_slice(dynamo_records_next(r), "");
	assert_slice(e->sequence_number, "111");
	ck_assert_int_eq(e->created_s, 1428537600);
	ck_assert_ptr_nonnull(e->image);
	dynamo_records_free(r);
}
END_TEST

START_TEST(no_records_are_an_everyday_answer)
{
	struct dynamo_records *r = parse("{\"Records\":[],\"NextShardIterator\":\"x\"}");

	ck_assert_uint_eq(dynamo_records_count(r), 0);
	ck_assert_ptr_null(dynamo_records_at(r, 0));
	assert_slice(dynamo_records_next(r), "x");
	dynamo_records_free(r);
	r = parse("{\"Records\":[],\"NextShardIterator\":null}");
	assert_slice(dynamo_records_next(r), "");
	dynamo_records_free(r);
	dynamo_records_free(NULL);
}
END_TEST

START_TEST(a_broken_record_is_still_a_record)
{
	static const char *const broken[] = { "null", "7", "\"INSERT\"", "[]", "{}",
		"{\"eventName\":null,\"dynamodb\":null}",
		"{\"eventName\":\"insert\",\"dynamodb\":[]}",
		"{\"eventName\":\"INSERT\\u0000\",\"dynamodb\":{\"Keys\":null,\"NewImage\":null}}",
		"{\"dynamodb\":{\"Keys\":[{\"pk\":{\"S\":\"a\"}}],\"NewImage\":[]}}",
		"{\"dynamodb\":{\"Keys\":{\"pk\":\"a\",\"sk\":{\"N\":\"1\"}},\"NewImage\":\"x\"}}",
		"{\"dynamodb\":{\"Keys\":{\"pk\":{\"S\":\"a\",\"N\":\"1\"},\"sk\\u0000\":{\"S\":"
		"\"a\"}}}}",
		"{\"dynamodb\":{\"SequenceNumber\":7}}", "{\"dynamodb\":{\"SequenceNumber\":\"\"}}",
		"{\"dynamodb\":{\"SequenceNumber\":\"1 2\"}}",
		"{\"dynamodb\":{\"SequenceNumber\":\"1\\u00002\"}}",
		"{\"dynamodb\":{\"SequenceNumber\":\"\\u00e9\"}}",
		"{\"dynamodb\":{\"SequenceNumber\":"
		"\"123456789012345678901234567890123456789012345678\"}}",
		"{\"dynamodb\":{\"ApproximateCreationDateTime\":\"1428537600\"}}",
		"{\"dynamodb\":{\"ApproximateCreationDateTime\":-1}}",
		"{\"dynamodb\":{\"ApproximateCreationDateTime\":1e300}}",
		"{\"dynamodb\":{\"ApproximateCreationDateTime\":1e400}}",
		"{\"dynamodb\":{\"ApproximateCreationDateTime\":99999999999999999999}}" };
	struct buf text = { 0 };
	size_t count = sizeof(broken) / sizeof(broken[0]);
	struct dynamo_records *r;

	buf_add_str(&text, "{\"Records\":[");
	for (size_t i = 0; i < count; i++) {
		buf_add_str(&text, broken[i]);
		buf_add_char(&text, ',');
	}
	buf_add_str(&text, "{\"eventName\":\"INSERT\",\"dynamodb\":{\"SequenceNumber\":\"9\"}}]}");
	r = parse(buf_cstr(&text));
	ck_assert_uint_eq(dynamo_records_count(r), count + 1);
	for (size_t i = 0; i < count; i++) {
		const struct dynamo_record *e = dynamo_records_at(r, i);

		ck_assert_msg(e->event == DYNAMO_EVENT_UNKNOWN && e->pk.len == 0 &&
				e->sk.len == 0 && e->sequence_number.len == 0 &&
				e->created_s == 0 && !e->image,
			"%s", broken[i]);
	}
	assert_slice(dynamo_records_at(r, count)->sequence_number, "9");
	dynamo_records_free(r);
	buf_free(&text);
}
END_TEST

START_TEST(a_row_nests_as_deep_as_dynamodb_lets_it)
{
	struct buf text = { 0 };
	struct dynamo_records *r;

	buf_add_str(&text, "{\"Records\":[{\"dynamodb\":{\"NewImage\":{\"a\":");
	for (int i = 0; i < 32; i++)
		buf_add_str(&text, "{\"L\":[");
	buf_add_str(&text, "{\"NULL\":true}");
	for (int i = 0; i < 32; i++)
		buf_add_str(&text, "]}");
	buf_add_str(&text, "}}}]}");
	r = parse(buf_cstr(&text));
	ck_assert_ptr_nonnull(dynamo_records_at(r, 0)->image);
	dynamo_records_free(r);
	buf_free(&text);
}
END_TEST

START_TEST(what_is_no_batch_is_refused)
{
	static const char *const texts[] = { "", "[]", "{}", "{\"Records\":null}",
		"{\"Records\":{}}", "{\"Records\":\"\"}", "{\"records\":[]}",
		"{\"Records\":[],\"Records\":[]}", "{\"Records\":[}", "{\"Records\":[]}{}",
		"{\"Records\":[],\"NextShardIterator\":7}",
		"{\"Records\":[],\"NextShardIterator\":\"\"}",
		"{\"Records\":[],\"NextShardIterator\":{}}" };
	struct dynamo_records *r = NULL;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_msg(dynamo_records_parse(slice_of(texts[i]), &r) == STATUS_INVALID, "%s",
			texts[i]);
	ck_assert_ptr_null(r);
}
END_TEST

/* A function's events are up to 6 MB. */
START_TEST(six_megabytes_are_read)
{
	struct buf text = { 0 };
	struct dynamo_records *r;
	size_t count = 0;

	buf_add_str(&text, "{\"Records\":[");
	while (text.len < (size_t)6 << 20) {
		buf_add_str(&text, count++ > 0 ? "," : "");
		buf_add_str(&text,
			"{\"eventName\":\"INSERT\",\"dynamodb\":{\"SequenceNumber\":\"1\","
			"\"NewImage\":"
			"{\"message\":{\"S\":\"\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\"}}}}");
	}
	buf_add_str(&text, "]}");
	ck_assert(buf_ok(&text));
	r = parse(buf_cstr(&text));
	ck_assert_uint_eq(dynamo_records_count(r), count);
	assert_slice(dynamo_records_at(r, count - 1)->sequence_number, "1");
	dynamo_records_free(r);
	buf_free(&text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dynamo_records");
	TCase *tests = tcase_create("records");

	tcase_set_timeout(tests, 20);
	tcase_add_test(tests, a_page_of_getrecords_is_read);
	tcase_add_test(tests, an_event_of_a_function_is_read);
	tcase_add_test(tests, no_records_are_an_everyday_answer);
	tcase_add_test(tests, a_broken_record_is_still_a_record);
	tcase_add_test(tests, a_row_nests_as_deep_as_dynamodb_lets_it);
	tcase_add_test(tests, what_is_no_batch_is_refused);
	tcase_add_test(tests, six_megabytes_are_read);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
