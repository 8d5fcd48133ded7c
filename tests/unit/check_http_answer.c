/* SPDX-License-Identifier: MIT */
/* Routing, query parameters, paging, CORS and the form of answers. */
#include "http/cors.h"
#include "http/page.h"
#include "http/response.h"
#include "http/router.h"
#include "http/uri.h"

#include "unit/check_main.h"

static const struct {
	const char *pattern, *path;
	const char *capture; /* NULL: no match */
} routes[] = {
	{ "/api/ready", "/api/ready", "" },
	{ "/api/ready", "/api/ready/", NULL },
	{ "/api/ready", "/api//ready", NULL },
	{ "/api/ready", "/API/ready", NULL },
	{ "/api/ready", "/api/read", NULL },
	{ "/api/ready", "", NULL },
	{ "/api/messages/{uuid}", "/api/messages/abc", "abc" },
	{ "/api/messages/{uuid}", "/api/messages/", NULL },
	{ "/api/messages/{uuid}", "/api/messages", NULL },
	{ "/api/messages/{uuid}", "/api/messages/a/b", NULL },
	{ "/api/messages/{uuid}", "/api/messages/abc/", NULL },
	{ "/api/users/@{handle}/short", "/api/users/@londo/short", "londo" },
	{ "/api/users/@{handle}/short", "/api/users/@@/short", "@" },
	{ "/api/users/@{handle}/short", "/api/users/@/short", NULL },
	{ "/api/users/@{handle}/short", "/api/users/londo/short", NULL },
	{ "/api/users/@{handle}/short", "/api/users/@a/b/short", NULL },
	{ "/api/users/@{handle}/short", "/api/users/@londo/shorter", NULL },
};

START_TEST(a_path_matches_exactly_or_not_at_all)
{
	struct slice capture = { 0 };
	bool matched = router_match(routes[_i].pattern, slice_of(routes[_i].path), &capture);

	ck_assert_msg(matched == (routes[_i].capture != NULL), "%s against %s", routes[_i].path,
		routes[_i].pattern);
	if (matched)
		ck_assert(slice_equal(capture, slice_of(routes[_i].capture)));
}
END_TEST

static const struct {
	const char *query;
	enum status wanted;
	const char *value;
} queries[] = {
	{ "limit=20", STATUS_OK, "20" },
	{ "a=b&limit=20&c", STATUS_OK, "20" },
	{ "limit", STATUS_OK, "" },
	{ "limit=", STATUS_OK, "" },
	{ "%6cimit=%32%30", STATUS_OK, "20" },
	{ "limit=1+2", STATUS_OK, "1+2" },
	{ "", STATUS_NOT_FOUND, NULL },
	{ "limits=1&Limit=2&=3", STATUS_NOT_FOUND, NULL },
	{ "%zz=1", STATUS_NOT_FOUND, NULL },
	{ "limit=1&limit=1", STATUS_INVALID, NULL },
	{ "limit=1&%6climit=1&%6Cimit=2", STATUS_INVALID, NULL },
	{ "limit=%3", STATUS_INVALID, NULL },
	{ "limit=%gg", STATUS_INVALID, NULL },
};

START_TEST(a_parameter_is_found_once_or_refused)
{
	struct buf value = { 0 };

	ck_assert_int_eq(
		uri_query(slice_of(queries[_i].query), "limit", &value), queries[_i].wanted);
	if (queries[_i].value)
		ck_assert_str_eq(buf_cstr(&value), queries[_i].value);
	buf_free(&value);
}
END_TEST

static const struct {
	const char *query;
	size_t limit; /* 0: refused */
	bool has_cursor;
} pages[] = {
	{ "", 20, false },
	{ "limit=1", 1, false },
	{ "limit=100&x=y", 100, false },
	{ "limit=5&cursor=abc", 5, true },
	{ "cursor=", 20, true },
	{ "limit=0", 0, false },
	{ "limit=101", 0, false },
	{ "limit=1000", 0, false },
	{ "limit=-1", 0, false },
	{ "limit=+1", 0, false },
	{ "limit=1.5", 0, false },
	{ "limit=", 0, false },
	{ "limit=%201", 0, false },
	{ "limit=1&limit=2", 0, false },
	{ "cursor=a&cursor=a", 0, false },
	{ "limit=18446744073709551617", 0, false },
};

