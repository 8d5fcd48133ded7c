/* SPDX-License-Identifier: MIT */
/* What fetch promises of one outbound request, against a server that misbehaves on request. What
 * the signature is worth is tests/interop/test_sigv4.py's business. */
#include "fetch/fetch.h"

#include "support/http_server.h"
#include "unit/check_main.h"

#include <signal.h>
#include <stdio.h>
#include <sys/time.h>

static struct http_server *server;
static struct fetch *handle;

static void set_up(void)
{
	ck_assert_int_eq(fetch_global_open(), STATUS_OK);
	server = http_server_start();
	ck_assert_int_eq(fetch_new(&handle), STATUS_OK);
}

static void tear_down(void)
{
	fetch_free(handle);
	http_server_stop(server);
	fetch_global_close();
}

static struct fetch_request get_request(void)
{
	return (struct fetch_request){
		.method = "GET",
		.url = http_server_url(server),
		.body_max = 1000,
		.connect_ms = 2000,
		.total_ms = 5000,
	};
}

static enum status get(struct fetch_answer *out)
{
	struct fetch_request r = get_request();

	return fetch_do(handle, &r, out);
}

static void assert_body(struct slice is, const char *should)
{
	ck_assert_uint_eq(is.len, strlen(should));
	ck_assert_int_eq(memcmp(is.ptr, should, is.len), 0);
}

START_TEST(gives_status_body_and_headers_of_the_answer)
{
	struct fetch_answer a;
	struct slice value;

	http_server_reply(server,
		(struct http_server_reply){
			404, "X-One: a\r\nX-Two: b\r\nX-Two: c\r\n", "gone", 0 });
	ck_assert_int_eq(get(&a), STATUS_OK);
	ck_assert_int_eq(a.status, 404);
	ck_assert_int_eq(a.sends, 1);
	assert_body(a.body, "gone");
	ck_assert(fetch_header(handle, "x-one", &value));
	assert_body(value, "a");
	ck_assert(fetch_header(handle, "X-TWO", &value));
	assert_body(value, "c");
	ck_assert(!fetch_header(handle, "X-Three", &value));
	ck_assert_str_eq(fetch_problem(handle), "");
}
END_TEST

START_TEST(posts_raw_bytes_with_the_given_headers_and_no_others_that_matter)
{
	static const char bytes[] = "a\0b{\"@file\"}&=\xff";
	const char *const headers[] = { "Content-Type: application/x-amz-json-1.0", "X-Own: 1",
		NULL };
	struct fetch_request r = get_request();
	struct fetch_answer a;
	char *value;

	http_server_reply_ok(server, "");
	r.method = "POST";
	r.headers = headers;
	r.body = (struct slice){ bytes, sizeof(bytes) - 1 };
	ck_assert_int_eq(fetch_do(handle, &r, &a), STATUS_OK);
	ck_assert(http_server_asked(server, 0, "POST / HTTP/1.1"));
	ck_assert(slice_equal(http_server_body(server, 0), r.body));
	value = http_server_header(server, 0, "Content-Type");
	ck_assert_str_eq(value, "application/x-amz-json-1.0");
	free(value);
	value = http_server_header(server, 0, "X-Own");
	ck_assert_str_eq(value, "1");
	free(value);
	ck_assert_ptr_null(http_server_header(server, 0, "Accept-Encoding"));
	ck_assert_ptr_null(http_server_header(server, 0, "Authorization"));
}
END_TEST

START_TEST(never_waits_for_leave_to_send_a_large_body)
{
	struct fetch_request r = get_request();
	struct fetch_answer a;
	size_t len = (size_t)1 << 20;
	char *bytes = malloc(len + 1);

	ck_assert_ptr_nonnull(bytes);
	memset(bytes, 'x', len + 1);
	http_server_reply_ok(server, "");
	r.method = "POST";
	r.body = (struct slice){ bytes, len };
	ck_assert_int_eq(fetch_do(handle, &r, &a), STATUS_OK);
	ck_assert_ptr_null(http_server_header(server, 0, "Expect"));
	ck_assert_uint_eq(http_server_body(server, 0).len, len);
	r.body.len = len + 1;
	ck_assert_int_eq(fetch_do(handle, &r, &a), STATUS_INVALID);
	ck_assert_uint_eq(http_server_hits(server), 1);
	free(bytes);
}
END_TEST

