/* SPDX-License-Identifier: MIT */
/* Building and ending what a worker holds. */
#include "config.h"

#include "app/parts.h"

#include <stdlib.h>

/* Tokens mean what issuer and client ids make of them, people what that database says; and another
 * version may judge either differently. */
struct shared_memory_settings app_memory_settings(
	const struct settings *s, struct slice scope[APP_SCOPE_MAX])
{
	size_t count = 0;

	scope[count++] = slice_of(s->connection_url);
	scope[count++] = SLICE(PACKAGE_VERSION);
	scope[count++] = slice_of(s->issuer);
	for (size_t i = 0; i < s->client_id_count; i++)
		scope[count++] = slice_of(s->client_ids[i]);
	return (struct shared_memory_settings){
		.path = s->shared_memory, .scope = scope, .scope_count = count, .secret_count = 1
	};
}

static enum status open_memory(struct app *a, const struct settings *s)
{
	struct slice scope[APP_SCOPE_MAX];
	const struct shared_memory_settings memory = app_memory_settings(s, scope);
	enum status rc = shared_memory_open(&memory, &a->memory);

	/* The figures come first: cruddur-stream, which has nothing else there, finds them so. */
	if (rc == STATUS_OK)
		rc = app_metrics_open(a, shared_memory_take(a->memory, metrics_size()));
	return rc;
}

static enum status make_auth(struct app *a, const struct settings *s)
{
	const struct cognito_settings cognito = { .issuer = s->issuer,
		.client_ids = (const char *const *)s->client_ids,
		.client_id_count = s->client_id_count,
		.memory = a->memory,
		.usage = &a->usage.cognito,
		.metrics = a->metrics };

	return cognito_new(&cognito, &a->auth);
}

static enum status make_live(struct app *a, const struct settings *s)
{
	const struct live_service service = {
		.socket_path = s->live_socket, .usage = &a->usage.live, .trace = &a->trace
	};

	return live_new(&service, &a->live);
}

static enum status make_table(struct app *a, const struct settings *s)
{
	const struct aws_service service = { .endpoint = s->dynamodb_endpoint,
		.region = s->region,
		.signing_name = "dynamodb",
		.target = "DynamoDB_20120810",
		.usage = &a->usage.dynamodb,
		.trace = &a->trace };
	enum status rc = aws_client_new(&service, a->credentials, &a->dynamodb);

	if (rc == STATUS_OK)
		rc = dynamo_new(a->dynamodb, s->table, &a->table);
	if (rc == STATUS_OK)
		rc = message_group_members_new(a->table, &a->members);
	if (rc == STATUS_OK)
		rc = message_store_new(a->table, &a->messages);
	return rc;
}

enum status app_new(const struct settings *settings, struct buf *problem, struct app **out)
{
	struct app *a = calloc(1, sizeof(*a));
	enum status rc = STATUS_NO_MEMORY;

	if (!a)
		return rc;
	rc = open_memory(a, settings);
	if (rc != STATUS_OK)
		goto out;
	a->cors = (struct cors){ .origins = settings->origins,
		.origin_count = settings->origin_count };
	rc = pg_check_url(settings->connection_url);
	if (rc != STATUS_OK) {
		buf_add_str(problem, "CONNECTION_URL: is no Postgres connection URI");
		goto out;
	}
	rc = pg_new(settings->connection_url, &a->users);
	if (rc != STATUS_OK)
		goto out;
	pg_count_in(a->users, &a->usage.postgres);
	rc = user_directory_new(a->users, a->memory, &a->directory);
	if (rc != STATUS_OK)
		goto out;
	user_directory_count_in(a->directory, a->metrics);
	rc = aws_credential_chain_new((aws_getenv)getenv, &a->credentials);
	if (rc == STATUS_INVALID)
		buf_add_str(problem,
			"AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: "
			"one is set without the other");
	if (rc != STATUS_OK)
		goto out;
	rc = make_auth(a, settings);
	if (rc == STATUS_OK && settings->live_socket)
		rc = make_live(a, settings);
	if (rc == STATUS_OK)
		rc = make_table(a, settings);
	if (rc != STATUS_OK)
		goto out;
	*out = a;
	a = NULL;
out:
	app_free(a);
	return rc;
}

void app_free(struct app *a)
{
	if (!a)
		return;
	live_free(a->live);
	message_store_free(a->messages);
	message_group_members_free(a->members);
	dynamo_free(a->table);
	aws_client_free(a->dynamodb);
	aws_credential_chain_free(a->credentials);
	cognito_free(a->auth);
	user_directory_free(a->directory);
	pg_free(a->users);
	metrics_free(a->metrics);
	shared_memory_close(a->memory);
	free(a);
}

void app_opens(struct app *a)
{
	metrics_count(a->metrics, METRICS_WORKER_STARTS, 1);
}

void app_closes(struct app *a)
{
	metrics_count(a->metrics, METRICS_WORKER_EXITS, 1);
}
