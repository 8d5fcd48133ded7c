/* SPDX-License-Identifier: MIT */
/* One AWS call: signs, sends, judges the answer, tries again. What an answer says is the caller's
 * business. */
#include "aws/call.h"

#include "aws/errors.h"
#include "aws/retry.h"
#include "base/log.h"
#include "fetch/fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#define CONNECT_MS 1000
/* An attempt gets half of the time that is left, so that after one that hangs there is room for
 * another; less than this is not worth dividing. */
#define ATTEMPT_MIN_MS 1000
/* With less than this left there is no point in trying. */
#define WORTH_TRYING_MS 10
/* A page of items or of stream records is about 1 MB of data. As JSON, a byte of text may take six;
 * and a single row of 400 kB that is full of numbers like 1E125, which are spelled out, 20 MB. */
#define ANSWER_MAX ((size_t)32 << 20)

struct aws_client {
	struct fetch *fetch;
	struct aws_credential_chain *credentials;
	struct aws_retry_quota quota;
	char *region, *signing_name, *target;
	struct buf url;
	struct buf target_header;
	struct usage *usage; /* NULL: nobody counts */
	const struct trace *trace;
};

enum status aws_client_new(const struct aws_service *service,
	struct aws_credential_chain *credentials, struct aws_client **out)
{
	enum status rc = STATUS_NO_MEMORY;
	struct aws_client *c = calloc(1, sizeof(*c));

	if (!c)
		goto out;
	c->credentials = credentials;
	c->usage = service->usage;
	c->trace = service->trace;
	aws_retry_quota_open(&c->quota);
	c->region = strdup(service->region);
	c->signing_name = strdup(service->signing_name);
	c->target = strdup(service->target);
	buf_add_str(&c->url, service->endpoint);
	buf_add_char(&c->url, '/');
	if (!c->region || !c->signing_name || !c->target || !buf_ok(&c->url))
		goto out;
	rc = fetch_new(&c->fetch);
	if (rc != STATUS_OK)
		goto out;
	*out = c;
	c = NULL;
out:
	aws_client_free(c);
	return rc;
}

void aws_client_free(struct aws_client *c)
{
	if (!c)
		return;
	fetch_free(c->fetch);
	free(c->region);
	free(c->signing_name);
	free(c->target);
	buf_free(&c->url);
	buf_free(&c->target_header);
	free(c);
}

/* One call from its first attempt to its last. */
struct call {
	struct aws_client *client;
	const char *operation;
	struct slice body;
	struct deadline by;
	int sends; /* of all attempts */
	int retries;
	int taken; /* from the quota by the last retry */
	bool renewed; /* credentials, for this call */
	bool sent; /* the last attempt came so far */
	struct fetch_answer answer;
	char error[AWS_ERROR_NAME_SIZE];
	const char *problem; /* of the last attempt, for the log */
};

static int64_t attempt_ms(int64_t left_ms)
{
	if (left_ms / 2 >= ATTEMPT_MIN_MS)
		return left_ms / 2;
	return left_ms < ATTEMPT_MIN_MS ? left_ms : ATTEMPT_MIN_MS;
}

/* Signs and sends it once. Signed anew each time, as a signature carries its time; libcurl takes
 * that from the host's clock, which must be right to five minutes (nothing here learns an offset
 * from the service's Date). */
static enum status send_once(struct call *k)
{
	struct aws_client *c = k->client;
	const char *const headers[] = { "Content-Type: application/x-amz-json-1.0",
		buf_cstr(&c->target_header), trace_is_there(c->trace) ? c->trace->header : NULL,
		NULL };
	struct aws_credentials credentials;
	struct fetch_signature signature = { .region = c->region, .service = c->signing_name };
	struct fetch_request request = {
		.method = "POST",
		.url = buf_cstr(&c->url),
		.headers = headers,
		.body = k->body,
		.signature = &signature,
		.body_max = ANSWER_MAX,
		.connect_ms = CONNECT_MS,
	};
	enum status rc = aws_credentials_get(c->credentials, k->by, &credentials);

	k->answer = (struct fetch_answer){ 0 };
	k->error[0] = '\0';
	k->problem = "no credentials";
	k->sent = false;
	if (rc != STATUS_OK)
		return rc;
	signature.access_key_id = credentials.access_key_id;
	signature.secret_access_key = credentials.secret_access_key;
	signature.session_token = credentials.session_token;
	request.total_ms = attempt_ms(deadline_left_ms(k->by));
	rc = fetch_do(c->fetch, &request, &k->answer);
	k->sent = true;
	k->problem = fetch_problem(c->fetch);
	k->sends += k->answer.sends > 0 ? k->answer.sends : 1;
	return rc;
}

/* The checksum that DynamoDB gives along with an answer, if it does. */
static bool checksum_fits(struct fetch *f, struct slice body)
{
	struct slice header;
	char digits[16];

	if (!fetch_header(f, "x-amz-crc32", &header))
		return true;
	snprintf(digits, sizeof(digits), "%lu",
		crc32_z(0, (const unsigned char *)body.ptr, body.len));
	return slice_equal(header, slice_of(digits));
}

/* An object from its first byte to its last, as far as that can be told without reading it twice:
 * whoever decodes it reads it in full. */
