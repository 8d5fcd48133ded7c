/* SPDX-License-Identifier: MIT */
/* AWS Lambda's Runtime API: asks for the next invocation, gives its answer or its failure back.
 * Knows nothing of what an event means. Source: AWS Lambda Developer Guide, "Using the Lambda
 * runtime API for custom runtimes", version 2018-06-01. */
#ifndef CRUDDUR_LAMBDA_RUNTIME_H
#define CRUDDUR_LAMBDA_RUNTIME_H

#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct lambda_runtime;

/* address is what AWS_LAMBDA_RUNTIME_API holds: host:port. STATUS_INVALID if it cannot be one.
 * stop ends the wait for an invocation: asked once a second at least, and after every signal. One
 * in a process: it sets _X_AMZN_TRACE_ID in the environment, as that is where the tracing of
 * libraries looks for it. */
STATUS_MUSTCHECK enum status lambda_runtime_new(
	const char *address, bool (*stop)(void), struct lambda_runtime **out);
void lambda_runtime_free(struct lambda_runtime *rt);

/* What is to be done. The first two texts live until the next lambda_runtime_next, the others until
 * the next call of this module. */
struct lambda_invocation {
	const char *request_id; /* never empty */
	const char *trace_id; /* "" if the API gave none */
	struct slice event;
	struct slice function_arn; /* empty if the API gave none */
	int64_t deadline_ms; /* since 1970; 0: it gave none that can be read */
};

/* Why the function, or one invocation of it, failed. */
struct lambda_error {
	const char *type; /* "Function.InvalidEvent": a word, a dot, a word */
	const char *message; /* for an operator */
};

/* Waits for as long as it takes. STATUS_NOT_FOUND: asked to stop, no invocation was taken. Anything
 * else but STATUS_OK: the API is of no use any more, and neither is this process; the log says why.
 */
STATUS_MUSTCHECK enum status lambda_runtime_next(
	struct lambda_runtime *rt, struct lambda_invocation *out);

/* Gives the answer, or the failure, of the invocation that came last. STATUS_OK: it was taken, or
 * the API knew better (the invocation was over), which the log says. STATUS_TOO_LARGE: the answer
 * is, so the invocation has to fail instead. Anything else: as above. */
STATUS_MUSTCHECK enum status lambda_runtime_respond(struct lambda_runtime *rt, struct slice answer);
STATUS_MUSTCHECK enum status lambda_runtime_fail(
	struct lambda_runtime *rt, const struct lambda_error *error);

/* The function could not be started. */
STATUS_MUSTCHECK enum status lambda_runtime_init_failed(
	struct lambda_runtime *rt, const struct lambda_error *error);

#endif
