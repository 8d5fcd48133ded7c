/* SPDX-License-Identifier: MIT */
/* Reading documents: every reader, and what json-c would get wrong by itself. */
#include "base/utf8.h"
#include "check_main.h"
#include "json/json.h"

#include <stdio.h>

static struct json *parse(const char *text)
{
	struct json *doc = NULL;

	ck_assert_int_eq(json_parse(slice_of(text), &doc), STATUS_OK);
	return doc;
}

static void assert_string(const struct json_value *v, struct slice expected)
{
	struct slice text;

	ck_assert(json_string(v, &text));
	ck_assert(slice_equal(text, expected));
}

START_TEST(kinds_are_told_apart)
{
	struct json *doc =
		parse("{\"n\":null,\"b\":false,\"i\":1,\"d\":1.5,\"s\":\"\",\"a\":[],\"o\":{}}");
	const struct json_value *root = json_root(doc);

	ck_assert_int_eq(json_kind(root), JSON_OBJECT);
	ck_assert_int_eq(json_kind(json_get(root, "n")), JSON_NULL);
	ck_assert_int_eq(json_kind(json_get(root, "b")), JSON_BOOL);
	ck_assert_int_eq(json_kind(json_get(root, "i")), JSON_NUMBER);
	ck_assert_int_eq(json_kind(json_get(root, "d")), JSON_NUMBER);
	ck_assert_int_eq(json_kind(json_get(root, "s")), JSON_STRING);
	ck_assert_int_eq(json_kind(json_get(root, "a")), JSON_ARRAY);
	ck_assert_int_eq(json_kind(json_get(root, "o")), JSON_OBJECT);
	json_free(doc);
}
END_TEST

START_TEST(null_is_there_and_absent_is_not)
{
	struct json *doc = parse("{\"n\":null,\"a\":[null]}");
	const struct json_value *root = json_root(doc);

	ck_assert_ptr_nonnull(json_get(root, "n"));
	ck_assert_ptr_null(json_get(root, "m"));
	ck_assert_ptr_null(json_get(json_get(root, "n"), "m"));
	ck_assert_ptr_nonnull(json_array_at(json_get(root, "a"), 0));
	ck_assert_ptr_null(json_array_at(json_get(root, "a"), 1));
	json_free(doc);
}
END_TEST

START_TEST(readers_take_what_is_not_there)
{
	struct slice text = SLICE("kept");
	double number = 7;
	bool flag = true;
	struct json_members members = { .object = NULL };

	ck_assert_int_eq(json_kind(NULL), JSON_NULL);
	ck_assert_ptr_null(json_get(NULL, "a"));
	ck_assert(!json_string(NULL, &text));
	ck_assert(!json_get_string(NULL, "a", &text));
	ck_assert(!json_number(NULL, &number));
	ck_assert(!json_boolean(NULL, &flag));
	ck_assert_uint_eq(json_array_len(NULL), 0);
	ck_assert_ptr_null(json_array_at(NULL, 0));
	ck_assert(!json_next_member(&members));
	ck_assert(slice_equal(text, SLICE("kept")));
	ck_assert_double_eq(number, 7);
	ck_assert(flag);
	json_free(NULL);
}
END_TEST

START_TEST(readers_refuse_other_kinds)
{
	struct json *doc = parse("{\"s\":\"1\",\"i\":1,\"b\":true,\"n\":null,\"a\":[1],\"o\":{}}");
	const struct json_value *root = json_root(doc);
	struct json_members members = { .object = root };

	while (json_next_member(&members)) {
		char kind = members.name.ptr[0];
		struct slice text;
		double number;
		bool flag;

		ck_assert_int_eq(json_string(members.value, &text), kind == 's');
		ck_assert_int_eq(json_number(members.value, &number), kind == 'i');
		ck_assert_int_eq(json_boolean(members.value, &flag), kind == 'b');
		ck_assert_uint_eq(json_array_len(members.value), kind == 'a');
		ck_assert_ptr_null(json_get(members.value, "x"));
	}
	json_free(doc);
}
END_TEST

START_TEST(strings_are_unescaped_and_may_hold_nul)
{
	struct json *doc =
		parse("{\"a\":\"x\\u0000y\",\"b\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\","
		      "\"c\":\"\\ud83d\\ude00\\udbff\\udfff\",\"d\":\"\xf0\x9f\x98\x80\","
		      "\"e\":\"\"}");
	const struct json_value *root = json_root(doc);

	assert_string(json_get(root, "a"), SLICE("x\0y"));
	assert_string(json_get(root, "b"), SLICE("\"\\/\b\f\n\r\t\xc3\xa9"));
	assert_string(json_get(root, "c"), SLICE("\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf"));
	assert_string(json_get(root, "d"), SLICE("\xf0\x9f\x98\x80"));
	assert_string(json_get(root, "e"), SLICE(""));
	json_free(doc);
}
END_TEST

