/* SPDX-License-Identifier: MIT */
/* The errors of AWS JSON services: their short names, and which are worth a retry. Retries nothing
 * itself. Source: AWS SDKs and Tools Reference, "Retry behavior". */
#ifndef CRUDDUR_AWS_ERRORS_H
#define CRUDDUR_AWS_ERRORS_H

#include "base/slice.h"

#define AWS_ERROR_NAME_SIZE 64 /* with its NUL */

enum aws_error_kind {
	AWS_ERROR_REFUSED, /* the same request will be refused again */
	AWS_ERROR_TRANSIENT, /* the service failed, or what answered is no such service */
	AWS_ERROR_THROTTLING, /* it asks to go slower */
	AWS_ERROR_CREDENTIALS, /* it takes no longer what the request was signed with */
};

/* The error's short name ("ValidationException"), from the body's "__type", else from the header
 * X-Amzn-ErrorType (empty: there is none); "" if neither holds one. */
void aws_error_name(struct slice body, struct slice header, char out[AWS_ERROR_NAME_SIZE]);

/* true for what a service that is well says about the data: a condition did not hold. */
bool aws_error_is_outcome(const char *name);

/* What to do about an answer that is not 200. */
enum aws_error_kind aws_error_kind(int http_status, const char *name);

#endif
