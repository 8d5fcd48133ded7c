/* SPDX-License-Identifier: MIT */
/* The rules for a message's text, the key plan, and cursors. */
#include "message/message.h"
#include "message_table/cursor.h"
#include "message_table/keys.h"

#include "unit/check_main.h"

#include <stdlib.h>

static const struct {
	struct slice text;
	unsigned int faults;
} texts[] = {
	{ SLICE_LITERAL("hello"), 0 },
	{ SLICE_LITERAL("  hello\n"), 0 },
	{ SLICE_LITERAL(""), MESSAGE_BLANK },
	{ SLICE_LITERAL(" \t\r\n"), MESSAGE_BLANK },
	{ SLICE_LITERAL("\u00a0\u2003\u3000\xc2\x85"), MESSAGE_BLANK },
	{ SLICE_LITERAL("\u200b"), 0 }, /* zero width space is no White_Space */
	{ SLICE_LITERAL("a\0b"), MESSAGE_HAS_NUL },
	{ SLICE_LITERAL("\0"), MESSAGE_HAS_NUL },
};

START_TEST(a_text_is_judged_by_unicode_not_by_bytes)
{
	ck_assert_uint_eq(message_faults(texts[_i].text), texts[_i].faults);
}
END_TEST

START_TEST(the_limit_counts_code_points)
{
	size_t n = MESSAGE_MAX_CODE_POINTS;
	char *text = malloc(4 * (n + 1));

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i <= n; i++)
		memcpy(text + 4 * i, "\U0001f600", 4);
	ck_assert_uint_eq(message_faults((struct slice){ text, 4 * n }), 0);
	ck_assert_uint_eq(message_faults((struct slice){ text, 4 * (n + 1) }), MESSAGE_TOO_LONG);
	memset(text, ' ', n + 1);
	ck_assert_uint_eq(
		message_faults((struct slice){ text, n + 1 }), MESSAGE_BLANK | MESSAGE_TOO_LONG);
	free(text);
}
END_TEST

static struct uuid uuid_of(const char *text)
{
	struct uuid u;

	ck_assert_int_eq(uuid_parse(slice_of(text), &u), STATUS_OK);
	return u;
}

START_TEST(keys_are_spelt_as_the_contract_spells_them)
{
	struct uuid a = uuid_of("AAAAAAAA-0000-4000-8000-000000000001");
	struct uuid b = uuid_of("bbbbbbbb-0000-4000-8000-000000000002");
	struct table_key k = table_key_group_rows(&a);

	ck_assert(slice_equal(
		table_key_slice(&k), SLICE("GRP#aaaaaaaa-0000-4000-8000-000000000001")));
	k = table_key_messages(&b);
	ck_assert(slice_equal(
		table_key_slice(&k), SLICE("MSG#bbbbbbbb-0000-4000-8000-000000000002")));
}
END_TEST

START_TEST(a_pair_has_one_key_from_either_side)
{
	struct uuid a = uuid_of("aaaaaaaa-0000-4000-8000-000000000001");
	struct uuid b = uuid_of("bbbbbbbb-0000-4000-8000-000000000002");
	struct table_key ab = table_key_pair(&a, &b), ba = table_key_pair(&b, &a);

	ck_assert(slice_equal(table_key_slice(&ab), table_key_slice(&ba)));
	ck_assert_uint_eq(ab.len, strlen("PAIR#") + 2 * UUID_LEN + 1);
}
END_TEST

START_TEST(the_longest_send_key_fits)
{
	struct uuid a = uuid_of("aaaaaaaa-0000-4000-8000-000000000001");
	char key[TABLE_SEND_KEY_MAX];
	struct table_key k;

	memset(key, 'k', sizeof(key));
	k = table_key_send(&a, (struct slice){ key, sizeof(key) });
	ck_assert_uint_eq(k.len, strlen("IDM#") + UUID_LEN + 1 + TABLE_SEND_KEY_MAX);
}
END_TEST

static const struct slice pk = SLICE_LITERAL("MSG#1");

START_TEST(a_cursor_gives_back_the_sort_key_it_was_made_of)
{
	static const char *const keys[] = { "2026-11-22T18:07:57.599123+00:00",
		"2023-04-15T10:11:12", "x", "\u00fc" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct buf cursor = { 0 }, sk = { 0 };

		ck_assert_int_eq(cursor_encode(pk, slice_of(keys[i]), &cursor), STATUS_OK);
		ck_assert_int_eq(cursor_decode(pk, buf_slice(&cursor), &sk), STATUS_OK);
		ck_assert_str_eq(buf_cstr(&sk), keys[i]);
		buf_free(&cursor);
		buf_free(&sk);
	}
}
END_TEST

