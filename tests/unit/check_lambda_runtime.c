/* SPDX-License-Identifier: MIT */
/* The Runtime API's client against a server that plays that API: the requests it sends, and what it
 * makes of each answer. */
#include "lambda/runtime.h"

#include "fetch/fetch.h"
#include "support/http_server.h"
#include "unit/check_main.h"

#include <stdio.h>

static struct http_server *server;
static struct lambda_runtime *runtime;
static bool stop_asked;

static bool stop(void)
{
	return stop_asked;
}

static bool stop_once_asked(void)
{
	return http_server_hits(server) > 0;
}

/* What AWS_LAMBDA_RUNTIME_API would hold. */
static const char *address(void)
{
	return http_server_url(server) + strlen("http://");
}

static void set_up(void)
{
	stop_asked = false;
	ck_assert_int_eq(unsetenv("_X_AMZN_TRACE_ID"), 0);
	ck_assert_int_eq(fetch_global_open(), STATUS_OK);
	server = http_server_start();
	ck_assert_int_eq(lambda_runtime_new(address(), stop, &runtime), STATUS_OK);
}

static void tear_down(void)
{
	lambda_runtime_free(runtime);
	ck_assert_ptr_null(getenv("_X_AMZN_TRACE_ID"));
	http_server_stop(server);
	fetch_global_close();
}

#define ID "8476a536-e9f4-11e8-9739-2dfe598c3fcd"

static void reply_invocation(const char *more_headers, const char *body)
{
	char headers[2048];

	snprintf(headers, sizeof(headers), "Lambda-Runtime-Aws-Request-Id: " ID "\r\n%s",
		more_headers);
	http_server_reply(server, (struct http_server_reply){ 200, headers, body, 0 });
}

static void reply_status(int status)
{
	http_server_reply(server, (struct http_server_reply){ status, NULL, "{}", 0 });
}

static void take_one(void)
{
	struct lambda_invocation i;

	reply_invocation("", "{}");
	ck_assert_int_eq(lambda_runtime_next(runtime, &i), STATUS_OK);
	http_server_forget_script(server);
}

static void assert_sent(size_t i, const char *request_line, const char *body)
{
	struct slice sent = http_server_body(server, i);

	ck_assert(http_server_asked(server, i, request_line));
	ck_assert_msg(slice_equal(sent, slice_of(body)), "%.*s", (int)sent.len, sent.ptr);
}

static void assert_header(size_t i, const char *name, const char *should)
{
	char *value = http_server_header(server, i, name);

	ck_assert_ptr_nonnull(value);
	ck_assert_str_eq(value, should);
	free(value);
}

START_TEST(next_gives_the_event_and_what_came_with_it)
{
	struct lambda_invocation i;

	reply_invocation("Lambda-Runtime-Deadline-Ms: 1542409706888\r\n"
			 "Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700\r\n"
			 "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:x:1:function:f\r\n",
		"{\"Records\":[]}");
	ck_assert_int_eq(lambda_runtime_next(runtime, &i), STATUS_OK);
	ck_assert(http_server_asked(server, 0, "GET /2018-06-01/runtime/invocation/next HTTP/1.1"));
	ck_assert_str_eq(i.request_id, ID);
	ck_assert(slice_equal(i.event, SLICE("{\"Records\":[]}")));
	ck_assert(i.deadline_ms == 1542409706888);
	ck_assert_str_eq(i.trace_id, "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700");
	ck_assert(slice_equal(i.function_arn, SLICE("arn:aws:lambda:x:1:function:f")));
}
END_TEST

START_TEST(the_trace_id_is_in_the_environment_for_its_invocation_only)
{
	struct lambda_invocation i;

	reply_invocation("Lambda-Runtime-Trace-Id: Root=1-a;Sampled=1\r\n", "{}");
	reply_invocation("Lambda-Runtime-Trace-Id: Root=1-b\r\n", "{}");
	reply_invocation("", "{}");
	reply_invocation("Lambda-Runtime-Trace-Id: Root=1-c\r\n", "{}");
	ck_assert_int_eq(lambda_runtime_next(runtime, &i), STATUS_OK);
	ck_assert_str_eq(getenv("_X_AMZN_TRACE_ID"), "Root=1-a;Sampled=1");
	ck_assert_int_eq(lambda_runtime_next(runtime, &i), STATUS_OK);
	ck_assert_str_eq(getenv("_X_AMZN_TRACE_ID"), "Root=1-b");
	ck_assert_int_eq(lambda_runtime_next(runtime, &i), STATUS_OK);
	ck_assert_ptr_null(getenv("_X_AMZN_TRACE_ID"));
	ck_assert_str_eq(i.trace_id, "");
	ck_assert_int_eq(lambda_runtime_next(runtime, &i), STATUS_OK);
	ck_assert_str_eq(getenv("_X_AMZN_TRACE_ID"), "Root=1-c");
}
END_TEST

