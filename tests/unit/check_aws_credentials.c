/* SPDX-License-Identifier: MIT */
/* The credential chain: which source wins, what each of them takes and refuses, and when they are
 * asked again. Endpoints are stood in for by the server of tests/support. */
#include "aws/credentials.h"
#include "aws/credentials_source.h"

#include "support/http_server.h"
#include "unit/check_main.h"

#include <stdio.h>
#include <unistd.h>

#define SETTINGS_MAX 12

static struct {
	const char *name;
	char value[256];
} settings[SETTINGS_MAX];
static size_t setting_count;
static struct http_server *server;
static struct aws_credential_chain *chain;
static char file_path[] = "check_aws_credentials.XXXXXX";
static bool has_file;

static const char *lookup(const char *name)
{
	for (size_t i = 0; i < setting_count; i++) {
		if (strcmp(settings[i].name, name) == 0)
			return settings[i].value;
	}
	return NULL;
}

static void set(const char *name, const char *value)
{
	ck_assert_uint_lt(setting_count, SETTINGS_MAX);
	settings[setting_count].name = name;
	snprintf(settings[setting_count++].value, sizeof(settings[0].value), "%s", value);
}

static void set_url(const char *name, const char *path)
{
	char url[128];

	snprintf(url, sizeof(url), "%s%s", http_server_url(server), path);
	set(name, url);
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
	setting_count = 0;
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
		ck_assert_int_eq(aws_credential_chain_new(lookup, &chain), STATUS_OK);
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

/* --- Environment --------------------------------------------------------------------------------
 */

START_TEST(environment_comes_first)
{
	set("AWS_ACCESS_KEY_ID", "AKID");
	set("AWS_SECRET_ACCESS_KEY", "s/e+c");
	set_url("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/");
	assert_gives("AKID", "s/e+c", "");
	set("AWS_SESSION_TOKEN", "late");
	assert_gives("AKID", "s/e+c", "");
	aws_credentials_expire(chain);
	assert_gives("AKID", "s/e+c", "late");
	ck_assert_uint_eq(http_server_hits(server), 0);
}
END_TEST

START_TEST(half_a_pair_ends_the_start)
{
	set("AWS_ACCESS_KEY_ID", "AKID");
	ck_assert_int_eq(aws_credential_chain_new(lookup, &chain), STATUS_INVALID);
	ck_assert_ptr_null(chain);
	set("AWS_SECRET_ACCESS_KEY", "");
	ck_assert_int_eq(aws_credential_chain_new(lookup, &chain), STATUS_INVALID);
	setting_count = 0;
	set("AWS_SECRET_ACCESS_KEY", "secret");
	ck_assert_int_eq(aws_credential_chain_new(lookup, &chain), STATUS_INVALID);
	ck_assert_ptr_null(chain);
}
END_TEST

START_TEST(a_line_break_in_a_credential_is_never_sent)
{
	set("AWS_ACCESS_KEY_ID", "AKID");
	set("AWS_SECRET_ACCESS_KEY", "secret");
	set("AWS_SESSION_TOKEN", "a\r\nX-Evil: 1");
	assert_gives_none();
}
END_TEST

START_TEST(without_any_source_there_are_none)
{
	set("AWS_EC2_METADATA_DISABLED", "TRUE");
	assert_gives_none();
	assert_gives_none();
}
END_TEST

/* --- Shared file --------------------------------------------------------------------------------
 */

static void assert_parses(const char *text, const char *profile, const char *id, const char *secret)
{
	struct credentials_found f = { 0 };

	ck_assert_int_eq(credentials_file_parse(slice_of(text), profile, &f), STATUS_OK);
	ck_assert_str_eq(buf_cstr(&f.access_key_id), id);
	ck_assert_str_eq(buf_cstr(&f.secret_access_key), secret);
	credentials_found_free(&f);
}

static void assert_parse_fails(const char *text, const char *profile, enum status why)
{
	struct credentials_found f = { 0 };

	ck_assert_int_eq(credentials_file_parse(slice_of(text), profile, &f), why);
	credentials_found_free(&f);
}

START_TEST(file_is_read_as_the_aws_cli_reads_it)
{
	static const char *const texts[] = {
		"[default]\naws_access_key_id=ID\naws_secret_access_key=SE/=+\n",
		"\xef\xbb\xbf[default]\r\naws_access_key_id = ID\r\naws_secret_access_key = "
		"SE/=+\r\n",
		"# one\n; two\n[other]\naws_access_key_id=x\naws_secret_access_key=y\n"
		"[default]\n  AWS_Access_Key_Id : ID \n  aws_secret_access_key:SE/=+",
		"[ default ] # mine\naws_access_key_id=no\naws_access_key_id=ID\n\n"
		"aws_secret_access_key=SE/=+\n[other]\naws_access_key_id=x\n",
		"[default]\ns3 =\n  aws_access_key_id = nested\naws_access_key_id=ID\n"
		"aws_secret_access_key=SE/=+\nnonsense\n[\n",
		"[default]\naws_access_key_id=ID\n[other]\nx=y\n[default]\naws_secret_access_key="
		"SE/=+",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_parses(texts[i], "default", "ID", "SE/=+");
	assert_parses(texts[2], "other", "x", "y");
}
END_TEST

START_TEST(file_without_the_keys_gives_none)
{
	assert_parse_fails("", "default", STATUS_NOT_FOUND);
	assert_parse_fails(
		"aws_access_key_id=x\naws_secret_access_key=y\n", "default", STATUS_NOT_FOUND);
	assert_parse_fails("[Default]\naws_access_key_id=x\naws_secret_access_key=y\n", "default",
		STATUS_NOT_FOUND);
	assert_parse_fails("[default]\nregion=x\n", "default", STATUS_NOT_FOUND);
	assert_parse_fails("[default]\naws_access_key_id=x\n", "default", STATUS_INVALID);
	assert_parse_fails("[default]\naws_access_key_id=x\naws_secret_access_key=\n", "default",
		STATUS_INVALID);
}
END_TEST

START_TEST(file_comes_before_the_endpoints)
{
	write_file("[default]\naws_access_key_id=ID\naws_secret_access_key=SE\n"
		   "aws_session_token=TO\n[work]\naws_access_key_id=W\naws_secret_access_key=X\n");
	set("AWS_SHARED_CREDENTIALS_FILE", file_path);
	set_url("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/");
	assert_gives("ID", "SE", "TO");
	set("AWS_PROFILE", "work");
	aws_credentials_expire(chain);
	assert_gives("W", "X", "");
	ck_assert_uint_eq(http_server_hits(server), 0);
}
END_TEST

START_TEST(a_named_profile_that_is_missing_is_no_other_identity)
{
	write_file("[default]\naws_access_key_id=ID\naws_secret_access_key=SE\n");
	set("AWS_SHARED_CREDENTIALS_FILE", file_path);
	set("AWS_PROFILE", "work");
	set_url("AWS_EC2_METADATA_SERVICE_ENDPOINT", "");
	assert_gives_none();
	ck_assert_uint_eq(http_server_hits(server), 0);
}
END_TEST

START_TEST(a_missing_file_lets_the_next_source_answer)
{
	set("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials");
	set_url("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/c");
	http_server_reply_ok(server, document("CID", 3600));
	assert_gives("CID", "s/+", "t==");
}
END_TEST

START_TEST(a_file_with_half_a_pair_is_no_other_identity)
{
	write_file("[default]\naws_access_key_id=ID\n");
	set("AWS_SHARED_CREDENTIALS_FILE", file_path);
	set_url("AWS_EC2_METADATA_SERVICE_ENDPOINT", "");
	assert_gives_none();
	ck_assert_uint_eq(http_server_hits(server), 0);
}
END_TEST

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
		setting_count = 0;
		set("AWS_CONTAINER_CREDENTIALS_FULL_URI", good[i]);
		buf_clear(&url);
		ck_assert_int_eq(credentials_container_url(lookup, &url), STATUS_OK);
		ck_assert_str_eq(buf_cstr(&url), good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		setting_count = 0;
		set("AWS_CONTAINER_CREDENTIALS_FULL_URI", bad[i]);
		ck_assert_msg(
			credentials_container_url(lookup, &url) == STATUS_DENIED, "%s", bad[i]);
	}
	buf_free(&url);
}
END_TEST

START_TEST(container_relative_uri_is_on_the_ecs_address)
{
	struct buf url = { 0 };

	set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "https://other.example/");
	set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/id?x=1");
	ck_assert_int_eq(credentials_container_url(lookup, &url), STATUS_OK);
	ck_assert_str_eq(buf_cstr(&url), "http://169.254.170.2/v2/credentials/id?x=1");
	setting_count = 0;
	set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@evil.example/");
	ck_assert_int_eq(credentials_container_url(lookup, &url), STATUS_DENIED);
	buf_free(&url);
}
END_TEST