START_TEST(a_page_is_asked_for_within_bounds)
{
	struct http_request q = { .query = slice_of(pages[_i].query) };
	struct page_request p = { .limit = 0 };
	enum status rc = page_request_read(&q, &p);

	ck_assert_int_eq(rc, pages[_i].limit > 0 ? STATUS_OK : STATUS_INVALID);
	if (rc == STATUS_OK) {
		ck_assert_uint_eq(p.limit, pages[_i].limit);
		ck_assert_int_eq(p.has_cursor, pages[_i].has_cursor);
	}
	page_request_clear(&p);
}
END_TEST

START_TEST(the_next_page_is_linked_with_the_limit_that_was_asked_for)
{
	struct http_response r = { .status = 200 };
	const struct page_request p = { .limit = 7 };

	page_link_next(&r, "/api/message_groups", &p, SLICE("abc"));
	ck_assert_str_eq(buf_cstr(&r.headers),
		"Link: </api/message_groups?limit=7&cursor=abc>; rel=\"next\"\r\n");
	http_response_free(&r);
}
END_TEST

static void written(const struct http_response *r, struct buf *out)
{
	buf_clear(out);
	ck_assert_int_eq(http_response_write_head(r, out), STATUS_OK);
	buf_add_slice(out, buf_slice(&r->body));
}

START_TEST(errors_are_arrays_of_codes_in_order)
{
	struct http_response r = { .status = 200 };
	struct buf out = { 0 };

	buf_add_str(&r.body, "half an answ");
	http_response_error(&r, 422, "message_blank");
	http_response_add_code(&r, "user_receiver_handle_blank");
	written(&r, &out);
	ck_assert_str_eq(buf_cstr(&out),
		"Status: 422 Unprocessable Content\r\nContent-Type: "
		"application/json\r\nContent-Length: 46\r\n\r\n"
		"[\"message_blank\",\"user_receiver_handle_blank\"]");
	http_response_free(&r);
	buf_free(&out);
}
END_TEST

START_TEST(head_carries_the_length_of_the_body_that_it_does_not_carry)
{
	struct http_response r = { .status = 200 };
	struct buf out = { 0 };

	buf_add_str(&r.body, "[]");
	ck_assert_int_eq(http_response_write_head(&r, &out), STATUS_OK);
	ck_assert_str_eq(buf_cstr(&out),
		"Status: 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n");
	http_response_free(&r);
	buf_free(&out);
}
END_TEST

START_TEST(an_answer_may_be_of_another_type_and_an_error_never_is)
{
	struct http_response r = { .status = 200, .content_type = "text/plain" };
	struct buf out = { 0 };

	buf_add_str(&r.body, "a 1\n");
	written(&r, &out);
	ck_assert_str_eq(buf_cstr(&out),
		"Status: 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\na 1\n");
	http_response_error(&r, 404, "not_found");
	ck_assert_ptr_null(r.content_type);
	r.content_type = "text/plain";
	http_response_fail(&r, STATUS_DENIED);
	ck_assert_ptr_null(r.content_type);
	r.content_type = "text/plain";
	http_response_clear(&r);
	ck_assert_ptr_null(r.content_type);
	http_response_free(&r);
	buf_free(&out);
}
END_TEST

START_TEST(no_value_can_split_a_header)
{
	struct http_response r = { .status = 200 };

	http_response_header(&r, "X-A", SLICE("a\r\nX-B: b"));
	http_response_header(&r, "X-C", SLICE("a\0b"));
	ck_assert_uint_eq(r.headers.len, 0);
	http_response_free(&r);
}
END_TEST

static const struct {
	enum status why;
	int status;
	const char *body;
	const char *header;
} failures[] = {
	{ STATUS_TIMEOUT, 503, "[\"service_unavailable\"]", "Retry-After: 1\r\n" },
	{ STATUS_UNAVAILABLE, 503, "[\"service_unavailable\"]", "Retry-After: 1\r\n" },
	{ STATUS_NO_MEMORY, 503, "[\"service_unavailable\"]", "Retry-After: 1\r\n" },
	{ STATUS_DENIED, 401, "{}", "WWW-Authenticate: Bearer\r\n" },
	{ STATUS_TOO_LARGE, 413, "[\"body_too_large\"]", "" },
	{ STATUS_INTERNAL, 500, "[\"internal_error\"]", "" },
};

