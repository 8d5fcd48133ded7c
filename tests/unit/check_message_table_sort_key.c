/* SPDX-License-Identifier: MIT */
/* Counting on in sort keys: the form stays, and the bytes sort after those before. */
#include "message_table/sort_key.h"

#include "unit/check_main.h"

static void assert_next(const char *sk, const char *wanted)
{
	struct buf next = { 0 };

	ck_assert_int_eq(sort_key_next(slice_of(sk), &next), STATUS_OK);
	ck_assert_str_eq(buf_cstr(&next), wanted);
	ck_assert_int_gt(slice_compare(buf_slice(&next), slice_of(sk)), 0);
	buf_free(&next);
}

START_TEST(our_form_counts_a_microsecond_on)
{
	assert_next("2026-11-22T18:07:57.599123+00:00", "2026-11-22T18:07:57.599124+00:00");
	assert_next("2026-12-31T23:59:59.999999+00:00", "2027-01-01T00:00:00.000000+00:00");
	assert_next("2024-02-28T23:59:59.999999+00:00", "2024-02-29T00:00:00.000000+00:00");
}
END_TEST

START_TEST(other_forms_of_iso_8601_keep_theirs)
{
	assert_next("2023-05-01T10:00:00.000001", "2023-05-01T10:00:00.000002");
	assert_next("2023-05-01 10:00:00.5+02:00", "2023-05-01 10:00:00.500001+02:00");
	assert_next("2023-05-01T10:00:00", "2023-05-01T10:00:00.000001");
	assert_next("2023-05-01T10:00:00+00:00", "2023-05-01T10:00:00.000001+00:00");
	assert_next("2023-05-01T10:00:00.123456789Z", "2023-05-01T10:00:00.123457Z");
}
END_TEST

START_TEST(a_fraction_that_would_sort_before_is_not_made_longer)
{
	assert_next("2023-05-01T10:00:00Z", "2023-05-01T10:00:01Z");
	assert_next("2023-05-01T10:00:00.599Z", "2023-05-01T10:00:00.600Z");
	assert_next("2023-05-01T10:00:00.9Z", "2023-05-01T10:00:01.0Z");
}
END_TEST

START_TEST(what_is_no_time_grows_at_its_end)
{
	assert_next("", "0");
	assert_next("zebra", "zebra0");
	assert_next("2023-05-01", "2023-05-010");
	assert_next("2023-99-99Txx:00:00", "2023-99-99Txx:00:000");
}
END_TEST

START_TEST(it_goes_on_for_ever)
{
	struct buf at = { 0 }, next = { 0 };

	buf_add_str(&at, "2026-11-22T18:07:59.999990+00:00");
	for (int i = 0; i < 1000; i++) {
		ck_assert_int_eq(sort_key_next(buf_slice(&at), &next), STATUS_OK);
		ck_assert_int_gt(slice_compare(buf_slice(&next), buf_slice(&at)), 0);
		buf_clear(&at);
		buf_add_slice(&at, buf_slice(&next));
	}
	ck_assert_str_eq(buf_cstr(&at), "2026-11-22T18:08:00.000990+00:00");
	buf_free(&at);
	buf_free(&next);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("message_table_sort_key");
	TCase *t = tcase_create("next");

	tcase_add_test(t, our_form_counts_a_microsecond_on);
	tcase_add_test(t, other_forms_of_iso_8601_keep_theirs);
	tcase_add_test(t, a_fraction_that_would_sort_before_is_not_made_longer);
	tcase_add_test(t, what_is_no_time_grows_at_its_end);
	tcase_add_test(t, it_goes_on_for_ever);
	suite_add_tcase(s, t);
	return check_main(s);
}
