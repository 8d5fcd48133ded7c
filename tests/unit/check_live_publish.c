/* SPDX-License-Identifier: MIT */
/* What is handed to nginx for an event, and what a worker does when nginx does not take it. A
 * server of the test's own on a Unix socket plays nginx. */
#include "live/events.h"

#include "base/clock.h"
#include "fetch/fetch.h"
#include "support/http_server.h"
#include "unit/check_main.h"

#include <stdio.h>
#include <unistd.h>

static const struct uuid ann = { "aaaaaaaa-0000-4000-8000-000000000001" };
static const struct uuid bea = { "bbbbbbbb-0000-4000-8000-000000000002" };
static const struct uuid group = { "cccccccc-0000-4000-8000-000000000003" };
static const struct uuid message = { "dddddddd-0000-4000-8000-000000000004" };

static char folder[] = "/tmp/check-live-XXXXXX", path[64];
static struct http_server *nginx;
static struct live *live;
static struct usage usage;
static struct trace trace;

static void set_up(void)
{
	const struct live_service service = {
		.socket_path = path, .usage = &usage, .trace = &trace
	};

	ck_assert_int_eq(fetch_global_open(), STATUS_OK);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/s", folder);
	nginx = http_server_start_unix(path);
	ck_assert_int_eq(live_new(&service, &live), STATUS_OK);
}

static void tear_down(void)
{
	live_free(live);
	if (nginx)
		http_server_stop(nginx);
	ck_assert_int_eq(rmdir(folder), 0);
	fetch_global_close();
}

static void reply(int status)
{
	http_server_reply(
		nginx, (struct http_server_reply){ .status = status, .body = "{\"messages\":1}" });
}

static bool request_is(size_t i, const char *method, const char *part)
{
	struct slice head = http_server_head(nginx, i);
	const char *end = memchr(head.ptr, '\r', head.len);
	char line[512];

	ck_assert_ptr_nonnull(end);
	snprintf(line, sizeof(line), "%.*s", (int)(end - head.ptr), head.ptr);
	return strncmp(line, method, strlen(method)) == 0 && strstr(line, " /publish?to=") &&
		strstr(line, part);
}

static void assert_event(size_t i, const char *name)
{
	char *value = http_server_header(nginx, i, "X-EventSource-Event");

	ck_assert_str_eq(value, name);
	free(value);
}

static void assert_body(size_t i, const char *text)
{
	ck_assert(slice_equal(http_server_body(nginx, i), slice_of(text)));
}

START_TEST(a_message_is_told_to_both)
{
	reply(202);
	live_events_message(live, &ann, &bea, SLICE("{\"uuid\":\"x\"}"));
	ck_assert_uint_eq(http_server_hits(nginx), 0);
	ck_assert_int_eq(live_publish(live), LIVE_PUBLISHED);
	ck_assert_uint_eq(http_server_hits(nginx), 2);
	for (size_t i = 0; i < 2; i++) {
		ck_assert(request_is(i, "POST", ann.text));
		ck_assert(request_is(i, "POST", bea.text));
		assert_event(i, "message");
		assert_body(i, "{\"uuid\":\"x\"}");
	}
	ck_assert_uint_eq(http_server_connections(nginx), 1);
}
END_TEST

