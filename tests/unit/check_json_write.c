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

/* --- Values that were read ------------------------------------------------------------------- */

/* Reads a text and writes it again. */
static enum status rewrite(const char *text, struct buf *b)
{
	struct json *doc;
	enum status rc;

	ck_assert_msg(json_parse(slice_of(text), &doc) == STATUS_OK, "%s", text);
	rc = json_write_value(b, json_root(doc));
	json_free(doc);
	return rc;
}

START_TEST(a_value_that_was_read_is_written_as_it_was)
{
	static const char *const texts[] = { "{}", "{\"a\":[]}", "{\"a\":[{},[[]],{\"b\":{}}]}",
		"{\"a\":null,\"b\":[null,true,false,null]}", "{\"\":\"\"}", "{\"a\":\"\\u0000\"}",
		"{\"a\":\"x\\u0000y\\\"\\\\\\n\"}", "{\"\\u0000\":1}",
		"{\"a\\u0000\":1,\"a\":2,\"\\u0000a\":3}",
		"{\"\\u0000\\u0000x\\u0000\":{\"\\u0000\":[]}}", "{\"\\\"\\\\\\b\":\"q\"}",
		"{\"\\\\u0000\":\"\\\\u0000\"}", "{\"\xc3\xa9\":\"\xf0\x9f\x8e\x89\"}",
		"{\"S\":\"1\",\"SS\":[\"b\",\"a\"],\"B\":\"AA==\"}",
		"{\"n\":[0,-1,9007199254740993,18446744073709551614,-9223372036854775807]}",
		"{\"n\":[1.0,-0.0,1.10,1e400,1E+2,0.00000000000000000000000000001]}",
		"{\"n\":[123456789012345678901234567890.5,0e0]}" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct buf b = { 0 };

		ck_assert_msg(rewrite(texts[i], &b) == STATUS_OK, "%s", texts[i]);
		ck_assert(buf_ok(&b));
		ck_assert_str_eq(buf_cstr(&b), texts[i]);
		buf_free(&b);
	}
}
END_TEST

START_TEST(spellings_do_not_stay_but_values_do)
{
	struct buf b = { 0 };

	ck_assert_int_eq(rewrite(" { \"\\u0061\" : [ \"\\/\\u00e9\\ud83c\\udf89\" , -0 ] } ", &b),
		STATUS_OK);
	ck_assert_str_eq(buf_cstr(&b), "{\"a\":[\"/\xc3\xa9\xf0\x9f\x8e\x89\",0]}");
	buf_free(&b);
}
END_TEST

START_TEST(a_number_that_is_not_known_is_not_written)
{
	static const char *const numbers[] = { "18446744073709551615", "18446744073709551616",
		"-9223372036854775808", "-99999999999999999999999999" };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct buf b = { 0 };
		char text[64];

		snprintf(text, sizeof(text), "{\"a\":[{\"n\":%s}]}", numbers[i]);
		ck_assert_msg(rewrite(text, &b) == STATUS_INVALID, "%s", text);
		buf_free(&b);
	}
}
END_TEST

START_TEST(a_value_that_is_not_there_is_null)
{
	struct buf b = { 0 };

	ck_assert_int_eq(json_write_value(&b, NULL), STATUS_OK);
	ck_assert_str_eq(buf_cstr(&b), "null");
	buf_free(&b);
}
END_TEST

START_TEST(a_value_over_the_buffers_cap_shows)
{
	struct buf b = { .max = 16 };

	ck_assert_int_eq(rewrite("{\"a\":[\"0123456789\",{\"b\":1}]}", &b), STATUS_OK);
	ck_assert(!buf_ok(&b));
	buf_free(&b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json_write");
	TCase *tests = tcase_create("write");

	tcase_add_test(tests, strings_are_quoted_and_escaped);
	tcase_add_test(tests, every_character_reads_back);
	tcase_add_test(tests, members_are_parted_by_commas);
	tcase_add_test(tests, a_full_buffer_says_so);
	tcase_add_test(tests, a_value_that_was_read_is_written_as_it_was);
	tcase_add_test(tests, spellings_do_not_stay_but_values_do);
	tcase_add_test(tests, a_number_that_is_not_known_is_not_written);
	tcase_add_test(tests, a_value_that_is_not_there_is_null);
	tcase_add_test(tests, a_value_over_the_buffers_cap_shows);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