START_TEST(nothing_of_one_request_leaks_into_the_next)
{
	const char *const headers[] = { "X-Own: 1", NULL };
	const struct fetch_signature signature = { "us-east-1", "dynamodb", "id", "secret",
		"token" };
	static const char *const leaks[] = { "X-Own", "Authorization", "X-Amz-Date",
		"X-Amz-Security-Token", "Content-Type" };
	struct fetch_request r = get_request();
	struct fetch_answer a;
	char *length;

	http_server_reply_ok(server, "{}");
	r.method = "POST";
	r.body = slice_of("body");
	r.headers = headers;
	r.signature = &signature;
	ck_assert_int_eq(fetch_do(handle, &r, &a), STATUS_OK);
	for (size_t i = 0; i < 4; i++) {
		char *value = http_server_header(server, 0, leaks[i]);

		ck_assert_ptr_nonnull(value);
		free(value);
	}
	ck_assert_int_eq(get(&a), STATUS_OK);
	ck_assert(http_server_asked(server, 1, "GET / HTTP/1.1"));
	ck_assert_uint_eq(http_server_body(server, 1).len, 0);
	for (size_t i = 0; i < sizeof(leaks) / sizeof(leaks[0]); i++)
		ck_assert_ptr_null(http_server_header(server, 1, leaks[i]));
	r = get_request();
	r.method = "PUT";
	ck_assert_int_eq(fetch_do(handle, &r, &a), STATUS_OK);
	ck_assert(http_server_asked(server, 2, "PUT / HTTP/1.1"));
	length = http_server_header(server, 2, "Content-Length");
	ck_assert_str_eq(length, "0");
	free(length);
	ck_assert_uint_eq(http_server_connections(server), 1);
}
END_TEST

START_TEST(signs_with_the_credentials_of_this_call)
{
	struct fetch_signature signature = { "eu-west-1", "dynamodb", "AKIDONE", "se/cr+et:1",
		NULL };
	struct fetch_request r = get_request();
	struct fetch_answer a;
	char *value;

	http_server_reply_ok(server, "{}");
	r.method = "POST";
	r.signature = &signature;
	ck_assert_int_eq(fetch_do(handle, &r, &a), STATUS_OK);
	value = http_server_header(server, 0, "Authorization");
	ck_assert_ptr_nonnull(strstr(value, "AWS4-HMAC-SHA256 Credential=AKIDONE/"));
	ck_assert_ptr_nonnull(strstr(value, "/eu-west-1/dynamodb/aws4_request"));
	free(value);
	ck_assert_ptr_null(http_server_header(server, 0, "X-Amz-Security-Token"));
	signature.access_key_id = "AKIDTWO";
	signature.session_token = "tok";
	ck_assert_int_eq(fetch_do(handle, &r, &a), STATUS_OK);
	value = http_server_header(server, 1, "Authorization");
	ck_assert_ptr_nonnull(strstr(value, "Credential=AKIDTWO/"));
	ck_assert_ptr_nonnull(strstr(value, "x-amz-security-token"));
	free(value);
	value = http_server_header(server, 1, "X-Amz-Security-Token");
	ck_assert_str_eq(value, "tok");
	free(value);
}
END_TEST

START_TEST(an_answer_over_the_cap_is_too_large)
{
	char body[1002];
	struct fetch_answer a = { .status = 7 };

	memset(body, 'x', 1000);
	body[1000] = '\0';
	http_server_reply_ok(server, body);
	body[1000] = 'x';
	body[1001] = '\0';
	http_server_reply_ok(server, body);
	ck_assert_int_eq(get(&a), STATUS_OK);
	ck_assert_uint_eq(a.body.len, 1000);
	a.status = 7;
	ck_assert_int_eq(get(&a), STATUS_TOO_LARGE);
	ck_assert_int_eq(a.status, 7);
	ck_assert_str_ne(fetch_problem(handle), "");
}
END_TEST

START_TEST(a_hung_server_is_a_timeout_within_the_time_given)
{
	struct fetch_request r = get_request();
	struct fetch_answer a;
	int64_t began = clock_monotonic_ms(), took;

	http_server_reply(server, (struct http_server_reply){ .manner = HTTP_SERVER_HANG });
	r.total_ms = 150;
	ck_assert_int_eq(fetch_do(handle, &r, &a), STATUS_TIMEOUT);
	took = clock_monotonic_ms() - began;
	ck_assert_int_ge(took, 140);
	ck_assert_int_lt(took, 3000);
	ck_assert_str_ne(fetch_problem(handle), "");
	r.total_ms = 0;
	ck_assert_int_eq(fetch_do(handle, &r, &a), STATUS_TIMEOUT);
	ck_assert_uint_eq(http_server_hits(server), 1);
}
END_TEST

