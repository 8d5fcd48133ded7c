/* SPDX-License-Identifier: MIT */
/* Which texts pass the strict check, as a table of shapes: those that parsers disagree about (JSON
 * parsing test suites) and those that json-c alone lets through. */
#include "base/buf.h"
#include "base/clock.h"
#include "check_main.h"
#include "json/json.h"

struct shape {
	bool accepted;
	const char *why;
	struct slice text;
};

#define YES(why, text)                                                                             \
	{                                                                                          \
		true, why, SLICE_LITERAL(text)                                                     \
	}
#define NO(why, text)                                                                              \
	{                                                                                          \
		false, why, SLICE_LITERAL(text)                                                    \
	}

static const struct shape structure[] = {
	YES("empty object", "{}"),
	YES("white space all around", " \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } } \n\t\r "),
	YES("every kind of value",
		"{\"a\":null,\"b\":true,\"c\":false,\"d\":0,\"e\":\"\",\"f\":[]}"),
	YES("an empty name", "{\"\":0}"),
	YES("arrays in arrays", "{\"a\":[[],[[]],{}]}"),
	NO("nothing", ""),
	NO("only white space", " \n"),
	NO("an array outermost", "[]"),
	NO("a string outermost", "\"a\""),
	NO("a number outermost", "1"),
	NO("null outermost", "null"),
	NO("a BOM", "\xef\xbb\xbf{}"),
	NO("a BOM of UTF-16", "\xff\xfe{\0}\0"),
	NO("UTF-16", "{\0}\0"),
	NO("a second object", "{}{}"),
	NO("a comma after it", "{},"),
	NO("a word after it", "{} x"),
	NO("a NUL after it", "{}\0"),
	NO("a closing brace after it", "{}}"),
	NO("unclosed", "{"),
	NO("unclosed after a name", "{\"a\""),
	NO("unclosed after a colon", "{\"a\":"),
	NO("unclosed after a value", "{\"a\":1"),
	NO("unclosed after a comma", "{\"a\":1,"),
	NO("unclosed array", "{\"a\":[1"),
	NO("unclosed array after a comma", "{\"a\":[1,"),
	NO("closed by the wrong bracket", "{\"a\":[1}"),
	NO("closed by the wrong brace", "{\"a\":{]}"),
	NO("trailing comma in an object", "{\"a\":1,}"),
	NO("trailing comma in an array", "{\"a\":[1,]}"),
	NO("only a comma in an array", "{\"a\":[,]}"),
	NO("two commas", "{\"a\":[1,,2]}"),
	NO("a leading comma", "{,\"a\":1}"),
	NO("no comma between members", "{\"a\":1 \"b\":2}"),
	NO("no comma between elements", "{\"a\":[1 2]}"),
	NO("no colon", "{\"a\" 1}"),
	NO("two colons", "{\"a\"::1}"),
	NO("an equals sign", "{\"a\"=1}"),
	NO("a name without quotes", "{a:1}"),
	NO("a name in single quotes", "{'a':1}"),
	NO("a number as a name", "{1:1}"),
	NO("null as a name", "{null:1}"),
	NO("a line comment", "{} // x"),
	NO("a block comment", "{/* x */}"),
	NO("a block comment before", "/**/{}"),
	NO("a hash comment", "{} # x"),
	NO("a form feed as white space", "{\f}"),
	NO("a vertical tab as white space", "{\v}"),
	NO("a no-break space as white space", "{\xc2\xa0}"),
	NO("a NUL as white space", "{\0}"),
};

static const struct shape scalars[] = {
	YES("zero", "{\"a\":0}"),
	YES("minus zero", "{\"a\":-0}"),
	YES("a fraction", "{\"a\":-0.10}"),
	YES("exponents", "{\"a\":[1e1,1E1,1e+1,1e-1,0e0,1.5E-07]}"),
	YES("a number over every range", "{\"a\":1e400}"),
	YES("a whole number of 20 digits", "{\"a\":99999999999999999999}"),
	NO("NaN", "{\"a\":NaN}"),
	NO("nan", "{\"a\":nan}"),
	NO("minus NaN", "{\"a\":-NaN}"),
	NO("Infinity", "{\"a\":Infinity}"),
	NO("minus Infinity", "{\"a\":-Infinity}"),
	NO("a leading zero", "{\"a\":01}"),
	NO("a leading zero after minus", "{\"a\":-01}"),
	NO("a leading plus", "{\"a\":+1}"),
	NO("no digit before the point", "{\"a\":.5}"),
	NO("no digit after the point", "{\"a\":1.}"),
	NO("no digit after the point, an exponent", "{\"a\":1.e1}"),
	NO("no digit in the exponent", "{\"a\":1e}"),
	NO("only a sign in the exponent", "{\"a\":1e+}"),
	NO("two signs in the exponent", "{\"a\":1e+-1}"),
	NO("a fraction in the exponent", "{\"a\":1e1.5}"),
	NO("only a minus", "{\"a\":-}"),
	NO("two minuses", "{\"a\":--1}"),
	NO("a hexadecimal number", "{\"a\":0x10}"),
	NO("digits that are no ASCII", "{\"a\":\xef\xbc\x91}"),
	NO("a grouped number", "{\"a\":1_000}"),
	NO("a number cut at the end", "{\"a\":-"),
	NO("True", "{\"a\":True}"),
	NO("TRUE", "{\"a\":TRUE}"),
	NO("Null", "{\"a\":Null}"),
	NO("a word cut short", "{\"a\":tru}"),
	NO("a word cut at the end", "{\"a\":fals"),
	NO("a word too long", "{\"a\":nullx}"),
	NO("undefined", "{\"a\":undefined}"),
};

