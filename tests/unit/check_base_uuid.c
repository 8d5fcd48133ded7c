/* SPDX-License-Identifier: MIT */
/* UUIDs: fresh ones have the right form, and only that form is read. */
#include "base/uuid.h"
#include "check_main.h"

START_TEST(a_new_uuid_is_a_random_one_in_lower_case)
{
	for (int i = 0; i < 1000; i++) {
		struct uuid u, again;

		ck_assert_int_eq(uuid_new(&u), STATUS_OK);
		ck_assert_uint_eq(strlen(u.text), UUID_LEN);
		ck_assert_uint_eq(strspn(u.text, "0123456789abcdef-"), UUID_LEN);
		ck_assert_int_eq(u.text[14], '4'); /* version */
		ck_assert_ptr_nonnull(strchr("89ab", u.text[19])); /* variant */
		ck_assert_int_eq(uuid_parse(uuid_slice(&u), &again), STATUS_OK);
		ck_assert(uuid_equal(&u, &again));
	}
}
END_TEST

/* That a digit misses one of its values in 2,000 UUIDs by chance has odds under 10^-50. */
START_TEST(every_other_digit_varies)
{
	bool seen[UUID_LEN][16] = { { false } };
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < 2000; i++) {
		struct uuid u;

		ck_assert_int_eq(uuid_new(&u), STATUS_OK);
		for (int at = 0; at < UUID_LEN; at++) {
			const char *digit = strchr(digits, u.text[at]);

			if (digit)
				seen[at][digit - digits] = true;
		}
	}
	for (int at = 0; at < UUID_LEN; at++) {
		int values = 0;

		for (int digit = 0; digit < 16; digit++)
			values += seen[at][digit];
		if (at == 8 || at == 13 || at == 18 || at == 23)
			ck_assert_int_eq(values, 0);
		else if (at == 14)
			ck_assert_int_eq(values, 1);
		else if (at == 19)
			ck_assert_int_eq(values, 4);
		else
			ck_assert_int_eq(values, 16);
	}
}
END_TEST

START_TEST(either_case_is_read_and_becomes_lower_case)
{
	struct uuid u;

	ck_assert_int_eq(uuid_parse(SLICE("0123ABCD-EFab-CdeF-0000-123456789abc"), &u), STATUS_OK);
	ck_assert_str_eq(u.text, "0123abcd-efab-cdef-0000-123456789abc");
	ck_assert(slice_equal(uuid_slice(&u), SLICE("0123abcd-efab-cdef-0000-123456789abc")));
	ck_assert_int_eq(uuid_parse(SLICE("00000000-0000-0000-0000-000000000000"), &u), STATUS_OK);
}
END_TEST

START_TEST(any_other_text_is_refused_and_nothing_is_written)
{
	static const struct slice texts[] = {
		SLICE_LITERAL(""),
		SLICE_LITERAL("0123abcd-efab-cdef-0000-123456789ab"),
		SLICE_LITERAL("0123abcd-efab-cdef-0000-123456789abcd"),
		SLICE_LITERAL("0123abcdefabcdef0000123456789abc"),
		SLICE_LITERAL("0123abcdefabcdef0000123456789abc----"),
		SLICE_LITERAL("{0123abcd-efab-cdef-0000-123456789a}"),
		SLICE_LITERAL("urn:uuid:0123abcd-efab-cdef-0000-123"),
		SLICE_LITERAL("0123abc-defab-cdef-0000-123456789abc"),
		SLICE_LITERAL("0123abcd-efab-cdef-0000_123456789abc"),
		SLICE_LITERAL("g123abcd-efab-cdef-0000-123456789abc"),
		SLICE_LITERAL("0123abcd-efab-cdef-0000-123456789ab "),
		SLICE_LITERAL("0123abcd-efab-cdef-0000-123456789ab\0"),
		SLICE_LITERAL("\0"
			      "123abcd-efab-cdef-0000-123456789abc"),
		SLICE_LITERAL("0123abcd-efab-cdef-0000-12345678\xc3\xa9"
			      "bc"),
		SLICE_LITERAL("0123abcd-efab-cdef-0000-1234567890x1"),
	};
	struct uuid u = { "untouched" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ck_assert_msg(uuid_parse(texts[i], &u) == STATUS_INVALID, "%s", texts[i].ptr);
		ck_assert_str_eq(u.text, "untouched");
	}
	ck_assert_int_eq(uuid_parse((struct slice){ NULL, 0 }, &u), STATUS_INVALID);
}
END_TEST

START_TEST(the_bytes_are_the_digits_in_pairs)
{
	static const unsigned char should[UUID_BYTES] = { 0x01, 0x23, 0xab, 0xcd, 0xef, 0xab, 0xcd,
		0xef, 0x00, 0x9f, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc };
	unsigned char bytes[UUID_BYTES];
	struct uuid u;

	ck_assert_int_eq(uuid_parse(SLICE("0123ABCD-efab-cdef-009f-123456789abc"), &u), STATUS_OK);
	uuid_bytes(&u, bytes);
	ck_assert_mem_eq(bytes, should, sizeof(bytes));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base_uuid");
	TCase *tests = tcase_create("uuid");

	tcase_add_test(tests, a_new_uuid_is_a_random_one_in_lower_case);
	tcase_add_test(tests, every_other_digit_varies);
	tcase_add_test(tests, either_case_is_read_and_becomes_lower_case);
	tcase_add_test(tests, any_other_text_is_refused_and_nothing_is_written);
	tcase_add_test(tests, the_bytes_are_the_digits_in_pairs);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