START_TEST(works_again_after_every_kind_of_failure)
{
	static const enum http_server_manner manners[] = { HTTP_SERVER_DROP, HTTP_SERVER_TORN,
		HTTP_SERVER_HANG, HTTP_SERVER_RAW };
	struct fetch_answer a;

	for (size_t i = 0; i < sizeof(manners) / sizeof(manners[0]); i++) {
		struct fetch_request r = get_request();

		r.total_ms = 300;
		http_server_forget_script(server);
		http_server_reply(server,
			(struct http_server_reply){
				200, NULL, "SSH-2.0-not http at all\r\n\r\n", manners[i] });
		ck_assert_int_ne(fetch_do(handle, &r, &a), STATUS_OK);
		http_server_forget_script(server);
		http_server_reply_ok(server, "well");
		ck_assert_int_eq(get(&a), STATUS_OK);
		assert_body(a.body, "well");
	}
}
END_TEST

START_TEST(a_refused_connection_is_unavailable)
{
	struct fetch_request r = get_request();
	struct fetch_answer a;
	char url[64];

	/* Nobody listens on port 1 of the loopback device. */
	snprintf(url, sizeof(url), "http://127.0.0.1:1/");
	r.url = url;
	ck_assert_int_eq(fetch_do(handle, &r, &a), STATUS_UNAVAILABLE);
	ck_assert_str_ne(fetch_problem(handle), "");
}
END_TEST

START_TEST(a_connection_closed_while_idle_costs_nothing)
{
	struct fetch_answer a;

	http_server_reply(
		server, (struct http_server_reply){ .body = "1", .manner = HTTP_SERVER_LEAVE });
	http_server_reply_ok(server, "2");
	ck_assert_int_eq(get(&a), STATUS_OK);
	ck_assert_int_eq(get(&a), STATUS_OK);
	assert_body(a.body, "2");
	ck_assert_uint_eq(http_server_connections(server), 2);
}
END_TEST

START_TEST(tells_when_a_request_went_out_twice)
{
	struct fetch_answer a;

	http_server_reply_ok(server, "1");
	http_server_reply(server, (struct http_server_reply){ .manner = HTTP_SERVER_DROP });
	http_server_reply_ok(server, "3");
	ck_assert_int_eq(get(&a), STATUS_OK);
	ck_assert_int_eq(a.sends, 1);
	ck_assert_int_eq(get(&a), STATUS_OK);
	assert_body(a.body, "3");
	ck_assert_int_eq(a.sends, 2);
	ck_assert_uint_eq(http_server_hits(server), 3);
}
END_TEST

START_TEST(follows_no_redirect)
{
	struct fetch_answer a;
	char location[80];

	snprintf(location, sizeof(location), "Location: %s/other\r\n", http_server_url(server));
	http_server_reply(server, (struct http_server_reply){ 302, location, NULL, 0 });
	ck_assert_int_eq(get(&a), STATUS_OK);
	ck_assert_int_eq(a.status, 302);
	ck_assert_uint_eq(http_server_hits(server), 1);
}
END_TEST

START_TEST(speaks_no_other_protocol)
{
	static const char *const urls[] = { "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://x",
		"dict://127.0.0.1:1/x", "", "http://" };

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct fetch_request r = get_request();
		struct fetch_answer a;

		r.url = urls[i];
		ck_assert_int_eq(fetch_do(handle, &r, &a), STATUS_UNAVAILABLE);
	}
}
END_TEST