static const struct shape strings[] = {
	YES("every short escape", "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}"),
	YES("hexadecimal digits of either case", "{\"a\":\"\\u00e9\\u00E9\\uABCD\"}"),
	YES("a surrogate pair", "{\"a\":\"\\ud83d\\uDE00\"}"),
	YES("the outermost pairs", "{\"a\":\"\\ud800\\udc00\\udbff\\udfff\"}"),
	YES("U+0000 escaped in a value", "{\"a\":\"x\\u0000y\"}"),
	YES("U+0000 escaped in a name", "{\"a\\u0000\":1,\"a\":2}"),
	YES("U+007F raw", "{\"a\":\"\x7f\"}"),
	YES("noncharacters", "{\"a\":\"\xef\xbf\xbf\xf4\x8f\xbf\xbf\\uffff\"}"),
	YES("U+2028 raw", "{\"a\":\"\xe2\x80\xa8\"}"),
	YES("the last before the surrogates", "{\"a\":\"\xed\x9f\xbf\\ud7ff\\ue000\"}"),
	YES("a BOM inside", "{\"a\":\"\xef\xbb\xbf\"}"),
	NO("unclosed", "{\"a\":\"x}"),
	NO("single quotes", "{\"a\":'x'}"),
	NO("a raw newline", "{\"a\":\"x\ny\"}"),
	NO("a raw tab", "{\"a\":\"x\ty\"}"),
	NO("a raw NUL", "{\"a\":\"x\0y\"}"),
	NO("a raw U+001F", "{\"a\":\"\x1f\"}"),
	NO("a raw newline in a name", "{\"a\n\":1}"),
	NO("an unknown escape", "{\"a\":\"\\x41\"}"),
	NO("an escaped single quote", "{\"a\":\"\\'\"}"),
	NO("an escaped NUL byte", "{\"a\":\"\\\0\"}"),
	NO("a backslash before a raw newline", "{\"a\":\"\\\n\"}"),
	NO("an upper-case U", "{\"a\":\"\\U0041\"}"),
	NO("an octal escape", "{\"a\":\"\\012\"}"),
	NO("three hexadecimal digits", "{\"a\":\"\\u004\"}"),
	NO("a sign among hexadecimal digits", "{\"a\":\"\\u+041\"}"),
	NO("white space among hexadecimal digits", "{\"a\":\"\\u 041\"}"),
	NO("an escape cut at the end", "{\"a\":\"\\u00"),
	NO("a backslash at the end", "{\"a\":\"\\"),
	NO("a lone high surrogate", "{\"a\":\"\\ud800\"}"),
	NO("a lone low surrogate", "{\"a\":\"\\udc00\"}"),
	NO("two high surrogates", "{\"a\":\"\\ud800\\ud800\"}"),
	NO("a pair in the wrong order", "{\"a\":\"\\udc00\\ud800\"}"),
	NO("a high surrogate before a character", "{\"a\":\"\\ud800x\"}"),
	NO("a high surrogate before another escape", "{\"a\":\"\\ud800\\n\"}"),
	NO("a high surrogate before a cut escape", "{\"a\":\"\\ud800\\udc\"}"),
	NO("a high surrogate at the end", "{\"a\":\"\\ud800"),
	NO("a lone surrogate in a name", "{\"\\ud800\":1}"),
	NO("an overlong NUL", "{\"a\":\"\xc0\x80\"}"),
	NO("an overlong slash", "{\"a\":\"\xe0\x80\xaf\"}"),
	NO("a surrogate in UTF-8", "{\"a\":\"\xed\xa0\x80\"}"),
	NO("a pair of surrogates in UTF-8", "{\"a\":\"\xed\xa0\xbd\xed\xb8\x80\"}"),
	NO("over U+10FFFF", "{\"a\":\"\xf4\x90\x80\x80\"}"),
	NO("a lone continuation byte", "{\"a\":\"\x80\"}"),
	NO("ISO 8859-1", "{\"a\":\"\xe9\"}"),
	NO("a sequence cut by the quote", "{\"a\":\"\xe2\x82\"}"),
	NO("a sequence cut by the end", "{\"a\":\"\xe2\x82"),
	NO("0xff in a name", "{\"\xff\":1}"),
};

