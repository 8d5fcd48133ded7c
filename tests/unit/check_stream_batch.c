/* SPDX-License-Identifier: MIT */
/* Verdicts over batches of records. The mover is the real one; the DynamoDB that it asks plays a
 * script. A group without rows and messages is settled by three calls that find nothing; one that
 * DynamoDB refuses to read fails by its first call. */
#include "base/log.h"
#include "check_main.h"
#include "stream/batch.h"
#include "stream/failing.h"
#include "support/dynamo_fixture.h"

#include <stdio.h>

#define NOTHING "{\"Items\":[],\"Count\":0,\"ScannedCount\":0}"
#define FAR deadline_in(20000)
#define MAX 16

/* Members, index, newest message. */
#define CALLS 3

static struct dynamo_fixture f;
static struct group_mover *mover;
static struct dynamo_records *records;
static struct stream_verdict verdicts[MAX];
static struct stream_totals totals;
static struct buf batch;

static void set_up(void)
{
	log_open("check", LOG_ERROR);
	dynamo_fixture_up(&f);
	ck_assert_int_eq(
		group_mover_new(f.table, (struct group_mover_people){ 0 }, &mover), STATUS_OK);
	records = NULL;
	totals = (struct stream_totals){ 0 };
	batch = (struct buf){ 0 };
}

static void take_down(void)
{
	dynamo_records_free(records);
	group_mover_free(mover);
	dynamo_fixture_down(&f);
	buf_free(&batch);
}

static void add(const char *event, const char *pk)
{
	char text[400];

	(void)snprintf(text, sizeof(text),
		"%s{\"eventName\":\"%s\",\"dynamodb\":{\"Keys\":{\"pk\":{\"S\":\"%s\"},\"sk\":{"
		"\"S\":\"2026\"}},\"SequenceNumber\":\"%zu\"}}",
		batch.len > 0 ? "," : "", event, pk, batch.len);
	buf_add_str(&batch, text);
}

/* A new message of the n-th group. */
static void add_message(int n)
{
	char pk[80];

	(void)snprintf(pk, sizeof(pk), "MSG#aaaaaaaa-0000-4000-8000-%012d", n);
	add("INSERT", pk);
}

static void run(const struct stream_patience *patience)
{
	struct buf text = { 0 };

	buf_add_str(&text, "{\"Records\":[");
	buf_add_slice(&text, buf_slice(&batch));
	buf_add_str(&text, "]}");
	dynamo_records_free(records);
	records = NULL;
	ck_assert_int_eq(dynamo_records_parse(buf_slice(&text), &records), STATUS_OK);
	buf_free(&text);
	ck_assert_uint_le(dynamo_records_count(records), MAX);
	ck_assert_int_eq(stream_batch_run(mover, records, patience, verdicts, &totals), STATUS_OK);
}

static void answer_with_nothing(void)
{
	for (int i = 0; i < CALLS; i++)
		http_server_reply_ok(f.server, NOTHING);
}

static struct stream_patience passes(int count)
{
	return (struct stream_patience){ .passes = count, .by = FAR, .group_ms = 5000 };
}

static bool asked_for_group(size_t request, int n)
{
	char group[80];
	struct slice body = http_server_body(f.server, request);

	(void)snprintf(group, sizeof(group), "#aaaaaaaa-0000-4000-8000-%012d", n);
	return memmem(body.ptr, body.len, group, strlen(group)) != NULL;
}

START_TEST(only_new_and_changed_messages_are_worked_on)
{
	struct stream_patience p = passes(1);

	add("INSERT", "GRP#aaaaaaaa-0000-4000-8000-000000000001");
	add("REMOVE", "MSG#aaaaaaaa-0000-4000-8000-000000000001");
	add("SOMETHING", "GRP#aaaaaaaa-0000-4000-8000-000000000001");
	add("INSERT", "MBR#aaaaaaaa-0000-4000-8000-000000000001");
	add("INSERT", "MSG");
	run(&p);
	for (size_t i = 0; i < 5; i++)
		ck_assert_int_eq(verdicts[i].fate, STREAM_FATE_SKIPPED);
	ck_assert_uint_eq(http_server_hits(f.server), 0);
}
END_TEST

START_TEST(a_record_that_makes_no_sense_is_broken_by_itself)
{
	struct stream_patience p = passes(3);

	http_server_reply_ok(f.server, NOTHING);
	add("INSERT", "MSG#nobody");
	add_message(1);
	add("SOMETHING", "MSG#aaaaaaaa-0000-4000-8000-000000000001");
	add("INSERT", "");
	run(&p);
	ck_assert_int_eq(verdicts[0].fate, STREAM_FATE_BROKEN);
	ck_assert_int_eq(verdicts[1].fate, STREAM_FATE_DONE);
	ck_assert_int_eq(verdicts[2].fate, STREAM_FATE_BROKEN);
	ck_assert_int_eq(verdicts[3].fate, STREAM_FATE_BROKEN);
	ck_assert_str_eq(verdicts[0].reason, "its key names no group");
	ck_assert_uint_eq(http_server_hits(f.server), CALLS);
}
END_TEST

