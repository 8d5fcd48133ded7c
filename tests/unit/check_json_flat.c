/* SPDX-License-Identifier: MIT */
/* The reader in place says what the tree says, of sound texts and hostile ones. */
#include "base/buf.h"
#include "check_main.h"
#include "support/json_same.h"
#include "json/flat.h"
#include "json/scan.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

/* More than any seed has. */
#define SEED_MAX ((size_t)1 << 16)

static void assert_same(struct slice text)
{
	const char *difference = json_same(text, JSON_DEPTH_MAX);

	ck_assert_msg(!difference, "%s: %.*s", difference, (int)text.len, text.ptr);
}

static const char *const texts[] = {
	"{}",
	" { } ",
	"{\"a\":[]}",
	"{\"a\":[{},[[]],{\"b\":{}}],\"c\":1}",
	"{\"a\":null,\"b\":[null,true,false,null]}",
	"{\"\":\"\"}",
	"{\"a\":\"\\u0000\"}",
	"{\"a\":\"x\\u0000y\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"b\":\"plain\"}",
	"{\"\\u0000\":1}",
	"{\"a\\u0000\":1,\"a\":2,\"\\u0000a\":3,\"\\\\u0000\":4}",
	"{\"\\u0000\\u0000x\\u0000\":{\"\\u0000\":[]}}",
	"{\"\\\"\\\\\\b\":\"q\"}",
	"{\"\xc3\xa9\":\"\xf0\x9f\x8e\x89\",\"\\u00e9x\":\"\\ud83c\\udf89\"}",
	"{\"n\":[0,-0,-1,9007199254740993,18446744073709551614,-9223372036854775807]}",
	"{\"n\":[18446744073709551615,-9223372036854775808,99999999999999999999999999]}",
	"{\"n\":[1.0,-0.0,1.10,1e400,-1e400,1E+2,1e-400,0.00000000000000000000000000001]}",
	"{\"n\":123456789012345678901234567890123456789012345678901234567890123456789.5}",
	"{ \"a\" : [ 1 , 2 ] , \"b\" : { \"c\" : \"d\" } }\n",
	"{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":\"bbbbbbbbbbbbbbbbbbbb\\u0041bbbbbbbbbbbbb\"}",
	"{\"S\":\"plain\"}",
	"{\"a\":{\"S\":\"plain\"},\"b\":[{\"S\":\"\"},{\"S\":\"more than sixteen bytes of "
	"text\"}]}",
	"{\"a\":{\"S\":\"x\"} ,\"b\":{\"S\":\"x\" },\"c\":{\"S\": "
	"\"x\"},\"d\":{\"S\":\"\\n\"},\"S\":1}",
};

START_TEST(both_readers_say_the_same)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ck_assert_int_eq(json_check(slice_of(texts[i])), STATUS_OK);
		assert_same(slice_of(texts[i]));
	}
}
END_TEST

static int seeds_seen;

static int compare_seed(const char *path, const struct stat *about, int type, struct FTW *place)
{
	char *data;
	FILE *file;

	(void)place;
	if (type != FTW_F)
		return 0;
	ck_assert_uint_lt((size_t)about->st_size, SEED_MAX);
	data = malloc((size_t)about->st_size + 1);
	file = fopen(path, "rb");
	ck_assert(data && file);
	ck_assert_uint_eq(fread(data, 1, (size_t)about->st_size, file), (size_t)about->st_size);
	assert_same((struct slice){ data, (size_t)about->st_size });
	ck_assert_int_eq(fclose(file), 0);
	free(data);
	seeds_seen++;
	return 0;
}

START_TEST(both_readers_agree_on_the_seeds_of_every_fuzz_target)
{
	const char *source = getenv("srcdir");
	char folder[4096];

	snprintf(folder, sizeof(folder), "%s/tests/fuzz/seeds", source ? source : ".");
	ck_assert_int_eq(nftw(folder, compare_seed, 8, FTW_PHYS), 0);
	ck_assert_int_ge(seeds_seen, 50);
}
END_TEST

START_TEST(no_text_that_was_cut_is_accepted)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct slice text = slice_of(texts[i]);

		while (text.ptr[text.len - 1] != '}')
			text.len--;
		while (text.len-- > 0) {
			/* In memory of exactly its size: nothing behind it may be looked at. */
			char *exact = malloc(text.len + 1);
			struct json_flat *doc = NULL;

			ck_assert_ptr_nonnull(exact);
			memcpy(exact, text.ptr, text.len);
			exact = realloc(exact, text.len > 0 ? text.len : 1);
			ck_assert_ptr_nonnull(exact);
			ck_assert_int_eq(json_flat_parse((struct slice){ exact, text.len },
						 JSON_DEPTH_MAX, &doc),
				STATUS_INVALID);
			ck_assert_ptr_null(doc);
			free(exact);
		}
	}
}
END_TEST

