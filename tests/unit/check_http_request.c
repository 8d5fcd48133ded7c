/* SPDX-License-Identifier: MIT */
/* From FastCGI parameters to a request: decoding once, duplicates, lying lengths, hostile ids. */
#include "http/request.h"

#include "unit/check_main.h"

static struct http_request request;

static void tear_down(void)
{
	http_request_free(&request);
	request = (struct http_request){ .read = NULL };
}

static void read_params(char *const *params)
{
	ck_assert_int_eq(http_request_read_params(&request, params), STATUS_OK);
}

static void assert_slice(struct slice got, const char *wanted)
{
	ck_assert_msg(
		slice_equal(got, slice_of(wanted)), "%.*s, not %s", (int)got.len, got.ptr, wanted);
}

START_TEST(path_is_decoded_once_and_the_query_stays_raw)
{
	read_params((char *[]){ "REQUEST_METHOD=GET",
		"REQUEST_URI=/api/users/%40andrew%2520/short?limit=%32&x=?", NULL });
	ck_assert_int_eq(request.method, HTTP_GET);
	assert_slice(request.path, "/api/users/@andrew%20/short");
	assert_slice(request.query, "limit=%32&x=?");
}
END_TEST

START_TEST(a_traceparent_is_kept_and_counted)
{
	read_params((char *[]){ "REQUEST_URI=/", NULL });
	ck_assert_int_eq(request.traceparent.times, 0);
	read_params((char *[]){ "HTTP_TRACEPARENT=00-a", NULL });
	ck_assert_int_eq(request.traceparent.times, 1);
	assert_slice(request.traceparent.value, "00-a");
	read_params((char *[]){ "HTTP_TRACEPARENT=00-a", "HTTP_TRACEPARENT=00-b", NULL });
	ck_assert_int_eq(request.traceparent.times, 2);
}
END_TEST

START_TEST(a_path_with_a_torn_escape_is_no_path)
{
	read_params((char *[]){ "REQUEST_METHOD=GET", "REQUEST_URI=/api/%4", NULL });
	ck_assert_uint_eq(request.path.len, 0);
}
END_TEST

START_TEST(an_escaped_nul_stays_inside_the_path)
{
	read_params((char *[]){ "REQUEST_URI=/a%00b", NULL });
	ck_assert_uint_eq(request.path.len, 4);
	ck_assert_int_eq(memcmp(request.path.ptr, "/a\0b", 4), 0);
}
END_TEST

START_TEST(the_fronts_request_id_is_kept_with_a_long_path_behind_it)
{
	char target[5000];

	memset(target, 'a', sizeof(target) - 1);
	memcpy(target, "REQUEST_URI=/", 13);
	target[sizeof(target) - 1] = '\0';
	read_params((char *[]){ "HTTP_X_REQUEST_ID=0123456789abcdef", target, NULL });
	assert_slice(request.request_id, "0123456789abcdef");
	ck_assert_uint_eq(request.path.len, sizeof(target) - 1 - 12);
}
END_TEST

START_TEST(a_missing_or_hostile_request_id_is_replaced)
{
	static const char *const ids[] = { "HTTP_X_REQUEST_ID=", "HTTP_X_REQUEST_ID=a b",
		"HTTP_X_REQUEST_ID=a\r\nX: y", "HTTP_X_REQUEST_ID=\xff", "REQUEST_METHOD=GET" };

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		read_params((char *[]){ (char *)ids[i], NULL });
		ck_assert_uint_eq(request.request_id.len, 36);
	}
}
END_TEST

START_TEST(two_authorization_headers_are_denied)
{
	struct slice token;

	read_params(
		(char *[]){ "HTTP_AUTHORIZATION=Bearer a", "HTTP_AUTHORIZATION=Bearer a", NULL });
	ck_assert_int_eq(http_request_bearer(&request, &token), STATUS_DENIED);
}
END_TEST

