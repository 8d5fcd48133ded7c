/* SPDX-License-Identifier: MIT */
/* The credential chain: which source wins, what the environment and the shared file may hold, and
 * when sources are asked again. The endpoints are check_aws_credentials_endpoints.c's. */
#include "aws/credentials.h"
#include "aws/credentials_source.h"

#include "support/http_server.h"
#include "support/settings_table.h"
#include "unit/check_main.h"

#include <stdio.h>
#include <unistd.h>

static struct http_server *server;
static struct aws_credential_chain *chain;
static char file_path[] = "check_aws_credentials.XXXXXX";
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

/* --- Environment --------------------------------------------------------------------------------
 */

START_TEST(environment_comes_first)
{
	settings_table_set("AWS_ACCESS_KEY_ID", "AKID");
	settings_table_set("AWS_SECRET_ACCESS_KEY", "s/e+c");
	set_url("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/");
	assert_gives("AKID", "s/e+c", "");
	settings_table_set("AWS_SESSION_TOKEN", "late");
	assert_gives("AKID", "s/e+c", "");
	aws_credentials_expire(chain);
	assert_gives("AKID", "s/e+c", "late");
	ck_assert_uint_eq(http_server_hits(server), 0);
}
END_TEST

START_TEST(half_a_pair_ends_the_start)
{
	settings_table_set("AWS_ACCESS_KEY_ID", "AKID");
	ck_assert_int_eq(aws_credential_chain_new(settings_table_lookup, &chain), STATUS_INVALID);
	ck_assert_ptr_null(chain);
	settings_table_set("AWS_SECRET_ACCESS_KEY", "");
	ck_assert_int_eq(aws_credential_chain_new(settings_table_lookup, &chain), STATUS_INVALID);
	settings_table_clear();
	settings_table_set("AWS_SECRET_ACCESS_KEY", "secret");
	ck_assert_int_eq(aws_credential_chain_new(settings_table_lookup, &chain), STATUS_INVALID);
	ck_assert_ptr_null(chain);
}
END_TEST

START_TEST(a_line_break_in_a_credential_is_never_sent)
{
	settings_table_set("AWS_ACCESS_KEY_ID", "AKID");
	settings_table_set("AWS_SECRET_ACCESS_KEY", "secret");
	settings_table_set("AWS_SESSION_TOKEN", "a\r\nX-Evil: 1");
	assert_gives_none();
}
END_TEST

START_TEST(without_any_source_there_are_none)
{
	settings_table_set("AWS_EC2_METADATA_DISABLED", "TRUE");
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
	settings_table_set("AWS_SHARED_CREDENTIALS_FILE", file_path);
	set_url("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/");
	assert_gives("ID", "SE", "TO");
	settings_table_set("AWS_PROFILE", "work");
	aws_credentials_expire(chain);
	assert_gives("W", "X", "");
	ck_assert_uint_eq(http_server_hits(server), 0);
}
END_TEST

START_TEST(a_named_profile_that_is_missing_is_no_other_identity)
{
	write_file("[default]\naws_access_key_id=ID\naws_secret_access_key=SE\n");
	settings_table_set("AWS_SHARED_CREDENTIALS_FILE", file_path);
	settings_table_set("AWS_PROFILE", "work");
	set_url("AWS_EC2_METADATA_SERVICE_ENDPOINT", "");
	assert_gives_none();
	ck_assert_uint_eq(http_server_hits(server), 0);
}
END_TEST

START_TEST(a_missing_file_lets_the_next_source_answer)
{
	settings_table_set("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials");
	set_url("AWS_CONTAINER_CREDENTIALS_FULL_URI", "/c");
	http_server_reply_ok(server, document("CID", 3600));
	assert_gives("CID", "s/+", "t==");
}
END_TEST

START_TEST(a_file_with_half_a_pair_is_no_other_identity)
{
	write_file("[default]\naws_access_key_id=ID\n");
	settings_table_set("AWS_SHARED_CREDENTIALS_FILE", file_path);
	set_url("AWS_EC2_METADATA_SERVICE_ENDPOINT", "");
	assert_gives_none();
	ck_assert_uint_eq(http_server_hits(server), 0);
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
	ck_assert_int_eq(aws_credential_chain_new(settings_table_lookup, &chain), STATUS_OK);
	ck_assert_int_eq(aws_credentials_get(chain, deadline_in(200), &c), STATUS_TIMEOUT);
	ck_assert_int_lt(clock_monotonic_ms() - began, 900);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("aws_credentials");
	TCase *chain_rules = tcase_create("chain_rules");

	tcase_add_checked_fixture(chain_rules, set_up, tear_down);
	tcase_set_timeout(chain_rules, 30);
	tcase_add_test(chain_rules, environment_comes_first);
	tcase_add_test(chain_rules, half_a_pair_ends_the_start);
	tcase_add_test(chain_rules, a_line_break_in_a_credential_is_never_sent);
	tcase_add_test(chain_rules, without_any_source_there_are_none);
	tcase_add_test(chain_rules, file_is_read_as_the_aws_cli_reads_it);
	tcase_add_test(chain_rules, file_without_the_keys_gives_none);
	tcase_add_test(chain_rules, file_comes_before_the_endpoints);
	tcase_add_test(chain_rules, a_named_profile_that_is_missing_is_no_other_identity);
	tcase_add_test(chain_rules, a_missing_file_lets_the_next_source_answer);
	tcase_add_test(chain_rules, a_file_with_half_a_pair_is_no_other_identity);
	tcase_add_test(chain_rules, renews_from_five_minutes_before_the_end);
	tcase_add_test(
		chain_rules, old_ones_go_on_while_renewing_fails_and_slow_one_request_at_most);
	tcase_add_test(chain_rules, fresh_ones_that_soon_expire_are_not_fetched_by_each_request);
	tcase_add_test(chain_rules, dead_ones_are_never_given);
	tcase_add_test(chain_rules, a_source_that_fails_is_left_alone_for_a_moment);
	tcase_add_test(chain_rules, rejected_ones_are_asked_for_anew_but_not_by_each_request);
	tcase_add_test(chain_rules, a_hung_source_ends_by_the_deadline);
	suite_add_tcase(suite, chain_rules);
	return check_main(suite);
}
