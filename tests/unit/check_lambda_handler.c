/* SPDX-License-Identifier: MIT */
/* Which answer an event gets: what is named, what fails as a whole, what costs no call at all. That
 * rows are moved is the system tests' business. */
#include "lambda/handler.h"

#include "support/dynamo_fixture.h"
#include "unit/check_main.h"
#include "json/json.h"

#include <stdio.h>

static struct dynamo_fixture fixture;
static struct group_mover *mover;
static struct lambda_answer answer;
static bool stop_asked;

static bool stop(void)
{
	return stop_asked;
}

static void set_up(void)
{
	stop_asked = false;
	dynamo_fixture_up(&fixture);
	ck_assert_int_eq(
		group_mover_new(fixture.table, (struct group_mover_people){ NULL, NULL }, &mover),
		STATUS_OK);
	answer = (struct lambda_answer){ .reason = NULL };
	lambda_answer_clear(&answer);
}

static void tear_down(void)
{
	lambda_answer_free(&answer);
	group_mover_free(mover);
	dynamo_fixture_down(&fixture);
}

/* A record of a message in the group with that last digit. */
#define MESSAGE(event, digit, sequence)                                                            \
	"{\"eventID\":\"x\",\"eventName\":\"" event                                                \
	"\",\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{"                                       \
	"\"ApproximateCreationDateTime\":1.7e9," sequence                                          \
	"\"Keys\":{\"pk\":{\"S\":\"MSG#5ae290ed-55d1-47a0-bc6d-fe2bc270039" digit                  \
	"\"},\"sk\":{\"S\":\"2026-11-22T18:07:57.599123+00:00\"}},"                                \
	"\"NewImage\":{\"pk\":{\"S\":\"MSG#5ae290ed-55d1-47a0-bc6d-fe2bc270039" digit              \
	"\"},\"sk\":{\"S\":\"2026-11-22T18:07:57.599123+00:00\"},"                                 \
	"\"message_uuid\":{\"S\":\"5ae290ed-55d1-47a0-bc6d-fe2bc2700400\"},"                       \
	"\"message\":{\"S\":\"secret words\"},"                                                    \
	"\"user_uuid\":{\"S\":\"5ae290ed-55d1-47a0-bc6d-fe2bc2700401\"},"                          \
	"\"user_display_name\":{\"S\":\"A\"},\"user_handle\":{\"S\":\"a\"}}}}"
#define SEQUENCE(number) "\"SequenceNumber\":\"" number "\","
#define RECORDS(list) "{\"Records\":[" list "]}"

static void handle_within(const char *event, int64_t ms)
{
	const struct lambda_work work = {
		.mover = mover,
		.by = deadline_in(ms),
		.stop = stop,
	};

	lambda_handle(&work, slice_of(event), &answer);
	ck_assert_uint_eq(answer.records, answer.done + answer.skipped + answer.failed);
}

static void assert_answer(const char *should)
{
	ck_assert_msg(answer.error.type == NULL, "%s: %s", answer.error.type, answer.error.message);
	ck_assert_str_eq(buf_cstr(&answer.body), should);
	ck_assert_int_eq(json_check(buf_slice(&answer.body)), STATUS_OK);
}

START_TEST(an_event_without_records_has_nothing_to_name)
{
	handle_within(RECORDS(""), 3000);
	assert_answer("{\"batchItemFailures\":[]}");
	ck_assert_uint_eq(http_server_hits(fixture.server), 0);
}
END_TEST

static const char *const no_events[] = { "", "null", "[]", "{}", "\"Records\"", "{\"Records\":{}}",
	"{\"Records\":null}", "{\"records\":[]}", "{\"Records\":[]", "not JSON" };

START_TEST(what_is_no_event_of_a_stream_fails_the_invocation)
{
	handle_within(no_events[_i], 3000);
	ck_assert_ptr_nonnull(answer.error.type);
	ck_assert_str_eq(answer.error.type, "Function.InvalidEvent");
	ck_assert_uint_eq(http_server_hits(fixture.server), 0);
}
END_TEST

START_TEST(a_record_that_is_not_ours_to_act_on_is_done_with)
{
	handle_within(RECORDS(MESSAGE("REMOVE", "0", SEQUENCE("111"))), 3000);
	assert_answer("{\"batchItemFailures\":[]}");
	ck_assert_uint_eq(answer.skipped, 1);
	ck_assert_uint_eq(http_server_hits(fixture.server), 0);
}
END_TEST

START_TEST(with_no_time_left_everything_is_named_and_nothing_begun)
{
	/* 400 ms are less than what is kept back for sending the answer. */
	handle_within(RECORDS(MESSAGE("INSERT", "0", SEQUENCE("111")) "," MESSAGE(
			      "INSERT", "1", SEQUENCE("112"))),
		400);
	assert_answer("{\"batchItemFailures\":[{\"itemIdentifier\":\"111\"},"
		      "{\"itemIdentifier\":\"112\"}]}");
	ck_assert_str_eq(answer.reason, "not come to");
	ck_assert_uint_eq(http_server_hits(fixture.server), 0);
}
END_TEST

