/* SPDX-License-Identifier: MIT */
/* Single writes and transactions: what they are sent as, what their refusals mean, and when they
 * are tried again. What a failed condition means is the caller's business. */
#include "dynamo/dynamo.h"

#include "aws/retry.h"
#include "base/log.h"
#include "base/uuid.h"
#include "dynamo/page.h"
#include "dynamo/reasons.h"
#include "dynamo/request.h"
#include "json/json.h"
#include "json/write.h"

/* Delays between tries at items that another transaction holds grow up to 400 ms (25 ms * 2^4). */
#define CONFLICT_GROWTH_MAX 5

/* What an answer to a write comes to. */
enum outcome { DONE, FAILED, CONDITION, TRY_AGAIN, TRY_LATER };

/* One write, or a transaction of several, that is being made. */
struct attempt {
	struct dynamo *dynamo;
	const char *operation;
	struct deadline by;
	size_t count; /* writes of a transaction; 0: no transaction */
	enum dynamo_reason *reasons;
	enum status failure; /* the status of FAILED */
};

/* Rules of dynamo.h that a caller could break. */
static bool is_sound(const struct dynamo_write *w)
{
	return w->attr_count > 0 && (w->kind == DYNAMO_PUT || !w->base) &&
		(w->kind == DYNAMO_UPDATE) == (w->update.text != NULL) &&
		(w->kind != DYNAMO_CHECK || w->condition.text != NULL);
}

/* The table is as it was, or nobody knows: for the operator to look at. */
static enum outcome fail(struct attempt *a, const char *event, const struct aws_answer *answer)
{
	LOG(LOG_ERROR, event, log_str("operation", a->operation), log_str("error", answer->error),
		log_int("status", answer->http_status));
	a->dynamo->invalid = strcmp(answer->error, "ValidationException") == 0;
	a->failure = STATUS_UNAVAILABLE;
	return FAILED;
}

static enum outcome judge_cancelled(struct attempt *a, const struct aws_answer *answer)
{
	enum dynamo_cancelled why;
	enum status rc = dynamo_reasons_read(answer->body, a->count, &why, a->reasons);

	if (rc == STATUS_NO_MEMORY) {
		a->failure = rc;
		return FAILED;
	}
	if (rc != STATUS_OK)
		return fail(a, "dynamodb_nonsense", answer);
	switch (why) {
	case DYNAMO_CANCELLED_CONDITION:
		return CONDITION;
	case DYNAMO_CANCELLED_CONFLICT:
		return TRY_AGAIN;
	case DYNAMO_CANCELLED_THROTTLED:
		return TRY_LATER;
	default:
		(void)fail(a, "dynamodb_transaction_refused", answer);
		a->dynamo->invalid = true;
		return FAILED;
	}
}

/* TransactionInProgressException has been waited for by aws_call.
 * IdempotentParameterMismatchException can't be, as the bytes of a token's tries are the same: it
 * is refused like all else. */
static enum outcome judge_refusal(struct attempt *a, const struct aws_answer *answer)
{
	if (a->count > 0 && strcmp(answer->error, "TransactionCanceledException") == 0)
		return judge_cancelled(a, answer);
	if (a->count == 0 && strcmp(answer->error, "ConditionalCheckFailedException") == 0)
		return CONDITION;
	if (strcmp(answer->error, "TransactionConflictException") == 0)
		return TRY_AGAIN;
	return fail(a, "dynamodb_refused", answer);
}

static enum outcome try_once(struct attempt *a)
{
	struct aws_answer answer;
	enum status rc = aws_call(
		a->dynamo->client, a->operation, buf_slice(&a->dynamo->body), a->by, &answer);

	if (rc == STATUS_INVALID)
		return judge_refusal(a, &answer);
	if (rc != STATUS_OK) {
		a->failure = rc == STATUS_TOO_LARGE ? STATUS_UNAVAILABLE : rc;
		return FAILED;
	}
	rc = json_check_nested(answer.body, DYNAMO_JSON_DEPTH);
	if (rc == STATUS_OK)
		return DONE;
	if (rc == STATUS_INVALID)
		return fail(a, "dynamodb_nonsense", &answer);
	a->failure = rc;
	return FAILED;
}

/* A throttled transaction waits up to a second each time; longer ones would outlast any request. */
static int64_t pause_ms(enum outcome outcome, int tries)
{
	if (outcome == TRY_LATER)
		return aws_retry_delay_ms(1, true, -1, aws_retry_random());
	if (tries > CONFLICT_GROWTH_MAX)
		tries = CONFLICT_GROWTH_MAX;
	return aws_retry_delay_ms(tries, false, -1, aws_retry_random());
}

