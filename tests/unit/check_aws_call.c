/* SPDX-License-Identifier: MIT */
/* One AWS call against a server that fails in every way there is: what is tried again, how often,
 * and what the caller is told. */
#include "aws/call.h"
#include "aws/errors.h"
#include "aws/retry.h"

#include "fetch/fetch.h"
#include "support/http_server.h"
#include "unit/check_main.h"

#include <stdio.h>

static struct http_server *server, *metadata;
static struct aws_credential_chain *chain;
static struct aws_client *client;
static char metadata_url[64];
static bool from_metadata;
static struct usage usage;
static struct trace trace;

static const char *lookup(const char *name)
{
	if (!from_metadata && strcmp(name, "AWS_ACCESS_KEY_ID") == 0)
		return "AKID";
	if (!from_metadata && strcmp(name, "AWS_SECRET_ACCESS_KEY") == 0)
		return "secret";
	if (from_metadata && strcmp(name, "AWS_CONTAINER_CREDENTIALS_FULL_URI") == 0)
		return metadata_url;
	return NULL;
}

static void set_up(void)
{
	struct aws_service service = { .region = "us-east-1",
		.signing_name = "dynamodb",
		.target = "DynamoDB_20120810",
		.usage = &usage,
		.trace = &trace };

	ck_assert_int_eq(fetch_global_open(), STATUS_OK);
	server = http_server_start();
	metadata = http_server_start();
	snprintf(metadata_url, sizeof(metadata_url), "%s/", http_server_url(metadata));
	from_metadata = false;
	usage = (struct usage){ 0 };
	service.endpoint = http_server_url(server);
	ck_assert_int_eq(aws_credential_chain_new(lookup, &chain), STATUS_OK);
	ck_assert_int_eq(aws_client_new(&service, chain, &client), STATUS_OK);
}

static void tear_down(void)
{
	aws_client_free(client);
	aws_credential_chain_free(chain);
	http_server_stop(server);
	http_server_stop(metadata);
	fetch_global_close();
}

static void reply(int status, const char *headers, const char *body)
{
	http_server_reply(server, (struct http_server_reply){ status, headers, body, 0 });
}

static void misbehave(enum http_server_manner manner)
{
	http_server_reply(server, (struct http_server_reply){ 0, NULL, "{\"a\":1}", manner });
}

static enum status call_within(int64_t ms, struct aws_answer *out)
{
	return aws_call(client, "Query", SLICE("{\"q\":1}"), deadline_in(ms), out);
}

static enum status call(struct aws_answer *out)
{
	return call_within(4500, out);
}

#define ERROR_BODY(name) "{\"__type\":\"com.amazonaws.dynamodb.v20120810#" name "\"}"

START_TEST(sends_the_operation_and_the_body)
{
	struct aws_answer a;
	char *value;

	reply(200, NULL, " {\"ok\":true}\n");
	ck_assert_int_eq(call(&a), STATUS_OK);
	ck_assert_int_eq(a.http_status, 200);
	ck_assert_int_eq(a.attempts, 1);
	ck_assert_str_eq(a.error, "");
	ck_assert(slice_equal(a.body, SLICE(" {\"ok\":true}\n")));
	ck_assert(slice_equal(http_server_body(server, 0), SLICE("{\"q\":1}")));
	value = http_server_header(server, 0, "X-Amz-Target");
	ck_assert_str_eq(value, "DynamoDB_20120810.Query");
	free(value);
	value = http_server_header(server, 0, "Authorization");
	ck_assert_ptr_nonnull(strstr(value, "Credential=AKID/"));
	free(value);
}
END_TEST

