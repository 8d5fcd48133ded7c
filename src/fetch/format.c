/* SPDX-License-Identifier: MIT */
/* Digits of a byte, and texts put together from strings; see format.h. */
#include "fetch/format.h"

#include "fetch/pool.h"

#include <curl/curl.h>
#include <curl/mprintf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* libcurl's own limit for a text (DYN_APRINTF), its NUL included. */
#define TEXT_MAX ((size_t)8000000)

static bool makes_texts;

void format_open(void)
{
	makes_texts = true;
}

void format_close(void)
{
	makes_texts = false;
}

int curl_msnprintf(char *buffer, size_t maxlength, const char *format, ...)
{
	static const char digits[] = "0123456789abcdef";
	va_list arguments;
	unsigned int byte = UINT32_MAX;
	int len;

	if (maxlength > 2 && strcmp(format, "%02x") == 0) {
		va_start(arguments, format);
		/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): as in check/report.c */
		byte = va_arg(arguments, unsigned int);
		va_end(arguments);
	}
	if (byte <= UINT8_MAX) {
		buffer[0] = digits[byte >> 4];
		buffer[1] = digits[byte & 15];
		buffer[2] = '\0';
		return 2;
	}
	va_start(arguments, format);
	len = curl_mvsnprintf(buffer, maxlength, format, arguments);
	va_end(arguments);
	return len;
}

/* The next piece of a format, "%s", "%.*s" or text, and the bytes it stands for; those of a string
 * are arguments. false: another conversion, or no string. */
static bool next_piece(const char **format, va_list *arguments, const char **bytes, size_t *len)
{
	const char *at = *format;
	int most;

	if (*at != '%') {
		*bytes = at;
		*len = strcspn(at, "%");
		*format = at + *len;
		return true;
	}
	if (at[1] == 's') {
		/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): as in check/report.c */
		*bytes = va_arg(*arguments, const char *);
		*len = *bytes ? strlen(*bytes) : 0;
		*format = at + 2;
		return *bytes != NULL;
	}
	if (strncmp(at, "%.*s", 4) != 0)
		return false;
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): as in check/report.c */
	most = va_arg(*arguments, int);
	*bytes = va_arg(*arguments, const char *);
	*len = *bytes && most >= 0 ? strnlen(*bytes, (size_t)most) : 0;
	*format = at + 4;
	return *bytes && most >= 0;
}

/* What a format of texts and strings comes to, its arguments walked twice; to be freed as libcurl
 * frees; NULL for any other format, one that comes to nothing or too much, and where there is no
 * memory. */
static char *join(const char *format, va_list *to_measure, va_list *to_copy)
{
	const char *bytes, *at;
	size_t len, total = 0;
	char *joined, *end;

	for (at = format; *at; total += len) {
		if (!next_piece(&at, to_measure, &bytes, &len) || len >= TEXT_MAX - total)
			return NULL;
	}
	joined = total > 0 ? pool_malloc(total + 1) : NULL;
	if (!joined)
		return NULL;
	end = joined;
	for (at = format; *at && next_piece(&at, to_copy, &bytes, &len); end += len)
		memcpy(end, bytes, len);
	*end = '\0';
	return joined;
}

char *curl_maprintf(const char *format, ...)
{
	va_list arguments, again;
	char *text = NULL;

	va_start(arguments, format);
	va_start(again, format);
	if (makes_texts)
		text = join(format, &arguments, &again);
	va_end(again);
	va_end(arguments);
	if (text)
		return text;
	va_start(arguments, format);
	text = curl_mvaprintf(format, arguments);
	va_end(arguments);
	return text;
}
