/* SPDX-License-Identifier: MIT */
/* UTF-8 against Unicode's own rules: every code point there and back, every pair of bytes judged by
 * the table of well-formed sequences, and the forms that decoders have wrongly taken. */
#include "base/utf8.h"

#include "unit/check_main.h"

#define CODE_POINT_MAX 0x10ffffU

static bool is_surrogate(uint32_t c)
{
	return c >= 0xd800 && c <= 0xdfff;
}

static size_t length_of(uint32_t c)
{
	if (c < 0x80)
		return 1;
	if (c < 0x800)
		return 2;
	return c < 0x10000 ? 3 : 4;
}

START_TEST(every_code_point_comes_back)
{
	for (uint32_t c = 0; c <= CODE_POINT_MAX; c++) {
		char text[4];
		struct slice s = { text, 0 };
		size_t len = 0;

		if (is_surrogate(c))
			continue;
		s.len = utf8_encode(c, text);
		if (s.len != length_of(c) || utf8_char_len(s) != s.len ||
			utf8_decode(s, &len) != c || len != s.len || !utf8_valid(s) ||
			utf8_count(s) != 1)
			ck_abort_msg("U+%04X", (unsigned int)c);
	}
}
END_TEST

START_TEST(every_code_point_cut_short_is_refused)
{
	for (uint32_t c = 0x80; c <= CODE_POINT_MAX; c++) {
		char text[4];
		size_t len = utf8_encode(c, text);

		for (size_t cut = 1; cut < len && !is_surrogate(c); cut++) {
			if (utf8_char_len((struct slice){ text, cut }) != 0)
				ck_abort_msg("U+%04X cut to %zu", (unsigned int)c, cut);
		}
	}
}
END_TEST

START_TEST(surrogates_are_refused)
{
	for (uint32_t c = 0xd800; c <= 0xdfff; c++) {
		char text[3] = { (char)0xed, (char)(0x80 | (c >> 6 & 0x3f)),
			(char)(0x80 | (c & 0x3f)) };

		ck_assert_uint_eq(utf8_char_len((struct slice){ text, 3 }), 0);
		ck_assert(!utf8_valid((struct slice){ text, 3 }));
	}
}
END_TEST

/* What a first and a second byte may be (Unicode, table 3-7), written another way than the code. */
static bool may_start(unsigned int first, unsigned int second)
{
	bool continues = second >= 0x80 && second <= 0xbf;

	if (first >= 0xc2 && first <= 0xdf)
		return continues;
	if (first == 0xe0)
		return continues && second >= 0xa0;
	if (first == 0xed)
		return continues && second <= 0x9f;
	if (first > 0xe0 && first <= 0xef)
		return continues;
	if (first == 0xf0)
		return continues && second >= 0x90;
	if (first == 0xf4)
		return continues && second <= 0x8f;
	return first > 0xf0 && first < 0xf4 && continues;
}

START_TEST(every_first_pair_of_bytes_is_judged_by_the_table)
{
	for (unsigned int first = 0x80; first < 0x100; first++) {
		for (unsigned int second = 0; second < 0x100; second++) {
			char text[4] = { (char)first, (char)second, (char)0x80, (char)0x80 };
			size_t len = utf8_char_len((struct slice){ text, 4 });

			if ((len > 0) != may_start(first, second))
				ck_abort_msg("%02x %02x", first, second);
		}
	}
}
END_TEST

START_TEST(every_third_and_fourth_byte_must_continue)
{
	for (unsigned int byte = 0; byte < 0x100; byte++) {
		char three[3] = { (char)0xe2, (char)0x82, (char)byte };
		char third[4] = { (char)0xf0, (char)0x9f, (char)byte, (char)0x80 };
		char fourth[4] = { (char)0xf0, (char)0x9f, (char)0x80, (char)byte };
		bool continues = (byte & 0xc0) == 0x80;

		ck_assert_uint_eq(utf8_char_len((struct slice){ three, 3 }), continues ? 3 : 0);
		ck_assert_uint_eq(utf8_char_len((struct slice){ third, 4 }), continues ? 4 : 0);
		ck_assert_uint_eq(utf8_char_len((struct slice){ fourth, 4 }), continues ? 4 : 0);
	}
}
END_TEST

