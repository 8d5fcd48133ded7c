/* SPDX-License-Identifier: MIT */
/* One JSON object a line on stderr, written whole: "ts", "level", "event", "program", "pid", while
 * a request is served its "request_id", then the line's own fields in the order in which they are
 * given. A line has under 4,000 bytes; a field that does not fit is left out.
 *
 * The only module with state of its own: the level, the program's name and the request that is
 * being served. Callers never pass a token, a password, a message's text or the value of an SQL
 * parameter.
 *
 * The level is not repeated as journald's "<4>" in front: a line would then be JSON to journald
 * alone, and not to whoever reads a file, a container's output or CloudWatch. */
#ifndef CRUDDUR_BASE_LOG_H
#define CRUDDUR_BASE_LOG_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log_field {
	const char *name; /* NULL ends the list */
	struct slice text; /* used when is_text */
	int64_t number;
	bool is_text;
};

/* Fields of a line. Text is cut at 256 bytes; control characters and bytes that are no UTF-8 are
 * escaped (\u00xx), so that no client can write a line of its own. */
static inline struct log_field log_slice(const char *name, struct slice text)
{
	return (struct log_field){ .name = name, .text = text, .is_text = true };
}

static inline struct log_field log_str(const char *name, const char *text)
{
	return log_slice(name, slice_of(text));
}

static inline struct log_field log_int(const char *name, int64_t number)
{
	return (struct log_field){ .name = name, .number = number };
}

/* LOG(LOG_WARN, "dynamodb_retry", log_int("attempt", 2)): the event is a fixed word, not a
 * sentence; it says what happened, the fields say to what. They are looked at only if the level is
 * logged. Keeps errno. */
#define LOG(level, ...) LOG_PICK_(level, __VA_ARGS__, { 0 })
#define LOG_PICK_(level, event, ...)                                                               \
	(log_enabled(level) ? log_write(level, event, (const struct log_field[]){ __VA_ARGS__ })   \
			    : (void)0)

void log_write(enum log_level level, const char *event, const struct log_field *fields);

/* program goes into each line (a literal). Lines above the level are dropped. */
void log_open(const char *program, enum log_level level);

/* From now on lines up to the level go to take, and none to stderr: for a program that itself tells
 * a person what happened. */
typedef void (*log_take)(void *context, const char *event, const struct log_field *fields);
void log_divert(enum log_level level, log_take take, void *context);

bool log_enabled(enum log_level level);

/* The request id that the following lines carry; empty for none. It is copied, cut at 128 bytes. */
void log_set_request(struct slice request_id);

/* "error", "warn", "info" or "debug" to a level; false for any other word. */
bool log_level_parse(const char *word, enum log_level *out);

#endif
