/* SPDX-License-Identifier: MIT */
/* Handles of a table and of its streams that talk to a server of the test's own, for unit tests of
 * src/dynamo. Failures
 * end the test. */
#ifndef CRUDDUR_TESTS_DYNAMO_FIXTURE_H
#define CRUDDUR_TESTS_DYNAMO_FIXTURE_H

#include "dynamo/dynamo.h"
#include "dynamo/streams.h"
#include "support/http_server.h"

/* What dynamo_fixture_up made; for the table "tab". */
struct dynamo_fixture {
	struct http_server *server;
	struct aws_credential_chain *chain;
	struct aws_client *client, *streams_client;
	struct dynamo *table;
	struct dynamo_streams *streams;
};

void dynamo_fixture_up(struct dynamo_fixture *f);
void dynamo_fixture_down(struct dynamo_fixture *f);

/* Adds a 400 with that error's short name to the server's script. */
void dynamo_fixture_refuse(struct dynamo_fixture *f, const char *name);

/* The i-th request was that operation ("Query") with exactly that body, which is sound JSON. */
void dynamo_fixture_assert_sent(
	struct dynamo_fixture *f, size_t i, const char *operation, const char *body);

/* As above for an operation of DynamoDB Streams. */
void dynamo_fixture_assert_streams_sent(
	struct dynamo_fixture *f, size_t i, const char *operation, const char *body);

#endif
