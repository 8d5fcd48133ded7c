/* SPDX-License-Identifier: MIT */
/* DynamoDB Streams against a server that plays it: the bytes that are sent, pages of shards, what a
 * refusal comes to and what is made of odd answers. */
#include "dynamo/streams.h"

#include "support/dynamo_fixture.h"
#include "unit/check_main.h"

#include <stdio.h>
#include <stdlib.h>

#define ARN "arn:aws:dynamodb:r:1:table/tab/stream/2026"

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

static void play(const char *answer)
{
	http_server_forget_script(fixture.server);
	http_server_reply_ok(fixture.server, answer);
}

static void refuse(const char *error)
{
	http_server_forget_script(fixture.server);
	dynamo_fixture_refuse(&fixture, error);
}

/* --- Shards -----------------------------------------------------------------------------------
 */

static enum status list_shards(struct dynamo_shards *out)
{
	return dynamo_streams_shards(fixture.streams, ARN, soon(), out);
}

START_TEST(all_pages_of_shards_are_read_in_order)
{
	struct dynamo_shards shards = { 0 };
	char id[32];

	http_server_reply_ok(fixture.server,
		"{\"StreamDescription\":{\"StreamStatus\":\"ENABLED\",\"Shards\":["
		"{\"ShardId\":\"shardId-1\",\"SequenceNumberRange\":{\"StartingSequenceNumber\":"
		"\"1\",\"EndingSequenceNumber\":\"2\"}},"
		"{\"ShardId\":\"shardId-2\",\"ParentShardId\":\"shardId-1\","
		"\"SequenceNumberRange\":{\"StartingSequenceNumber\":\"3\"}}],"
		"\"LastEvaluatedShardId\":\"shardId-2\"}}");
	http_server_reply_ok(fixture.server,
		"{\"StreamDescription\":{\"Shards\":[],\"LastEvaluatedShardId\":\"shardId-2b\"}}");
	http_server_reply_ok(fixture.server,
		"{\"StreamDescription\":{\"LastEvaluatedShardId\":null,\"Shards\":["
		"{\"ShardId\":\"shardId-3\",\"ParentShardId\":null,"
		"\"SequenceNumberRange\":{\"EndingSequenceNumber\":null}},"
		"{\"ShardId\":\"shardId-4\"}]}}");
	ck_assert_int_eq(list_shards(&shards), STATUS_OK);
	ck_assert_uint_eq(http_server_hits(fixture.server), 3);
	dynamo_fixture_assert_streams_sent(
		&fixture, 0, "DescribeStream", "{\"StreamArn\":\"" ARN "\"}");
	dynamo_fixture_assert_streams_sent(&fixture, 1, "DescribeStream",
		"{\"StreamArn\":\"" ARN "\",\"ExclusiveStartShardId\":\"shardId-2\"}");
	dynamo_fixture_assert_streams_sent(&fixture, 2, "DescribeStream",
		"{\"StreamArn\":\"" ARN "\",\"ExclusiveStartShardId\":\"shardId-2b\"}");
	ck_assert_uint_eq(shards.count, 4);
	for (size_t i = 0; i < 4; i++) {
		snprintf(id, sizeof(id), "shardId-%zu", i + 1);
		ck_assert_str_eq(shards.items[i].id, id);
		ck_assert_str_eq(shards.items[i].parent, i == 1 ? "shardId-1" : "");
		ck_assert_int_eq(shards.items[i].closed, i == 0);
	}
	dynamo_shards_clear(&shards);
	ck_assert_ptr_null(shards.items);
	ck_assert_uint_eq(shards.count, 0);
}
END_TEST

START_TEST(a_full_page_of_long_names_is_read)
{
	struct dynamo_shards shards = { 0 };
	struct buf answer = { 0 };
	/* 65 characters, the API's limit. */
	static const char name[] = "shardId-00000001414576573621-"
				   "f55eea83aaaaaaaaaaaaaaaaaaaaaaaaaaaa";

	ck_assert_uint_eq(strlen(name), 65);
	buf_add_str(&answer, "{\"StreamDescription\":{\"Shards\":[");
	for (int i = 0; i < 100; i++) {
		buf_add_str(&answer, i > 0 ? ",{\"ShardId\":\"" : "{\"ShardId\":\"");
		buf_add_str(&answer, name);
		buf_add_str(&answer, "\"}");
	}
	buf_add_str(&answer, "]}}");
	play(buf_cstr(&answer));
	ck_assert_int_eq(list_shards(&shards), STATUS_OK);
	ck_assert_uint_eq(shards.count, 100);
	ck_assert_str_eq(shards.items[99].id, name);
	dynamo_shards_clear(&shards);
	buf_free(&answer);
}
END_TEST

