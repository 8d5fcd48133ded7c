/* SPDX-License-Identifier: MIT */
/* Credentials from the container endpoint and from IMDS: whom they are asked of, with which token,
 * and which answers are taken. A server of the test's own stands in for both. */
#include "aws/credentials.h"
#include "aws/credentials_source.h"

#include "support/http_server.h"
#include "support/settings_table.h"
#include "unit/check_main.h"

#include <stdio.h>
#include <unistd.h>

static struct http_server *server;
static struct aws_credential_chain *chain;
static char file_path[] = "check_aws_credentials_endpoints.XXXXXX";
static bool has_file;

static void set_url(const char *name, const char *path)
{
	char url[128];

	snprintf(url, sizeof(url), "%s%s", http_server_url(server), path);
	settings_table_set(name, url);
}

static void write_file(const char *text)
{
	int fd;

	if (has_file)
		(void)unlink(file_path);
	memcpy(file_path + strlen(file_path) - 6, "XXXXXX", 6);
	fd = mkstemp(file_path);
	ck_assert_int_ge(fd, 0);
	has_file = true;
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(close(fd), 0);
}

static void set_up(void)
{
	ck_assert_int_eq(fetch_global_open(), STATUS_OK);
	settings_table_clear();
	server = http_server_start();
	chain = NULL;
}

static void tear_down(void)
{
	aws_credential_chain_free(chain);
	http_server_stop(server);
	fetch_global_close();
	if (has_file)
		ck_assert_int_eq(unlink(file_path), 0);
	has_file = false;
}

static enum status ask(struct aws_credentials *out)
{
	if (!chain)
		ck_assert_int_eq(
			aws_credential_chain_new(settings_table_lookup, &chain), STATUS_OK);
	return aws_credentials_get(chain, deadline_in(4000), out);
}

static void assert_gives(const char *id, const char *secret, const char *token)
{
	struct aws_credentials c;

	ck_assert_int_eq(ask(&c), STATUS_OK);
	ck_assert_str_eq(c.access_key_id, id);
	ck_assert_str_eq(c.secret_access_key, secret);
	ck_assert_str_eq(c.session_token, token);
}

static void assert_gives_none(void)
{
	struct aws_credentials c;

	ck_assert_int_eq(ask(&c), STATUS_UNAVAILABLE);
}

/* A document that expires so many seconds from now. */
static const char *document(const char *id, int64_t seconds)
{
	static char text[512];
	char when[CLOCK_TEXT_SIZE];

	clock_format(clock_realtime_us() + seconds * 1000000, when);
	memcpy(when + 19, "Z", 2);
	snprintf(text, sizeof(text),
		"{\"Code\":\"Success\",\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"s/+\","
		"\"Token\":\"t==\",\"Expiration\":\"%s\"}",
		id, when);
	return text;
}

/* --- Container endpoint -------------------------------------------------------------------------
 */

START_TEST(container_url_goes_only_where_a_token_may_be_shown)
{
	static const char *const good[] = { "https://anywhere.example/x", "http://localhost/",
		"http://127.0.0.1:8080/x?y", "http://127.1.2.3", "http://[::1]:80/",
		"http://169.254.170.2/v2", "http://169.254.170.23/v1/credentials",
		"http://[fd00:ec2::23]/v1" };
	static const char *const bad[] = { "http://example.com/", "http://127.0.0.1@evil/",
		"http://127.0.0.1.evil/", "http://localhost.evil/", "http://127.0.0.1\\@evil/",
		"http://evil#@127.0.0.1/", "http://evil?127.0.0.1", "http://169.254.169.254/",
		"http://169.254.170.234/", "http://[::1].evil/", "http://[::1", "http://",
		"http:///x", "http://127.0.0.1:80x/", "ftp://127.0.0.1/", "127.0.0.1",
		"HTTP://127.0.0.1 /", "https://a\r\nX: 1", "http://127.evil/", "http://127.0.0./" };
	struct buf url = { 0 };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		settings_table_clear();
		settings_table_set("AWS_CONTAINER_CREDENTIALS_FULL_URI", good[i]);
		buf_clear(&url);
		ck_assert_int_eq(credentials_container_url(settings_table_lookup, &url), STATUS_OK);
		ck_assert_str_eq(buf_cstr(&url), good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		settings_table_clear();
		settings_table_set("AWS_CONTAINER_CREDENTIALS_FULL_URI", bad[i]);
		ck_assert_msg(
			credentials_container_url(settings_table_lookup, &url) == STATUS_DENIED,
			"%s", bad[i]);
	}
	buf_free(&url);
}
END_TEST