START_TEST(once_told_to_stop_nothing_is_begun)
{
	stop_asked = true;
	handle_within(RECORDS(MESSAGE("INSERT", "0", SEQUENCE("111"))), 3000);
	assert_answer("{\"batchItemFailures\":[{\"itemIdentifier\":\"111\"}]}");
	ck_assert_uint_eq(http_server_hits(fixture.server), 0);
}
END_TEST

START_TEST(what_failed_is_named_and_the_answer_is_in_time)
{
	struct deadline by = deadline_in(2000);

	http_server_reply(fixture.server, (struct http_server_reply){ .manner = HTTP_SERVER_HANG });
	handle_within(RECORDS(MESSAGE("INSERT", "0", SEQUENCE("111")) "," MESSAGE("REMOVE", "1",
			      SEQUENCE("112")) "," MESSAGE("MODIFY", "0", SEQUENCE("113"))),
		2000);
	ck_assert_int_gt(deadline_left_ms(by), 200);
	assert_answer("{\"batchItemFailures\":[{\"itemIdentifier\":\"111\"},"
		      "{\"itemIdentifier\":\"113\"}]}");
	ck_assert_uint_eq(answer.failed, 2);
	ck_assert_str_ne(answer.reason, "");
	ck_assert_uint_ge(http_server_hits(fixture.server), 1);
}
END_TEST

START_TEST(a_failure_without_a_name_fails_the_batch)
{
	handle_within(
		RECORDS(MESSAGE("INSERT", "0", "") "," MESSAGE("INSERT", "1", SEQUENCE("112"))),
		400);
	ck_assert_ptr_nonnull(answer.error.type);
	ck_assert_str_eq(answer.error.type, "Function.UnnamedRecord");
	ck_assert_uint_eq(answer.failed, 2);
}
END_TEST

START_TEST(what_is_done_with_needs_no_name)
{
	handle_within(RECORDS(MESSAGE("REMOVE", "0", "")), 3000);
	assert_answer("{\"batchItemFailures\":[]}");
}
END_TEST

START_TEST(records_are_named_by_their_verdicts_in_their_order)
{
	static const struct stream_verdict verdicts[] = { { .fate = STREAM_FATE_BROKEN,
								  .reason = "broken" },
		{ .fate = STREAM_FATE_DONE }, { .fate = STREAM_FATE_FAILED, .reason = "failed" },
		{ .fate = STREAM_FATE_SKIPPED }, { .fate = STREAM_FATE_OPEN } };
	struct dynamo_records *records;

	/* The numbers go down: it is the order of the records that counts. */
	ck_assert_int_eq(dynamo_records_parse(
				 SLICE(RECORDS(MESSAGE("INSERT", "0", SEQUENCE("5")) "," MESSAGE(
					 "INSERT", "1", SEQUENCE("4")) "," MESSAGE("INSERT", "2",
					 SEQUENCE("3")) "," MESSAGE("INSERT", "3",
					 SEQUENCE("2")) "," MESSAGE("INSERT", "4", SEQUENCE("1")))),
				 &records),
		STATUS_OK);
	ck_assert_int_eq(lambda_answer_write(&answer, records, verdicts), STATUS_OK);
	assert_answer("{\"batchItemFailures\":[{\"itemIdentifier\":\"5\"},"
		      "{\"itemIdentifier\":\"3\"},{\"itemIdentifier\":\"1\"}]}");
	ck_assert_uint_eq(answer.failed, 3);
	ck_assert_uint_eq(answer.done, 1);
	ck_assert_uint_eq(answer.skipped, 1);
	ck_assert_str_eq(answer.reason, "broken");
	dynamo_records_free(records);
}
END_TEST

START_TEST(an_answer_forgets_the_one_before)
{
	handle_within("{}", 3000);
	ck_assert_ptr_nonnull(answer.error.type);
	lambda_answer_clear(&answer);
	handle_within(RECORDS(MESSAGE("INSERT", "0", SEQUENCE("111"))), 400);
	lambda_answer_clear(&answer);
	handle_within(RECORDS(""), 3000);
	assert_answer("{\"batchItemFailures\":[]}");
	ck_assert_uint_eq(answer.failed, 0);
	ck_assert_str_eq(answer.reason, "");
}
END_TEST

#define COUNT(list) ((int)(sizeof(list) / sizeof((list)[0])))

int main(void)
{
	Suite *suite = suite_create("lambda/handler");
	TCase *tc = tcase_create("answers");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, an_event_without_records_has_nothing_to_name);
	tcase_add_loop_test(
		tc, what_is_no_event_of_a_stream_fails_the_invocation, 0, COUNT(no_events));
	tcase_add_test(tc, a_record_that_is_not_ours_to_act_on_is_done_with);
	tcase_add_test(tc, with_no_time_left_everything_is_named_and_nothing_begun);
	tcase_add_test(tc, once_told_to_stop_nothing_is_begun);
	tcase_add_test(tc, what_failed_is_named_and_the_answer_is_in_time);
	tcase_add_test(tc, a_failure_without_a_name_fails_the_batch);
	tcase_add_test(tc, what_is_done_with_needs_no_name);
	tcase_add_test(tc, records_are_named_by_their_verdicts_in_their_order);
	tcase_add_test(tc, an_answer_forgets_the_one_before);
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