START_TEST(pages_of_shards_without_end_come_to_an_end)
{
	struct dynamo_shards shards = { 0 };

	play("{\"StreamDescription\":{\"Shards\":[{\"ShardId\":\"a\"}],"
	     "\"LastEvaluatedShardId\":\"a\"}}");
	ck_assert_int_eq(dynamo_streams_shards(fixture.streams, ARN, deadline_in(15000), &shards),
		STATUS_UNAVAILABLE);
	ck_assert_uint_eq(http_server_hits(fixture.server), 500);
	ck_assert_ptr_null(shards.items);
}
END_TEST

START_TEST(a_list_that_makes_no_sense_is_unavailable)
{
	static const char *const answers[] = { "{}", "{\"StreamDescription\":null}",
		"{\"StreamDescription\":[]}", "{\"StreamDescription\":{\"Shards\":{}}}",
		"{\"StreamDescription\":{\"Shards\":null}}",
		"{\"StreamDescription\":{\"Shards\":[null]}}",
		"{\"StreamDescription\":{\"Shards\":[{}]}}",
		"{\"StreamDescription\":{\"Shards\":[{\"ShardId\":\"\"}]}}",
		"{\"StreamDescription\":{\"Shards\":[{\"ShardId\":7}]}}",
		"{\"StreamDescription\":{\"Shards\":[{\"ShardId\":\"a b\"}]}}",
		"{\"StreamDescription\":{\"Shards\":[{\"ShardId\":\"a\\u0000\"}]}}",
		"{\"StreamDescription\":{\"Shards\":[{\"ShardId\":\""
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}]}}",
		"{\"StreamDescription\":{\"Shards\":[{\"ShardId\":\"a\",\"ParentShardId\":7}]}}",
		"{\"StreamDescription\":{\"Shards\":[{\"ShardId\":\"a\",\"SequenceNumberRange\":"
		"{\"EndingSequenceNumber\":7}}]}}",
		"{\"StreamDescription\":{\"Shards\":[],\"LastEvaluatedShardId\":7}}",
		"{\"StreamDescription\":{\"Shards\":[],\"LastEvaluatedShardId\":\"\"}}" };
	struct dynamo_shards shards = { 0 };

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		play(answers[i]);
		ck_assert_msg(list_shards(&shards) == STATUS_UNAVAILABLE, "%s", answers[i]);
		ck_assert_uint_eq(http_server_hits(fixture.server), i + 1);
	}
	ck_assert_ptr_null(shards.items);
}
END_TEST

START_TEST(a_list_whose_second_page_fails_is_none)
{
	struct dynamo_shards shards = { 0 };

	http_server_reply_ok(fixture.server,
		"{\"StreamDescription\":{\"Shards\":[{\"ShardId\":\"a\"}],"
		"\"LastEvaluatedShardId\":\"a\"}}");
	dynamo_fixture_refuse(&fixture, "ResourceNotFoundException");
	ck_assert_int_eq(list_shards(&shards), STATUS_NOT_FOUND);
	ck_assert_ptr_null(shards.items);
}
END_TEST

/* --- Refusals ---------------------------------------------------------------------------------
 */

static const struct dynamo_shard shard = { .id = "shardId-1" };

static enum status get_iterator(const char *after, struct buf *out)
{
	return dynamo_streams_iterator(fixture.streams, ARN, &shard, after, soon(), out);
}

static enum status read_records(struct dynamo_records **out)
{
	return dynamo_streams_read(fixture.streams, SLICE("i|\"t"), soon(), out);
}