static const struct {
	const char *param;
	const char *token; /* NULL: denied */
} bearers[] = {
	{ "HTTP_AUTHORIZATION=Bearer abc", "abc" },
	{ "HTTP_AUTHORIZATION=bEARER abc", "abc" },
	{ "HTTP_AUTHORIZATION=Bearer  abc", NULL },
	{ "HTTP_AUTHORIZATION=Bearer\tabc", NULL },
	{ "HTTP_AUTHORIZATION=Bearer ", NULL },
	{ "HTTP_AUTHORIZATION=Bearer", NULL },
	{ "HTTP_AUTHORIZATION=Bearerabc", NULL },
	{ "HTTP_AUTHORIZATION=Basic abc", NULL },
	{ "HTTP_AUTHORIZATION=", NULL },
	{ "HTTP_COOKIE=Bearer abc", NULL },
};

START_TEST(only_one_bearer_and_one_space_name_a_token)
{
	struct slice token = { 0 };
	enum status rc;

	read_params((char *[]){ (char *)bearers[_i].param, NULL });
	rc = http_request_bearer(&request, &token);
	if (bearers[_i].token) {
		ck_assert_int_eq(rc, STATUS_OK);
		assert_slice(token, bearers[_i].token);
	} else {
		ck_assert_int_eq(rc, STATUS_DENIED);
	}
}
END_TEST

static const struct {
	const char *param;
	bool is_json;
} types[] = {
	{ "CONTENT_TYPE=application/json", true },
	{ "CONTENT_TYPE=Application/JSON; charset=utf-8", true },
	{ "CONTENT_TYPE=application/json ;x=y", true },
	{ "CONTENT_TYPE=application/jsonp", false },
	{ "CONTENT_TYPE=application/json-patch+json", false },
	{ "CONTENT_TYPE=text/plain", false },
	{ "CONTENT_TYPE=", false },
	{ "REQUEST_METHOD=POST", false },
};

START_TEST(only_application_json_is_json)
{
	read_params((char *[]){ (char *)types[_i].param, NULL });
	ck_assert_int_eq(http_request_is_json(&request), types[_i].is_json);
}
END_TEST

struct source {
	const char *text;
	size_t left;
	bool broken; /* fails at its end */
};

static int read_source(void *source, char *into, int n)
{
	struct source *s = source;
	size_t take = s->left < (size_t)n ? s->left : (size_t)n;

	if (take == 0)
		return s->broken ? -1 : 0;
	memcpy(into, s->text, take);
	s->text += take;
	s->left -= take;
	return (int)take;
}

static enum status read_body(const char *length, struct source *source, struct buf *b)
{
	request.read = read_source;
	request.source = source;
	read_params((char *[]){ (char *)length, NULL });
	return http_request_read_body(&request, b);
}

START_TEST(a_body_is_read_whole_up_to_the_cap_and_not_beyond)
{
	static char text[HTTP_BODY_MAX + 1];
	struct buf b = { 0 };

	memset(text, 'x', sizeof(text));
	ck_assert_int_eq(read_body("CONTENT_LENGTH=16384",
				 &(struct source){ .text = text, .left = HTTP_BODY_MAX }, &b),
		STATUS_OK);
	ck_assert_uint_eq(b.len, HTTP_BODY_MAX);
	buf_clear(&b);
	ck_assert_int_eq(read_body("CONTENT_LENGTH=16385",
				 &(struct source){ .text = text, .left = HTTP_BODY_MAX + 1 }, &b),
		STATUS_TOO_LARGE);
	buf_clear(&b);
	/* The length is absent or lies low: what comes counts. */
	ck_assert_int_eq(
		read_body("X=y", &(struct source){ .text = text, .left = HTTP_BODY_MAX + 1 }, &b),
		STATUS_TOO_LARGE);
	buf_free(&b);
}
END_TEST

