/* SPDX-License-Identifier: MIT */
/* A look at many bytes at once finds what a look at each finds. */
#include "check_main.h"
#include "json/plain.h"

#include <stdlib.h>

/* Over two of the widest looks, so that each kind of them comes first, last and in between. */
#define LEN_MAX 40

/* Text of just that length in memory of its own, so that AddressSanitizer sees a look behind it. */
static void assert_found(
	size_t len, size_t first, unsigned char one, size_t second, unsigned char two)
{
	char *text = malloc(len + !len), *copy = malloc(len + !len);
	size_t plain_end = len, unescaped_end = len;

	if (!text || !copy)
		ck_abort_msg("no memory");
	memset(text, 'a', len);
	if (first < len)
		text[first] = (char)one;
	if (second < len)
		text[second] = (char)two;
	for (size_t i = len; i-- > 0;) {
		unsigned char c = (unsigned char)text[i];

		if (c >= 0x80 || c < 0x20 || c == '"' || c == '\\')
			plain_end = i;
		if (c < 0x20 || c == 0x7f || c == '"' || c == '\\')
			unescaped_end = i;
	}
	/* One assertion where there is something to say: each costs a write to a file. */
	if (json_plain_end(text, text + len) != text + plain_end ||
		json_copy_unescaped(copy, text, len) != unescaped_end ||
		memcmp(copy, text, unescaped_end) != 0)
		ck_abort_msg("length %zu, %#x at %zu, %#x at %zu", len, one, first, two, second);
	free(copy);
	free(text);
}

START_TEST(each_byte_is_seen_for_what_it_is_at_each_place)
{
	for (size_t len = 0; len <= LEN_MAX; len++) {
		for (size_t at = 0; at < len; at++) {
			for (unsigned int c = 0; c < 256; c++)
				assert_found(len, at, (unsigned char)c, len, 0);
		}
	}
}
END_TEST

START_TEST(the_first_of_two_is_found)
{
	static const unsigned char odd[] = { 0, 0x1f, ' ', '!', '"', '#', '\\', ']', 0x7e, 0x7f,
		0x80, 0xff };

	for (size_t first = 0; first < LEN_MAX; first++) {
		for (size_t second = 0; second < LEN_MAX; second++) {
			for (size_t i = 0; i < sizeof(odd); i++)
				assert_found(LEN_MAX, first, odd[i], second,
					odd[(first + second) % sizeof(odd)]);
		}
	}
}
END_TEST

START_TEST(nothing_is_before_its_end)
{
	assert_found(0, 0, 0, 0, 0);
	assert_found(LEN_MAX, LEN_MAX, 0, LEN_MAX, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json_plain");
	TCase *tests = tcase_create("plain");

	tcase_add_test(tests, each_byte_is_seen_for_what_it_is_at_each_place);
	tcase_add_test(tests, the_first_of_two_is_found);
	tcase_add_test(tests, nothing_is_before_its_end);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