START_TEST(container_relative_uri_is_on_the_ecs_address)
{
	struct buf url = { 0 };

	settings_table_set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "https://other.example/");
	settings_table_set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/id?x=1");
	ck_assert_int_eq(credentials_container_url(settings_table_lookup, &url), STATUS_OK);
	ck_assert_str_eq(buf_cstr(&url), "http://169.254.170.2/v2/credentials/id?x=1");
	settings_table_clear();
	settings_table_set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@evil.example/");
	ck_assert_int_eq(credentials_container_url(settings_table_lookup, &url), STATUS_DENIED);
	buf_free(&url);
}
END_TEST

START_TEST(container_token_file_is_read_each_time_and_before_the_variable)
{
	char *value;

	write_file("Basic one");
	set_url("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/v1/credentials");
	settings_table_set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "variable");
	settings_table_set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file_path);
	http_server_reply_ok(server, document("CID", 3600));
	assert_gives("CID", "s/+", "t==");
	ck_assert(http_server_asked(server, 0, "GET /v1/credentials HTTP/1.1"));
	value = http_server_header(server, 0, "Authorization");
	ck_assert_str_eq(value, "Basic one");
	free(value);
	write_file("Basic two");
	settings_table_set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file_path);
	aws_credentials_expire(chain);
	assert_gives("CID", "s/+", "t==");
	value = http_server_header(server, 1, "Authorization");
	ck_assert_str_eq(value, "Basic two");
	free(value);
}
END_TEST

START_TEST(container_token_with_a_line_break_is_not_sent)
{
	set_url("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/");
	settings_table_set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic x\r\nX-Evil: 1");
	assert_gives_none();
	ck_assert_uint_eq(http_server_hits(server), 0);
}
END_TEST

START_TEST(container_that_fails_is_no_reason_to_ask_imds)
{
	set_url("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/");
	set_url("AWS_EC2_METADATA_SERVICE_ENDPOINT", "/imds");
	http_server_reply(server, (struct http_server_reply){ 403, NULL, "{}", 0 });
	assert_gives_none();
	ck_assert_uint_eq(http_server_hits(server), 1);
}
END_TEST

START_TEST(container_is_asked_again_after_a_5xx)
{
	set_url("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/");
	http_server_reply(server, (struct http_server_reply){ 500, NULL, "{}", 0 });
	http_server_reply_ok(server, document("CID", 3600));
	assert_gives("CID", "s/+", "t==");
	ck_assert_uint_eq(http_server_hits(server), 2);
}
END_TEST

START_TEST(odd_documents_are_refused)
{
	static const char *const texts[] = { "", "null", "[]", "{", "{\"AccessKeyId\":\"a\"}",
		"{\"AccessKeyId\":1,\"SecretAccessKey\":\"s\"}",
		"{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"s\",\"Expiration\":\"soon\"}",
		"{\"Code\":\"Failed\",\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"s\"}",
		"{\"AccessKeyId\":\"a\",\"AccessKeyId\":\"b\",\"SecretAccessKey\":\"s\"}" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct credentials_found f = { 0 };

		ck_assert_int_eq(credentials_document_read(slice_of(texts[i]), &f), STATUS_INVALID);
		credentials_found_free(&f);
	}
}
END_TEST

START_TEST(times_are_read_to_the_second)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} good[] = { { "1970-01-01T00:00:00Z", 0 }, { "2000-02-29T23:59:59Z", 951868799 },
		{ "2026-11-22T18:07:57Z", 1795370877 }, { "2026-11-22T18:07:57.599Z", 1795370877 },
		{ "2026-11-22T18:07:57+00:00", 1795370877 }, { "1969-12-31T23:59:59Z", -1 } };
	static const char *const bad[] = { "", "2026-11-22", "2026-11-22T18:07:57",
		"2026-11-22 18:07:57Z", "2026-13-22T18:07:57Z", "2026-11-22T18:07:57.Z",
		"2026-11-22T18:07:57Zx", "2026-11-22T18:07:57+02:00", "+026-11-22T18:07:57Z",
		"2026-11-22T24:07:57Z" };
	int64_t us = 7;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(credentials_document_time(slice_of(bad[i]), &us), STATUS_INVALID);
		ck_assert_int_eq(us, 7);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_int_eq(credentials_document_time(slice_of(good[i].text), &us), STATUS_OK);
		ck_assert_int_eq(us, good[i].seconds * 1000000);
	}
}
END_TEST

/* --- IMDS ---------------------------------------------------------------------------------------
 */

