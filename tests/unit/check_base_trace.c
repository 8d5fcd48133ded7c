/* SPDX-License-Identifier: MIT */
/* Trace Context by the letter of its grammar, and what of it goes on. */
#include "base/trace.h"

#include "unit/check_main.h"

#define ID "0af7651916cd43dd8448eb211c80319c"
#define SPAN "b7ad6b7169203331"
#define NO_ID "00000000000000000000000000000000"
#define NO_SPAN "0000000000000000"

static struct trace t;

static void assert_slice(struct slice got, const char *wanted)
{
	ck_assert_msg(slice_equal(got, slice_of(wanted)), "%.*s", (int)got.len, got.ptr);
}

START_TEST(what_is_sound_is_taken_and_goes_on_with_a_span_of_its_own)
{
	static const struct {
		const char *value, *flags;
	} cases[] = {
		{ "00-" ID "-" SPAN "-01", "-01" },
		{ "00-" ID "-" SPAN "-00", "-00" },
		{ "00-" ID "-" SPAN "-ff",
			"-01" }, /* flags that level 1 does not know are not set */
		{ "00-" ID "-" SPAN "-0a", "-00" },
		{ "01-" ID "-" SPAN "-01", "-01" }, /* ours is the only version that we write */
		{ "cc-" ID "-" SPAN "-01-", "-01" },
		{ "cc-" ID "-" SPAN "-01-what the future will be like", "-01" },
	};
	char first[TRACE_SPAN_LEN];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct slice line;

		trace_read(&t, slice_of(cases[i].value));
		ck_assert_msg(trace_is_there(&t), "%s", cases[i].value);
		assert_slice(trace_id(&t), ID);
		assert_slice((struct slice){ t.parent, sizeof(t.parent) }, SPAN);
		line = slice_of(t.header);
		ck_assert(slice_starts_with(line, SLICE("traceparent: 00-" ID "-")));
		ck_assert_uint_eq(line.len, TRACE_HEADER_SIZE - 1);
		assert_slice(slice_skip(line, line.len - 3), cases[i].flags);
		ck_assert(!slice_equal(trace_span(&t), SLICE(SPAN)));
		ck_assert(!slice_equal(trace_span(&t), SLICE(NO_SPAN)));
		ck_assert(i == 0 || memcmp(first, trace_span(&t).ptr, sizeof(first)) != 0);
		memcpy(first, trace_span(&t).ptr, sizeof(first));
	}
}
END_TEST

START_TEST(everything_else_leaves_no_trace)
{
	static const char *const values[] = { "", "00", "00-" ID "-" SPAN, "00-" ID "-" SPAN "-",
		"00-" ID "-" SPAN "-0", "00-" ID "-" SPAN "-011", "00-" ID "-" SPAN "-01-",
		"00-" ID "-" SPAN "-01-extra", "00-" ID "-" SPAN "-01 ", " 00-" ID "-" SPAN "-01",
		"ff-" ID "-" SPAN "-01", "ff-" ID "-" SPAN "-01-x", "0-" ID "-" SPAN "-01",
		"cc-" ID "-" SPAN "-01.what", "cc-" ID "-" SPAN "-011", "zz-" ID "-" SPAN "-01",
		"0A-" ID "-" SPAN "-01", "00-" NO_ID "-" SPAN "-01", "00-" ID "-" NO_SPAN "-01",
		"00-0AF7651916CD43DD8448EB211C80319C-" SPAN "-01", "00-" ID "-B7AD6B7169203331-01",
		"00-" ID "-" SPAN "-0x", "00-" ID "-" SPAN "-0\n", "00_" ID "-" SPAN "-01",
		"00-" ID "_" SPAN "-01", "00-" ID "-" SPAN "_01", "00-" ID "-" SPAN "-\xc3\xa9",
		"00-.af7651916cd43dd8448eb211c80319c-" SPAN "-01" };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		trace_read(&t, SLICE("00-" ID "-" SPAN "-01"));
		ck_assert(trace_is_there(&t));
		trace_read(&t, slice_of(values[i]));
		ck_assert_msg(!trace_is_there(&t), "%s", values[i]);
	}
	ck_assert(!trace_is_there(NULL));
}
END_TEST

START_TEST(a_nul_inside_is_no_digit)
{
	static const char value[] = "00-" ID "-" SPAN "-0\0";

	trace_read(&t, (struct slice){ value, 55 });
	ck_assert(!trace_is_there(&t));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base_trace");
	TCase *tests = tcase_create("trace");

	tcase_add_test(tests, what_is_sound_is_taken_and_goes_on_with_a_span_of_its_own);
	tcase_add_test(tests, everything_else_leaves_no_trace);
	tcase_add_test(tests, a_nul_inside_is_no_digit);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