/* Every byte in place of every other: the two accept the same ones and read them the same. */
START_TEST(both_readers_agree_on_every_changed_byte)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct slice text = slice_of(texts[i]);
		char *changed = strdup(texts[i]);

		ck_assert_ptr_nonnull(changed);
		for (size_t at = 0; at < text.len; at++) {
			for (int c = 0; c < 256; c++) {
				changed[at] = (char)c;
				assert_same((struct slice){ changed, text.len });
			}
			changed[at] = text.ptr[at];
		}
		free(changed);
	}
}
END_TEST

/* Each byte of its own kind, at each place of the eight that are looked at together, and behind
 * each other kind. */
START_TEST(a_string_ends_where_it_ends_wherever_it_starts)
{
	static const char *const pieces[] = { "a", "\x7f", "\xc3\xa9", "\xed\x9f\xbf", "\\n",
		"\x1f", "\x80", "\xff", "\"", "\\", "\\u0041", " ", "!", "#", "[", "]" };
	const size_t count = sizeof(pieces) / sizeof(pieces[0]);

	for (size_t before = 0; before < 18; before++) {
		for (size_t i = 0; i < count * count; i++) {
			char text[64];

			snprintf(text, sizeof(text), "{\"k\":\"%.*s%s%saaaaaaa\"}", (int)before,
				"aaaaaaaaaaaaaaaaaa", pieces[i / count], pieces[i % count]);
			assert_same(slice_of(text));
		}
	}
}
END_TEST

START_TEST(nesting_ends_at_the_same_level)
{
	for (size_t depth = 1; depth < 40; depth++) {
		struct buf b = { 0 };

		buf_add_str(&b, "{\"a\":");
		for (size_t i = 1; i < depth; i++)
			buf_add_str(&b, i % 2 ? "[" : "{\"a\":");
		buf_add_char(&b, '1');
		for (size_t i = depth; i-- > 1;)
			buf_add_char(&b, i % 2 ? ']' : '}');
		buf_add_char(&b, '}');
		ck_assert(buf_ok(&b));
		ck_assert_int_eq(json_check(buf_slice(&b)),
			depth <= JSON_DEPTH_MAX ? STATUS_OK : STATUS_INVALID);
		assert_same(buf_slice(&b));
		buf_free(&b);
	}
}
END_TEST

START_TEST(names_are_compared_by_what_they_mean)
{
	static const char *const repeated[] = { "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}",
		"{\"\\u0061\":1,\"b\":{},\"\\u0061\":2}", "{\"\xc3\xa9\":1,\"\\u00E9\":2}",
		"{\"x\":[{\"\":1,\"\":2}]}" };
	struct json_flat *doc;

	for (size_t i = 0; i < sizeof(repeated) / sizeof(repeated[0]); i++) {
		ck_assert_int_eq(json_flat_parse(slice_of(repeated[i]), JSON_DEPTH_MAX, &doc),
			STATUS_INVALID);
		assert_same(slice_of(repeated[i]));
	}
	for (size_t count = 10; count < 60; count += 7) {
		struct buf b = { 0 };

		buf_add_char(&b, '{');
		for (size_t i = 0; i < count; i++) {
			buf_add_str(&b, i % 3 ? "\"n" : "\"\\u006e");
			buf_add_int(&b, (int64_t)i);
			buf_add_str(&b, "\":0,");
		}
		buf_add_str(&b, "\"n5\":0}");
		ck_assert_int_eq(
			json_flat_parse(buf_slice(&b), JSON_DEPTH_MAX, &doc), STATUS_INVALID);
		b.data[b.len - 5] = 'x';
		assert_same(buf_slice(&b));
		ck_assert_int_eq(json_check(buf_slice(&b)), STATUS_OK);
		buf_free(&b);
	}
}
END_TEST

/* More values for its length than nodes were made for at first. */
START_TEST(any_number_of_short_strings_is_read)
{
	for (size_t count = 1; count < 200; count++) {
		struct buf b = { 0 };

		buf_add_str(&b, "{\"a\":[");
		for (size_t i = 0; i < count; i++)
			buf_add_str(&b, i > 0 ? ",{\"S\":\"\"}" : "{\"S\":\"\"}");
		buf_add_str(&b, "]}");
		assert_same(buf_slice(&b));
		buf_free(&b);
	}
}
END_TEST