START_TEST(a_failure_below_becomes_the_contracts_answer)
{
	struct http_response r = { .status = 200 };

	http_response_fail(&r, failures[_i].why);
	ck_assert_int_eq(r.status, failures[_i].status);
	ck_assert_str_eq(buf_cstr(&r.body), failures[_i].body);
	ck_assert_str_eq(buf_cstr(&r.headers), failures[_i].header);
	http_response_free(&r);
}
END_TEST

static char *const origins[] = { "https://app.example.com", "http://localhost:3000" };
static const struct cors cors = { .origins = origins, .origin_count = 2 };

START_TEST(an_allowed_origin_may_read_the_answer)
{
	struct http_request q = { .origin = { SLICE("http://localhost:3000"), 1 } };
	struct http_response r = { .status = 200 };

	cors_apply(&cors, &q, &r);
	ck_assert_str_eq(buf_cstr(&r.headers),
		"Vary: Origin\r\nAccess-Control-Allow-Origin: http://localhost:3000\r\n"
		"Access-Control-Expose-Headers: Link, X-Request-Id\r\n");
	http_response_free(&r);
}
END_TEST

START_TEST(any_other_origin_gets_nothing_but_vary)
{
	static const char *const others[] = { "http://localhost:3001", "http://LOCALHOST:3000",
		"https://app.example.com.evil.com", "https://app.example.com/", "null", "" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct http_request q = { .origin = { slice_of(others[i]), 1 } };
		struct http_response r = { .status = 200 };

		cors_apply(&cors, &q, &r);
		cors_preflight(&cors, &q, "GET, HEAD, OPTIONS", &r);
		ck_assert_ptr_null(strstr(buf_cstr(&r.headers), "Access-Control"));
		ck_assert_int_eq(r.status, 204);
		http_response_free(&r);
	}
}
END_TEST

START_TEST(a_preflight_of_an_allowed_origin_says_what_may_be_sent)
{
	struct http_request q = { .origin = { SLICE("https://app.example.com"), 1 } };
	struct http_response r = { .status = 200 };
	struct buf out = { 0 };

	cors_preflight(&cors, &q, "POST, OPTIONS", &r);
	written(&r, &out);
	ck_assert_str_eq(buf_cstr(&out),
		"Status: 204 No Content\r\nAllow: POST, OPTIONS\r\n"
		"Access-Control-Allow-Methods: POST, OPTIONS\r\n"
		"Access-Control-Allow-Headers: Authorization, Content-Type, "
		"Idempotency-Key\r\n"
		"Access-Control-Max-Age: 7200\r\n\r\n");
	http_response_free(&r);
	buf_free(&out);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

int main(void)
{
	Suite *suite = suite_create("http answer");
	TCase *tc = tcase_create("answer");

	tcase_add_loop_test(tc, a_path_matches_exactly_or_not_at_all, 0, COUNT(routes));
	tcase_add_loop_test(tc, a_parameter_is_found_once_or_refused, 0, COUNT(queries));
	tcase_add_loop_test(tc, a_page_is_asked_for_within_bounds, 0, COUNT(pages));
	tcase_add_test(tc, the_next_page_is_linked_with_the_limit_that_was_asked_for);
	tcase_add_test(tc, errors_are_arrays_of_codes_in_order);
	tcase_add_test(tc, head_carries_the_length_of_the_body_that_it_does_not_carry);
	tcase_add_test(tc, an_answer_may_be_of_another_type_and_an_error_never_is);
	tcase_add_test(tc, no_value_can_split_a_header);
	tcase_add_loop_test(tc, a_failure_below_becomes_the_contracts_answer, 0, COUNT(failures));
	tcase_add_test(tc, an_allowed_origin_may_read_the_answer);
	tcase_add_test(tc, any_other_origin_gets_nothing_but_vary);
	tcase_add_test(tc, a_preflight_of_an_allowed_origin_says_what_may_be_sent);
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
