/* SPDX-License-Identifier: MIT */
/* What is written as JSON is one line, strictly valid, and reads back as it was. */
#include "check_main.h"
#include "json/json.h"
#include "json/write.h"

#include <stdio.h>

static void assert_written(struct slice text, const char *expected)
{
	struct buf b = { 0 };

	json_write_string(&b, text);
	ck_assert(buf_ok(&b));
	ck_assert_str_eq(buf_cstr(&b), expected);
	buf_free(&b);
}

START_TEST(strings_are_quoted_and_escaped)
{
	assert_written(SLICE(""), "\"\"");
	assert_written((struct slice){ NULL, 0 }, "\"\"");
	assert_written(SLICE("plain"), "\"plain\"");
	assert_written(SLICE("\"\\"), "\"\\\"\\\\\"");
	assert_written(SLICE("a/b"), "\"a/b\"");
	assert_written(SLICE("\b\t\n\f\r"), "\"\\b\\t\\n\\f\\r\"");
	assert_written(SLICE("\0\x01\v\x1f\x7f"), "\"\\u0000\\u0001\\u000b\\u001f\\u007f\"");
	assert_written(SLICE("\xc3\xa9\xf0\x9f\x98\x80"), "\"\xc3\xa9\xf0\x9f\x98\x80\"");
	assert_written(SLICE("x\ny\nz"), "\"x\\ny\\nz\"");
}
END_TEST

START_TEST(every_character_reads_back)
{
	struct buf b = { 0 };
	static const char wide[] = { '\xdf', '\xbf', '\xef', '\xbf', '\xbf' };
	char all[128 + sizeof(wide)];
	struct json *doc;
	struct slice text, expected = { all, sizeof(all) };

	for (int c = 0; c < 128; c++)
		all[c] = (char)c;
	memcpy(all + 128, wide, sizeof(wide));
	buf_add_char(&b, '{');
	json_write_member(&b, "a", expected);
	buf_add_char(&b, '}');
	ck_assert_ptr_null(memchr(buf_cstr(&b), '\n', b.len));
	ck_assert_int_eq(json_parse(buf_slice(&b), &doc), STATUS_OK);
	ck_assert(json_get_string(json_root(doc), "a", &text));
	ck_assert(slice_equal(text, expected));
	json_free(doc);
	buf_free(&b);
}
END_TEST

START_TEST(members_are_parted_by_commas)
{
	struct buf b = { 0 };

	buf_add_str(&b, "[{");
	json_write_member(&b, "a", SLICE("1"));
	json_write_member(&b, "b", SLICE("{"));
	json_write_member(&b, "c", SLICE("3"));
	buf_add_str(&b, "},{");
	json_write_member(&b, "a", SLICE(""));
	buf_add_str(&b, "}]");
	ck_assert_str_eq(buf_cstr(&b), "[{\"a\":\"1\",\"b\":\"{\",\"c\":\"3\"},{\"a\":\"\"}]");
	buf_free(&b);
}
END_TEST

START_TEST(a_full_buffer_says_so)
{
	struct buf b = { .max = 8 };

	json_write_string(&b, SLICE("123456"));
	ck_assert(buf_ok(&b));
	json_write_member(&b, "a", SLICE("b"));
	ck_assert(!buf_ok(&b));
	buf_free(&b);
}
END_TEST

START_TEST(a_member_that_just_fits_is_written)
{
	struct buf b = { .max = 16 };

	json_write_member(&b, "a", SLICE("b"));
	ck_assert_uint_eq(b.len, 7);
	b.max = 15;
	json_write_member(&b, "a", SLICE("b"));
	ck_assert(buf_ok(&b));
	ck_assert_str_eq(buf_cstr(&b), "\"a\":\"b\",\"a\":\"b\"");
	buf_free(&b);
	b = (struct buf){ .max = 7 };
	json_write_member(&b, "a", SLICE("b"));
	ck_assert(buf_ok(&b));
	buf_free(&b);
	b = (struct buf){ .max = 7 };
	json_write_member(&b, "a", SLICE("\n")); /* reserved like "b", and longer once escaped */
	ck_assert(!buf_ok(&b));
	ck_assert_uint_le(b.len, b.max);
	ck_assert_uint_eq(strlen(b.data), b.len);
	buf_free(&b);
}
END_TEST

/* At each place of the bytes that are looked at together. */
START_TEST(a_character_is_escaped_wherever_it_stands)
{
	static const char *const pieces[][2] = { { "\"", "\\\"" }, { "\\", "\\\\" },
		{ "\n", "\\n" }, { "\x1f", "\\u001f" }, { "\x7f", "\\u007f" }, { " ", " " },
		{ "\xc3\xa9", "\xc3\xa9" }, { "\xed\x9f\xbf", "\xed\x9f\xbf" } };
	const size_t count = sizeof(pieces) / sizeof(pieces[0]);

	for (int before = 0; before < 34; before++) {
		for (size_t i = 0; i < count * count; i++) {
			const char *const *one = pieces[i / count], *const *two = pieces[i % count];
			char text[64], expected[64];

			snprintf(text, sizeof(text), "%.*s%s%sbbbbbbb", before,
				"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", one[0], two[0]);
			snprintf(expected, sizeof(expected), "\"%.*s%s%sbbbbbbb\"", before,
				"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", one[1], two[1]);
			assert_written(slice_of(text), expected);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json_write");
	TCase *tests = tcase_create("write");

	tcase_add_test(tests, strings_are_quoted_and_escaped);
	tcase_add_test(tests, every_character_reads_back);
	tcase_add_test(tests, a_character_is_escaped_wherever_it_stands);
	tcase_add_test(tests, members_are_parted_by_commas);
	tcase_add_test(tests, a_full_buffer_says_so);
	tcase_add_test(tests, a_member_that_just_fits_is_written);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