START_TEST(heeds_no_proxy_of_the_environment)
{
	struct fetch_answer a;

	ck_assert_int_eq(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
	ck_assert_int_eq(setenv("ALL_PROXY", "http://127.0.0.1:1", 1), 0);
	http_server_reply_ok(server, "direct");
	ck_assert_int_eq(get(&a), STATUS_OK);
	ck_assert_int_eq(unsetenv("http_proxy"), 0);
	ck_assert_int_eq(unsetenv("ALL_PROXY"), 0);
}
END_TEST

static volatile sig_atomic_t alarms;

static void on_alarm(int signal_number)
{
	(void)signal_number;
	alarms++;
}

START_TEST(a_signal_does_not_end_a_request)
{
	/* A worker that is told to leave finishes its request first: its handlers interrupt
	 * system calls, and the wait for a backend must go on. */
	struct sigaction act = { .sa_handler = on_alarm }, before;
	struct itimerval every = { { 0, 10000 }, { 0, 10000 } }, never = { { 0, 0 }, { 0, 0 } };
	struct fetch_request r = get_request();
	struct fetch_answer a;

	alarms = 0;
	http_server_reply(server, (struct http_server_reply){ .manner = HTTP_SERVER_HANG });
	r.total_ms = 300;
	ck_assert_int_eq(sigaction(SIGALRM, &act, &before), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &every, NULL), 0);
	ck_assert_int_eq(fetch_do(handle, &r, &a), STATUS_TIMEOUT);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
	ck_assert_int_eq(sigaction(SIGALRM, &before, NULL), 0);
	ck_assert_int_gt(alarms, 0);
}
END_TEST

struct patience {
	bool over; /* may give up: the request has reached the server */
	int asked;
};

static bool asked_to_stop(void *context)
{
	struct patience *p = context;

	p->asked++;
	if (http_server_hits(server) > 0)
		p->over = true;
	return p->over;
}

START_TEST(a_request_without_a_limit_of_time_is_given_up_when_asked)
{
	struct patience patience = { .over = false };
	struct fetch_request r = get_request();
	struct fetch_answer a;

	http_server_reply(server, (struct http_server_reply){ .manner = HTTP_SERVER_HANG });
	r.total_ms = FETCH_FOREVER;
	r.stop = asked_to_stop;
	r.stop_context = &patience;
	ck_assert_int_eq(fetch_do(handle, &r, &a), STATUS_UNAVAILABLE);
	ck_assert(patience.over);
	ck_assert_str_ne(fetch_problem(handle), "");
	/* The next request is asked about neither the old way nor without end. */
	patience.asked = 0;
	r.stop = NULL;
	r.total_ms = 200;
	ck_assert_int_eq(fetch_do(handle, &r, &a), STATUS_TIMEOUT);
	ck_assert_int_eq(patience.asked, 0);
}
END_TEST

START_TEST(no_limit_of_time_follows_a_short_one)
{
	struct fetch_request r = get_request();
	struct fetch_answer a;

	http_server_reply(server, (struct http_server_reply){ .manner = HTTP_SERVER_HANG });
	r.total_ms = 50;
	ck_assert_int_eq(fetch_do(handle, &r, &a), STATUS_TIMEOUT);
	http_server_forget_script(server);
	http_server_reply_ok(server, "at last");
	r.total_ms = FETCH_FOREVER;
	ck_assert_int_eq(fetch_do(handle, &r, &a), STATUS_OK);
	assert_body(a.body, "at last");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fetch");
	TCase *one = tcase_create("one request");

	tcase_add_checked_fixture(one, set_up, tear_down);
	tcase_add_test(one, gives_status_body_and_headers_of_the_answer);
	tcase_add_test(one, posts_raw_bytes_with_the_given_headers_and_no_others_that_matter);
	tcase_add_test(one, never_waits_for_leave_to_send_a_large_body);
	tcase_add_test(one, nothing_of_one_request_leaks_into_the_next);
	tcase_add_test(one, signs_with_the_credentials_of_this_call);
	tcase_add_test(one, an_answer_over_the_cap_is_too_large);
	tcase_add_test(one, a_hung_server_is_a_timeout_within_the_time_given);
	tcase_add_test(one, works_again_after_every_kind_of_failure);
	tcase_add_test(one, a_refused_connection_is_unavailable);
	tcase_add_test(one, a_connection_closed_while_idle_costs_nothing);
	tcase_add_test(one, tells_when_a_request_went_out_twice);
	tcase_add_test(one, follows_no_redirect);
	tcase_add_test(one, speaks_no_other_protocol);
	tcase_add_test(one, heeds_no_proxy_of_the_environment);
	tcase_add_test(one, a_signal_does_not_end_a_request);
	tcase_add_test(one, a_request_without_a_limit_of_time_is_given_up_when_asked);
	tcase_add_test(one, no_limit_of_time_follows_a_short_one);
	suite_add_tcase(suite, one);
	return check_main(suite);
}