START_TEST(the_trace_of_the_moment_goes_with_it)
{
	char *value;

	reply(202);
	trace_read(&trace, SLICE("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
	live_events_read(live, &ann, &group, &message);
	live_publish(live);
	value = http_server_header(nginx, 0, "traceparent");
	ck_assert_str_eq(value, trace.header + strlen("traceparent: "));
	free(value);
	trace_read(&trace, SLICE(""));
	live_events_read(live, &ann, &group, &message);
	live_publish(live);
	ck_assert_ptr_null(http_server_header(nginx, http_server_hits(nginx) - 1, "traceparent"));
}
END_TEST

START_TEST(a_ping_publishes_nothing_and_takes_any_answer)
{
	reply(404);
	ck_assert_int_eq(live_ping(live), STATUS_OK);
	ck_assert(slice_starts_with(http_server_head(nginx, 0), SLICE("GET / HTTP/1.1\r\n")));
	http_server_stop(nginx);
	nginx = NULL;
	ck_assert_int_eq(live_ping(live), STATUS_UNAVAILABLE);
}
END_TEST

START_TEST(where_only_the_sender_is_known_the_sender_is_told)
{
	reply(202);
	live_events_message(live, &ann, NULL, SLICE("{}"));
	live_publish(live);
	ck_assert(request_is(0, "POST", ann.text));
	ck_assert(!request_is(0, "POST", bea.text));
}
END_TEST

START_TEST(what_was_read_is_told_to_the_reader_alone)
{
	reply(202);
	live_events_read(live, &ann, &group, &message);
	live_publish(live);
	ck_assert(request_is(0, "POST", ann.text));
	ck_assert(!request_is(0, "POST", bea.text));
	assert_event(0, "read");
	assert_body(0,
		"{\"message_group_uuid\":\"cccccccc-0000-4000-8000-000000000003\","
		"\"message_uuid\":\"dddddddd-0000-4000-8000-000000000004\"}");
}
END_TEST

START_TEST(streams_of_the_old_channel_are_ended_once_they_have_it)
{
	reply(202);
	reply(201);
	reply(200);
	live_events_message(live, &ann, &bea, SLICE("{}"));
	live_publish(live);
	ck_assert_uint_eq(http_server_hits(nginx), 3);
	ck_assert(request_is(2, "DELETE", ann.text));
	ck_assert(request_is(2, "DELETE", bea.text));
	ck_assert_uint_eq(usage.calls, 3);
	ck_assert_uint_eq(usage.failures, 0);
	ck_assert_uint_eq(http_server_body(nginx, 2).len, 0);
	/* The same channels as before, which are not those of now. */
	ck_assert(memcmp(http_server_head(nginx, 1).ptr + strlen("POST"),
			  http_server_head(nginx, 2).ptr + strlen("DELETE"), 100) == 0);
	ck_assert(memcmp(http_server_head(nginx, 0).ptr, http_server_head(nginx, 1).ptr, 100) != 0);
}
END_TEST

START_TEST(an_event_is_published_once)
{
	reply(202);
	live_events_message(live, &ann, &bea, SLICE("{}"));
	live_publish(live);
	ck_assert_int_eq(live_publish(live), LIVE_NOTHING);
	ck_assert_uint_eq(http_server_hits(nginx), 2);
}
END_TEST

START_TEST(nothing_is_published_without_an_event_or_after_it_was_forgotten)
{
	reply(202);
	live_publish(live);
	live_events_message(live, &ann, &bea, SLICE("{}"));
	live_forget(live);
	live_publish(live);
	ck_assert_uint_eq(http_server_hits(nginx), 0);
}
END_TEST

START_TEST(without_a_live_channel_nothing_happens)
{
	live_events_message(NULL, &ann, &bea, SLICE("{}"));
	live_events_read(NULL, &ann, &group, &message);
	live_forget(NULL);
	live_publish(NULL);
	live_free(NULL);
}
END_TEST

/* Runs what logs with stderr in a file, and counts its lines. */
static size_t lines_of(void (*run)(void))
{
	FILE *log = tmpfile();
	size_t lines = 0;
	int c, kept = dup(STDERR_FILENO);

	ck_assert_ptr_nonnull(log);
	ck_assert_int_ge(kept, 0);
	ck_assert_int_ge(dup2(fileno(log), STDERR_FILENO), 0);
	run();
	ck_assert_int_ge(dup2(kept, STDERR_FILENO), 0);
	(void)close(kept);
	rewind(log);
	while ((c = fgetc(log)) != EOF)
		lines += c == '\n';
	(void)fclose(log);
	return lines;
}

static void publish_twenty(void)
{
	for (int i = 0; i < 20; i++) {
		live_events_message(live, &ann, &bea, SLICE("{}"));
		live_publish(live);
	}
}

START_TEST(refusals_are_one_line_and_every_event_is_tried)
{
	reply(507);
	ck_assert_uint_eq(lines_of(publish_twenty), 1);
	ck_assert_uint_eq(http_server_hits(nginx), 20);
	live_events_message(live, &ann, &bea, SLICE("{}"));
	ck_assert_int_eq(live_publish(live), LIVE_FAILED);
}
END_TEST

START_TEST(nobody_listening_is_one_line_and_costs_no_time)
{
	int64_t started = clock_monotonic_ms();

	http_server_stop(nginx);
	nginx = NULL;
	ck_assert_uint_eq(lines_of(publish_twenty), 1);
	ck_assert_int_lt(clock_monotonic_ms() - started, 2000);
}
END_TEST

START_TEST(an_nginx_that_hangs_is_waited_for_once)
{
	int64_t started = clock_monotonic_ms();

	http_server_reply(nginx, (struct http_server_reply){ .manner = HTTP_SERVER_HANG });
	ck_assert_uint_eq(lines_of(publish_twenty), 1);
	/* A quarter of a second for the first; the rest is over before its second has passed. */
	ck_assert_int_lt(clock_monotonic_ms() - started, 1000);
	live_events_message(live, &ann, &bea, SLICE("{}"));
	ck_assert_int_eq(live_publish(live), LIVE_SKIPPED);
	ck_assert_uint_eq(http_server_hits(nginx), 1);
}
END_TEST

START_TEST(works_again_over_a_new_connection)
{
	http_server_reply(
		nginx, (struct http_server_reply){ .body = "{}", .manner = HTTP_SERVER_LEAVE });
	live_events_message(live, &ann, &bea, SLICE("{}"));
	live_publish(live);
	live_events_message(live, &ann, &bea, SLICE("{}"));
	live_publish(live);
	ck_assert_uint_eq(http_server_hits(nginx), 4);
	ck_assert_uint_gt(http_server_connections(nginx), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("live_publish");
	TCase *tests = tcase_create("publish");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_message_is_told_to_both);
	tcase_add_test(tests, the_trace_of_the_moment_goes_with_it);
	tcase_add_test(tests, a_ping_publishes_nothing_and_takes_any_answer);
	tcase_add_test(tests, where_only_the_sender_is_known_the_sender_is_told);
	tcase_add_test(tests, what_was_read_is_told_to_the_reader_alone);
	tcase_add_test(tests, streams_of_the_old_channel_are_ended_once_they_have_it);
	tcase_add_test(tests, an_event_is_published_once);
	tcase_add_test(tests, nothing_is_published_without_an_event_or_after_it_was_forgotten);
	tcase_add_test(tests, without_a_live_channel_nothing_happens);
	tcase_add_test(tests, refusals_are_one_line_and_every_event_is_tried);
	tcase_add_test(tests, nobody_listening_is_one_line_and_costs_no_time);
	tcase_add_test(tests, an_nginx_that_hangs_is_waited_for_once);
	tcase_add_test(tests, works_again_over_a_new_connection);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
