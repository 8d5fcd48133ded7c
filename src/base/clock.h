/* SPDX-License-Identifier: MIT */
/* The time of day, the time that only goes forward, deadlines, and the one text form of a time that
 * this project writes. Functions elsewhere that decide by time take it as a parameter. */
#ifndef CRUDDUR_BASE_CLOCK_H
#define CRUDDUR_BASE_CLOCK_H

#include <stdint.h>

/* Microseconds since 1970-01-01T00:00:00Z. */
int64_t clock_realtime_us(void);

/* Milliseconds on a clock that is never set back; only differences mean anything. */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void); /* the same clock, finer */

/* Sleeps so long; returns early on a signal. */
void clock_sleep_ms(int64_t ms);

/* "2026-11-22T18:07:57.599123+00:00" and its NUL. */
#define CLOCK_TEXT_LEN 32
#define CLOCK_TEXT_SIZE (CLOCK_TEXT_LEN + 1)

/* Writes the UTC time as above: fixed width, so that byte order is time order. Times outside the
 * years 0 to 9999 are clamped to them. */
void clock_format(int64_t realtime_us, char out[CLOCK_TEXT_SIZE]);

/* A point on the monotonic clock by which everything must be over. */
struct deadline {
	int64_t at_ms;
};

struct deadline deadline_in(int64_t ms);

/* Milliseconds left, 0 when it has passed. */
int64_t deadline_left_ms(struct deadline d);

#endif