/* In memory of just the documented size, so that AddressSanitizer sees a byte too many. */
START_TEST(what_a_string_means_fits_where_its_spelling_does)
{
	static const char *const spelled[] = { "", "plain", "\\u0041", "\\n\\t\\\"",
		"\\ud83c\\udf89", "\xf0\x9f\x8e\x89", "\\u0000", "\\u00e9\\u20ac x",
		"\\\\\\/\\b\\f\\r" };

	for (size_t i = 0; i < sizeof(spelled) / sizeof(spelled[0]); i++) {
		size_t len = strlen(spelled[i]);
		char *room = malloc(len + !len);

		ck_assert_ptr_nonnull(room);
		ck_assert_uint_le(json_string_decode(slice_of(spelled[i]), room), len);
		free(room);
	}
}
END_TEST

START_TEST(a_document_may_take_its_text_over)
{
	static const char *const good[] = { "{\"a\":{\"S\":\"plain\"},\"b\":7}",
		"{\"a\":{\"S\":\"\\u0070l\\u0061in\"},\"b\":7,\"c\":\"\\n\\n\\n\\n\"}" };
	struct buf text = { 0 };
	struct json_flat *doc;
	struct slice value;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		buf_add_str(&text, good[i]);
		ck_assert_int_eq(json_flat_take(&text, JSON_DEPTH_MAX, &doc), STATUS_OK);
		ck_assert_ptr_null(text.data);
		ck_assert_uint_eq(text.len, 0);
		ck_assert(json_at_only_string(
			json_at_get(json_flat_root(doc), SLICE("a")), SLICE("S"), &value));
		ck_assert(slice_equal(value, SLICE("plain")));
		ck_assert(slice_equal(
			json_at_spelled(json_at_get(json_flat_root(doc), SLICE("b"))), SLICE("7")));
		json_flat_free(doc);
	}
	text.max = 1000;
	buf_add_str(&text, "{\"a\":}");
	ck_assert_int_eq(json_flat_take(&text, JSON_DEPTH_MAX, &doc), STATUS_INVALID);
	ck_assert_str_eq(buf_cstr(&text), "{\"a\":}");
	ck_assert_uint_eq(text.max, 1000);
	buf_clear(&text);
	buf_add_str(&text, "{\"a\":\"\\n\"}");
	ck_assert_int_eq(json_flat_take(&text, JSON_DEPTH_MAX, &doc), STATUS_OK);
	ck_assert_uint_eq(text.max, 1000);
	json_flat_free(doc);
	ck_assert_int_eq(json_flat_take(&text, JSON_DEPTH_MAX, &doc), STATUS_INVALID);
}
END_TEST

START_TEST(the_text_may_go_away)
{
	char text[] = "{\"a\":{\"S\":\"plain\"},\"b\":{\"S\":\"\\u0041\\n\"},\"c\":[7]}";
	struct json_flat *doc;
	struct json_at root;
	struct slice value;

	ck_assert_int_eq(json_flat_parse(slice_of(text), JSON_DEPTH_MAX, &doc), STATUS_OK);
	memset(text, 'x', sizeof(text) - 1);
	root = json_flat_root(doc);
	ck_assert(json_at_only_string(json_at_get(root, SLICE("a")), SLICE("S"), &value));
	ck_assert(slice_equal(value, SLICE("plain")));
	ck_assert(json_at_only_string(json_at_get(root, SLICE("b")), SLICE("S"), &value));
	ck_assert(slice_equal(value, SLICE("A\n")));
	value = json_at_spelled(json_at_get(root, SLICE("b")));
	ck_assert(slice_equal(value, SLICE("{\"S\":\"\\u0041\\n\"}")));
	json_flat_free(doc);
}
END_TEST

START_TEST(an_only_string_has_nothing_beside_it)
{
	static const struct {
		bool is;
		const char *value;
	} cases[] = { { true, "{\"S\":\"x\"}" }, { true, "{ \"\\u0053\" : \"x\" }" },
		{ false, "{\"S\":\"x\",\"N\":\"1\"}" }, { false, "{\"N\":\"1\",\"S\":\"x\"}" },
		{ false, "{\"S\":1}" }, { false, "{\"S\":[\"x\"]}" }, { false, "{\"S\":{}}" },
		{ false, "{\"S\":null}" }, { false, "{\"SS\":\"x\"}" }, { false, "{\"s\":\"x\"}" },
		{ false, "{}" }, { false, "[\"S\",\"x\"]" }, { false, "\"S\"" },
		{ false, "null" } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct slice text = SLICE("untouched");
		struct json_flat *doc;
		char whole[64];

		snprintf(whole, sizeof(whole), "{\"a\":%s}", cases[i].value);
		ck_assert_int_eq(json_flat_parse(slice_of(whole), JSON_DEPTH_MAX, &doc), STATUS_OK);
		ck_assert_msg(json_at_only_string(json_at_get(json_flat_root(doc), SLICE("a")),
				      SLICE("S"), &text) == cases[i].is,
			"%s", cases[i].value);
		ck_assert(slice_equal(text, cases[i].is ? SLICE("x") : SLICE("untouched")));
		json_flat_free(doc);
	}
}
END_TEST