START_TEST(container_token_file_is_read_each_time_and_before_the_variable)
{
	char *value;

	write_file("Basic one");
	set_url("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/v1/credentials");
	set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "variable");
	set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file_path);
	http_server_reply_ok(server, document("CID", 3600));
	assert_gives("CID", "s/+", "t==");
	ck_assert(http_server_asked(server, 0, "GET /v1/credentials HTTP/1.1"));
	value = http_server_header(server, 0, "Authorization");
	ck_assert_str_eq(value, "Basic one");
	free(value);
	write_file("Basic two");
	snprintf(settings[2].value, sizeof(settings[2].value), "%s", file_path);
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
	set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic x\r\nX-Evil: 1");
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
	set("AWS_EC2_METADATA_DISABLED", "true");
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

/* --- Renewal ------------------------------------------------------------------------------------
 */

/* Asks until the server has had so many requests; every answer on the way must be OLD. */
static void ask_until_hits(size_t hits)
{
	struct deadline end = deadline_in(10000);
	struct aws_credentials c;

	while (http_server_hits(server) < hits) {
		ck_assert_int_gt(deadline_left_ms(end), 0);
		ck_assert_int_eq(ask(&c), STATUS_OK);
		if (http_server_hits(server) < hits)
			ck_assert_str_eq(c.access_key_id, "OLD");
		clock_sleep_ms(10);
	}
}