START_TEST(a_cursor_of_another_partition_is_refused)
{
	struct buf cursor = { 0 }, sk = { 0 };

	ck_assert_int_eq(cursor_encode(pk, SLICE("2026"), &cursor), STATUS_OK);
	ck_assert_int_eq(cursor_decode(SLICE("MSG#2"), buf_slice(&cursor), &sk), STATUS_INVALID);
	buf_free(&cursor);
	buf_free(&sk);
}
END_TEST

START_TEST(a_cursor_goes_on_in_the_direction_it_was_made_for)
{
	struct buf back = { 0 }, forth = { 0 }, sk = { 0 };

	ck_assert_int_eq(cursor_encode(pk, SLICE("2026"), &back), STATUS_OK);
	ck_assert_int_eq(cursor_encode_forward(pk, SLICE("2026"), &forth), STATUS_OK);
	ck_assert_int_eq(cursor_decode_forward(pk, buf_slice(&back), &sk), STATUS_INVALID);
	ck_assert_int_eq(cursor_decode(pk, buf_slice(&forth), &sk), STATUS_INVALID);
	ck_assert_int_eq(cursor_decode_forward(pk, buf_slice(&forth), &sk), STATUS_OK);
	ck_assert_str_eq(buf_cstr(&sk), "2026");
	ck_assert_int_eq(
		cursor_decode_forward(SLICE("MSG#2"), buf_slice(&forth), &sk), STATUS_INVALID);
	buf_free(&back);
	buf_free(&forth);
	buf_free(&sk);
}
END_TEST

START_TEST(every_change_to_a_cursor_is_noticed)
{
	struct buf cursor = { 0 }, sk = { 0 };

	ck_assert_int_eq(cursor_encode(pk, SLICE("2026-11-22T18:07:57"), &cursor), STATUS_OK);
	for (size_t i = 0; i < cursor.len; i++) {
		char kept = cursor.data[i];

		cursor.data[i] = kept == 'A' ? 'B' : 'A';
		ck_assert_int_eq(cursor_decode(pk, buf_slice(&cursor), &sk), STATUS_INVALID);
		cursor.data[i] = kept;
	}
	for (size_t len = 0; len < cursor.len; len++)
		ck_assert_int_eq(
			cursor_decode(pk, (struct slice){ cursor.data, len }, &sk), STATUS_INVALID);
	buf_free(&cursor);
	buf_free(&sk);
}
END_TEST

START_TEST(a_cursor_for_a_key_that_dynamodb_would_refuse_is_refused)
{
	char key[1025];
	struct buf cursor = { 0 }, sk = { 0 };

	memset(key, 'k', sizeof(key));
	ck_assert_int_eq(cursor_encode(pk, (struct slice){ key, 1024 }, &cursor), STATUS_OK);
	ck_assert_int_eq(cursor_decode(pk, buf_slice(&cursor), &sk), STATUS_OK);
	buf_clear(&cursor);
	ck_assert_int_eq(cursor_encode(pk, (struct slice){ key, 1025 }, &cursor), STATUS_OK);
	ck_assert_int_eq(cursor_decode(pk, buf_slice(&cursor), &sk), STATUS_INVALID);
	buf_clear(&cursor);
	ck_assert_int_eq(cursor_encode(pk, SLICE("\xff\xfe"), &cursor), STATUS_OK);
	ck_assert_int_eq(cursor_decode(pk, buf_slice(&cursor), &sk), STATUS_INVALID);
	buf_free(&cursor);
	buf_free(&sk);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("message rules");
	TCase *tc = tcase_create("rules");

	tcase_add_loop_test(tc, a_text_is_judged_by_unicode_not_by_bytes, 0,
		(int)(sizeof(texts) / sizeof(texts[0])));
	tcase_add_test(tc, the_limit_counts_code_points);
	tcase_add_test(tc, keys_are_spelt_as_the_contract_spells_them);
	tcase_add_test(tc, a_pair_has_one_key_from_either_side);
	tcase_add_test(tc, the_longest_send_key_fits);
	tcase_add_test(tc, a_cursor_gives_back_the_sort_key_it_was_made_of);
	tcase_add_test(tc, a_cursor_of_another_partition_is_refused);
	tcase_add_test(tc, a_cursor_goes_on_in_the_direction_it_was_made_for);
	tcase_add_test(tc, every_change_to_a_cursor_is_noticed);
	tcase_add_test(tc, a_cursor_for_a_key_that_dynamodb_would_refuse_is_refused);
	suite_add_tcase(suite, tc);
	return check_main(suite);
}
