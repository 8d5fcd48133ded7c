/* SPDX-License-Identifier: MIT */
/* When to try a failed AWS call again: full jitter, and a quota that stops the retries of a client
 * whose calls mostly fail. Sleeps and calls nothing. Source: AWS SDKs and Tools Reference, "Retry
 * behavior", standard mode in its revision of 2026 (botocore's retries/standard.py, "2.1"). */
#ifndef CRUDDUR_AWS_RETRY_H
#define CRUDDUR_AWS_RETRY_H

#include "base/slice.h"

#include <stdint.h>

#define AWS_RETRY_ATTEMPTS 4 /* for DynamoDB and its Streams, the first included */

struct aws_retry_quota {
	int left;
};

void aws_retry_quota_open(struct aws_retry_quota *q);

/* Takes the price of one retry; false, with nothing taken, if there is too little left. *taken gets
 * the price. */
bool aws_retry_quota_take(struct aws_retry_quota *q, bool throttled, int *taken);

/* Gives back after a success: what its last retry took, or a little if it had none (taken is 0). */
void aws_retry_quota_give(struct aws_retry_quota *q, int taken);

/* How long to wait before the n-th retry (from 1), with a random number of 32 bits. asked_ms is
 * what the service asked for in X-Amz-Retry-After; under 0: nothing. */
int64_t aws_retry_delay_ms(int n, bool throttled, int64_t asked_ms, uint32_t random);

/* The value of X-Amz-Retry-After in milliseconds; -1 if it is no such number. */
int64_t aws_retry_after_ms(struct slice text);

/* Random bits for the jitter. */
uint32_t aws_retry_random(void);

#endif