START_TEST(a_deadline_that_cannot_be_read_is_none)
{
	struct lambda_invocation i;

	reply_invocation("Lambda-Runtime-Deadline-Ms: soon\r\n", "{}");
	reply_invocation("", "{}");
	ck_assert_int_eq(lambda_runtime_next(runtime, &i), STATUS_OK);
	ck_assert_int_eq(i.deadline_ms, 0);
	ck_assert_int_eq(lambda_runtime_next(runtime, &i), STATUS_OK);
	ck_assert_int_eq(i.deadline_ms, 0);
}
END_TEST

START_TEST(an_event_of_six_megabytes_is_taken)
{
	struct lambda_invocation i;
	size_t len = (size_t)6 << 20;
	char *event = malloc(len + 1);

	ck_assert_ptr_nonnull(event);
	memset(event, 'x', len);
	event[len] = '\0';
	reply_invocation("", event);
	ck_assert_int_eq(lambda_runtime_next(runtime, &i), STATUS_OK);
	ck_assert_uint_eq(i.event.len, len);
	free(event);
}
END_TEST

/* Names that would lead to another path, or to none. */
static const char *const bad_ids[] = { "", "../next", "a/b", "a b", "a%2fb", "?" };

START_TEST(an_invocation_without_a_name_to_answer_it_by_ends_it)
{
	struct lambda_invocation i;
	char headers[128];

	snprintf(headers, sizeof(headers), "Lambda-Runtime-Aws-Request-Id: %s\r\n", bad_ids[_i]);
	http_server_reply(server, (struct http_server_reply){ 200, headers, "{}", 0 });
	ck_assert_int_eq(lambda_runtime_next(runtime, &i), STATUS_UNAVAILABLE);
}
END_TEST

START_TEST(the_answer_goes_to_its_invocation)
{
	take_one();
	reply_status(202);
	ck_assert_int_eq(
		lambda_runtime_respond(runtime, SLICE("{\"batchItemFailures\":[]}")), STATUS_OK);
	assert_sent(1, "POST /2018-06-01/runtime/invocation/" ID "/response HTTP/1.1",
		"{\"batchItemFailures\":[]}");
	ck_assert_ptr_null(http_server_header(server, 1, "Lambda-Runtime-Function-Error-Type"));
	ck_assert_uint_eq(http_server_connections(server), 1);
}
END_TEST

static const struct lambda_error error = { "Function.Poor", "is \"poor\"" };
#define ERROR_BODY                                                                                 \
	"{\"errorMessage\":\"is \\\"poor\\\"\",\"errorType\":\"Function.Poor\",\"stackTrace\":[]}"

START_TEST(a_failure_goes_to_its_invocation_with_its_type)
{
	take_one();
	reply_status(202);
	ck_assert_int_eq(lambda_runtime_fail(runtime, &error), STATUS_OK);
	assert_sent(1, "POST /2018-06-01/runtime/invocation/" ID "/error HTTP/1.1", ERROR_BODY);
	assert_header(1, "Lambda-Runtime-Function-Error-Type", "Function.Poor");
	assert_header(1, "Content-Type", "application/json");
}
END_TEST

START_TEST(a_start_that_failed_is_told)
{
	reply_status(202);
	ck_assert_int_eq(lambda_runtime_init_failed(runtime, &error), STATUS_OK);
	assert_sent(0, "POST /2018-06-01/runtime/init/error HTTP/1.1", ERROR_BODY);
	assert_header(0, "Lambda-Runtime-Function-Error-Type", "Function.Poor");
}
END_TEST

static const struct {
	int status;
	enum status next, respond;
} verdicts[] = {
	{ 200, STATUS_OK, STATUS_OK },
	{ 202, STATUS_UNAVAILABLE, STATUS_OK }, /* no invocation comes with it */
	{ 400, STATUS_UNAVAILABLE, STATUS_OK }, /* that invocation is over: on to the next */
	{ 403, STATUS_UNAVAILABLE, STATUS_OK },
	{ 413, STATUS_UNAVAILABLE, STATUS_TOO_LARGE },
	{ 500, STATUS_UNAVAILABLE, STATUS_UNAVAILABLE },
};

START_TEST(the_apis_answers_mean_what_they_are_documented_to)
{
	struct lambda_invocation i;
	const struct http_server_reply reply = { verdicts[_i].status,
		"Lambda-Runtime-Aws-Request-Id: " ID "\r\n", "{}", 0 };

	take_one();
	http_server_reply(server, reply);
	ck_assert_int_eq(lambda_runtime_respond(runtime, SLICE("{}")), verdicts[_i].respond);
	ck_assert_int_eq(lambda_runtime_next(runtime, &i), verdicts[_i].next);
	/* Nothing is tried twice for an answer that is one. */
	ck_assert_uint_eq(http_server_hits(server), 3);
}
END_TEST