START_TEST(refuses_what_decoders_have_wrongly_taken)
{
	static const struct slice odd[] = {
		SLICE_LITERAL("\x80"), /* a continuation alone */
		SLICE_LITERAL("\xc0\x80"), /* U+0000 overlong */
		SLICE_LITERAL("\xc0\xaf"), /* "/" overlong */
		SLICE_LITERAL("\xc1\xbf"),
		SLICE_LITERAL("\xe0\x80\xaf"),
		SLICE_LITERAL("\xe0\x9f\xbf"),
		SLICE_LITERAL("\xf0\x80\x80\xaf"),
		SLICE_LITERAL("\xf0\x8f\xbf\xbf"),
		SLICE_LITERAL("\xed\xa0\x81\xed\xb0\x80"), /* CESU-8 */
		SLICE_LITERAL("\xf4\x90\x80\x80"), /* U+110000 */
		SLICE_LITERAL("\xf5\x80\x80\x80"),
		SLICE_LITERAL("\xf8\x88\x80\x80\x80"), /* five bytes */
		SLICE_LITERAL("\xfc\x84\x80\x80\x80\x80"), /* six bytes */
		SLICE_LITERAL("\xfe"),
		SLICE_LITERAL("\xff"),
		SLICE_LITERAL("sound, then \xc3"),
		SLICE_LITERAL("\xc3\xa9\xa9"),
		SLICE_LITERAL("\xc3\0"),
	};

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		ck_assert_msg(!utf8_valid(odd[i]), "%zu", i);
}
END_TEST

START_TEST(nothing_at_all_is_valid_and_has_no_character)
{
	ck_assert(utf8_valid(SLICE("")));
	ck_assert_uint_eq(utf8_count(SLICE("")), 0);
	ck_assert_uint_eq(utf8_char_len(SLICE("")), 0);
	ck_assert(utf8_valid((struct slice){ NULL, 0 }));
}
END_TEST

START_TEST(counts_code_points_not_bytes_and_not_graphemes)
{
	ck_assert_uint_eq(utf8_count(SLICE("abc")), 3);
	ck_assert_uint_eq(utf8_count(SLICE("a\0b")), 3);
	ck_assert_uint_eq(utf8_count(SLICE("\xc3\xa9t\xc3\xa9")), 3);
	ck_assert_uint_eq(utf8_count(SLICE("e\xcc\x81")), 2); /* e and a combining accent */
	ck_assert_uint_eq(utf8_count(SLICE("\xf0\x9f\x98\x80\xe2\x82\xac")), 2);
}
END_TEST

START_TEST(blank_is_white_space_and_nothing_else)
{
	/* Unicode 15, PropList.txt, White_Space. */
	static const uint32_t white[] = { 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20, 0x85, 0xa0, 0x1680,
		0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009,
		0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000 };
	size_t next = 0, count = sizeof(white) / sizeof(white[0]);

	for (uint32_t c = 0; c <= CODE_POINT_MAX; c++) {
		bool is_white = next < count && white[next] == c;
		char text[4];
		struct slice s = { text, 0 };

		if (is_surrogate(c))
			continue;
		s.len = utf8_encode(c, text);
		if (utf8_is_blank(s) != is_white)
			ck_abort_msg("U+%04X", (unsigned int)c);
		next += is_white ? 1 : 0;
	}
	ck_assert_uint_eq(next, count);
	ck_assert(utf8_is_blank(SLICE("")));
	ck_assert(utf8_is_blank(SLICE(" \t\r\n\xe3\x80\x80")));
	ck_assert(!utf8_is_blank(SLICE(" \t\r\n\xe3\x80\x80.")));
	ck_assert(!utf8_is_blank(SLICE("\xe2\x80\x8b"))); /* zero width space is none */
}
END_TEST

START_TEST(without_its_last_code_point_a_text_is_still_valid)
{
	char text[5] = { 'x' };

	for (uint32_t c = 0; c <= CODE_POINT_MAX; c++) {
		struct slice s = { text, 1 };

		if (is_surrogate(c))
			continue;
		s.len += utf8_encode(c, text + 1);
		if (!slice_equal(utf8_without_last(s), SLICE("x")))
			ck_abort_msg("U+%04X", (unsigned int)c);
	}
	ck_assert_uint_eq(utf8_without_last(SLICE("\xc3\xa9")).len, 0);
	ck_assert_uint_eq(utf8_without_last(SLICE("")).len, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("base/utf8");
	TCase *tc = tcase_create("UTF-8");

	tcase_add_test(tc, every_code_point_comes_back);
	tcase_add_test(tc, every_code_point_cut_short_is_refused);
	tcase_add_test(tc, surrogates_are_refused);
	tcase_add_test(tc, every_first_pair_of_bytes_is_judged_by_the_table);
	tcase_add_test(tc, every_third_and_fourth_byte_must_continue);
	tcase_add_test(tc, refuses_what_decoders_have_wrongly_taken);
	tcase_add_test(tc, nothing_at_all_is_valid_and_has_no_character);
	tcase_add_test(tc, counts_code_points_not_bytes_and_not_graphemes);
	tcase_add_test(tc, blank_is_white_space_and_nothing_else);
	tcase_add_test(tc, without_its_last_code_point_a_text_is_still_valid);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return check_main(suite());
}
