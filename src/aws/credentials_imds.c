/* SPDX-License-Identifier: MIT */
/* Credentials of an EC2 instance's role from its metadata service, version 2: a token first, then
 * the role's name, then its document. Never falls back to version 1. Source: Amazon EC2 User Guide,
 * "Use the Instance Metadata Service". */
#include "aws/credentials_source.h"

#include "base/log.h"

#include <ctype.h>
#include <strings.h>

#define TOKEN_HEADER "X-aws-ec2-metadata-token: "
#define ROLE_PATH "/latest/meta-data/iam/security-credentials/"
#define ROLE_MAX 128 /* IAM: 64 characters; generous */
/* In an outage IMDS hands out documents that have expired; AWS goes on taking them. Asked again
 * when half of this is over, as the chain renews five minutes ahead. */
#define OUTAGE_LIFE_US ((int64_t)10 * 60 * 1000000)

struct imds {
	const char *endpoint; /* without a slash at the end */
	size_t endpoint_len;
	struct fetch *fetch;
	struct deadline by;
	struct buf *token; /* the whole header line; empty: none yet */
};

/* false if it is switched off. */
static bool find_endpoint(aws_getenv lookup, struct imds *i)
{
	const char *disabled = credentials_setting(lookup, "AWS_EC2_METADATA_DISABLED");
	const char *endpoint = credentials_setting(lookup, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
	const char *mode = credentials_setting(lookup, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");

	if (disabled && strcasecmp(disabled, "true") == 0)
		return false;
	if (!endpoint)
		endpoint = mode && strcasecmp(mode, "IPv6") == 0 ? "http://[fd00:ec2::254]"
								 : "http://169.254.169.254";
	i->endpoint = endpoint;
	i->endpoint_len = strlen(endpoint);
	while (i->endpoint_len > 0 && endpoint[i->endpoint_len - 1] == '/')
		i->endpoint_len--;
	return true;
}

static enum status request(const struct imds *i, const char *method, const char *header,
	struct slice path[2], struct fetch_answer *out)
{
	enum status rc = STATUS_NO_MEMORY;
	const char *const headers[] = { header, NULL };
	struct buf url = { 0 };

	buf_add(&url, i->endpoint, i->endpoint_len);
	buf_add_slice(&url, path[0]);
	buf_add_slice(&url, path[1]);
	if (buf_ok(&url))
		rc = credentials_fetch(i->fetch,
			(struct fetch_request){
				.method = method, .url = buf_cstr(&url), .headers = headers },
			"imds", i->by, out);
	buf_free(&url);
	return rc;
}

static enum status renew_token(const struct imds *i)
{
	struct slice path[2] = { SLICE("/latest/api/token"), SLICE("") };
	struct fetch_answer answer;
	enum status rc;

	buf_clear(i->token);
	rc = request(i, "PUT", "X-aws-ec2-metadata-token-ttl-seconds: 21600", path, &answer);
	if (rc != STATUS_OK)
		return rc;
	for (size_t at = 0; at < answer.body.len; at++) {
		if (!isgraph((unsigned char)answer.body.ptr[at]))
			answer.body.len = 0; /* no token: it would add lines to a request */
	}
	if (answer.status != 200 || answer.body.len == 0) {
		LOG(LOG_WARN, "credentials_answer_unusable", log_str("source", "imds"),
			log_str("asked", "token"), log_int("status", answer.status));
		return STATUS_UNAVAILABLE;
	}
	buf_add_str(i->token, TOKEN_HEADER);
	buf_add_slice(i->token, answer.body);
	return buf_ok(i->token) ? STATUS_OK : STATUS_NO_MEMORY;
}

/* GET with the token; one that has run out is renewed once. */
static enum status get(const struct imds *i, struct slice role, struct fetch_answer *out)
{
	struct slice path[2] = { SLICE(ROLE_PATH), role };
	bool renewed = i->token->len == 0;
	enum status rc = renewed ? renew_token(i) : STATUS_OK;

	if (rc == STATUS_OK)
		rc = request(i, "GET", buf_cstr(i->token), path, out);
	if (rc != STATUS_OK || out->status != 401 || renewed)
		return rc;
	rc = renew_token(i);
	if (rc != STATUS_OK)
		return rc;
	return request(i, "GET", buf_cstr(i->token), path, out);
}

/* The first line of the list of roles: an instance has one role. */
static bool role_name(struct slice body, char out[ROLE_MAX + 1])
{
	size_t n = 0;

	while (n < body.len && n <= ROLE_MAX && body.ptr[n] != '\n' && body.ptr[n] != '\r') {
		unsigned char c = (unsigned char)body.ptr[n];

		if (!isalnum(c) && !memchr("+=,.@_-", c, 7))
			return false;
		n++;
	}
	if (n == 0 || n > ROLE_MAX)
		return false;
	memcpy(out, body.ptr, n);
	out[n] = '\0';
	return true;
}

static enum status unusable(const char *asked, int http_status)
{
	LOG(LOG_WARN, "credentials_answer_unusable", log_str("source", "imds"),
		log_str("asked", asked), log_int("status", http_status));
	return STATUS_UNAVAILABLE;
}

enum status credentials_imds_find(aws_getenv lookup, struct fetch *f, struct deadline by,
	struct buf *token, struct credentials_found *out)
{
	struct imds i = { .fetch = f, .by = by, .token = token };
	struct fetch_answer answer;
	char role[ROLE_MAX + 1];
	enum status rc;
	int64_t now_us;

	if (!find_endpoint(lookup, &i))
		return STATUS_NOT_FOUND;
	rc = get(&i, SLICE(""), &answer);
	if (rc != STATUS_OK)
		return rc;
	if (answer.status == 404) /* an instance without a role */
		return STATUS_NOT_FOUND;
	if (answer.status != 200 || !role_name(answer.body, role))
		return unusable("role", answer.status);
	rc = get(&i, slice_of(role), &answer);
	if (rc != STATUS_OK)
		return rc;
	rc = answer.status == 200 ? credentials_document_read(answer.body, out) : STATUS_INVALID;
	if (rc == STATUS_INVALID)
		return unusable("credentials", answer.status);
	now_us = clock_realtime_us();
	if (rc == STATUS_OK && out->expires_us <= now_us) {
		LOG(LOG_WARN, "credentials_expired_taken", log_str("source", "imds"));
		out->expires_us = now_us + OUTAGE_LIFE_US;
	}
	return rc;
}
