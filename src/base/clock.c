/* SPDX-License-Identifier: MIT */
/* Reading the clocks and writing a time; parses none. */
#include "base/clock.h"

#include <time.h>

#define US_PER_S 1000000
#define FIRST_S (-62167219200) /* 0000-01-01T00:00:00Z */
#define LAST_S 253402300799 /* 9999-12-31T23:59:59Z */

int64_t clock_realtime_us(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &t); /* cannot fail: a valid clock and pointer */
	return (int64_t)t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

int64_t clock_monotonic_ms(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_monotonic_us(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

void clock_sleep_ms(int64_t ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	if (ms > 0)
		(void)nanosleep(&t, NULL); /* early return is documented */
}

static void put_digits(char *at, int digits, int64_t value)
{
	while (digits-- > 0) {
		at[digits] = (char)('0' + value % 10);
		value /= 10;
	}
}

/* Days since 1970-01-01 to year, month, day in the proleptic Gregorian calendar, by counting from
 * 1 March so that a leap day comes last; gmtime_r would take a lock and read the time zone. */
static void civil_from_days(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
	int64_t since = days + 719468; /* 0000-03-01 */
	int64_t era = (since >= 0 ? since : since - 146096) / 146097;
	int64_t of_era = since - era * 146097;
	int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t from_march = (5 * of_year + 2) / 153;

	*day = of_year - (153 * from_march + 2) / 5 + 1;
	*month = from_march < 10 ? from_march + 3 : from_march - 9;
	*year = year_of_era + era * 400 + (*month <= 2);
}

void clock_format(int64_t realtime_us, char out[CLOCK_TEXT_SIZE])
{
	static const char shape[CLOCK_TEXT_SIZE] = "0000-00-00T00:00:00.000000+00:00";
	int64_t us = realtime_us % US_PER_S, s = realtime_us / US_PER_S;
	int64_t days, of_day, year, month, day;

	if (us < 0) {
		us += US_PER_S;
		s--;
	}
	if (s < FIRST_S) {
		s = FIRST_S;
		us = 0;
	} else if (s > LAST_S) {
		s = LAST_S;
		us = US_PER_S - 1;
	}
	days = s / 86400;
	of_day = s % 86400;
	if (of_day < 0) {
		of_day += 86400;
		days--;
	}
	civil_from_days(days, &year, &month, &day);
	for (int i = 0; i < CLOCK_TEXT_SIZE; i++)
		out[i] = shape[i];
	put_digits(out, 4, year);
	put_digits(out + 5, 2, month);
	put_digits(out + 8, 2, day);
	put_digits(out + 11, 2, of_day / 3600);
	put_digits(out + 14, 2, of_day / 60 % 60);
	put_digits(out + 17, 2, of_day % 60);
	put_digits(out + 20, 6, us);
}

struct deadline deadline_in(int64_t ms)
{
	return (struct deadline){ clock_monotonic_ms() + ms };
}

int64_t deadline_left_ms(struct deadline d)
{
	int64_t left = d.at_ms - clock_monotonic_ms();

	return left > 0 ? left : 0;
}