START_TEST(each_refusal_has_its_meaning)
{
	static const struct {
		const char *error;
		enum status list, first, after, read;
	} cases[] = {
		{ "ResourceNotFoundException", STATUS_NOT_FOUND, STATUS_NOT_FOUND, STATUS_NOT_FOUND,
			STATUS_NOT_FOUND },
		{ "TrimmedDataAccessException", STATUS_UNAVAILABLE, STATUS_UNAVAILABLE,
			STATUS_CONFLICT, STATUS_CONFLICT },
		{ "ExpiredIteratorException", STATUS_UNAVAILABLE, STATUS_UNAVAILABLE,
			STATUS_CONFLICT, STATUS_CONFLICT },
		{ "ValidationException", STATUS_UNAVAILABLE, STATUS_UNAVAILABLE, STATUS_CONFLICT,
			STATUS_CONFLICT },
		{ "AccessDeniedException", STATUS_UNAVAILABLE, STATUS_UNAVAILABLE,
			STATUS_UNAVAILABLE, STATUS_UNAVAILABLE },
	};
	struct dynamo_shards shards = { 0 };
	struct dynamo_records *r = NULL;
	struct buf iterator = { 0 };
	size_t count = sizeof(cases) / sizeof(cases[0]);

	for (size_t i = 0; i < count; i++) {
		refuse(cases[i].error);
		ck_assert_int_eq(list_shards(&shards), cases[i].list);
		ck_assert_int_eq(get_iterator("", &iterator), cases[i].first);
		ck_assert_int_eq(get_iterator("7", &iterator), cases[i].after);
		ck_assert_int_eq(read_records(&r), cases[i].read);
	}
	ck_assert_uint_eq(http_server_hits(fixture.server), 4 * count);
	ck_assert_ptr_null(r);
	ck_assert_ptr_null(iterator.data);
}
END_TEST

START_TEST(throttling_is_waited_for)
{
	struct dynamo_records *r;

	dynamo_fixture_refuse(&fixture, "LimitExceededException");
	http_server_reply_ok(fixture.server, "{\"Records\":[]}");
	ck_assert_int_eq(read_records(&r), STATUS_OK);
	ck_assert_uint_eq(http_server_hits(fixture.server), 2);
	dynamo_records_free(r);
}
END_TEST

START_TEST(a_service_that_hangs_or_fails_is_told_apart)
{
	struct dynamo_records *r = NULL;

	http_server_reply(fixture.server, (struct http_server_reply){ .manner = HTTP_SERVER_HANG });
	ck_assert_int_eq(dynamo_streams_read(fixture.streams, SLICE("i"), deadline_in(200), &r),
		STATUS_TIMEOUT);
	http_server_forget_script(fixture.server);
	http_server_reply(fixture.server, (struct http_server_reply){ 500, NULL, "{}", 0 });
	ck_assert_int_eq(read_records(&r), STATUS_UNAVAILABLE);
	ck_assert_ptr_null(r);
}
END_TEST

/* --- Iterators and records -----------------------------------------------------------------------
 */

START_TEST(an_iterator_starts_at_the_oldest_record_or_behind_one)
{
	struct buf iterator = { 0 };

	buf_add_str(&iterator, "an earlier one");
	http_server_reply_ok(fixture.server, "{\"ShardIterator\":\"000|arn|\\u0041\"}");
	ck_assert_int_eq(get_iterator("", &iterator), STATUS_OK);
	ck_assert_str_eq(buf_cstr(&iterator), "000|arn|A");
	dynamo_fixture_assert_streams_sent(&fixture, 0, "GetShardIterator",
		"{\"StreamArn\":\"" ARN "\",\"ShardId\":\"shardId-1\","
		"\"ShardIteratorType\":\"TRIM_HORIZON\"}");
	ck_assert_int_eq(get_iterator("300000000000000499659", &iterator), STATUS_OK);
	dynamo_fixture_assert_streams_sent(&fixture, 1, "GetShardIterator",
		"{\"StreamArn\":\"" ARN "\",\"ShardId\":\"shardId-1\","
		"\"ShardIteratorType\":\"AFTER_SEQUENCE_NUMBER\","
		"\"SequenceNumber\":\"300000000000000499659\"}");
	buf_free(&iterator);
}
END_TEST