static const struct shape names[] = {
	YES("the same name in two objects", "{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":1}}"),
	YES("names that differ in case", "{\"a\":1,\"A\":2}"),
	YES("a prefix of another", "{\"a\":1,\"ab\":2,\"\":3}"),
	YES("composed and decomposed", "{\"\xc3\xa9\":1,\"e\xcc\x81\":2}"),
	YES("names that differ after U+0000", "{\"a\\u0000b\":1,\"a\\u0000c\":2,\"a\":3}"),
	YES("an escaped backslash before u0061", "{\"\\\\u0061\":1,\"\\u0061\":2}"),
	NO("twice the same", "{\"a\":1,\"a\":1}"),
	NO("twice the same with others between", "{\"a\":1,\"b\":2,\"c\":3,\"a\":4}"),
	NO("twice the empty one", "{\"\":1,\"\":2}"),
	NO("the same, escaped", "{\"a\":1,\"\\u0061\":2}"),
	NO("the same, escaped in two ways", "{\"\\/\":1,\"\\u002F\":2}"),
	NO("the same beyond the BMP", "{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\ude00\":2}"),
	NO("the same with U+0000", "{\"a\\u0000\":1,\"a\\u0000\":2}"),
	NO("twice in an inner object", "{\"x\":[{\"a\":1,\"a\":2}]}"),
	NO("twice around an inner object", "{\"a\":{\"b\":1,\"c\":1},\"a\":2}"),
};

static void check_shapes(const struct shape *shapes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct slice text = shapes[i].text;
		/* In memory of just its size, so that reading past the end is an error. */
		char *exact = malloc(text.len > 0 ? text.len : 1);
		enum status rc;

		ck_assert_ptr_nonnull(exact);
		memcpy(exact, text.ptr, text.len);
		rc = json_check((struct slice){ exact, text.len });
		free(exact);
		ck_assert_msg(rc == (shapes[i].accepted ? STATUS_OK : STATUS_INVALID), "%s: %s",
			shapes[i].why, status_name(rc));
	}
}

#define CHECK_SHAPES(table) check_shapes((table), sizeof(table) / sizeof((table)[0]))

START_TEST(structure_is_that_of_one_object)
{
	CHECK_SHAPES(structure);
}
END_TEST

START_TEST(numbers_and_words_follow_the_grammar)
{
	CHECK_SHAPES(scalars);
}
END_TEST

START_TEST(strings_are_utf8_without_raw_controls_or_lone_surrogates)
{
	CHECK_SHAPES(strings);
}
END_TEST

START_TEST(names_are_unique_by_meaning)
{
	CHECK_SHAPES(names);
}
END_TEST

/* An object that holds so many more containers, one in the other, and closes them. */
static void nest(struct buf *b, int containers, const char *open, const char *shut)
{
	buf_clear(b);
	buf_add_str(b, "{\"a\":");
	for (int i = 0; i < containers; i++)
		buf_add_str(b, open);
	buf_add_str(b, "1");
	for (int i = 0; i < containers; i++)
		buf_add_str(b, shut);
	buf_add_str(b, "}");
	ck_assert(buf_ok(b));
}

START_TEST(nesting_over_the_limit_is_refused)
{
	struct buf b = { 0 };

	nest(&b, JSON_DEPTH_MAX - 1, "[", "]");
	ck_assert_int_eq(json_check(buf_slice(&b)), STATUS_OK);
	nest(&b, JSON_DEPTH_MAX, "[", "]");
	ck_assert_int_eq(json_check(buf_slice(&b)), STATUS_INVALID);
	nest(&b, JSON_DEPTH_MAX - 1, "{\"a\":", "}");
	ck_assert_int_eq(json_check(buf_slice(&b)), STATUS_OK);
	nest(&b, JSON_DEPTH_MAX, "{\"a\":", "}");
	ck_assert_int_eq(json_check(buf_slice(&b)), STATUS_INVALID);
	buf_free(&b);
}
END_TEST

