/* SPDX-License-Identifier: MIT */
/* Building and ending what the function holds, the loop, and one log line for each invocation. */
#include "lambda/function.h"

#include "base/clock.h"
#include "base/log.h"
#include "dynamo/dynamo.h"
#include "group_mover/mover.h"
#include "lambda/handler.h"

#include <stdlib.h>

/* A function has three seconds unless it is told otherwise. */
#define DEFAULT_TIME_MS 3000
/* And fifteen minutes at the most: a clock that is wrong does not make it more. */
#define LONGEST_TIME_MS INT64_C(900000)

struct lambda_function {
	struct aws_credential_chain *credentials;
	struct aws_client *dynamodb;
	struct dynamo *table;
	struct group_mover *mover;
	struct lambda_answer answer;
};

enum status lambda_function_new(
	const struct settings *settings, struct buf *problem, struct lambda_function **out)
{
	const struct aws_service service = { .endpoint = settings->dynamodb_endpoint,
		.region = settings->region,
		.signing_name = "dynamodb",
		.target = "DynamoDB_20120810" };
	/* Names come from the rows themselves: there is no Postgres here. */
	const struct group_mover_people nobody = { .find = NULL };
	struct lambda_function *f = calloc(1, sizeof(*f));
	enum status rc = STATUS_NO_MEMORY;

	if (!f)
		return rc;
	rc = aws_credential_chain_new((aws_getenv)getenv, &f->credentials);
	if (rc == STATUS_INVALID)
		buf_add_str(problem,
			"AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: "
			"one is set without the other");
	if (rc == STATUS_OK)
		rc = aws_client_new(&service, f->credentials, &f->dynamodb);
	if (rc == STATUS_OK)
		rc = dynamo_new(f->dynamodb, settings->table, &f->table);
	if (rc == STATUS_OK)
		rc = group_mover_new(f->table, nobody, &f->mover);
	if (rc == STATUS_OK) {
		*out = f;
		f = NULL;
	}
	lambda_function_free(f);
	return rc;
}

void lambda_function_free(struct lambda_function *f)
{
	if (!f)
		return;
	lambda_answer_free(&f->answer);
	group_mover_free(f->mover);
	dynamo_free(f->table);
	aws_client_free(f->dynamodb);
	aws_credential_chain_free(f->credentials);
	free(f);
}

static int64_t time_left_ms(const struct lambda_invocation *invocation)
{
	int64_t left = DEFAULT_TIME_MS;

	if (invocation->deadline_ms > 0)
		left = invocation->deadline_ms - clock_realtime_us() / 1000;
	if (left < 0)
		return 0;
	return left < LONGEST_TIME_MS ? left : LONGEST_TIME_MS;
}

static void log_invocation(const struct lambda_answer *a, const char *trace_id, int64_t took_ms)
{
	enum log_level level = a->error.type ? LOG_ERROR : a->failed > 0 ? LOG_WARN : LOG_INFO;

	LOG(level, "invocation", log_int("ms", took_ms), log_int("records", (int64_t)a->records),
		log_int("done", (int64_t)a->done), log_int("skipped", (int64_t)a->skipped),
		log_int("failed", (int64_t)a->failed), log_int("groups", (int64_t)a->totals.groups),
		log_int("moved", (int64_t)a->totals.changes.moved),
		log_int("restored", (int64_t)a->totals.changes.restored),
		log_int("removed", (int64_t)a->totals.changes.removed),
		log_int("retried", (int64_t)a->totals.retried), log_str("reason", a->reason),
		log_str("error", a->error.type ? a->error.type : ""),
		log_str("trace_id", trace_id));
}

static enum status answer(struct lambda_runtime *rt, struct lambda_answer *a)
{
	enum status rc;

	if (!a->error.type) {
		rc = lambda_runtime_respond(rt, buf_slice(&a->body));
		if (rc != STATUS_TOO_LARGE)
			return rc;
		a->error = (struct lambda_error){ .type = "Function.AnswerTooLarge",
			.message = "too many records failed for Lambda to take their names" };
	}
	return lambda_runtime_fail(rt, &a->error);
}

enum status lambda_function_serve(
	struct lambda_function *f, struct lambda_runtime *rt, bool (*stop)(void))
{
	struct lambda_work work = { .mover = f->mover, .stop = stop };
	struct lambda_invocation invocation;
	enum status rc = STATUS_OK;

	while (rc == STATUS_OK && !stop()) {
		int64_t started_ms;

		rc = lambda_runtime_next(rt, &invocation);
		if (rc != STATUS_OK)
			break;
		started_ms = clock_monotonic_ms();
		log_set_request(slice_of(invocation.request_id));
		work.by = deadline_in(time_left_ms(&invocation));
		lambda_answer_clear(&f->answer);
		lambda_handle(&work, invocation.event, &f->answer);
		rc = answer(rt, &f->answer);
		log_invocation(&f->answer, invocation.trace_id, clock_monotonic_ms() - started_ms);
		log_set_request(SLICE(""));
	}
	return rc == STATUS_NOT_FOUND ? STATUS_OK : rc;
}
