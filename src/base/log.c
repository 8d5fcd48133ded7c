/* SPDX-License-Identifier: MIT */
/* The log: builds a line in a fixed buffer and writes it with one call; allocates nothing. */
#include "base/log.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <errno.h>
#include <unistd.h>

#define LINE_SIZE 4000 /* under PIPE_BUF: lines of several workers do not mix */
#define TEXT_MAX 256
#define REQUEST_MAX 128

static struct {
	const char *program;
	enum log_level level;
	int64_t pid; /* 0: the log was not opened */
	char request[REQUEST_MAX];
	size_t request_len;
	log_take take; /* NULL: lines go to stderr */
	void *take_context;
} state = { .program = "cruddur", .level = LOG_INFO };

struct line {
	char text[LINE_SIZE];
	size_t len;
};

static const char *const level_names[] = { "error", "warn", "info", "debug" };

/* Keeps two bytes back for the closing brace and newline; what does not fit is left out. */
static void put(struct line *l, const char *bytes, size_t n)
{
	if (n > sizeof(l->text) - 2 - l->len)
		return;
	memcpy(l->text + l->len, bytes, n);
	l->len += n;
}

static void put_str(struct line *l, const char *text)
{
	put(l, text, strlen(text));
}

static void put_escaped(struct line *l, unsigned char byte)
{
	static const char hex[] = "0123456789abcdef";
	char escape[6] = { '\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15] };

	put(l, escape, sizeof(escape));
}

static void put_text(struct line *l, struct slice text)
{
	size_t end = text.len < TEXT_MAX ? text.len : TEXT_MAX;

	put_str(l, "\"");
	for (size_t i = 0; i < end;) {
		unsigned char c = (unsigned char)text.ptr[i];
		size_t n = utf8_char_len(slice_skip(text, i));

		/* Terminals obey U+0080 to U+009F as well. */
		if (n == 2 && c == 0xc2 && (unsigned char)text.ptr[i + 1] < 0xa0) {
			put_escaped(l, (unsigned char)text.ptr[i + 1]);
			i += 2;
		} else if (n == 0 || c < 0x20 || c == 0x7f) {
			put_escaped(l, c);
			i++;
		} else if (n == 1) {
			char escaped[2] = { '\\', (char)c };

			if (c == '"' || c == '\\')
				put(l, escaped, 2);
			else
				put(l, text.ptr + i, 1);
			i++;
		} else {
			put(l, text.ptr + i, n);
			i += n;
		}
	}
	put_str(l, "\"");
}

static void put_number(struct line *l, int64_t value)
{
	char digits[24];
	size_t at = sizeof(digits);
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0)
		digits[--at] = '-';
	put(l, digits + at, sizeof(digits) - at);
}

static void put_field(struct line *l, const struct log_field *f)
{
	size_t before = l->len;
	/* Worst case of a field: every byte escaped to six. Left out whole rather than torn. */
	size_t worst = strlen(f->name) + 32 +
		(f->is_text ? 6 * (f->text.len < TEXT_MAX ? f->text.len : TEXT_MAX) : 0);

	if (worst > sizeof(l->text) - 2 - before)
		return;
	put_str(l, ",\"");
	put_str(l, f->name);
	put_str(l, "\":");
	if (f->is_text)
		put_text(l, f->text);
	else
		put_number(l, f->number);
}

/* What every line begins with, in this order. */
static void begin(struct line *l, enum log_level level, const char *event)
{
	const struct log_field named = log_str("event", event);
	const struct log_field request =
		log_slice("request_id", (struct slice){ state.request, state.request_len });
	char now[CLOCK_TEXT_SIZE];

	l->len = 0;
	clock_format(clock_realtime_us(), now);
	put_str(l, "{\"ts\":\"");
	put_str(l, now);
	put_str(l, "\",\"level\":\"");
	put_str(l, level_names[level]);
	put_str(l, "\"");
	put_field(l, &named);
	put_str(l, ",\"program\":\"");
	put_str(l, state.program);
	put_str(l, "\",\"pid\":");
	put_number(l, state.pid ? state.pid : getpid());
	if (state.request_len > 0)
		put_field(l, &request);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
	int kept = errno;
	struct line l;
	ssize_t written;

	if (level > state.level)
		return;
	if (state.take) {
		state.take(state.take_context, event, fields);
		errno = kept;
		return;
	}
	begin(&l, level, event);
	for (; fields && fields->name; fields++)
		put_field(&l, fields);
	l.text[l.len++] = '}';
	l.text[l.len++] = '\n';
	do
		written = write(STDERR_FILENO, l.text, l.len);
	while (written < 0 && errno == EINTR);
	errno = kept; /* there is nowhere left to report a failed write to */
}

void log_open(const char *program, enum log_level level)
{
	state.program = program;
	state.pid = getpid();
	state.level = level;
}

void log_divert(enum log_level level, log_take take, void *context)
{
	state.level = level;
	state.take = take;
	state.take_context = context;
}

bool log_enabled(enum log_level level)
{
	return level <= state.level;
}

void log_set_request(struct slice request_id)
{
	state.request_len = request_id.len < REQUEST_MAX ? request_id.len : REQUEST_MAX;
	if (state.request_len > 0)
		memcpy(state.request, request_id.ptr, state.request_len);
}

bool log_level_parse(const char *word, enum log_level *out)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
		if (strcmp(word, level_names[i]) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}