static bool looks_like_json(struct slice body)
{
	static const char space[] = " \t\r\n";

	while (body.len > 0 && memchr(space, body.ptr[0], 4))
		body = slice_skip(body, 1);
	while (body.len > 0 && memchr(space, body.ptr[body.len - 1], 4))
		body.len--;
	return body.len >= 2 && body.ptr[0] == '{' && body.ptr[body.len - 1] == '}';
}

enum verdict { GOOD, REFUSED, RETRY, RETRY_SLOWLY, RENEW, HOPELESS };

static enum verdict judge_answer(struct call *k)
{
	struct fetch *f = k->client->fetch;
	struct slice type = SLICE("");

	if (!checksum_fits(f, k->answer.body)) {
		k->problem = "checksum does not fit";
		return RETRY;
	}
	if (k->answer.status == 200) {
		if (looks_like_json(k->answer.body))
			return GOOD;
		k->problem = "no JSON";
		return RETRY;
	}
	(void)fetch_header(f, "x-amzn-errortype", &type);
	aws_error_name(k->answer.body, type, k->error);
	switch (aws_error_kind(k->answer.status, k->error)) {
	case AWS_ERROR_REFUSED:
		return REFUSED;
	case AWS_ERROR_CREDENTIALS:
		return k->renewed ? REFUSED : RENEW;
	case AWS_ERROR_THROTTLING:
		return RETRY_SLOWLY;
	default:
		return RETRY;
	}
}

static enum verdict judge(struct call *k, enum status sent)
{
	switch (sent) {
	case STATUS_OK:
		return judge_answer(k);
	case STATUS_TIMEOUT:
	case STATUS_UNAVAILABLE:
		/* Without credentials nothing was sent, and the chain has been patient. */
		return k->sent ? RETRY : HOPELESS;
	default:
		return HOPELESS;
	}
}

static void log_failure(const struct call *k, const char *event)
{
	LOG(LOG_WARN, event, log_str("operation", k->operation), log_int("sends", k->sends),
		log_int("status", k->answer.status), log_str("error", k->error),
		log_str("problem", k->problem), log_int("left_ms", deadline_left_ms(k->by)));
}

/* Waits before the next attempt. false if there is to be none: attempts, quota or time are used
 * up. */
static bool wait_for_retry(struct call *k, bool throttled)
{
	struct slice header = SLICE("");
	int64_t delay_ms;

	if (++k->retries >= AWS_RETRY_ATTEMPTS)
		return false;
	if (k->answer.status != 0)
		(void)fetch_header(k->client->fetch, "x-amz-retry-after", &header);
	delay_ms = aws_retry_delay_ms(
		k->retries, throttled, aws_retry_after_ms(header), aws_retry_random());
	if (delay_ms + WORTH_TRYING_MS >= deadline_left_ms(k->by) ||
		!aws_retry_quota_take(&k->client->quota, throttled, &k->taken))
		return false;
	log_failure(k, "aws_retry");
	clock_sleep_ms(delay_ms);
	return deadline_left_ms(k->by) >= WORTH_TRYING_MS;
}

static enum status give_up(const struct call *k, enum status sent)
{
	log_failure(k, "aws_call_failed");
	if (sent == STATUS_NO_MEMORY || sent == STATUS_INTERNAL || sent == STATUS_TOO_LARGE)
		return sent;
	if (sent == STATUS_INVALID) /* fetch's own limit on a request, far over the service's */
		return STATUS_INTERNAL;
	return deadline_left_ms(k->by) < WORTH_TRYING_MS ? STATUS_TIMEOUT : STATUS_UNAVAILABLE;
}

static void fill(const struct call *k, struct aws_answer *out)
{
	out->http_status = k->answer.status;
	out->body = k->answer.body;
	out->attempts = k->sends;
	memcpy(out->error, k->error, sizeof(out->error));
}

static enum status run(struct call *k, struct aws_answer *out)
{
	struct aws_client *c = k->client;

	for (;;) {
		enum status sent = send_once(k);
		enum verdict verdict = judge(k, sent);

		switch (verdict) {
		case GOOD:
			aws_retry_quota_give(&c->quota, k->taken);
			fill(k, out);
			return STATUS_OK;
		case REFUSED:
			fill(k, out);
			return STATUS_INVALID;
		case RENEW:
			log_failure(k, "aws_credentials_rejected");
			aws_credentials_expire(c->credentials);
			k->renewed = true;
			break;
		case RETRY:
		case RETRY_SLOWLY:
			if (!wait_for_retry(k, verdict == RETRY_SLOWLY))
				return give_up(k, sent);
			break;
		case HOPELESS:
			return give_up(k, sent);
		}
		usage_retry(c->usage);
	}
}

enum status aws_call(struct aws_client *c, const char *operation, struct slice body,
	struct deadline by, struct aws_answer *out)
{
	struct call k = { .client = c, .operation = operation, .body = body, .by = by };
	int64_t begun_us = usage_begin(c->usage);
	enum status rc;

	buf_clear(&c->target_header);
	buf_add_str(&c->target_header, "X-Amz-Target: ");
	buf_add_str(&c->target_header, c->target);
	buf_add_char(&c->target_header, '.');
	buf_add_str(&c->target_header, operation);
	if (!buf_ok(&c->target_header))
		return STATUS_NO_MEMORY;
	rc = run(&k, out);
	usage_end(c->usage, begun_us,
		rc != STATUS_OK && !(rc == STATUS_INVALID && aws_error_is_outcome(k.error)));
	return rc;
}

void aws_take_body(struct aws_client *c, struct buf *out)
{
	fetch_take_body(c->fetch, out);
}