/* Sends the same bytes until there is an outcome or no time. */
static enum status write_until_settled(struct attempt *a)
{
	a->dynamo->invalid = false;
	if (!buf_ok(&a->dynamo->body))
		return STATUS_NO_MEMORY;
	for (int tries = 1;; tries++) {
		enum outcome outcome = try_once(a);
		int64_t delay_ms;

		switch (outcome) {
		case DONE:
			return STATUS_OK;
		case CONDITION:
			return STATUS_CONFLICT;
		case FAILED:
			return a->failure;
		case TRY_AGAIN:
		case TRY_LATER:
			break;
		}
		delay_ms = pause_ms(outcome, tries);
		if (delay_ms >= deadline_left_ms(a->by)) {
			LOG(LOG_WARN, "dynamodb_contention", log_str("operation", a->operation),
				log_int("tries", tries));
			return STATUS_UNAVAILABLE;
		}
		clock_sleep_ms(delay_ms);
	}
}

enum status dynamo_request_send(struct dynamo *d, const char *operation, struct deadline by)
{
	struct attempt a = { .dynamo = d, .operation = operation, .by = by };

	return write_until_settled(&a);
}

bool dynamo_write_was_invalid(const struct dynamo *d)
{
	return d->invalid;
}

static void start_body(struct dynamo *d, const struct dynamo_write *w)
{
	buf_clear(&d->body);
	buf_add_char(&d->body, '{');
	dynamo_request_write(&d->body, d->table, w);
}

/* Of a write by itself. */
static const char *const operations[] = {
	[DYNAMO_PUT] = "PutItem",
	[DYNAMO_DELETE] = "DeleteItem",
	[DYNAMO_UPDATE] = "UpdateItem",
};

enum status dynamo_write(struct dynamo *d, const struct dynamo_write *w, struct deadline by)
{
	if (w->kind == DYNAMO_CHECK || !is_sound(w))
		return STATUS_INVALID;
	start_body(d, w);
	buf_add_char(&d->body, '}');
	return dynamo_request_send(d, operations[w->kind], by);
}

/* A single write that says what was there before. */
static enum status replace(struct dynamo *d, const struct dynamo_write *w, struct deadline by,
	struct dynamo_page **old)
{
	enum status rc;

	start_body(d, w);
	buf_add_str(&d->body, ",\"ReturnValues\":\"ALL_OLD\"}");
	rc = dynamo_request_send(d, operations[w->kind], by);
	if (rc != STATUS_OK)
		return rc;
	rc = dynamo_request_decode(d, dynamo_page_read_old, old);
	return rc == STATUS_INVALID ? STATUS_UNAVAILABLE : rc;
}

enum status dynamo_delete(struct dynamo *d, const struct dynamo_write *w, struct deadline by,
	struct dynamo_page **old)
{
	return w->kind == DYNAMO_DELETE && is_sound(w) ? replace(d, w, by, old) : STATUS_INVALID;
}

enum status dynamo_update(struct dynamo *d, const struct dynamo_write *w, struct deadline by,
	struct dynamo_page **old)
{
	return w->kind == DYNAMO_UPDATE && is_sound(w) ? replace(d, w, by, old) : STATUS_INVALID;
}

enum status dynamo_transact(struct dynamo *d, const struct dynamo_write *writes, size_t count,
	struct deadline by, enum dynamo_reason *reasons)
{
	static const char *const kinds[] = {
		[DYNAMO_PUT] = "Put",
		[DYNAMO_DELETE] = "Delete",
		[DYNAMO_UPDATE] = "Update",
		[DYNAMO_CHECK] = "ConditionCheck",
	};
	struct attempt a = { .dynamo = d,
		.operation = "TransactWriteItems",
		.by = by,
		.count = count,
		.reasons = reasons };
	struct uuid token;
	enum status rc;

	if (count == 0 || count > DYNAMO_TRANSACT_MAX)
		return STATUS_INVALID;
	rc = uuid_new(&token);
	if (rc != STATUS_OK)
		return rc;
	buf_clear(&d->body);
	buf_add_char(&d->body, '{');
	json_write_member(&d->body, "ClientRequestToken", uuid_slice(&token));
	dynamo_request_name(&d->body, "TransactItems");
	buf_add_char(&d->body, '[');
	for (size_t i = 0; i < count; i++) {
		if (!is_sound(&writes[i]))
			return STATUS_INVALID;
		buf_add_str(&d->body, i > 0 ? ",{" : "{");
		dynamo_request_name(&d->body, kinds[writes[i].kind]);
		buf_add_char(&d->body, '{');
		dynamo_request_write(&d->body, d->table, &writes[i]);
		buf_add_str(&d->body, "}}");
	}
	buf_add_str(&d->body, "]}");
	return write_until_settled(&a);
}
