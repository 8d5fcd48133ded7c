/* SPDX-License-Identifier: MIT */
/* Names and kinds of errors; see errors.h. */
#include "aws/errors.h"

#include "json/json.h"

#include <ctype.h>

/* "com.amazonaws.dynamodb.v20120810#ValidationException" or "ValidationException:http://..." */
static bool short_name(struct slice text, char out[AWS_ERROR_NAME_SIZE])
{
	const char *mark = text.len > 0 ? memchr(text.ptr, '#', text.len) : NULL;
	size_t n = 0;

	if (mark)
		text = slice_skip(text, (size_t)(mark - text.ptr) + 1);
	while (n < text.len && text.ptr[n] != ':') {
		if (!isalnum((unsigned char)text.ptr[n]) && text.ptr[n] != '.')
			return false;
		if (++n == AWS_ERROR_NAME_SIZE)
			return false;
	}
	if (n > 0)
		memcpy(out, text.ptr, n);
	out[n] = '\0';
	return n > 0;
}

void aws_error_name(struct slice body, struct slice header, char out[AWS_ERROR_NAME_SIZE])
{
	struct json *doc = NULL;
	struct slice type;
	bool found = false;

	if (json_parse(body, &doc) == STATUS_OK)
		found = json_get_string(json_root(doc), "__type", &type) && short_name(type, out);
	json_free(doc);
	if (!found && !short_name(header, out))
		out[0] = '\0';
}

static bool is_among(const char *name, const char *const *names)
{
	for (; *names; names++) {
		if (strcmp(name, *names) == 0)
			return true;
	}
	return false;
}

bool aws_error_is_outcome(const char *name)
{
	static const char *const outcomes[] = { "ConditionalCheckFailedException",
		"TransactionCanceledException", NULL };

	return is_among(name, outcomes);
}

enum aws_error_kind aws_error_kind(int http_status, const char *name)
{
	static const char *const throttling[] = { "BandwidthLimitExceeded", "EC2ThrottledException",
		"LimitExceededException", "PriorRequestNotComplete",
		"ProvisionedThroughputExceededException", "RequestLimitExceeded",
		"RequestThrottled", "RequestThrottledException", "SlowDown", "ThrottledException",
		"Throttling", "ThrottlingException", "TooManyRequestsException",
		"TransactionInProgressException", NULL };
	static const char *const transient[] = { "InternalServerError", "RequestTimeout",
		"RequestTimeoutException", "ServiceUnavailable", NULL };
	static const char *const credentials[] = { "ExpiredToken", "ExpiredTokenException",
		"UnrecognizedClientException", NULL };

	if (is_among(name, throttling))
		return AWS_ERROR_THROTTLING;
	if (is_among(name, credentials))
		return AWS_ERROR_CREDENTIALS;
	if (is_among(name, transient))
		return AWS_ERROR_TRANSIENT;
	if (http_status == 429)
		return AWS_ERROR_THROTTLING;
	/* A refusal has a 4xx and a name. A 4xx without one is some other server's, in the way. */
	if (http_status >= 400 && http_status < 500 && name[0] != '\0')
		return AWS_ERROR_REFUSED;
	return AWS_ERROR_TRANSIENT;
}
