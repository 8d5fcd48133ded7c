/* SPDX-License-Identifier: MIT */
/* base64url has one spelling for each value: the vectors of RFC 4648 section 10, every length and
 * every byte there and back, and every text that a lax decoder would take besides. */
#include "base/base64url.h"

#include "unit/check_main.h"

#include <stdlib.h>

static const struct {
	struct slice bytes, text;
} pairs[] = {
	{ SLICE_LITERAL(""), SLICE_LITERAL("") },
	{ SLICE_LITERAL("f"), SLICE_LITERAL("Zg") },
	{ SLICE_LITERAL("fo"), SLICE_LITERAL("Zm8") },
	{ SLICE_LITERAL("foo"), SLICE_LITERAL("Zm9v") },
	{ SLICE_LITERAL("foob"), SLICE_LITERAL("Zm9vYg") },
	{ SLICE_LITERAL("fooba"), SLICE_LITERAL("Zm9vYmE") },
	{ SLICE_LITERAL("foobar"), SLICE_LITERAL("Zm9vYmFy") },
	{ SLICE_LITERAL("\x00"), SLICE_LITERAL("AA") },
	{ SLICE_LITERAL("\x00\x00\x00"), SLICE_LITERAL("AAAA") },
	{ SLICE_LITERAL("\xff\xff\xff"), SLICE_LITERAL("____") },
	{ SLICE_LITERAL("\xfb\xef\xbe"), SLICE_LITERAL("----") },
	{ SLICE_LITERAL("\xff\xff"), SLICE_LITERAL("__8") },
	{ SLICE_LITERAL("\xff"), SLICE_LITERAL("_w") },
	{ SLICE_LITERAL("\x14\xfb\x9c\x03\xd9\x7e"), SLICE_LITERAL("FPucA9l-") },
};

static enum status decode(struct slice text, size_t cap, size_t *len)
{
	unsigned char out[256];

	ck_assert_uint_le(cap, sizeof(out));
	return base64url_decode(text, out, cap, len);
}

START_TEST(spells_the_vectors_of_rfc_4648)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct buf b = { 0 };

		base64url_encode(pairs[i].bytes, &b);
		ck_assert(buf_ok(&b));
		ck_assert(slice_equal(buf_slice(&b), pairs[i].text));
		buf_free(&b);
	}
}
END_TEST

START_TEST(reads_the_vectors_of_rfc_4648)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		unsigned char out[16];
		size_t len = 99;

		ck_assert_int_eq(
			base64url_decode(pairs[i].text, out, sizeof(out), &len), STATUS_OK);
		ck_assert(slice_equal((struct slice){ (const char *)out, len }, pairs[i].bytes));
	}
}
END_TEST

START_TEST(every_byte_at_every_place_comes_back)
{
	for (size_t n = 1; n <= 7; n++) {
		for (int byte = 0; byte < 256; byte++) {
			char bytes[7];
			unsigned char out[7];
			struct buf b = { 0 };
			size_t len;

			memset(bytes, 0x5a, sizeof(bytes));
			bytes[n - 1] = (char)byte;
			base64url_encode((struct slice){ bytes, n }, &b);
			ck_assert_int_eq(base64url_decode(buf_slice(&b), out, n, &len), STATUS_OK);
			ck_assert_uint_eq(len, n);
			ck_assert_int_eq(memcmp(out, bytes, n), 0);
			buf_free(&b);
		}
	}
}
END_TEST

START_TEST(only_the_64_letters_are_letters)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	for (int c = 0; c < 256; c++) {
		bool letter = c != 0 && strchr(alphabet, c) != NULL;

		for (size_t at = 0; at < 4; at++) {
			char text[4] = { 'A', 'A', 'A', 'A' };
			size_t len = 99;

			text[at] = (char)c;
			ck_assert_int_eq(decode((struct slice){ text, 4 }, 3, &len),
				letter ? STATUS_OK : STATUS_INVALID);
			ck_assert_uint_eq(len, letter ? 3 : 99);
		}
	}
}
END_TEST