/* json-c 0.16 by itself makes U+FFFD of those whose low sixteen bits look like half a pair. */
START_TEST(every_surrogate_pair_is_its_character)
{
	for (uint32_t code = 0x10000; code <= 0x10ffff; code += 0x55) {
		char text[64], utf8[4];
		struct slice expected = { utf8, utf8_encode(code, utf8) };
		unsigned int high = 0xd800 + ((code - 0x10000) >> 10),
			     low = 0xdc00 + (code & 0x3ff);
		struct json *doc;

		snprintf(text, sizeof(text), "{\"a\\\\\":\"\\u%04x\\u%04X\"}", high, low);
		doc = parse(text);
		assert_string(json_get(json_root(doc), "a\\"), expected);
		json_free(doc);
	}
}
END_TEST

START_TEST(names_of_two_characters_stay_two)
{
	struct json *doc = parse("{\"\\ud836\\udc00\":\"one\",\"\\ud836\\udc01\\u0000\":\"two\","
				 "\"\\\\ud836\\\\udc00\":\"three\"}");
	struct json_members members = { .object = json_root(doc) };
	size_t count = 0;

	assert_string(json_get(json_root(doc), "\xf0\x9d\xa0\x80"), SLICE("one"));
	assert_string(json_get(json_root(doc), "\\ud836\\udc00"), SLICE("three"));
	while (json_next_member(&members))
		count++;
	ck_assert_uint_eq(count, 3);
	json_free(doc);
}
END_TEST

/* json-c keeps names as C strings: these three would be one, and the last would win. */
START_TEST(names_with_nul_are_never_taken_for_their_start)
{
	struct json *doc = parse("{\"a\\u0000b\":1,\"a\":\"right\",\"a\\u0000c\" : 3,"
				 "\"v\":\"\\\\\\u0000\\\":\\u0000\"}");
	const struct json_value *root = json_root(doc);
	struct json_members members = { .object = root };
	size_t count = 0;

	assert_string(json_get(root, "a"), SLICE("right"));
	assert_string(json_get(root, "v"), SLICE("\\\0\":\0"));
	while (json_next_member(&members))
		count++;
	ck_assert_uint_eq(count, 4);
	json_free(doc);

	doc = parse("{\"o\":{\"message\\u0000\":\"x\"}}");
	ck_assert_ptr_null(json_get(json_get(json_root(doc), "o"), "message"));
	json_free(doc);

	/* An escaped backslash before u0000 is no U+0000. */
	doc = parse("{\"\\\\u0000\":\"x\",\"b\":\"\\u0000\"}");
	assert_string(json_get(json_root(doc), "\\u0000"), SLICE("x"));
	json_free(doc);
}
END_TEST

struct number_case {
	const char *text;
	bool given;
	double value;
};

