/* SPDX-License-Identifier: MIT */
/* One signed call of an AWS JSON 1.0 service (DynamoDB, DynamoDB Streams): POST, X-Amz-Target,
 * SigV4, retries with full jitter and a retry quota under the caller's deadline. Knows nothing of
 * tables. Source: AWS SDKs and Tools Reference, "Retry behavior" (standard mode). */
#ifndef CRUDDUR_AWS_CALL_H
#define CRUDDUR_AWS_CALL_H

#include "aws/credentials.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/slice.h"
#include "base/status.h"
#include "base/trace.h"
#include "base/usage.h"

struct aws_service {
	const char *endpoint; /* "https://dynamodb.us-east-1.amazonaws.com" */
	const char *region;
	const char *signing_name; /* "dynamodb" */
	const char *target; /* "DynamoDB_20120810": X-Amz-Target is this, a dot and the operation */
	struct usage *usage; /* each call is added to it; borrowed; NULL: to none */
	const struct trace *trace; /* of the moment, goes with each call; borrowed; NULL: none */
};

struct aws_client;

/* Copies the service; borrows the chain, which must outlive the client. */
STATUS_MUSTCHECK enum status aws_client_new(const struct aws_service *service,
	struct aws_credential_chain *credentials, struct aws_client **out);
void aws_client_free(struct aws_client *c);

/* What a call came to once retries were over. */
struct aws_answer {
	int http_status; /* 200, or the error's */
	struct slice body; /* the client's, until its next call or aws_take_body */
	char error[64]; /* "" for 200, else the error's short name:
			   "ConditionalCheckFailedException" */
	int attempts; /* times the request went out, libcurl's own repeats included: over 1 means
			 that an earlier one may have taken effect */
};

/* operation is "Query", "PutItem", ...; body its whole JSON text, sent again byte by byte on a
 * retry.
 *
 * STATUS_OK: HTTP 200 with what looks like a JSON object; whoever decodes it finds out.
 * STATUS_INVALID: the service refused the request and would again (answer filled in; the caller
 * reads error). STATUS_TOO_LARGE: the answer is over 32 MB; something smaller has to be asked for.
 * STATUS_TIMEOUT: the deadline passed. STATUS_UNAVAILABLE: it is down, throttles past
 * the retries, or answers nonsense. What went wrong is in the log, never the body.
 * STATUS_NO_MEMORY, STATUS_INTERNAL. *out is filled for STATUS_OK and STATUS_INVALID only. */
STATUS_MUSTCHECK enum status aws_call(struct aws_client *c, const char *operation,
	struct slice body, struct deadline by, struct aws_answer *out);

/* Moves the body of the last answer, which aws_answer shows, to a buffer that holds no memory yet.
 */
void aws_take_body(struct aws_client *c, struct buf *out);

#endif