START_TEST(a_group_is_settled_once_in_the_order_of_its_first_record)
{
	struct stream_patience p = passes(3);

	http_server_reply_ok(f.server, NOTHING);
	add_message(2);
	add_message(1);
	add_message(2);
	add("MODIFY", "MSG#aaaaaaaa-0000-4000-8000-000000000001");
	run(&p);
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(verdicts[i].fate, STREAM_FATE_DONE);
	ck_assert_uint_eq(http_server_hits(f.server), 2 * CALLS);
	ck_assert(asked_for_group(0, 2));
	ck_assert(asked_for_group(CALLS, 1));
	ck_assert_uint_eq(totals.groups, 2);
	ck_assert_uint_eq(totals.retried, 0);
}
END_TEST

START_TEST(an_empty_batch_is_no_work)
{
	struct stream_patience p = passes(3);

	run(&p);
	ck_assert_uint_eq(http_server_hits(f.server), 0);
}
END_TEST

START_TEST(a_group_that_failed_is_tried_again_after_the_others)
{
	struct stream_patience p = passes(3);

	dynamo_fixture_refuse(&f, "ValidationException");
	http_server_reply_ok(f.server, NOTHING);
	add_message(1);
	add_message(2);
	add_message(1);
	run(&p);
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(verdicts[i].fate, STREAM_FATE_DONE);
	ck_assert_uint_eq(http_server_hits(f.server), 1 + 2 * CALLS);
	ck_assert(asked_for_group(1, 2));
	ck_assert(asked_for_group(1 + CALLS, 1));
	ck_assert_uint_eq(totals.retried, 1);
	ck_assert_uint_eq(totals.groups, 2);
	ck_assert_uint_eq(totals.failed, 0);
}
END_TEST

START_TEST(a_group_that_goes_on_failing_has_its_passes_and_a_reason)
{
	struct stream_patience p = passes(2);

	dynamo_fixture_refuse(&f, "ValidationException");
	add_message(1);
	add_message(1);
	run(&p);
	ck_assert_int_eq(verdicts[0].fate, STREAM_FATE_FAILED);
	ck_assert_int_eq(verdicts[1].fate, STREAM_FATE_FAILED);
	ck_assert_str_ne(verdicts[0].reason, "");
	ck_assert_uint_eq(http_server_hits(f.server), 2);
	ck_assert_uint_eq(totals.failed, 1);
}
END_TEST

static bool first_is_doubtful(void *context, const struct uuid *group)
{
	(void)context;
	return strcmp(group->text, "aaaaaaaa-0000-4000-8000-000000000001") == 0;
}

START_TEST(a_doubtful_group_has_one_pass)
{
	struct stream_patience p = passes(3);

	p.doubtful = first_is_doubtful;
	dynamo_fixture_refuse(&f, "ValidationException");
	add_message(1);
	run(&p);
	ck_assert_int_eq(verdicts[0].fate, STREAM_FATE_FAILED);
	ck_assert_uint_eq(http_server_hits(f.server), 1);
	ck_assert_uint_eq(totals.failed, 1);
	ck_assert_uint_eq(totals.doubtful, 1);
}
END_TEST

/* With DynamoDB down, each of a thousand groups would take its seconds to fail. */
START_TEST(failures_in_a_row_end_the_pass_for_the_others)
{
	struct stream_patience p = passes(2);

	dynamo_fixture_refuse(&f, "ValidationException");
	for (int i = 1; i <= 7; i++)
		add_message(i);
	run(&p);
	ck_assert_uint_eq(http_server_hits(f.server), 6);
	for (size_t i = 0; i < 7; i++)
		ck_assert_int_eq(verdicts[i].fate, i < 6 ? STREAM_FATE_FAILED : STREAM_FATE_OPEN);
	ck_assert_uint_eq(totals.retried, 0);
}
END_TEST

/* Three sick groups at a batch's head must not keep the others from being tried. */
START_TEST(a_later_pass_begins_with_the_groups_that_no_pass_came_to)
{
	struct stream_patience p = passes(2);

	for (int i = 0; i < 3; i++)
		dynamo_fixture_refuse(&f, "ValidationException");
	http_server_reply_ok(f.server, NOTHING);
	for (int i = 1; i <= 5; i++)
		add_message(i);
	run(&p);
	ck_assert(asked_for_group(3, 4));
	ck_assert(asked_for_group(3 + CALLS, 5));
	ck_assert(asked_for_group(3 + 2 * CALLS, 1));
	for (size_t i = 0; i < 5; i++)
		ck_assert_int_eq(verdicts[i].fate, STREAM_FATE_DONE);
	ck_assert_uint_eq(totals.retried, 3);
}
END_TEST