START_TEST(several_only_strings_are_found_in_one_walk)
{
	static const struct slice members[] = { SLICE_LITERAL("b"), SLICE_LITERAL("none"),
		SLICE_LITERAL("a"), SLICE_LITERAL("number"), SLICE_LITERAL("list"),
		SLICE_LITERAL("empty"), SLICE_LITERAL("two"), SLICE_LITERAL("last") };
	struct slice found[8];
	struct json_flat *doc;

	ck_assert_int_eq(
		json_flat_parse(SLICE("{\"a\":{\"S\":\"1\"},\"ab\":{\"S\":\"no\"},"
				      "\"list\":[{\"S\":\"no\"},{\"b\":{\"S\":\"no\"}}],"
				      "\"\\u0062\":{\"S\":\"2\\n\"},\"number\":{\"N\":\"3\"},"
				      "\"two\":{\"S\":\"no\",\"N\":\"no\"},"
				      "\"empty\":{\"S\":\"\"},\"last\":{\"S\":\"4\"}}"),
			JSON_DEPTH_MAX, &doc),
		STATUS_OK);
	json_at_only_strings(json_flat_root(doc), SLICE("S"), members, 8, found);
	ck_assert(slice_equal(found[0], SLICE("2\n")));
	ck_assert_ptr_null(found[1].ptr);
	ck_assert(slice_equal(found[2], SLICE("1")));
	ck_assert_ptr_null(found[3].ptr);
	ck_assert_ptr_null(found[4].ptr);
	ck_assert_ptr_nonnull(found[5].ptr);
	ck_assert_uint_eq(found[5].len, 0);
	ck_assert_ptr_null(found[6].ptr);
	ck_assert(slice_equal(found[7], SLICE("4")));
	json_at_only_strings(
		json_at_get(json_flat_root(doc), SLICE("list")), SLICE("S"), members, 8, found);
	ck_assert_ptr_null(found[0].ptr);
	json_flat_free(doc);
}
END_TEST

START_TEST(what_is_not_there_holds_nothing)
{
	static const struct slice member = SLICE_LITERAL("a");
	struct json_at nothing = { 0 };
	struct json_walk w = { .in = nothing };
	struct slice text;
	double number;

	ck_assert(!json_at_is_there(nothing));
	ck_assert_int_eq(json_at_kind(nothing), JSON_NULL);
	ck_assert(!json_at_is_there(json_at_get(nothing, SLICE("a"))));
	ck_assert(!json_at_string(nothing, &text));
	ck_assert(!json_at_only_string(nothing, SLICE("S"), &text));
	text = SLICE("before");
	json_at_only_strings(nothing, SLICE("S"), &member, 1, &text);
	ck_assert_ptr_null(text.ptr);
	ck_assert(!json_at_number(nothing, &number));
	ck_assert_uint_eq(json_at_spelled(nothing).len, 0);
	ck_assert_uint_eq(json_at_count(nothing), 0);
	ck_assert(!json_walk_next(&w));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json_flat");
	TCase *tests = tcase_create("flat");

	tcase_add_test(tests, both_readers_say_the_same);
	tcase_add_test(tests, both_readers_agree_on_the_seeds_of_every_fuzz_target);
	tcase_add_test(tests, no_text_that_was_cut_is_accepted);
	tcase_add_test(tests, both_readers_agree_on_every_changed_byte);
	tcase_add_test(tests, a_string_ends_where_it_ends_wherever_it_starts);
	tcase_add_test(tests, nesting_ends_at_the_same_level);
	tcase_add_test(tests, names_are_compared_by_what_they_mean);
	tcase_add_test(tests, any_number_of_short_strings_is_read);
	tcase_add_test(tests, what_a_string_means_fits_where_its_spelling_does);
	tcase_add_test(tests, a_document_may_take_its_text_over);
	tcase_add_test(tests, the_text_may_go_away);
	tcase_add_test(tests, an_only_string_has_nothing_beside_it);
	tcase_add_test(tests, several_only_strings_are_found_in_one_walk);
	tcase_add_test(tests, what_is_not_there_holds_nothing);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
