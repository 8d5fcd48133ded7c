/* SPDX-License-Identifier: MIT */
/* Building and taking down what unit tests of src/dynamo need; see dynamo_fixture.h. */
#include "support/dynamo_fixture.h"

#include "fetch/fetch.h"
#include "json/json.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static const char *lookup(const char *name)
{
	if (strcmp(name, "AWS_ACCESS_KEY_ID") == 0)
		return "AKID";
	return strcmp(name, "AWS_SECRET_ACCESS_KEY") == 0 ? "secret" : NULL;
}

void dynamo_fixture_up(struct dynamo_fixture *f)
{
	struct aws_service service = {
		.region = "us-east-1", .signing_name = "dynamodb", .target = "DynamoDB_20120810"
	};

	ck_assert_int_eq(fetch_global_open(), STATUS_OK);
	f->server = http_server_start();
	service.endpoint = http_server_url(f->server);
	ck_assert_int_eq(aws_credential_chain_new(lookup, &f->chain), STATUS_OK);
	ck_assert_int_eq(aws_client_new(&service, f->chain, &f->client), STATUS_OK);
	ck_assert_int_eq(dynamo_new(f->client, "tab", &f->table), STATUS_OK);
	service.target = "DynamoDBStreams_20120810";
	ck_assert_int_eq(aws_client_new(&service, f->chain, &f->streams_client), STATUS_OK);
	ck_assert_int_eq(dynamo_streams_new(f->streams_client, &f->streams), STATUS_OK);
}

void dynamo_fixture_down(struct dynamo_fixture *f)
{
	dynamo_streams_free(f->streams);
	aws_client_free(f->streams_client);
	dynamo_free(f->table);
	aws_client_free(f->client);
	aws_credential_chain_free(f->chain);
	http_server_stop(f->server);
	fetch_global_close();
}

void dynamo_fixture_refuse(struct dynamo_fixture *f, const char *name)
{
	char body[128];

	snprintf(body, sizeof(body), "{\"__type\":\"com.amazonaws.dynamodb.v20120810#%s\"}", name);
	http_server_reply(f->server, (struct http_server_reply){ 400, NULL, body, 0 });
}

static void assert_sent(struct dynamo_fixture *f, size_t i, const char *target, const char *body)
{
	struct slice sent = http_server_body(f->server, i);
	char *value = http_server_header(f->server, i, "X-Amz-Target");

	ck_assert_str_eq(value, target);
	free(value);
	ck_assert_msg(slice_equal(sent, slice_of(body)), "%.*s", (int)sent.len, sent.ptr);
	ck_assert_int_eq(json_check(sent), STATUS_OK);
}

void dynamo_fixture_assert_sent(
	struct dynamo_fixture *f, size_t i, const char *operation, const char *body)
{
	char target[64];

	snprintf(target, sizeof(target), "DynamoDB_20120810.%s", operation);
	assert_sent(f, i, target, body);
}

void dynamo_fixture_assert_streams_sent(
	struct dynamo_fixture *f, size_t i, const char *operation, const char *body)
{
	char target[64];

	snprintf(target, sizeof(target), "DynamoDBStreams_20120810.%s", operation);
	assert_sent(f, i, target, body);
}
