/* SPDX-License-Identifier: MIT */
/* The growing buffer: content, cap and sticky failure. */
#include "base/buf.h"
#include "check_main.h"

START_TEST(an_empty_buffer_reads_as_empty_text)
{
	struct buf b = { 0 };

	ck_assert(buf_ok(&b));
	ck_assert_uint_eq(buf_slice(&b).len, 0);
	ck_assert_ptr_nonnull(buf_slice(&b).ptr);
	ck_assert_str_eq(buf_cstr(&b), "");
	buf_free(&b);
	buf_free(&b);
}
END_TEST

START_TEST(pieces_are_kept_in_order)
{
	struct buf b = { 0 };

	buf_add_str(&b, "ab");
	buf_add_char(&b, 'c');
	buf_add_slice(&b, SLICE("d\0e"));
	buf_add_slice(&b, (struct slice){ NULL, 0 });
	buf_add(&b, "fgh", 2);
	buf_add_str(&b, "");
	ck_assert(buf_ok(&b));
	ck_assert(slice_equal(buf_slice(&b), SLICE("abcd\0efg")));
	ck_assert_int_eq(b.data[b.len], '\0');
	buf_free(&b);
}
END_TEST

START_TEST(whole_numbers_are_written_over_the_full_range)
{
	struct buf b = { 0 };

	buf_add_int(&b, 0);
	buf_add_char(&b, ' ');
	buf_add_int(&b, -1);
	buf_add_char(&b, ' ');
	buf_add_int(&b, 1234567890);
	buf_add_char(&b, ' ');
	buf_add_int(&b, INT64_MAX);
	buf_add_char(&b, ' ');
	buf_add_int(&b, INT64_MIN);
	ck_assert_str_eq(buf_cstr(&b), "0 -1 1234567890 9223372036854775807 -9223372036854775808");
	buf_free(&b);
}
END_TEST

START_TEST(growth_keeps_what_was_there)
{
	struct buf b = { 0 };

	for (int i = 0; i < 100000; i++) {
		buf_add_char(&b, (char)('a' + i % 26));
		ck_assert_int_eq(b.data[b.len], '\0');
	}
	ck_assert(buf_ok(&b));
	ck_assert_uint_eq(b.len, 100000);
	for (int i = 0; i < 100000; i++)
		ck_assert_int_eq(b.data[i], 'a' + i % 26);
	buf_free(&b);
}
END_TEST

/* Around the first capacity and its double, where an off-by-one would lose the closing NUL. */
START_TEST(the_closing_nul_has_room_at_every_length)
{
	static const char bytes[1025];

	for (size_t n = 0; n <= sizeof(bytes); n++) {
		struct buf b = { 0 };

		buf_add(&b, bytes, n);
		ck_assert(buf_ok(&b));
		ck_assert_uint_eq(b.len, n);
		ck_assert_uint_gt(b.cap, n);
		ck_assert_int_eq(b.data[n], '\0');
		buf_free(&b);
	}
}
END_TEST

START_TEST(the_cap_is_exact_and_failure_sticks)
{
	struct buf b = { .max = 4 };

	buf_add_str(&b, "abcd");
	ck_assert(buf_ok(&b));
	buf_add_str(&b, "");
	ck_assert(buf_ok(&b));
	buf_add_char(&b, 'e');
	ck_assert(!buf_ok(&b));
	ck_assert_str_eq(buf_cstr(&b), "abcd");
	/* Nothing fits any more, so that no text with a hole comes out. */
	buf_add_str(&b, "");
	buf_add_char(&b, 'f');
	ck_assert(!buf_ok(&b));
	ck_assert_str_eq(buf_cstr(&b), "abcd");
	buf_free(&b);
}
END_TEST

START_TEST(a_size_that_overflows_is_refused)
{
	struct buf b = { 0 };

	buf_add_char(&b, 'a');
	ck_assert_ptr_null(buf_reserve(&b, SIZE_MAX));
	ck_assert(!buf_ok(&b));
	buf_clear(&b);
	ck_assert_ptr_null(buf_reserve(&b, BUF_MAX_DEFAULT + 1));
	ck_assert(!buf_ok(&b));
	buf_free(&b);
}
END_TEST

START_TEST(clearing_forgets_the_failure_and_keeps_the_memory)
{
	struct buf b = { .max = 4 };
	size_t cap;

	buf_add_str(&b, "abc");
	cap = b.cap;
	buf_add_str(&b, "de");
	ck_assert(!buf_ok(&b));
	buf_clear(&b);
	ck_assert(buf_ok(&b));
	ck_assert_str_eq(buf_cstr(&b), "");
	ck_assert_uint_eq(b.cap, cap);
	buf_add_str(&b, "xyz");
	ck_assert_str_eq(buf_cstr(&b), "xyz");
	buf_free(&b);
	ck_assert_uint_eq(b.max, 4);
}
END_TEST

START_TEST(reserved_room_may_be_used_in_part)
{
	struct buf b = { 0 };
	char *room;

	buf_add_str(&b, "ab");
	room = buf_reserve(&b, 1000);
	ck_assert_ptr_nonnull(room);
	room[0] = 'c';
	room[1] = 'd';
	buf_grew(&b, 2);
	ck_assert_str_eq(buf_cstr(&b), "abcd");
	ck_assert_uint_eq(b.len, 4);
	buf_free(&b);
}
END_TEST

START_TEST(a_reset_gives_large_memory_back_and_keeps_small)
{
	struct buf b = { 0 };

	ck_assert_ptr_nonnull(buf_reserve(&b, BUF_KEEP * 2));
	buf_reset(&b);
	ck_assert_uint_eq(b.cap, 0);
	ck_assert_ptr_null(b.data);
	buf_add_str(&b, "small");
	ck_assert_str_eq(buf_cstr(&b), "small");
	buf_reset(&b);
	ck_assert_uint_gt(b.cap, 0);
	ck_assert_uint_eq(b.len, 0);
	ck_assert(buf_ok(&b));
	buf_free(&b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base_buf");
	TCase *tests = tcase_create("buf");

	tcase_add_test(tests, an_empty_buffer_reads_as_empty_text);
	tcase_add_test(tests, pieces_are_kept_in_order);
	tcase_add_test(tests, whole_numbers_are_written_over_the_full_range);
	tcase_add_test(tests, growth_keeps_what_was_there);
	tcase_add_test(tests, the_closing_nul_has_room_at_every_length);
	tcase_add_test(tests, the_cap_is_exact_and_failure_sticks);
	tcase_add_test(tests, a_size_that_overflows_is_refused);
	tcase_add_test(tests, clearing_forgets_the_failure_and_keeps_the_memory);
	tcase_add_test(tests, reserved_room_may_be_used_in_part);
	tcase_add_test(tests, a_reset_gives_large_memory_back_and_keeps_small);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
