/* SPDX-License-Identifier: MIT */
/* The arithmetic of retries; see retry.h. */
#include "aws/retry.h"

#include "base/ascii.h"
#include "base/clock.h"

#include <sys/random.h>

#define QUOTA 500
#define COST_TRANSIENT 14
#define COST_THROTTLED 5
#define REFUND 1

#define BASE_TRANSIENT_MS 25
#define BASE_THROTTLED_MS 1000
#define DELAY_MAX_MS 20000
#define ASKED_OVER_OWN_MS 5000

void aws_retry_quota_open(struct aws_retry_quota *q)
{
	q->left = QUOTA;
}

bool aws_retry_quota_take(struct aws_retry_quota *q, bool throttled, int *taken)
{
	int cost = throttled ? COST_THROTTLED : COST_TRANSIENT;

	if (q->left < cost)
		return false;
	q->left -= cost;
	*taken = cost;
	return true;
}

void aws_retry_quota_give(struct aws_retry_quota *q, int taken)
{
	q->left += taken > 0 ? taken : REFUND;
	if (q->left > QUOTA)
		q->left = QUOTA;
}

int64_t aws_retry_delay_ms(int n, bool throttled, int64_t asked_ms, uint32_t random)
{
	int64_t most = throttled ? BASE_THROTTLED_MS : BASE_TRANSIENT_MS;
	int64_t own;

	while (--n > 0 && most < DELAY_MAX_MS)
		most *= 2;
	if (most > DELAY_MAX_MS)
		most = DELAY_MAX_MS;
	own = most * (int64_t)random / UINT32_MAX;
	if (asked_ms < own)
		return own;
	return asked_ms < own + ASKED_OVER_OWN_MS ? asked_ms : own + ASKED_OVER_OWN_MS;
}

int64_t aws_retry_after_ms(struct slice text)
{
	return text.len <= 9 ? ascii_number(text) : -1;
}

uint32_t aws_retry_random(void)
{
	uint32_t bits = 0;

	/* Jitter is no secret: where the kernel gives none, the clock will do. */
	if (getrandom(&bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
		bits = (uint32_t)clock_realtime_us() * 2654435761U;
	return bits;
}