START_TEST(renews_from_five_minutes_before_the_end)
{
	set_url("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/");
	http_server_reply_ok(server, document("OLD", 302));
	http_server_reply_ok(server, document("NEW", 3600));
	assert_gives("OLD", "s/+", "t==");
	assert_gives("OLD", "s/+", "t==");
	ck_assert_uint_eq(http_server_hits(server), 1);
	ask_until_hits(2);
	assert_gives("NEW", "s/+", "t==");
	ck_assert_uint_eq(http_server_hits(server), 2);
}
END_TEST

START_TEST(old_ones_go_on_while_renewing_fails_and_slow_one_request_at_most)
{
	int64_t began;

	set_url("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/");
	http_server_reply_ok(server, document("OLD", 301));
	http_server_reply(server, (struct http_server_reply){ .manner = HTTP_SERVER_HANG });
	assert_gives("OLD", "s/+", "t==");
	ask_until_hits(2);
	began = clock_monotonic_ms();
	for (int i = 0; i < 100; i++)
		assert_gives("OLD", "s/+", "t==");
	ck_assert_int_lt(clock_monotonic_ms() - began, 500);
	ck_assert_uint_eq(http_server_hits(server), 2);
}
END_TEST

START_TEST(fresh_ones_that_soon_expire_are_not_fetched_by_each_request)
{
	set_url("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/");
	http_server_reply_ok(server, document("OLD", 200));
	for (int i = 0; i < 50; i++)
		assert_gives("OLD", "s/+", "t==");
	ck_assert_uint_eq(http_server_hits(server), 1);
}
END_TEST

START_TEST(dead_ones_are_never_given)
{
	struct aws_credentials c;
	struct deadline end = deadline_in(10000);

	set_url("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/");
	http_server_reply_ok(server, document("OLD", 2));
	http_server_reply(server, (struct http_server_reply){ 403, NULL, NULL, 0 });
	assert_gives("OLD", "s/+", "t==");
	while (ask(&c) == STATUS_OK && deadline_left_ms(end) > 0)
		clock_sleep_ms(10);
	ck_assert_int_gt(deadline_left_ms(end), 0);
	ck_assert_uint_eq(http_server_hits(server), 2);
	http_server_reply_ok(server, document("NEW", 3600));
	while (ask(&c) != STATUS_OK && deadline_left_ms(end) > 0)
		clock_sleep_ms(10);
	assert_gives("NEW", "s/+", "t==");
}
END_TEST