START_TEST(imds_is_asked_by_version_2)
{
	char *value;

	set_url("AWS_EC2_METADATA_SERVICE_ENDPOINT", "/");
	http_server_reply_ok(server, "TOKEN==");
	http_server_reply_ok(server, "my-role\n");
	http_server_reply_ok(server, document("IID", 3600));
	assert_gives("IID", "s/+", "t==");
	assert_gives("IID", "s/+", "t==");
	ck_assert_uint_eq(http_server_hits(server), 3);
	ck_assert(http_server_asked(server, 0, "PUT /latest/api/token HTTP/1.1"));
	value = http_server_header(server, 0, "X-aws-ec2-metadata-token-ttl-seconds");
	ck_assert_str_eq(value, "21600");
	free(value);
	ck_assert(http_server_asked(
		server, 1, "GET /latest/meta-data/iam/security-credentials/ HTTP/1.1"));
	ck_assert(http_server_asked(
		server, 2, "GET /latest/meta-data/iam/security-credentials/my-role HTTP/1.1"));
	for (size_t i = 1; i < 3; i++) {
		value = http_server_header(server, i, "X-aws-ec2-metadata-token");
		ck_assert_str_eq(value, "TOKEN==");
		free(value);
	}
}
END_TEST

START_TEST(imds_token_is_kept_and_renewed_once_when_refused)
{
	set_url("AWS_EC2_METADATA_SERVICE_ENDPOINT", "");
	http_server_reply_ok(server, "OLD");
	http_server_reply_ok(server, "role");
	http_server_reply_ok(server, document("ONE", 3600));
	assert_gives("ONE", "s/+", "t==");
	http_server_reply(server, (struct http_server_reply){ 401, NULL, NULL, 0 });
	http_server_reply_ok(server, "NEW");
	http_server_reply_ok(server, "role");
	http_server_reply_ok(server, document("TWO", 3600));
	aws_credentials_expire(chain);
	assert_gives("TWO", "s/+", "t==");
	ck_assert_uint_eq(http_server_hits(server), 7);
	ck_assert(http_server_asked(server, 4, "PUT /latest/api/token HTTP/1.1"));
}
END_TEST

START_TEST(imds_never_falls_back_to_version_1)
{
	set_url("AWS_EC2_METADATA_SERVICE_ENDPOINT", "");
	http_server_reply(server, (struct http_server_reply){ 403, NULL, NULL, 0 });
	http_server_reply_ok(server, "role");
	assert_gives_none();
	ck_assert_uint_eq(http_server_hits(server), 1);
}
END_TEST

START_TEST(imds_answers_that_are_none_are_refused)
{
	static const char *const roles[] = { "", "../../evil", "a b", "<html>", "x?y" };

	set_url("AWS_EC2_METADATA_SERVICE_ENDPOINT", "");
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		aws_credential_chain_free(chain);
		chain = NULL;
		http_server_forget_script(server);
		http_server_reply_ok(server, "TOKEN");
		http_server_reply_ok(server, roles[i]);
		assert_gives_none();
		ck_assert_uint_eq(http_server_hits(server), 2 * (i + 1));
	}
}
END_TEST

START_TEST(imds_switched_off_is_not_asked)
{
	settings_table_set("AWS_EC2_METADATA_DISABLED", "true");
	set_url("AWS_EC2_METADATA_SERVICE_ENDPOINT", "");
	assert_gives_none();
	ck_assert_uint_eq(http_server_hits(server), 0);
}
END_TEST

START_TEST(imds_document_that_has_expired_is_taken)
{
	set_url("AWS_EC2_METADATA_SERVICE_ENDPOINT", "");
	http_server_reply_ok(server, "TOKEN");
	http_server_reply_ok(server, "role");
	http_server_reply_ok(server, document("IID", -60));
	assert_gives("IID", "s/+", "t==");
	assert_gives("IID", "s/+", "t==");
	ck_assert_uint_eq(http_server_hits(server), 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("aws_credentials_endpoints");
	TCase *endpoints = tcase_create("endpoints");

	tcase_add_checked_fixture(endpoints, set_up, tear_down);
	tcase_set_timeout(endpoints, 30);
	tcase_add_test(endpoints, container_url_goes_only_where_a_token_may_be_shown);
	tcase_add_test(endpoints, container_relative_uri_is_on_the_ecs_address);
	tcase_add_test(endpoints, container_token_file_is_read_each_time_and_before_the_variable);
	tcase_add_test(endpoints, container_token_with_a_line_break_is_not_sent);
	tcase_add_test(endpoints, container_that_fails_is_no_reason_to_ask_imds);
	tcase_add_test(endpoints, container_is_asked_again_after_a_5xx);
	tcase_add_test(endpoints, odd_documents_are_refused);
	tcase_add_test(endpoints, times_are_read_to_the_second);
	tcase_add_test(endpoints, imds_is_asked_by_version_2);
	tcase_add_test(endpoints, imds_token_is_kept_and_renewed_once_when_refused);
	tcase_add_test(endpoints, imds_never_falls_back_to_version_1);
	tcase_add_test(endpoints, imds_answers_that_are_none_are_refused);
	tcase_add_test(endpoints, imds_switched_off_is_not_asked);
	tcase_add_test(endpoints, imds_document_that_has_expired_is_taken);
	suite_add_tcase(suite, endpoints);
	return check_main(suite);
}