START_TEST(numbers_are_doubles_or_nothing)
{
	static const struct number_case cases[] = {
		{ "0", true, 0 },
		{ "-0", true, 0 },
		{ "1893456000", true, 1893456000 },
		{ "-12", true, -12 },
		{ "1.5", true, 1.5 },
		{ "1e3", true, 1000 },
		{ "1E-2", true, 0.01 },
		{ "9007199254740993", true, 9007199254740992.0 },
		{ "9223372036854775807", true, 9223372036854775808.0 },
		{ "18446744073709551614", true, 18446744073709551616.0 },
		{ "1e-400", true, 0 },
		{ "1e400", false, 0 },
		{ "-1e400", false, 0 },
		/* Saturated by json-c: a far but believable time. */
		{ "99999999999999999999", false, 0 },
		{ "-99999999999999999999", false, 0 },
		{ "18446744073709551616", false, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[64];
		double number = 7;
		struct json *doc;

		snprintf(text, sizeof(text), "{\"n\":%s}", cases[i].text);
		doc = parse(text);
		ck_assert_msg(json_number(json_get(json_root(doc), "n"), &number) == cases[i].given,
			"%s", text);
		ck_assert_msg(number == (cases[i].given ? cases[i].value : 7), "%s", text);
		json_free(doc);
	}
}
END_TEST

START_TEST(arrays_keep_their_order)
{
	struct json *doc = parse("{\"a\":[\"x\",null,[true]]}");
	const struct json_value *array = json_get(json_root(doc), "a");
	bool flag = false;

	ck_assert_uint_eq(json_array_len(array), 3);
	assert_string(json_array_at(array, 0), SLICE("x"));
	ck_assert_int_eq(json_kind(json_array_at(array, 1)), JSON_NULL);
	ck_assert(json_boolean(json_array_at(json_array_at(array, 2), 0), &flag));
	ck_assert(flag);
	json_free(doc);
}
END_TEST

START_TEST(members_come_in_the_order_of_the_text)
{
	/* More than json-c's first table holds, so that it has to grow. */
	static const char text[] =
		"{\"z\":0,\"y\":1,\"x\":2,\"w\":3,\"v\":4,\"u\":5,\"t\":6,\"s\":7,"
		"\"r\":8,\"q\":9,\"p\":10,\"o\":11,\"n\":12,\"m\":13,\"l\":14,"
		"\"k\":15,\"j\":16,\"i\":17,\"h\":18,\"g\":19,\"f\":20}";
	struct json *doc = parse(text);
	struct json_members members = { .object = json_root(doc) };
	double expected = 0, number;
	char name = 'z';

	while (json_next_member(&members)) {
		ck_assert(slice_equal(members.name, (struct slice){ &name, 1 }));
		ck_assert(json_number(members.value, &number));
		ck_assert_double_eq(number, expected);
		expected++;
		name--;
	}
	ck_assert_double_eq(expected, 21);
	ck_assert(!json_next_member(&members));
	json_free(doc);

	doc = parse("{}");
	members = (struct json_members){ .object = json_root(doc) };
	ck_assert(!json_next_member(&members));
	json_free(doc);
}
END_TEST

START_TEST(the_deepest_document_is_read_to_its_end)
{
	char text[5 + 2 * JSON_DEPTH_MAX + 4];
	size_t len = 0;
	struct json *doc;
	const struct json_value *v;
	double number;

	len += (size_t)sprintf(text, "{\"a\":");
	for (int i = 1; i < JSON_DEPTH_MAX; i++)
		text[len++] = '[';
	text[len++] = '7';
	for (int i = 1; i < JSON_DEPTH_MAX; i++)
		text[len++] = ']';
	text[len++] = '}';
	text[len] = '\0';
	doc = parse(text);
	v = json_get(json_root(doc), "a");
	for (int i = 1; i < JSON_DEPTH_MAX; i++)
		v = json_array_at(v, 0);
	ck_assert(json_number(v, &number));
	ck_assert_double_eq(number, 7);
	json_free(doc);
}
END_TEST

START_TEST(a_refused_text_leaves_the_out_pointer_alone)
{
	static const char *const texts[] = { "", "[]", "{\"a\":1,\"a\":2}", "{\"a\":NaN}", "{} x" };
	struct json *doc = NULL;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ck_assert_int_eq(json_parse(slice_of(texts[i]), &doc), STATUS_INVALID);
		ck_assert_ptr_null(doc);
	}
}
END_TEST

START_TEST(a_document_outlives_its_text)
{
	char text[] = "{\"name\":\"value\"}";
	struct json *doc = parse(text);

	memset(text, 'x', sizeof(text));
	assert_string(json_get(json_root(doc), "name"), SLICE("value"));
	json_free(doc);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json");
	TCase *tests = tcase_create("read");

	tcase_add_test(tests, kinds_are_told_apart);
	tcase_add_test(tests, null_is_there_and_absent_is_not);
	tcase_add_test(tests, readers_take_what_is_not_there);
	tcase_add_test(tests, readers_refuse_other_kinds);
	tcase_add_test(tests, strings_are_unescaped_and_may_hold_nul);
	tcase_add_test(tests, every_surrogate_pair_is_its_character);
	tcase_add_test(tests, names_of_two_characters_stay_two);
	tcase_add_test(tests, names_with_nul_are_never_taken_for_their_start);
	tcase_add_test(tests, numbers_are_doubles_or_nothing);
	tcase_add_test(tests, arrays_keep_their_order);
	tcase_add_test(tests, members_come_in_the_order_of_the_text);
	tcase_add_test(tests, the_deepest_document_is_read_to_its_end);
	tcase_add_test(tests, a_refused_text_leaves_the_out_pointer_alone);
	tcase_add_test(tests, a_document_outlives_its_text);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