START_TEST(the_trace_of_the_moment_goes_with_it_and_is_signed)
{
	struct aws_answer a;
	char *value;

	reply(200, NULL, "{}");
	trace_read(&trace, SLICE("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
	ck_assert_int_eq(call(&a), STATUS_OK);
	value = http_server_header(server, 0, "traceparent");
	ck_assert_str_eq(value, trace.header + strlen("traceparent: "));
	free(value);
	value = http_server_header(server, 0, "Authorization");
	ck_assert_ptr_nonnull(strstr(value, ";traceparent;"));
	free(value);
	trace_read(&trace, SLICE(""));
	ck_assert_int_eq(call(&a), STATUS_OK);
	ck_assert_ptr_null(http_server_header(server, 1, "traceparent"));
	value = http_server_header(server, 1, "Authorization");
	ck_assert_ptr_null(strstr(value, "traceparent"));
	free(value);
}
END_TEST

START_TEST(a_refusal_is_told_at_once)
{
	struct aws_answer a;

	reply(400, NULL, ERROR_BODY("ConditionalCheckFailedException"));
	ck_assert_int_eq(call(&a), STATUS_INVALID);
	ck_assert_int_eq(a.http_status, 400);
	ck_assert_str_eq(a.error, "ConditionalCheckFailedException");
	ck_assert_int_eq(a.attempts, 1);
	ck_assert_uint_eq(http_server_hits(server), 1);
}
END_TEST

START_TEST(every_passing_failure_is_tried_again_with_the_same_bytes)
{
	struct aws_answer a;

	reply(500, NULL, "{\"__type\":\"InternalServerError\"}");
	reply(503, NULL, "<html>");
	misbehave(HTTP_SERVER_TORN);
	reply(200, NULL, "{}");
	ck_assert_int_eq(call(&a), STATUS_OK);
	ck_assert_int_eq(a.attempts, 4);
	ck_assert_uint_eq(http_server_hits(server), 4);
	for (size_t i = 0; i < 4; i++)
		ck_assert(slice_equal(http_server_body(server, i), SLICE("{\"q\":1}")));
}
END_TEST

START_TEST(gives_up_after_four_attempts)
{
	struct aws_answer a = { .http_status = 7 };

	reply(500, NULL, "{}");
	ck_assert_int_eq(call(&a), STATUS_UNAVAILABLE);
	ck_assert_uint_eq(http_server_hits(server), 4);
	ck_assert_int_eq(a.http_status, 7);
}
END_TEST

START_TEST(nonsense_is_never_a_success)
{
	static const char *const bodies[] = { "", "<html></html>", "null", "[]",
		"{\"a\":", "\"{}\"" };
	struct aws_answer a;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		http_server_forget_script(server);
		reply(200, NULL, bodies[i]);
		ck_assert_int_eq(call(&a), STATUS_UNAVAILABLE);
		ck_assert_uint_eq(http_server_hits(server), 4 * (i + 1));
	}
	http_server_forget_script(server);
	reply(302, "Location: /\r\n", "{}");
	ck_assert_int_eq(call(&a), STATUS_UNAVAILABLE);
	http_server_forget_script(server);
	reply(404, NULL, "<h1>Not Found</h1>");
	ck_assert_int_eq(call(&a), STATUS_UNAVAILABLE);
	http_server_forget_script(server);
	misbehave(HTTP_SERVER_RAW);
	ck_assert_int_eq(call(&a), STATUS_UNAVAILABLE);
}
END_TEST

START_TEST(an_answer_that_does_not_fit_its_checksum_is_asked_for_again)
{
	struct aws_answer a;

	reply(200, "x-amz-crc32: 1\r\n", "{}");
	reply(200, "x-amz-crc32: 2745614147\r\n", "{}");
	ck_assert_int_eq(call(&a), STATUS_OK);
	ck_assert_int_eq(a.attempts, 2);
}
END_TEST

START_TEST(throttling_is_waited_for_under_the_deadline)
{
	struct aws_answer a;
	int64_t began = clock_monotonic_ms();

	reply(400, "x-amz-retry-after: 4000\r\n",
		ERROR_BODY("ProvisionedThroughputExceededException"));
	reply(200, NULL, "{}");
	/* The service asks for more time than there is: told at once, not after the time. */
	ck_assert_int_eq(call_within(2000, &a), STATUS_UNAVAILABLE);
	ck_assert_int_lt(clock_monotonic_ms() - began, 1500);
	ck_assert_uint_eq(http_server_hits(server), 1);
	http_server_forget_script(server);
	reply(400, NULL, ERROR_BODY("ThrottlingException"));
	reply(200, NULL, "{}");
	ck_assert_int_eq(call(&a), STATUS_OK);
	ck_assert_int_eq(a.attempts, 2);
}
END_TEST

START_TEST(waits_as_long_as_the_service_asks)
{
	struct aws_answer a;
	int64_t began = clock_monotonic_ms();

	reply(503, "x-amz-retry-after: 300\r\n", "{}");
	reply(200, NULL, "{}");
	ck_assert_int_eq(call(&a), STATUS_OK);
	ck_assert_int_ge(clock_monotonic_ms() - began, 290);
}
END_TEST

START_TEST(a_hung_attempt_leaves_time_for_another)
{
	struct aws_answer a;
	int64_t began = clock_monotonic_ms();

	misbehave(HTTP_SERVER_HANG);
	reply(200, NULL, "{}");
	ck_assert_int_eq(call_within(2500, &a), STATUS_OK);
	ck_assert_int_eq(a.attempts, 2);
	ck_assert_int_ge(clock_monotonic_ms() - began, 1000);
}
END_TEST

START_TEST(answers_by_the_deadline_when_everything_hangs)
{
	struct aws_answer a;
	int64_t began = clock_monotonic_ms();

	misbehave(HTTP_SERVER_HANG);
	ck_assert_int_eq(call_within(600, &a), STATUS_TIMEOUT);
	ck_assert_int_lt(clock_monotonic_ms() - began, 1200);
	ck_assert_int_eq(call_within(0, &a), STATUS_TIMEOUT);
	ck_assert_uint_eq(http_server_hits(server), 1);
}
END_TEST

START_TEST(a_lost_answer_shows_in_the_attempts)
{
	struct aws_answer a;

	reply(200, NULL, "{}");
	misbehave(HTTP_SERVER_DROP);
	reply(200, NULL, "{}");
	ck_assert_int_eq(call(&a), STATUS_OK);
	ck_assert_int_eq(call(&a), STATUS_OK);
	ck_assert_int_eq(a.attempts, 2);
	ck_assert_uint_eq(http_server_hits(server), 3);
}
END_TEST

START_TEST(works_at_once_when_the_service_is_back)
{
	struct aws_answer a;

	reply(500, NULL, "{}");
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(call(&a), STATUS_UNAVAILABLE);
	/* The quota of retries is used up by now: each call is one attempt. */
	ck_assert_uint_lt(http_server_hits(server), 20 * 4);
	http_server_forget_script(server);
	reply(200, NULL, "{}");
	ck_assert_int_eq(call(&a), STATUS_OK);
	ck_assert_int_eq(a.attempts, 1);
}
END_TEST

static void metadata_reply(const char *id)
{
	char text[256];

	snprintf(text, sizeof(text), "{\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"s\"}", id);
	http_server_reply_ok(metadata, text);
}

START_TEST(expired_credentials_are_renewed_once_and_the_request_signed_anew)
{
	struct aws_answer a;
	char *value;

	from_metadata = true;
	metadata_reply("OLD");
	metadata_reply("NEW");
	reply(400, NULL, ERROR_BODY("ExpiredTokenException"));
	reply(200, NULL, "{}");
	ck_assert_int_eq(call(&a), STATUS_OK);
	ck_assert_uint_eq(http_server_hits(metadata), 2);
	value = http_server_header(server, 0, "Authorization");
	ck_assert_ptr_nonnull(strstr(value, "Credential=OLD/"));
	free(value);
	value = http_server_header(server, 1, "Authorization");
	ck_assert_ptr_nonnull(strstr(value, "Credential=NEW/"));
	free(value);
	http_server_forget_script(server);
	reply(400, NULL, ERROR_BODY("UnrecognizedClientException"));
	ck_assert_int_eq(call(&a), STATUS_INVALID);
	ck_assert_str_eq(a.error, "UnrecognizedClientException");
	ck_assert_uint_eq(http_server_hits(server), 4);
}
END_TEST

START_TEST(without_credentials_nothing_is_sent)
{
	struct aws_answer a;

	from_metadata = true; /* and metadata answers 404 */
	ck_assert_int_eq(call(&a), STATUS_UNAVAILABLE);
	ck_assert_uint_eq(http_server_hits(server), 0);
}
END_TEST

START_TEST(a_service_that_is_down_is_unavailable)
{
	struct aws_service service = { "http://127.0.0.1:1", "us-east-1", "dynamodb", "D", NULL,
		NULL };
	struct aws_client *other;
	struct aws_answer a;

	ck_assert_int_eq(aws_client_new(&service, chain, &other), STATUS_OK);
	ck_assert_int_eq(
		aws_call(other, "Query", SLICE("{}"), deadline_in(4000), &a), STATUS_UNAVAILABLE);
	aws_client_free(other);
}
END_TEST

static void assert_usage(uint32_t calls, uint32_t failures, uint32_t retries)
{
	ck_assert_uint_eq(usage.calls, calls);
	ck_assert_uint_eq(usage.failures, failures);
	ck_assert_uint_eq(usage.retries, retries);
}

START_TEST(counts_calls_failures_and_retries_and_their_time)
{
	int64_t begun_us = clock_monotonic_us();
	struct aws_answer a;

	reply(200, NULL, "{}");
	reply(400, NULL, ERROR_BODY("ConditionalCheckFailedException"));
	reply(400, NULL, ERROR_BODY("AccessDeniedException"));
	reply(500, NULL, "{}");
	reply(200, NULL, "{}");
	misbehave(HTTP_SERVER_HANG);
	ck_assert_int_eq(call(&a), STATUS_OK);
	assert_usage(1, 0, 0);
	ck_assert_int_eq(call(&a), STATUS_INVALID); /* what was asked does not hold: it is well */
	assert_usage(2, 0, 0);
	ck_assert_int_eq(call(&a), STATUS_INVALID); /* the operator has to do something */
	assert_usage(3, 1, 0);
	ck_assert_int_eq(call(&a), STATUS_OK);
	assert_usage(4, 1, 1);
	ck_assert_int_eq(call_within(120, &a), STATUS_TIMEOUT);
	assert_usage(5, 2, 1);
	ck_assert_int_ge(usage.spent_us, 100000);
	ck_assert_int_le(usage.spent_us, clock_monotonic_us() - begun_us);
}
END_TEST

START_TEST(error_names_come_from_body_or_header)
{
	static const struct {
		const char *body, *header, *name;
	} cases[] = {
		{ ERROR_BODY("ValidationException"), "", "ValidationException" },
		{ "{\"__type\":\"SlowDown\"}", "Other", "SlowDown" },
		{ "{\"__type\":1}", "FooException", "FooException" },
		{ "{}", "FooException:http://internal.amazon.com/", "FooException" },
		{ "<html>", "a.b#FooException:x", "FooException" },
		{ "", "", "" },
		{ "{\"__type\":\"a#b c\"}", "", "" },
		{ "{\"__type\":\"#\"}", "", "" },
		{ "{\"__type\":\"a\\nb\"}", "x\"y", "" },
		{ "{\"__type\":"
		  "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
			"", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char name[AWS_ERROR_NAME_SIZE] = "?";

		aws_error_name(slice_of(cases[i].body), slice_of(cases[i].header), name);
		ck_assert_str_eq(name, cases[i].name);
	}
}
END_TEST

START_TEST(errors_are_told_apart)
{
	static const struct {
		int status;
		const char *name;
		enum aws_error_kind kind;
	} cases[] = {
		{ 400, "ValidationException", AWS_ERROR_REFUSED },
		{ 400, "ResourceNotFoundException", AWS_ERROR_REFUSED },
		{ 400, "IdempotentParameterMismatchException", AWS_ERROR_REFUSED },
		{ 400, "TransactionCanceledException", AWS_ERROR_REFUSED },
		{ 400, "TransactionInProgressException", AWS_ERROR_THROTTLING },
		{ 400, "ProvisionedThroughputExceededException", AWS_ERROR_THROTTLING },
		{ 400, "RequestTimeout", AWS_ERROR_TRANSIENT },
		{ 400, "ExpiredTokenException", AWS_ERROR_CREDENTIALS },
		{ 400, "UnrecognizedClientException", AWS_ERROR_CREDENTIALS },
		{ 429, "", AWS_ERROR_THROTTLING },
		{ 500, "InternalServerError", AWS_ERROR_TRANSIENT },
		{ 502, "", AWS_ERROR_TRANSIENT },
		{ 503, "SlowDown", AWS_ERROR_THROTTLING },
		{ 403, "", AWS_ERROR_TRANSIENT },
		{ 301, "", AWS_ERROR_TRANSIENT },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_int_eq(aws_error_kind(cases[i].status, cases[i].name), cases[i].kind);
}
END_TEST

START_TEST(delays_have_full_jitter_and_a_cap)
{
	ck_assert_int_eq(aws_retry_delay_ms(1, false, -1, 0), 0);
	ck_assert_int_eq(aws_retry_delay_ms(1, false, -1, UINT32_MAX), 25);
	ck_assert_int_eq(aws_retry_delay_ms(2, false, -1, UINT32_MAX), 50);
	ck_assert_int_eq(aws_retry_delay_ms(3, false, -1, UINT32_MAX / 2), 49);
	ck_assert_int_eq(aws_retry_delay_ms(1, true, -1, UINT32_MAX), 1000);
	ck_assert_int_eq(aws_retry_delay_ms(99, true, -1, UINT32_MAX), 20000);
	/* What the service asks for, but never less than one's own delay nor 5 s more. */
	ck_assert_int_eq(aws_retry_delay_ms(1, false, 300, 0), 300);
	ck_assert_int_eq(aws_retry_delay_ms(1, true, 300, UINT32_MAX), 1000);
	ck_assert_int_eq(aws_retry_delay_ms(1, true, 90000, UINT32_MAX), 6000);
}
END_TEST

START_TEST(quota_runs_out_and_comes_back)
{
	struct aws_retry_quota q;
	int taken = 0, retries = 0;

	aws_retry_quota_open(&q);
	while (aws_retry_quota_take(&q, false, &taken))
		retries++;
	ck_assert_int_eq(retries, 500 / 14);
	ck_assert_int_eq(taken, 14);
	ck_assert(aws_retry_quota_take(&q, true, &taken));
	ck_assert_int_eq(taken, 5);
	ck_assert(!aws_retry_quota_take(&q, false, &taken));
	aws_retry_quota_give(&q, 14);
	ck_assert(aws_retry_quota_take(&q, false, &taken));
	for (int i = 0; i < 2000; i++)
		aws_retry_quota_give(&q, 0);
	retries = 0;
	while (aws_retry_quota_take(&q, true, &taken))
		retries++;
	ck_assert_int_eq(retries, 100);
}
END_TEST

START_TEST(retry_after_is_a_plain_number)
{
	ck_assert_int_eq(aws_retry_after_ms(SLICE("0")), 0);
	ck_assert_int_eq(aws_retry_after_ms(SLICE("1500")), 1500);
	ck_assert_int_eq(aws_retry_after_ms(SLICE("")), -1);
	ck_assert_int_eq(aws_retry_after_ms(SLICE("-5")), -1);
	ck_assert_int_eq(aws_retry_after_ms(SLICE("1.5")), -1);
	ck_assert_int_eq(aws_retry_after_ms(SLICE("99999999999999999999")), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("aws_call");
	TCase *calls = tcase_create("calls");
	TCase *rules = tcase_create("rules");

	tcase_add_checked_fixture(calls, set_up, tear_down);
	tcase_set_timeout(calls, 20);
	tcase_add_test(calls, sends_the_operation_and_the_body);
	tcase_add_test(calls, the_trace_of_the_moment_goes_with_it_and_is_signed);
	tcase_add_test(calls, a_refusal_is_told_at_once);
	tcase_add_test(calls, every_passing_failure_is_tried_again_with_the_same_bytes);
	tcase_add_test(calls, gives_up_after_four_attempts);
	tcase_add_test(calls, nonsense_is_never_a_success);
	tcase_add_test(calls, an_answer_that_does_not_fit_its_checksum_is_asked_for_again);
	tcase_add_test(calls, throttling_is_waited_for_under_the_deadline);
	tcase_add_test(calls, waits_as_long_as_the_service_asks);
	tcase_add_test(calls, a_hung_attempt_leaves_time_for_another);
	tcase_add_test(calls, answers_by_the_deadline_when_everything_hangs);
	tcase_add_test(calls, a_lost_answer_shows_in_the_attempts);
	tcase_add_test(calls, works_at_once_when_the_service_is_back);
	tcase_add_test(calls, expired_credentials_are_renewed_once_and_the_request_signed_anew);
	tcase_add_test(calls, without_credentials_nothing_is_sent);
	tcase_add_test(calls, a_service_that_is_down_is_unavailable);
	tcase_add_test(calls, counts_calls_failures_and_retries_and_their_time);
	suite_add_tcase(suite, calls);
	tcase_add_test(rules, error_names_come_from_body_or_header);
	tcase_add_test(rules, errors_are_told_apart);
	tcase_add_test(rules, delays_have_full_jitter_and_a_cap);
	tcase_add_test(rules, quota_runs_out_and_comes_back);
	tcase_add_test(rules, retry_after_is_a_plain_number);
	suite_add_tcase(suite, rules);
	return check_main(suite);
}