START_TEST(a_source_that_fails_is_left_alone_for_a_moment)
{
	set_url("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/");
	http_server_reply(server, (struct http_server_reply){ 403, NULL, NULL, 0 });
	for (int i = 0; i < 50; i++)
		assert_gives_none();
	ck_assert_uint_eq(http_server_hits(server), 1);
}
END_TEST

START_TEST(rejected_ones_are_asked_for_anew_but_not_by_each_request)
{
	set_url("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/");
	http_server_reply_ok(server, document("ONE", 3600));
	http_server_reply_ok(server, document("TWO", 3600));
	assert_gives("ONE", "s/+", "t==");
	for (int i = 0; i < 20; i++) {
		aws_credentials_expire(chain);
		assert_gives("TWO", "s/+", "t==");
	}
	ck_assert_uint_eq(http_server_hits(server), 2);
}
END_TEST

START_TEST(a_hung_source_ends_by_the_deadline)
{
	struct aws_credentials c;
	int64_t began = clock_monotonic_ms();

	set_url("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/");
	http_server_reply(server, (struct http_server_reply){ .manner = HTTP_SERVER_HANG });
	ck_assert_int_eq(aws_credential_chain_new(lookup, &chain), STATUS_OK);
	ck_assert_int_eq(aws_credentials_get(chain, deadline_in(200), &c), STATUS_TIMEOUT);
	ck_assert_int_lt(clock_monotonic_ms() - began, 900);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("aws_credentials");
	TCase *sources = tcase_create("sources");
	TCase *renewal = tcase_create("renewal");

	tcase_add_checked_fixture(sources, set_up, tear_down);
	tcase_add_test(sources, environment_comes_first);
	tcase_add_test(sources, half_a_pair_ends_the_start);
	tcase_add_test(sources, a_line_break_in_a_credential_is_never_sent);
	tcase_add_test(sources, without_any_source_there_are_none);
	tcase_add_test(sources, file_is_read_as_the_aws_cli_reads_it);
	tcase_add_test(sources, file_without_the_keys_gives_none);
	tcase_add_test(sources, file_comes_before_the_endpoints);
	tcase_add_test(sources, a_named_profile_that_is_missing_is_no_other_identity);
	tcase_add_test(sources, a_missing_file_lets_the_next_source_answer);
	tcase_add_test(sources, a_file_with_half_a_pair_is_no_other_identity);
	tcase_add_test(sources, container_url_goes_only_where_a_token_may_be_shown);
	tcase_add_test(sources, container_relative_uri_is_on_the_ecs_address);
	tcase_add_test(sources, container_token_file_is_read_each_time_and_before_the_variable);
	tcase_add_test(sources, container_token_with_a_line_break_is_not_sent);
	tcase_add_test(sources, container_that_fails_is_no_reason_to_ask_imds);
	tcase_add_test(sources, container_is_asked_again_after_a_5xx);
	tcase_add_test(sources, odd_documents_are_refused);
	tcase_add_test(sources, times_are_read_to_the_second);
	tcase_add_test(sources, imds_is_asked_by_version_2);
	tcase_add_test(sources, imds_token_is_kept_and_renewed_once_when_refused);
	tcase_add_test(sources, imds_never_falls_back_to_version_1);
	tcase_add_test(sources, imds_answers_that_are_none_are_refused);
	tcase_add_test(sources, imds_switched_off_is_not_asked);
	tcase_add_test(sources, imds_document_that_has_expired_is_taken);
	suite_add_tcase(suite, sources);
	tcase_add_checked_fixture(renewal, set_up, tear_down);
	tcase_set_timeout(renewal, 20);
	tcase_add_test(renewal, renews_from_five_minutes_before_the_end);
	tcase_add_test(renewal, old_ones_go_on_while_renewing_fails_and_slow_one_request_at_most);
	tcase_add_test(renewal, fresh_ones_that_soon_expire_are_not_fetched_by_each_request);
	tcase_add_test(renewal, dead_ones_are_never_given);
	tcase_add_test(renewal, a_source_that_fails_is_left_alone_for_a_moment);
	tcase_add_test(renewal, rejected_ones_are_asked_for_anew_but_not_by_each_request);
	tcase_add_test(renewal, a_hung_source_ends_by_the_deadline);
	suite_add_tcase(suite, renewal);
	return check_main(suite);
}
