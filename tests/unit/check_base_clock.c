/* SPDX-License-Identifier: MIT */
/* The one text form of a time, against libc's calendar, and deadlines. */
#include "base/clock.h"
#include "check_main.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define US INT64_C(1000000)

static void assert_format(int64_t realtime_us, const char *expected)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(realtime_us, text);
	ck_assert_str_eq(text, expected);
}

START_TEST(times_are_utc_with_six_decimals)
{
	assert_format(0, "1970-01-01T00:00:00.000000+00:00");
	assert_format(1, "1970-01-01T00:00:00.000001+00:00");
	assert_format(1795370877 * US + 599123, "2026-11-22T18:07:57.599123+00:00");
	assert_format(951782400 * US, "2000-02-29T00:00:00.000000+00:00");
	assert_format(4107542399 * US + 999999, "2100-02-28T23:59:59.999999+00:00");
	assert_format(4107542400 * US, "2100-03-01T00:00:00.000000+00:00");
	assert_format(1735689599 * US + 999999, "2024-12-31T23:59:59.999999+00:00");
	assert_format(1735689600 * US, "2025-01-01T00:00:00.000000+00:00");
}
END_TEST

START_TEST(times_before_1970_are_right_too)
{
	assert_format(-1, "1969-12-31T23:59:59.999999+00:00");
	assert_format(-US, "1969-12-31T23:59:59.000000+00:00");
	assert_format(-2203891200 * US, "1900-03-01T00:00:00.000000+00:00");
}
END_TEST

START_TEST(times_out_of_range_are_clamped)
{
	assert_format(INT64_MIN, "0000-01-01T00:00:00.000000+00:00");
	assert_format(-62167219200 * US, "0000-01-01T00:00:00.000000+00:00");
	assert_format(-62167219200 * US - 1, "0000-01-01T00:00:00.000000+00:00");
	assert_format(253402300799 * US + 999999, "9999-12-31T23:59:59.999999+00:00");
	assert_format(253402300800 * US, "9999-12-31T23:59:59.999999+00:00");
	assert_format(INT64_MAX, "9999-12-31T23:59:59.999999+00:00");
}
END_TEST

/* Every 9 days and some hours through ten thousand years: each month and leap rule many times. */
START_TEST(the_calendar_agrees_with_libc_and_text_order_is_time_order)
{
	char before[CLOCK_TEXT_SIZE] = "";

	for (int64_t s = -62167219200; s <= 253402300799; s += 9 * 86400 + 12345) {
		char text[CLOCK_TEXT_SIZE], expected[80];
		time_t t = (time_t)s;
		struct tm tm;

		ck_assert_ptr_nonnull(gmtime_r(&t, &tm));
		snprintf(expected, sizeof(expected), "%04d-%02d-%02dT%02d:%02d:%02d.000042+00:00",
			tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
			tm.tm_sec);
		clock_format(s * US + 42, text);
		ck_assert_str_eq(text, expected);
		ck_assert_int_eq(strlen(text), CLOCK_TEXT_LEN);
		ck_assert_int_lt(strcmp(before, text), 0);
		memcpy(before, text, sizeof(before));
	}
}
END_TEST

START_TEST(the_clocks_go_forward)
{
	int64_t real = clock_realtime_us(), monotonic = clock_monotonic_ms();

	ck_assert_int_gt(real, 1700000000 * US);
	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_monotonic_ms();

		ck_assert_int_ge(now, monotonic);
		monotonic = now;
	}
}
END_TEST

START_TEST(a_deadline_counts_down_to_zero_and_stays_there)
{
	struct deadline far = deadline_in(60000), near = deadline_in(20);
	int64_t start = clock_monotonic_ms();

	ck_assert_int_gt(deadline_left_ms(far), 50000);
	ck_assert_int_le(deadline_left_ms(far), 60000);
	ck_assert_int_le(deadline_left_ms(near), 20);
	while (deadline_left_ms(near) > 0)
		clock_sleep_ms(deadline_left_ms(near));
	ck_assert_int_ge(clock_monotonic_ms() - start, 19);
	ck_assert_int_eq(deadline_left_ms(near), 0);
	ck_assert_int_eq(deadline_left_ms(deadline_in(0)), 0);
	ck_assert_int_eq(deadline_left_ms(deadline_in(-5)), 0);
}
END_TEST

START_TEST(sleeping_for_no_time_returns)
{
	clock_sleep_ms(0);
	clock_sleep_ms(-1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base_clock");
	TCase *tests = tcase_create("clock");

	tcase_add_test(tests, times_are_utc_with_six_decimals);
	tcase_add_test(tests, times_before_1970_are_right_too);
	tcase_add_test(tests, times_out_of_range_are_clamped);
	tcase_add_test(tests, the_calendar_agrees_with_libc_and_text_order_is_time_order);
	tcase_add_test(tests, the_clocks_go_forward);
	tcase_set_timeout(tests, 60); /* two million assertions */
	tcase_add_test(tests, a_deadline_counts_down_to_zero_and_stays_there);
	tcase_add_test(tests, sleeping_for_no_time_returns);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
