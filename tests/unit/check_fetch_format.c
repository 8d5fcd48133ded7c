/* SPDX-License-Identifier: MIT */
/* What libcurl formats by our functions is, byte by byte, what it formats by its own. */
#include "config.h"

#include "check_main.h"
#include "fetch/fetch.h"

#include <curl/curl.h>
#include <curl/mprintf.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char of_program; /* any object of the program */

static char *libcurls_text(const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = curl_mvaprintf(format, arguments);
	va_end(arguments);
	return text;
}

static int libcurls_print(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = curl_mvsnprintf(buffer, size, format, arguments);
	va_end(arguments);
	return len;
}

static void assert_same(char *ours, char *libcurls)
{
	ck_assert_ptr_nonnull(ours);
	ck_assert_ptr_nonnull(libcurls);
	ck_assert_str_eq(ours, libcurls);
	curl_free(ours);
	curl_free(libcurls);
}

static void open_libcurl(void)
{
	ck_assert_int_eq(fetch_global_open(), STATUS_OK);
}

#define ASSERT_SAME_TEXT(...) assert_same(curl_maprintf(__VA_ARGS__), libcurls_text(__VA_ARGS__))

START_TEST(texts_put_together_from_strings_are_the_same)
{
	char large[10000];

	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	ASSERT_SAME_TEXT("plain%s", "");
	ASSERT_SAME_TEXT("%s", "a string");
	ASSERT_SAME_TEXT("%s%s", "", "");
	ASSERT_SAME_TEXT(
		"%s\n%s\n%s\n%s\n%s\n%.*s", "POST", "/", "", "host:h\n", "host", 3, "abcdef");
	ASSERT_SAME_TEXT("Authorization: %s4-HMAC-SHA256 Credential=%s/%s\r\n%s\r\n", "AWS", "id",
		"scope", "X-Amz-Date:now");
	ASSERT_SAME_TEXT("a%.*sb", 0, "abc");
	ASSERT_SAME_TEXT("a%.*sb", 3, "abc");
	ASSERT_SAME_TEXT("a%.*sb", 100, "abc");
	ASSERT_SAME_TEXT("%s and %s", large, large);
	ASSERT_SAME_TEXT("%s", "100%s %d %");
	ASSERT_SAME_TEXT("\xc3\xa9%s\xff", "\x01\x7f");
}
END_TEST

START_TEST(texts_of_other_formats_are_libcurls)
{
	const char *volatile nothing = NULL;

	ASSERT_SAME_TEXT("%d%%", 7);
	ASSERT_SAME_TEXT("%s:%d", "host", 8000);
	ASSERT_SAME_TEXT("%s%s%s:%d\r\n", "[", "::1", "]", 1);
	ASSERT_SAME_TEXT("%5s|%-5s|%.2s|%c|%ld|%zu", "a", "b", "cde", 'f', 5L, (size_t)6);
	ASSERT_SAME_TEXT("%.*s", -1, "abc");
	ASSERT_SAME_TEXT("%s", nothing);
	ASSERT_SAME_TEXT("a%sb", nothing);
}
END_TEST

START_TEST(texts_are_as_long_as_libcurls_at_the_most)
{
	size_t len = 7999999;
	char *large = malloc(len + 2), *text;

	ck_assert_ptr_nonnull(large);
	memset(large, 'x', len + 1);
	large[len + 1] = '\0';
	ck_assert_ptr_null(libcurls_text("%s", large));
	ck_assert_ptr_null(curl_maprintf("%s", large));
	large[len] = '\0';
	text = curl_maprintf("%s", large);
	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text, large);
	curl_free(text);
	ck_assert_ptr_null(curl_maprintf("%s%s", large, "y"));
	free(large);
}
END_TEST

START_TEST(digits_of_a_byte_are_the_same)
{
	char ours[8], libcurls[8];

	for (unsigned int byte = 0; byte < 300; byte++) {
		for (size_t size = 1; size <= sizeof(ours); size++) {
			memset(ours, '#', sizeof(ours));
			memset(libcurls, '#', sizeof(libcurls));
			ck_assert_int_eq(curl_msnprintf(ours, size, "%02x", byte),
				libcurls_print(libcurls, size, "%02x", byte));
			ck_assert_mem_eq(ours, libcurls, sizeof(ours));
		}
	}
	ck_assert_int_eq(curl_msnprintf(ours, sizeof(ours), "%02X", 0xabU), 2);
	ck_assert_str_eq(ours, "AB");
	ck_assert_int_eq(curl_msnprintf(ours, sizeof(ours), "%s %d", "a", 5), 3);
	ck_assert_str_eq(ours, "a 5");
}
END_TEST

START_TEST(who_looks_for_them_by_name_finds_ours_first)
{
	Dl_info program, found;

	ck_assert_int_ne(dladdr(&of_program, &program), 0);
	ck_assert_int_ne(dladdr(dlsym(RTLD_DEFAULT, "curl_maprintf"), &found), 0);
	ck_assert_ptr_eq(found.dli_fbase, program.dli_fbase);
	ck_assert_int_ne(dladdr(dlsym(RTLD_DEFAULT, "curl_msnprintf"), &found), 0);
	ck_assert_ptr_eq(found.dli_fbase, program.dli_fbase);
}
END_TEST

static void assert_formats_a_url(void *library)
{
	__typeof__(&curl_url) new_url = dlsym(library, "curl_url");
	__typeof__(&curl_url_set) set = dlsym(library, "curl_url_set");
	__typeof__(&curl_url_get) get = dlsym(library, "curl_url_get");
	__typeof__(&curl_url_cleanup) cleanup = dlsym(library, "curl_url_cleanup");
	__typeof__(&curl_free) free_text = dlsym(library, "curl_free");
	CURLU *url = new_url();
	char *text = NULL;

	ck_assert_int_eq(set(url, CURLUPART_URL, "http://h/", 0), CURLUE_OK);
	ck_assert_int_eq(get(url, CURLUPART_URL, &text, 0), CURLUE_OK);
	ck_assert_str_eq(text, "http://h/");
	free_text(text);
	cleanup(url);
}

/* A libcurl of the other flavour comes with modules that a program doesn't choose (NSS, PKCS#11),
 * and frees by its own functions what it formatted. */
START_TEST(another_libcurl_in_the_process_formats_by_itself)
{
	static const char *const flavours[] = { "libcurl.so.4", "libcurl-gnutls.so.4" };
	size_t tried = 0;

	if (strcmp(CURL_SYMBOLS, "no") == 0)
		return; /* then there must be no other: see format.h */
	for (size_t i = 0; i < sizeof(flavours) / sizeof(flavours[0]); i++) {
		void *library = dlopen(flavours[i], RTLD_NOW | RTLD_LOCAL);

		if (!library)
			continue;
		assert_formats_a_url(library);
		ck_assert_int_eq(dlclose(library), 0);
		tried++;
	}
	ck_assert_uint_ge(tried, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fetch_format");
	TCase *tests = tcase_create("fetch_format");

	tcase_add_unchecked_fixture(tests, open_libcurl, fetch_global_close);
	tcase_add_test(tests, texts_put_together_from_strings_are_the_same);
	tcase_add_test(tests, texts_of_other_formats_are_libcurls);
	tcase_add_test(tests, digits_of_a_byte_are_the_same);
	tcase_add_test(tests, texts_are_as_long_as_libcurls_at_the_most);
	tcase_add_test(tests, who_looks_for_them_by_name_finds_ours_first);
	tcase_add_test(tests, another_libcurl_in_the_process_formats_by_itself);
	suite_add_tcase(suite, tests);
	return check_main(suite);
}
