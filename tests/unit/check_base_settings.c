/* SPDX-License-Identifier: MIT */
/* Which environments start a program and which end its start, and what the defaults come to. */
#include "base/settings.h"

#include "unit/check_main.h"

struct pair {
	const char *name, *value;
};

static const struct pair *environment;

static const char *lookup(const char *name)
{
	for (const struct pair *p = environment; p->name; p++) {
		if (strcmp(p->name, name) == 0)
			return p->value;
	}
	return NULL;
}

#define MINIMUM                                                                                    \
	{ "CONNECTION_URL", "postgresql://localhost/cruddur" },                                    \
		{ "AWS_COGNITO_USER_POOL_ID", "eu-west-1_abc" },                                   \
		{ "AWS_COGNITO_USER_POOL_CLIENT_ID", "client1" },                                  \
	{                                                                                          \
		"AWS_REGION", "eu-west-1"                                                          \
	}

/* Later entries count only if no earlier one has the name: overrides come first. */
#define WITH(...)                                                                                  \
	(const struct pair[])                                                                      \
	{                                                                                          \
		__VA_ARGS__, MINIMUM,                                                              \
		{                                                                                  \
			NULL, NULL                                                                 \
		}                                                                                  \
	}

static enum status load(const struct pair *env, struct settings *s, struct buf *problem)
{
	environment = env;
	return settings_load(lookup, SETTINGS_NEED_COGNITO | SETTINGS_NEED_POSTGRES, s, problem);
}

START_TEST(the_minimum_gets_the_regions_own_endpoints)
{
	struct settings s = { 0 };
	struct buf problem = { 0 };

	ck_assert_int_eq(load(WITH({ "HOME", "/" }), &s, &problem), STATUS_OK);
	ck_assert_str_eq(s.dynamodb_endpoint, "https://dynamodb.eu-west-1.amazonaws.com");
	ck_assert_str_eq(s.streams_endpoint, "https://streams.dynamodb.eu-west-1.amazonaws.com");
	ck_assert_str_eq(s.issuer, "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc");
	ck_assert_str_eq(s.table, "cruddur-messages");
	ck_assert_uint_eq(s.origin_count, 0);
	ck_assert_int_eq(s.log_level, LOG_INFO);
	ck_assert_int_eq(s.max_requests, 0);
	ck_assert_ptr_null(s.live_socket);
	settings_clear(&s);
	buf_free(&problem);
}
END_TEST

START_TEST(a_general_endpoint_moves_dynamodb_and_streams_but_not_cognito)
{
	struct settings s = { 0 };
	struct buf problem = { 0 };

	ck_assert_int_eq(load(WITH({ "AWS_ENDPOINT_URL", "http://127.0.0.1:8000/" }), &s, &problem),
		STATUS_OK);
	ck_assert_str_eq(s.dynamodb_endpoint, "http://127.0.0.1:8000");
	ck_assert_str_eq(s.streams_endpoint, "http://127.0.0.1:8000");
	ck_assert_str_eq(s.issuer, "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc");
	settings_clear(&s);
	buf_free(&problem);
}
END_TEST

START_TEST(a_services_own_endpoint_comes_first)
{
	struct settings s = { 0 };
	struct buf problem = { 0 };

	ck_assert_int_eq(load(WITH({ "AWS_ENDPOINT_URL", "http://127.0.0.1:1" },
				      { "AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:2" },
				      { "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
					      "http://127.0.0.1:3" }),
				 &s, &problem),
		STATUS_OK);
	ck_assert_str_eq(s.dynamodb_endpoint, "http://127.0.0.1:2");
	ck_assert_str_eq(s.streams_endpoint, "http://127.0.0.1:2");
	ck_assert_str_eq(s.issuer, "http://127.0.0.1:3/eu-west-1_abc");
	settings_clear(&s);
	buf_free(&problem);
}
END_TEST

START_TEST(the_live_socket_is_an_absolute_path)
{
	struct settings s = { 0 };
	struct buf problem = { 0 };

	ck_assert_int_eq(
		load(WITH({ "CRUDDUR_LIVE_SOCKET", "/run/cruddur/live.sock" }), &s, &problem),
		STATUS_OK);
	ck_assert_str_eq(s.live_socket, "/run/cruddur/live.sock");
	settings_clear(&s);
	buf_free(&problem);
}
END_TEST