START_TEST(an_iterator_that_makes_no_sense_is_unavailable)
{
	static const char *const answers[] = { "{}", "{\"ShardIterator\":null}",
		"{\"ShardIterator\":\"\"}", "{\"ShardIterator\":7}", "{\"ShardIterator\":\"x\"}}" };
	struct buf iterator = { 0 };

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		play(answers[i]);
		ck_assert_msg(get_iterator("", &iterator) == STATUS_UNAVAILABLE, "%s", answers[i]);
	}
	ck_assert_ptr_null(iterator.data);
}
END_TEST

START_TEST(records_are_read_a_thousand_at_a_time)
{
	struct dynamo_records *r;

	http_server_reply_ok(fixture.server,
		"{\"Records\":[{\"eventName\":\"INSERT\"}],\"NextShardIterator\":\"next\"}");
	ck_assert_int_eq(read_records(&r), STATUS_OK);
	dynamo_fixture_assert_streams_sent(
		&fixture, 0, "GetRecords", "{\"ShardIterator\":\"i|\\\"t\",\"Limit\":1000}");
	ck_assert_uint_eq(dynamo_records_count(r), 1);
	ck_assert(slice_equal(dynamo_records_next(r), SLICE("next")));
	dynamo_records_free(r);
	play("{\"Records\":7}");
	ck_assert_int_eq(read_records(&r), STATUS_UNAVAILABLE);
}
END_TEST

/* "{" spaces "}": more than is taken. */
static char *a_huge_answer(void)
{
	size_t len = ((size_t)32 << 20) + 1;
	char *text = malloc(len + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, ' ', len);
	text[0] = '{';
	text[len - 1] = '}';
	text[len] = '\0';
	return text;
}

START_TEST(more_than_is_taken_at_once_is_asked_for_in_parts)
{
	char *huge = a_huge_answer();
	struct dynamo_records *r = NULL;

	http_server_reply_ok(fixture.server, huge);
	http_server_reply_ok(fixture.server, huge);
	http_server_reply_ok(fixture.server, "{\"Records\":[],\"NextShardIterator\":\"x\"}");
	ck_assert_int_eq(dynamo_streams_read(fixture.streams, SLICE("i"), deadline_in(15000), &r),
		STATUS_OK);
	dynamo_records_free(r);
	dynamo_fixture_assert_streams_sent(
		&fixture, 1, "GetRecords", "{\"ShardIterator\":\"i\",\"Limit\":100}");
	dynamo_fixture_assert_streams_sent(
		&fixture, 2, "GetRecords", "{\"ShardIterator\":\"i\",\"Limit\":10}");
	play(huge);
	r = NULL;
	ck_assert_int_eq(dynamo_streams_read(fixture.streams, SLICE("i"), deadline_in(15000), &r),
		STATUS_UNAVAILABLE);
	ck_assert_ptr_null(r);
	ck_assert_uint_eq(http_server_hits(fixture.server), 7);
	dynamo_fixture_assert_streams_sent(
		&fixture, 6, "GetRecords", "{\"ShardIterator\":\"i\",\"Limit\":1}");
	free(huge);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dynamo_streams");
	TCase *tests = tcase_create("streams");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 40);
	tcase_add_test(tests, all_pages_of_shards_are_read_in_order);
	tcase_add_test(tests, a_full_page_of_long_names_is_read);
	tcase_add_test(tests, pages_of_shards_without_end_come_to_an_end);
	tcase_add_test(tests, a_list_that_makes_no_sense_is_unavailable);
	tcase_add_test(tests, a_list_whose_second_page_fails_is_none);
	tcase_add_test(tests, each_refusal_has_its_meaning);
	tcase_add_test(tests, throttling_is_waited_for);
	tcase_add_test(tests, a_service_that_hangs_or_fails_is_told_apart);
	tcase_add_test(tests, an_iterator_starts_at_the_oldest_record_or_behind_one);
	tcase_add_test(tests, an_iterator_that_makes_no_sense_is_unavailable);
	tcase_add_test(tests, records_are_read_a_thousand_at_a_time);
	tcase_add_test(tests, more_than_is_taken_at_once_is_asked_for_in_parts);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