START_TEST(refuses_odd_spellings)
{
	static const struct slice odd[] = { SLICE_LITERAL("A"), SLICE_LITERAL("AAAAA"),
		SLICE_LITERAL("Zg=="), SLICE_LITERAL("Zg="), SLICE_LITERAL("Zm8="),
		SLICE_LITERAL("Zm9v===="), SLICE_LITERAL("="), SLICE_LITERAL("===="),
		SLICE_LITERAL(" Zm9v"), SLICE_LITERAL("Zm9v "), SLICE_LITERAL("Zm 9v"),
		SLICE_LITERAL("Zm9v\n"), SLICE_LITERAL("Zm9v\r\n"), SLICE_LITERAL("Zm9v\0"),
		SLICE_LITERAL("Zm9v\0\0\0\0"), SLICE_LITERAL("Zm+v"), SLICE_LITERAL("Zm/v"),
		SLICE_LITERAL("Zm.v"), SLICE_LITERAL("Zm9?"), SLICE_LITERAL("####Zm9v"),
		SLICE_LITERAL("Zm9\xc3"), SLICE_LITERAL("\xff\xff\xff\xff") };

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		size_t len = 99;

		ck_assert_msg(decode(odd[i], 256, &len) == STATUS_INVALID, "%s", odd[i].ptr);
		ck_assert_uint_eq(len, 99);
	}
}
END_TEST

START_TEST(refuses_unused_bits_that_are_set)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	for (size_t i = 0; i < 64; i++) {
		char two[2] = { 'Z', alphabet[i] }, three[3] = { 'Z', 'm', alphabet[i] };
		size_t len;

		ck_assert_int_eq(decode((struct slice){ two, 2 }, 3, &len),
			i % 16 == 0 ? STATUS_OK : STATUS_INVALID);
		ck_assert_int_eq(decode((struct slice){ three, 3 }, 3, &len),
			i % 4 == 0 ? STATUS_OK : STATUS_INVALID);
	}
}
END_TEST

START_TEST(never_writes_past_the_room)
{
	static const char text[] = "Zm9vYmFyZm9vYmFy";

	for (size_t chars = 0; chars < sizeof(text); chars++) {
		size_t needs = chars / 4 * 3 + chars % 4 * 3 / 4, len = 99;
		unsigned char *room = malloc(needs + 1);

		ck_assert_ptr_nonnull(room);
		ck_assert_uint_le(needs, BASE64URL_DECODED_MAX(chars));
		room[needs] = 0xa5;
		if (needs > 0)
			ck_assert_int_ne(base64url_decode((struct slice){ text, chars }, room,
						 needs - 1, &len),
				STATUS_OK);
		ck_assert_uint_eq(len, 99);
		if (base64url_decode((struct slice){ text, chars }, room, needs, &len) == STATUS_OK)
			ck_assert_uint_eq(len, needs);
		ck_assert_uint_eq(room[needs], 0xa5);
		free(room);
	}
	ck_assert_int_eq(decode(SLICE("Zm9v"), 2, &(size_t){ 0 }), STATUS_TOO_LARGE);
	ck_assert_int_eq(decode(SLICE(""), 0, &(size_t){ 0 }), STATUS_OK);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("base/base64url");
	TCase *tc = tcase_create("spelling");

	tcase_add_test(tc, spells_the_vectors_of_rfc_4648);
	tcase_add_test(tc, reads_the_vectors_of_rfc_4648);
	tcase_add_test(tc, every_byte_at_every_place_comes_back);
	tcase_add_test(tc, only_the_64_letters_are_letters);
	tcase_add_test(tc, refuses_odd_spellings);
	tcase_add_test(tc, refuses_unused_bits_that_are_set);
	tcase_add_test(tc, never_writes_past_the_room);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return check_main(suite());
}