START_TEST(a_program_that_lets_nobody_in_has_no_live_socket)
{
	struct settings s = { 0 };
	struct buf problem = { 0 };

	environment = WITH({ "CRUDDUR_LIVE_SOCKET", "run/live.sock" });
	ck_assert_int_eq(settings_load(lookup, SETTINGS_NEED_POSTGRES, &s, &problem), STATUS_OK);
	ck_assert_ptr_null(s.live_socket);
	settings_clear(&s);
	buf_free(&problem);
}
END_TEST

START_TEST(client_ids_are_a_list)
{
	struct settings s = { 0 };
	struct buf problem = { 0 };

	ck_assert_int_eq(
		load(WITH({ "AWS_COGNITO_USER_POOL_CLIENT_ID", "one, two,,three " }), &s, &problem),
		STATUS_OK);
	ck_assert_uint_eq(s.client_id_count, 3);
	ck_assert_str_eq(s.client_ids[0], "one");
	ck_assert_str_eq(s.client_ids[1], "two");
	ck_assert_str_eq(s.client_ids[2], "three");
	settings_clear(&s);
	buf_free(&problem);
}
END_TEST

START_TEST(origins_are_spelt_as_a_browser_spells_them)
{
	struct settings s = { 0 };
	struct buf problem = { 0 };

	ck_assert_int_eq(load(WITH({ "FRONTEND_URL", "HTTPS://App.Example.com:443/index.html" },
				      { "BACKEND_URL", "http://[::1]:3000/" }),
				 &s, &problem),
		STATUS_OK);
	ck_assert_uint_eq(s.origin_count, 2);
	ck_assert_str_eq(s.origins[0], "https://app.example.com");
	ck_assert_str_eq(s.origins[1], "http://[::1]:3000");
	settings_clear(&s);
	buf_free(&problem);
}
END_TEST

START_TEST(the_default_region_serves_where_the_region_is_not_set)
{
	struct settings s = { 0 };
	struct buf problem = { 0 };

	ck_assert_int_eq(load(WITH({ "AWS_REGION", "" }, { "AWS_DEFAULT_REGION", "ap-south-1" }),
				 &s, &problem),
		STATUS_OK);
	ck_assert_str_eq(s.region, "ap-south-1");
	settings_clear(&s);
	buf_free(&problem);
}
END_TEST

START_TEST(without_the_need_for_cognito_its_settings_may_be_absent)
{
	static const struct pair env[] = { { "CONNECTION_URL", "postgresql:///x" },
		{ "AWS_REGION", "us-east-1" }, { NULL, NULL } };
	struct settings s = { 0 };
	struct buf problem = { 0 };

	environment = env;
	ck_assert_int_eq(settings_load(lookup, SETTINGS_NEED_POSTGRES, &s, &problem), STATUS_OK);
	ck_assert_ptr_null(s.issuer);
	ck_assert_str_eq(s.connection_url, "postgresql:///x");
	settings_clear(&s);
	buf_free(&problem);
}
END_TEST

START_TEST(without_the_need_for_postgres_its_address_may_be_absent)
{
	static const struct pair env[] = { { "AWS_REGION", "us-east-1" }, { NULL, NULL } };
	struct settings s = { 0 };
	struct buf problem = { 0 };

	environment = env;
	ck_assert_int_eq(settings_load(lookup, 0, &s, &problem), STATUS_OK);
	ck_assert_ptr_null(s.connection_url);
	settings_clear(&s);
	ck_assert_int_eq(
		settings_load(lookup, SETTINGS_NEED_POSTGRES, &s, &problem), STATUS_INVALID);
	ck_assert_int_eq(strncmp(buf_cstr(&problem), "CONNECTION_URL: ", 16), 0);
	settings_clear(&s);
	buf_free(&problem);
}
END_TEST

