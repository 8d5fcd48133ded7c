/* SPDX-License-Identifier: MIT */
/* The lines of --check and their reasons. Looks at nothing itself. */
#include "check/check.h"

#include "base/log.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Of what stands behind the first two words; the longest URL fits in. */
#define CHECK_LINE_SIZE 5000

/* What others said is printed on one line of visible characters. */
static void tidy(char *text)
{
	for (char *at = text; *at != '\0';) {
		size_t n = utf8_char_len(slice_of(at));

		if (n == 2 && (unsigned char)at[0] == 0xc2 && (unsigned char)at[1] < 0xa0)
			at[0] = at[1] = '?'; /* terminals obey U+0080 to U+009F, too */
		else if (n <= 1 && ((unsigned char)*at < ' ' || (unsigned char)*at > '~'))
			*at = *at == '\n' || *at == '\t' ? ' ' : '?';
		at += n > 0 ? n : 1;
	}
	for (size_t len = strlen(text); len > 0 && text[len - 1] == ' '; len--)
		text[len - 1] = '\0';
}

static void take(void *context, const char *event, const struct log_field *fields)
{
	struct check *c = context;
	size_t len = (size_t)snprintf(c->reason, sizeof(c->reason), "%s", event);

	for (; fields && fields->name && len < sizeof(c->reason); fields++) {
		char *at = c->reason + len;
		size_t room = sizeof(c->reason) - len;

		if (!fields->is_text)
			len += (size_t)snprintf(
				at, room, " %s=%lld", fields->name, (long long)fields->number);
		else if (fields->text.len > 0)
			len += (size_t)snprintf(at, room, " %s=%.*s", fields->name,
				(int)fields->text.len, fields->text.ptr);
	}
	tidy(c->reason);
}

void check_begin(struct check *c)
{
	*c = (struct check){ .failures = 0 };
	log_divert(LOG_WARN, take, c);
}

static void begin_line(const char *result, const char *what)
{
	(void)printf("%-8s%-13s", result, what);
}

/* Whoever waits sees at once what is waited for; check_end tells of an error. */
static void end_line(struct check *c)
{
	(void)putchar('\n');
	(void)fflush(stdout);
	c->reason[0] = '\0';
}

__attribute__((format(printf, 1, 0))) static void print_details(const char *format, va_list details)
{
	char text[CHECK_LINE_SIZE];

	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): clang 14 does not see va_start */
	(void)vsnprintf(text, sizeof(text), format, details);
	tidy(text);
	(void)fputs(text, stdout);
}

void check_ok(struct check *c, const char *what, const char *format, ...)
{
	va_list details;

	begin_line("ok", what);
	va_start(details, format);
	print_details(format, details);
	va_end(details);
	end_line(c);
}

void check_failed(struct check *c, const char *what, const char *format, ...)
{
	va_list details;

	begin_line("failed", what);
	va_start(details, format);
	print_details(format, details);
	va_end(details);
	if (c->reason[0] != '\0')
		(void)printf(" (%s)", c->reason);
	end_line(c);
	c->failures++;
}

int check_end(struct check *c)
{
	return c->failures > 0 || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

int check_settings_failed(struct check *c, enum status rc, struct slice problem)
{
	if (problem.len == 0)
		problem = slice_of(status_name(rc));
	check_failed(c, "settings", "%.*s", (int)problem.len, problem.ptr);
	return rc == STATUS_INVALID ? SETTINGS_EXIT_STATUS : EXIT_FAILURE;
}

void check_settings_ok(struct check *c, const struct settings *s)
{
	check_ok(c, "settings", "region %s, table %s", s->region, s->table);
}
