/* SPDX-License-Identifier: MIT */
/* The function itself: what it holds from one invocation to the next, and the loop that takes
 * invocations and answers them. */
#ifndef CRUDDUR_LAMBDA_FUNCTION_H
#define CRUDDUR_LAMBDA_FUNCTION_H

#include "base/buf.h"
#include "base/settings.h"
#include "lambda/runtime.h"

struct lambda_function;

/* Connects to nothing. STATUS_INVALID: problem holds one line that names the variable. Borrows
 * nothing. */
STATUS_MUSTCHECK enum status lambda_function_new(
	const struct settings *settings, struct buf *problem, struct lambda_function **out);
void lambda_function_free(struct lambda_function *f);

/* Serves invocations until stop says true, which is STATUS_OK: the one under way gets its answer
 * first, in which what was not begun is named as failed. Anything else: the Runtime API is of no
 * use any more. */
STATUS_MUSTCHECK enum status lambda_function_serve(
	struct lambda_function *f, struct lambda_runtime *rt, bool (*stop)(void));

#endif