START_TEST(failures_that_are_not_in_a_row_hold_up_nobody)
{
	struct stream_patience p = passes(1);

	for (int i = 1; i <= 7; i++) {
		add_message(i);
		if (i % 2 == 1)
			dynamo_fixture_refuse(&f, "ValidationException");
		else
			answer_with_nothing();
	}
	run(&p);
	for (size_t i = 0; i < 7; i++)
		ck_assert_int_eq(
			verdicts[i].fate, i % 2 == 0 ? STREAM_FATE_FAILED : STREAM_FATE_DONE);
}
END_TEST

static bool stop_after_two(void *context)
{
	(void)context;
	return http_server_hits(f.server) >= 2;
}

static bool stop_after_two_groups(void *context)
{
	(void)context;
	return http_server_hits(f.server) >= (size_t)2 * CALLS;
}

START_TEST(what_was_not_begun_before_a_stop_is_open)
{
	struct stream_patience p = passes(3);

	p.stop = stop_after_two_groups;
	http_server_reply_ok(f.server, NOTHING);
	for (int i = 1; i <= 4; i++)
		add_message(i);
	run(&p);
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(verdicts[i].fate, i < 2 ? STREAM_FATE_DONE : STREAM_FATE_OPEN);
}
END_TEST

START_TEST(a_stop_ends_a_pause_between_passes)
{
	struct stream_patience p = passes(5);
	int64_t began_ms = clock_monotonic_ms();

	p.stop = stop_after_two;
	dynamo_fixture_refuse(&f, "ValidationException");
	add_message(1);
	run(&p);
	ck_assert_int_eq(verdicts[0].fate, STREAM_FATE_FAILED);
	ck_assert_uint_eq(http_server_hits(f.server), 2);
	ck_assert_int_lt(clock_monotonic_ms() - began_ms, 5000);
}
END_TEST

START_TEST(no_group_is_begun_after_the_deadline)
{
	struct stream_patience p = passes(3);

	p.by = deadline_in(0);
	add_message(1);
	add("INSERT", "GRP#x");
	run(&p);
	ck_assert_int_eq(verdicts[0].fate, STREAM_FATE_OPEN);
	ck_assert_int_eq(verdicts[1].fate, STREAM_FATE_SKIPPED);
	ck_assert_uint_eq(http_server_hits(f.server), 0);
}
END_TEST

/* A message of a group, and no row that says who its members are. */
static void answer_with_a_message_of_nobody(void)
{
	http_server_reply_ok(f.server, NOTHING);
	http_server_reply_ok(f.server, NOTHING);
	http_server_reply_ok(f.server,
		"{\"Items\":[{\"pk\":{\"S\":\"MSG#aaaaaaaa-0000-4000-8000-000000000001\"},"
		"\"sk\":{\"S\":\"2026-01-01T00:00:00.000000+00:00\"},"
		"\"message_uuid\":{\"S\":\"bbbbbbbb-0000-4000-8000-000000000001\"},"
		"\"message\":{\"S\":\"hello\"},"
		"\"user_uuid\":{\"S\":\"cccccccc-0000-4000-8000-000000000001\"},"
		"\"user_display_name\":{\"S\":\"C\"},\"user_handle\":{\"S\":\"c\"}}],"
		"\"Count\":1,\"ScannedCount\":1}");
}

/* The index that names members may lag behind the stream. */
START_TEST(a_group_of_nobody_is_broken_after_all_its_passes)
{
	struct stream_patience p = passes(3);

	for (int i = 0; i < 3; i++)
		answer_with_a_message_of_nobody();
	add_message(1);
	run(&p);
	ck_assert_int_eq(verdicts[0].fate, STREAM_FATE_BROKEN);
	ck_assert(verdicts[0].tried);
	ck_assert_str_eq(verdicts[0].reason, "no row tells who its members are");
	ck_assert_uint_eq(http_server_hits(f.server), 3 * CALLS);
	ck_assert_uint_eq(totals.failed, 0);
}
END_TEST

START_TEST(a_group_of_nobody_that_the_index_knows_a_moment_later_is_settled)
{
	struct stream_patience p = passes(2);

	answer_with_a_message_of_nobody();
	http_server_reply_ok(f.server, NOTHING);
	add_message(1);
	run(&p);
	ck_assert_int_eq(verdicts[0].fate, STREAM_FATE_DONE);
}
END_TEST