START_TEST(an_answer_that_no_request_can_hold_is_too_large)
{
	size_t len = ((size_t)1 << 20) + 1;
	char *bytes = calloc(1, len);

	ck_assert_ptr_nonnull(bytes);
	take_one();
	ck_assert_int_eq(
		lambda_runtime_respond(runtime, (struct slice){ bytes, len }), STATUS_TOO_LARGE);
	ck_assert_uint_eq(http_server_hits(server), 1);
	free(bytes);
}
END_TEST

/* Its half holds the headers and some of the body. */
static const struct http_server_reply torn = { 202, NULL,
	"{\"status\":\"OK, and some more so that the middle of it all is within this body, "
	"however long the few headers before it are\"}",
	HTTP_SERVER_TORN };

START_TEST(a_connection_that_broke_is_tried_once_more)
{
	struct lambda_invocation i;

	http_server_reply(server, (struct http_server_reply){ .manner = HTTP_SERVER_DROP });
	reply_invocation("", "again");
	ck_assert_int_eq(lambda_runtime_next(runtime, &i), STATUS_OK);
	ck_assert(slice_equal(i.event, SLICE("again")));
	ck_assert_uint_eq(http_server_hits(server), 2);
	http_server_forget_script(server);
	http_server_reply(server, torn);
	reply_status(202);
	ck_assert_int_eq(lambda_runtime_respond(runtime, SLICE("{}")), STATUS_OK);
	ck_assert_uint_eq(http_server_hits(server), 4);
}
END_TEST

START_TEST(an_api_that_is_gone_ends_it)
{
	struct lambda_invocation i;

	http_server_reply(server, torn);
	ck_assert_int_eq(lambda_runtime_next(runtime, &i), STATUS_UNAVAILABLE);
	ck_assert_uint_eq(http_server_hits(server), 2);
}
END_TEST

START_TEST(the_wait_for_an_invocation_ends_when_asked)
{
	struct lambda_runtime *other;
	struct lambda_invocation i;

	ck_assert_int_eq(lambda_runtime_new(address(), stop_once_asked, &other), STATUS_OK);
	http_server_reply(server, (struct http_server_reply){ .manner = HTTP_SERVER_HANG });
	ck_assert_int_eq(lambda_runtime_next(other, &i), STATUS_NOT_FOUND);
	ck_assert_uint_eq(http_server_hits(server), 1);
	lambda_runtime_free(other);
}
END_TEST

START_TEST(an_answer_is_given_even_when_asked_to_stop)
{
	take_one();
	stop_asked = true;
	reply_status(202);
	ck_assert_int_eq(lambda_runtime_respond(runtime, SLICE("{}")), STATUS_OK);
	ck_assert_uint_eq(http_server_hits(server), 2);
}
END_TEST

static const char *const bad_addresses[] = { "", "http://127.0.0.1:9001", "127.0.0.1:9001/x",
	"a b:1", "user@host:1", "host:1?x", "host:1#x", "host:1\r\nX: y" };

START_TEST(what_is_no_host_and_port_is_no_address)
{
	struct lambda_runtime *none = NULL;

	ck_assert_int_eq(lambda_runtime_new(bad_addresses[_i], stop, &none), STATUS_INVALID);
	ck_assert_ptr_null(none);
}
END_TEST

#define COUNT(list) ((int)(sizeof(list) / sizeof((list)[0])))

int main(void)
{
	Suite *suite = suite_create("lambda/runtime");
	TCase *tc = tcase_create("runtime API");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, next_gives_the_event_and_what_came_with_it);
	tcase_add_test(tc, the_trace_id_is_in_the_environment_for_its_invocation_only);
	tcase_add_test(tc, a_deadline_that_cannot_be_read_is_none);
	tcase_add_test(tc, an_event_of_six_megabytes_is_taken);
	tcase_add_loop_test(
		tc, an_invocation_without_a_name_to_answer_it_by_ends_it, 0, COUNT(bad_ids));
	tcase_add_test(tc, the_answer_goes_to_its_invocation);
	tcase_add_test(tc, a_failure_goes_to_its_invocation_with_its_type);
	tcase_add_test(tc, a_start_that_failed_is_told);
	tcase_add_loop_test(
		tc, the_apis_answers_mean_what_they_are_documented_to, 0, COUNT(verdicts));
	tcase_add_test(tc, an_answer_that_no_request_can_hold_is_too_large);
	tcase_add_test(tc, a_connection_that_broke_is_tried_once_more);
	tcase_add_test(tc, an_api_that_is_gone_ends_it);
	tcase_add_test(tc, the_wait_for_an_invocation_ends_when_asked);
	tcase_add_test(tc, an_answer_is_given_even_when_asked_to_stop);
	tcase_add_loop_test(tc, what_is_no_host_and_port_is_no_address, 0, COUNT(bad_addresses));
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