START_TEST(a_caller_may_allow_more_nesting_or_less)
{
	struct buf b = { 0 };
	struct json *doc;

	nest(&b, 79, "[", "]");
	ck_assert_int_eq(json_check_nested(buf_slice(&b), 80), STATUS_OK);
	ck_assert_int_eq(json_check_nested(buf_slice(&b), 79), STATUS_INVALID);
	ck_assert_int_eq(json_parse_nested(buf_slice(&b), 79, &doc), STATUS_INVALID);
	ck_assert_int_eq(json_parse_nested(buf_slice(&b), 80, &doc), STATUS_OK);
	json_free(doc);
	nest(&b, 0, "", "");
	ck_assert_int_eq(json_parse_nested(buf_slice(&b), 1, &doc), STATUS_OK);
	json_free(doc);
	nest(&b, 1, "[", "]");
	ck_assert_int_eq(json_check_nested(buf_slice(&b), 1), STATUS_INVALID);
	/* A short cut of the reader for DynamoDB's strings is none around the limit. */
	ck_assert_int_eq(json_check_nested(SLICE("{\"a\":{\"S\":\"x\"}}"), 1), STATUS_INVALID);
	ck_assert_int_eq(json_check_nested(SLICE("{\"a\":{\"S\":\"x\"}}"), 2), STATUS_OK);
	buf_free(&b);
}
END_TEST

START_TEST(endless_nesting_uses_no_stack)
{
	struct buf b = { 0 };

	buf_add_str(&b, "{\"a\":");
	for (int i = 0; i < 1000000; i++)
		buf_add_char(&b, '[');
	ck_assert_int_eq(json_check(buf_slice(&b)), STATUS_INVALID);
	buf_free(&b);
}
END_TEST

START_TEST(siblings_do_not_add_to_the_depth)
{
	struct buf b = { 0 };

	buf_add_str(&b, "{\"a\":[0");
	for (int i = 0; i < 1000; i++)
		buf_add_str(&b, ",[{}],{\"a\":[]}");
	buf_add_str(&b, "]}");
	ck_assert_int_eq(json_check(buf_slice(&b)), STATUS_OK);
	buf_free(&b);
}
END_TEST

/* Names n0000, n0001, ...; the last one says the first again, escaped, if asked to. */
static void write_names(struct buf *b, int count, bool repeat)
{
	buf_clear(b);
	buf_add_char(b, '{');
	for (int i = 0; i < count; i++) {
		buf_add_str(b, i > 0 ? ",\"n" : "\"n");
		buf_add_int(b, 100000 + (i * 7919) % count);
		buf_add_str(b, "\":{\"x\":0}");
	}
	buf_add_str(b, repeat ? ",\"\\u006e100000\":0}" : "}");
	ck_assert(buf_ok(b));
}

START_TEST(a_repeated_name_is_found_among_any_number)
{
	static const int counts[] = { 1, 11, 12, 13, 47, 48, 49, 96, 97, 1000 };
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		write_names(&b, counts[i], false);
		ck_assert_int_eq(json_check(buf_slice(&b)), STATUS_OK);
		write_names(&b, counts[i], true);
		ck_assert_int_eq(json_check(buf_slice(&b)), STATUS_INVALID);
	}
	buf_free(&b);
}
END_TEST

START_TEST(a_body_of_nothing_but_names_takes_no_quadratic_time)
{
	struct buf b = { 0 };
	int64_t start;

	/* A hundred thousand names: 5 * 10^9 comparisons if each met each. */
	write_names(&b, 100000, false);
	start = clock_monotonic_ms();
	ck_assert_int_eq(json_check(buf_slice(&b)), STATUS_OK);
	ck_assert_int_lt(clock_monotonic_ms() - start, 10000);
	buf_free(&b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json_check");
	TCase *tests = tcase_create("check");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, structure_is_that_of_one_object);
	tcase_add_test(tests, numbers_and_words_follow_the_grammar);
	tcase_add_test(tests, strings_are_utf8_without_raw_controls_or_lone_surrogates);
	tcase_add_test(tests, names_are_unique_by_meaning);
	tcase_add_test(tests, nesting_over_the_limit_is_refused);
	tcase_add_test(tests, endless_nesting_uses_no_stack);
	tcase_add_test(tests, a_caller_may_allow_more_nesting_or_less);
	tcase_add_test(tests, siblings_do_not_add_to_the_depth);
	tcase_add_test(tests, a_repeated_name_is_found_among_any_number);
	tcase_add_test(tests, a_body_of_nothing_but_names_takes_no_quadratic_time);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