START_TEST(groups_of_nobody_do_not_end_a_pass)
{
	struct stream_patience p = passes(1);

	for (int i = 1; i <= 4; i++) {
		answer_with_a_message_of_nobody();
		add_message(i);
	}
	run(&p);
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(verdicts[i].fate, STREAM_FATE_BROKEN);
}
END_TEST

START_TEST(a_message_row_that_holds_no_message_is_broken_without_a_call)
{
	struct stream_patience p = passes(3);

	buf_add_str(&batch,
		"{\"eventName\":\"INSERT\",\"dynamodb\":{\"Keys\":{"
		"\"pk\":{\"S\":\"MSG#aaaaaaaa-0000-4000-8000-000000000001\"},"
		"\"sk\":{\"S\":\"2026\"}},\"SequenceNumber\":\"1\",\"NewImage\":{"
		"\"pk\":{\"S\":\"MSG#aaaaaaaa-0000-4000-8000-000000000001\"},"
		"\"sk\":{\"S\":\"2026\"},\"message\":{\"N\":\"5\"}}}}");
	run(&p);
	ck_assert_int_eq(verdicts[0].fate, STREAM_FATE_BROKEN);
	ck_assert_str_eq(verdicts[0].reason, "its row holds no message");
	ck_assert_uint_eq(http_server_hits(f.server), 0);
}
END_TEST

/* --- The memory for groups that failed -------------------------------------------------------- */

static struct uuid group(int n)
{
	struct uuid u;

	(void)snprintf(u.text, sizeof(u.text), "aaaaaaaa-0000-4000-8000-%012d", n);
	return u;
}

START_TEST(a_group_that_failed_is_remembered_for_a_while)
{
	static struct stream_failing failing;
	struct uuid a = group(1), b = group(2);

	ck_assert(!stream_failing_has(&failing, &a, 1000));
	stream_failing_note(&failing, &a, 1000);
	ck_assert(stream_failing_has(&failing, &a, 999 + STREAM_FAILING_MS));
	ck_assert(!stream_failing_has(&failing, &a, 1000 + STREAM_FAILING_MS));
	ck_assert(!stream_failing_has(&failing, &b, 1000));
	stream_failing_note(&failing, &a, 2000);
	ck_assert(stream_failing_has(&failing, &a, 1000 + STREAM_FAILING_MS));
}
END_TEST

START_TEST(the_oldest_of_many_is_forgotten)
{
	static struct stream_failing failing;
	struct uuid u;

	for (int i = 0; i <= STREAM_FAILING_MAX; i++) {
		u = group(i);
		stream_failing_note(&failing, &u, 1000 + i);
	}
	u = group(0);
	ck_assert(!stream_failing_has(&failing, &u, 2000));
	for (int i = 1; i <= STREAM_FAILING_MAX; i++) {
		u = group(i);
		ck_assert(stream_failing_has(&failing, &u, 2000));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stream_batch");
	TCase *tests = tcase_create("batch"), *memory = tcase_create("failing");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, take_down);
	tcase_add_test(tests, only_new_and_changed_messages_are_worked_on);
	tcase_add_test(tests, a_record_that_makes_no_sense_is_broken_by_itself);
	tcase_add_test(tests, a_group_is_settled_once_in_the_order_of_its_first_record);
	tcase_add_test(tests, an_empty_batch_is_no_work);
	tcase_add_test(tests, a_group_that_failed_is_tried_again_after_the_others);
	tcase_add_test(tests, a_group_that_goes_on_failing_has_its_passes_and_a_reason);
	tcase_add_test(tests, a_doubtful_group_has_one_pass);
	tcase_add_test(tests, failures_in_a_row_end_the_pass_for_the_others);
	tcase_add_test(tests, a_later_pass_begins_with_the_groups_that_no_pass_came_to);
	tcase_add_test(tests, failures_that_are_not_in_a_row_hold_up_nobody);
	tcase_add_test(tests, what_was_not_begun_before_a_stop_is_open);
	tcase_add_test(tests, a_stop_ends_a_pause_between_passes);
	tcase_add_test(tests, no_group_is_begun_after_the_deadline);
	tcase_add_test(tests, a_group_of_nobody_is_broken_after_all_its_passes);
	tcase_add_test(tests, a_group_of_nobody_that_the_index_knows_a_moment_later_is_settled);
	tcase_add_test(tests, groups_of_nobody_do_not_end_a_pass);
	tcase_add_test(tests, a_message_row_that_holds_no_message_is_broken_without_a_call);
	tcase_add_test(memory, a_group_that_failed_is_remembered_for_a_while);
	tcase_add_test(memory, the_oldest_of_many_is_forgotten);
	suite_add_tcase(suite, tests);
	suite_add_tcase(suite, memory);
	return check_main(suite);
}
