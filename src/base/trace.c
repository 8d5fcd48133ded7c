/* SPDX-License-Identifier: MIT */
/* Reading a traceparent by its grammar; see trace.h. */
#include "base/trace.h"

#include <stdio.h>
#include <sys/random.h>

/* version "-" trace-id "-" parent-id "-" trace-flags */
#define ID_AT 3
#define SPAN_AT (ID_AT + TRACE_ID_LEN + 1)
#define FLAGS_AT (SPAN_AT + TRACE_SPAN_LEN + 1)
#define VALUE_LEN (FLAGS_AT + 2)

static const char hex[] = "0123456789abcdef";

/* Lower-case hexadecimal, as the grammar has it. */
static bool is_hex(struct slice value, size_t at, size_t n)
{
	for (size_t i = at; i < at + n; i++) {
		char c = value.ptr[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
			return false;
	}
	return true;
}

static bool is_zero(struct slice value, size_t at, size_t n)
{
	for (size_t i = at; i < at + n; i++) {
		if (value.ptr[i] != '0')
			return false;
	}
	return true;
}

static bool is_traceparent(struct slice value)
{
	if (value.len < VALUE_LEN || value.ptr[ID_AT - 1] != '-' || value.ptr[SPAN_AT - 1] != '-' ||
		value.ptr[FLAGS_AT - 1] != '-')
		return false;
	if (!is_hex(value, 0, 2) || !is_hex(value, ID_AT, TRACE_ID_LEN) ||
		!is_hex(value, SPAN_AT, TRACE_SPAN_LEN) || !is_hex(value, FLAGS_AT, 2))
		return false;
	if (is_zero(value, ID_AT, TRACE_ID_LEN) || is_zero(value, SPAN_AT, TRACE_SPAN_LEN))
		return false;
	if (slice_starts_with(value, SLICE("ff")))
		return false;
	/* A later version may go on after another dash ("Versioning of traceparent"). */
	return value.len == VALUE_LEN || (value.ptr[VALUE_LEN] == '-' && !is_zero(value, 0, 2));
}

/* A span of our own; false if the kernel has no random bytes, or only zeros. */
static bool make_span(char out[TRACE_SPAN_LEN])
{
	unsigned char bytes[TRACE_SPAN_LEN / 2];
	unsigned char any = 0;

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return false;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		any |= bytes[i];
		out[2 * i] = hex[bytes[i] >> 4];
		out[2 * i + 1] = hex[bytes[i] & 15];
	}
	return any != 0;
}

void trace_read(struct trace *t, struct slice value)
{
	char span[TRACE_SPAN_LEN];
	bool sampled;

	t->header[0] = '\0';
	if (!is_traceparent(value) || !make_span(span))
		return;
	/* The flags beyond the first are not ours to set: the last digit is odd or even. */
	sampled = (strchr(hex, value.ptr[VALUE_LEN - 1]) - hex) % 2 == 1;
	memcpy(t->parent, value.ptr + SPAN_AT, TRACE_SPAN_LEN);
	(void)snprintf(t->header, sizeof(t->header), TRACE_NAME "00-%.*s-%.*s-%s", TRACE_ID_LEN,
		value.ptr + ID_AT, TRACE_SPAN_LEN, span, sampled ? "01" : "00");
}