static const struct pair bad[] = {
	{ "CONNECTION_URL", "" },
	{ "AWS_COGNITO_USER_POOL_ID", "" },
	{ "AWS_COGNITO_USER_POOL_ID", "pool/../x" },
	{ "AWS_COGNITO_USER_POOL_CLIENT_ID", "" },
	{ "AWS_COGNITO_USER_POOL_CLIENT_ID", " , ," },
	{ "AWS_COGNITO_USER_POOL_CLIENT_ID", "a,b\nc" },
	{ "AWS_COGNITO_USER_POOL_CLIENT_ID", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17" },
	{ "AWS_REGION", "" },
	{ "AWS_REGION", "Europe" },
	{ "AWS_REGION", "eu_west" },
	{ "AWS_REGION", "eu-west-1/x" },
	{ "AWS_ENDPOINT_URL", "127.0.0.1:8000" },
	{ "AWS_ENDPOINT_URL_DYNAMODB", "ftp://127.0.0.1" },
	{ "AWS_ENDPOINT_URL_DYNAMODB", "http://" },
	{ "AWS_ENDPOINT_URL_DYNAMODB", "http://host:0" },
	{ "AWS_ENDPOINT_URL_DYNAMODB", "http://host:65536" },
	{ "AWS_ENDPOINT_URL_DYNAMODB", "http://user@host" },
	{ "AWS_ENDPOINT_URL_DYNAMODB", "http://host/?x" },
	{ "AWS_ENDPOINT_URL_DYNAMODB_STREAMS", "http://ho st" },
	{ "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "cognito" },
	{ "FRONTEND_URL", "*" },
	{ "FRONTEND_URL", "app.example.com" },
	{ "BACKEND_URL", "http://a b" },
	{ "CRUDDUR_MESSAGES_TABLE", "ab" },
	{ "CRUDDUR_MESSAGES_TABLE", "messages table" },
	{ "CRUDDUR_LOG_LEVEL", "verbose" },
	{ "CRUDDUR_LOG_LEVEL", "INFO" },
	{ "CRUDDUR_MAX_REQUESTS", "many" },
	{ "CRUDDUR_LIVE_SOCKET", "run/live.sock" },
	{ "CRUDDUR_SHARED_MEMORY", "run/shared" },
	{ "CRUDDUR_LIVE_SOCKET",
		"/"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaa" },
	{ "CRUDDUR_MAX_REQUESTS", "-1" },
};

START_TEST(a_bad_setting_ends_the_start_and_is_named)
{
	const struct pair env[] = { bad[_i], MINIMUM, { NULL, NULL } };
	struct settings s = { 0 };
	struct buf problem = { 0 };

	ck_assert_int_eq(load(env, &s, &problem), STATUS_INVALID);
	ck_assert_msg(strncmp(buf_cstr(&problem), bad[_i].name, strlen(bad[_i].name)) == 0,
		"%s=%s: %s", bad[_i].name, bad[_i].value, buf_cstr(&problem));
	ck_assert_ptr_null(strchr(buf_cstr(&problem), '\n'));
	settings_clear(&s);
	buf_free(&problem);
}
END_TEST

START_TEST(a_table_name_of_over_255_characters_ends_the_start)
{
	char name[257];
	const struct pair env[] = { { "CRUDDUR_MESSAGES_TABLE", name }, MINIMUM, { NULL, NULL } };
	struct settings s = { 0 };
	struct buf problem = { 0 };

	memset(name, 'a', 256);
	name[256] = '\0';
	ck_assert_int_eq(load(env, &s, &problem), STATUS_INVALID);
	settings_clear(&s);
	buf_free(&problem);
	name[255] = '\0';
	problem = (struct buf){ 0 };
	ck_assert_int_eq(load(env, &s, &problem), STATUS_OK);
	settings_clear(&s);
	buf_free(&problem);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("settings");
	TCase *tc = tcase_create("settings");

	tcase_add_test(tc, the_minimum_gets_the_regions_own_endpoints);
	tcase_add_test(tc, a_general_endpoint_moves_dynamodb_and_streams_but_not_cognito);
	tcase_add_test(tc, a_services_own_endpoint_comes_first);
	tcase_add_test(tc, the_live_socket_is_an_absolute_path);
	tcase_add_test(tc, a_program_that_lets_nobody_in_has_no_live_socket);
	tcase_add_test(tc, client_ids_are_a_list);
	tcase_add_test(tc, origins_are_spelt_as_a_browser_spells_them);
	tcase_add_test(tc, the_default_region_serves_where_the_region_is_not_set);
	tcase_add_test(tc, without_the_need_for_cognito_its_settings_may_be_absent);
	tcase_add_test(tc, without_the_need_for_postgres_its_address_may_be_absent);
	tcase_add_loop_test(tc, a_bad_setting_ends_the_start_and_is_named, 0,
		(int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(tc, a_table_name_of_over_255_characters_ends_the_start);
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