START_TEST(a_torn_body_is_invalid)
{
	struct buf b = { 0 };

	ck_assert_int_eq(
		read_body("CONTENT_LENGTH=10", &(struct source){ .text = "{}", .left = 2 }, &b),
		STATUS_INVALID);
	buf_clear(&b);
	ck_assert_int_eq(
		read_body("X=y", &(struct source){ .text = "{}", .left = 2, .broken = true }, &b),
		STATUS_INVALID);
	buf_free(&b);
}
END_TEST

START_TEST(the_fronts_time_is_read_or_ignored)
{
	read_params((char *[]){ "CRUDDUR_RECEIVED_MSEC=1790000000.123", NULL });
	ck_assert_int_eq(request.received_ms, 1790000000123);
	read_params((char *[]){ "CRUDDUR_RECEIVED_MSEC=1790000000", NULL });
	ck_assert_int_eq(request.received_ms, 0);
	read_params((char *[]){ "CRUDDUR_RECEIVED_MSEC=soon", NULL });
	ck_assert_int_eq(request.received_ms, 0);
}
END_TEST

static char *const strangers[] = { "CRUDDUR_OPERATOR=", "CRUDDUR_OPERATOR=0", "CRUDDUR_OPERATOR=11",
	"HTTP_CRUDDUR_OPERATOR=1", "cruddur_operator=1" };

START_TEST(only_the_fronts_own_word_makes_an_operator)
{
	read_params((char *[]){ "CRUDDUR_OPERATOR=1", NULL });
	ck_assert(request.operated);
	read_params((char *[]){ strangers[_i], NULL });
	ck_assert(!request.operated);
}
END_TEST

START_TEST(nothing_of_an_earlier_request_is_left)
{
	read_params((char *[]){ "REQUEST_METHOD=POST", "REQUEST_URI=/x?y", "HTTP_ORIGIN=o",
		"HTTP_AUTHORIZATION=Bearer a", "HTTP_IDEMPOTENCY_KEY=k", "CONTENT_LENGTH=1",
		NULL });
	read_params((char *[]){ "A=b", NULL });
	ck_assert_int_eq(request.method, HTTP_OTHER);
	ck_assert_uint_eq(request.path.len + request.query.len, 0);
	ck_assert_int_eq(
		request.origin.times + request.authorization.times + request.idempotency_key.times,
		0);
	ck_assert_int_eq(request.content_length, -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("http request");
	TCase *tc = tcase_create("request");

	tcase_add_checked_fixture(tc, NULL, tear_down);
	tcase_add_test(tc, path_is_decoded_once_and_the_query_stays_raw);
	tcase_add_test(tc, a_traceparent_is_kept_and_counted);
	tcase_add_test(tc, a_path_with_a_torn_escape_is_no_path);
	tcase_add_test(tc, an_escaped_nul_stays_inside_the_path);
	tcase_add_test(tc, the_fronts_request_id_is_kept_with_a_long_path_behind_it);
	tcase_add_test(tc, a_missing_or_hostile_request_id_is_replaced);
	tcase_add_test(tc, two_authorization_headers_are_denied);
	tcase_add_loop_test(tc, only_one_bearer_and_one_space_name_a_token, 0,
		(int)(sizeof(bearers) / sizeof(bearers[0])));
	tcase_add_loop_test(
		tc, only_application_json_is_json, 0, (int)(sizeof(types) / sizeof(types[0])));
	tcase_add_test(tc, a_body_is_read_whole_up_to_the_cap_and_not_beyond);
	tcase_add_test(tc, a_torn_body_is_invalid);
	tcase_add_test(tc, the_fronts_time_is_read_or_ignored);
	tcase_add_loop_test(tc, only_the_fronts_own_word_makes_an_operator, 0,
		(int)(sizeof(strangers) / sizeof(strangers[0])));
	tcase_add_test(tc, nothing_of_an_earlier_request_is_left);
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
