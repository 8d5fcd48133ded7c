/* SPDX-License-Identifier: MIT */
/* Counting on in a sort key without changing its form. */
#include "message_table/sort_key.h"

#include "base/ascii.h"
#include "base/clock.h"

#include <time.h>

/* "YYYY-MM-DDTHH:MM:SS", and with a fraction of six digits. */
#define SECONDS_LEN 19
#define MICROS_LEN 26
#define MICROS_DIGITS 6

/* A key taken apart: seconds, fraction, and what follows (a zone, or nothing). */
struct parts {
	int64_t us; /* since 1970, as if it were UTC */
	size_t digits; /* of the fraction */
	struct slice tail;
};

static bool read_part(struct slice sk, size_t at, size_t digits, int *out)
{
	int64_t value = ascii_number((struct slice){ sk.ptr + at, digits });

	*out = (int)value;
	return value >= 0;
}

static bool read_seconds(struct slice sk, int64_t *seconds)
{
	struct tm t = { 0 };

	if (sk.len < SECONDS_LEN || sk.ptr[4] != '-' || sk.ptr[7] != '-' || sk.ptr[13] != ':' ||
		sk.ptr[16] != ':' || !read_part(sk, 0, 4, &t.tm_year) ||
		!read_part(sk, 5, 2, &t.tm_mon) || !read_part(sk, 8, 2, &t.tm_mday) ||
		!read_part(sk, 11, 2, &t.tm_hour) || !read_part(sk, 14, 2, &t.tm_min) ||
		!read_part(sk, 17, 2, &t.tm_sec))
		return false;
	t.tm_year -= 1900;
	t.tm_mon -= 1;
	*seconds = timegm(&t);
	return true;
}

static bool take_apart(struct slice sk, struct parts *out)
{
	struct parts p = { .digits = 0 };
	int64_t fraction = 0;

	if (!read_seconds(sk, &p.us))
		return false;
	p.tail = slice_skip(sk, SECONDS_LEN);
	if (p.tail.len > 1 && p.tail.ptr[0] == '.') {
		p.tail = slice_skip(p.tail, 1);
		while (p.digits < p.tail.len && p.tail.ptr[p.digits] >= '0' &&
			p.tail.ptr[p.digits] <= '9')
			p.digits++;
		for (size_t i = 0; i < MICROS_DIGITS; i++)
			fraction = fraction * 10 + (i < p.digits ? p.tail.ptr[i] - '0' : 0);
		p.tail = slice_skip(p.tail, p.digits);
	}
	p.us = p.us * 1000000 + fraction;
	*out = p;
	return true;
}

/* The key so many microseconds later with so many digits of a fraction; true if it sorts after sk.
 */
static bool count_on(
	struct slice sk, const struct parts *p, int64_t step_us, size_t digits, struct buf *out)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(p->us + step_us, text);
	text[10] = sk.ptr[10]; /* 'T', or whatever stands there */
	buf_clear(out);
	buf_add(out, text, digits > 0 ? MICROS_LEN - (MICROS_DIGITS - digits) : SECONDS_LEN);
	buf_add_slice(out, p->tail);
	return slice_compare(buf_slice(out), sk) > 0;
}

enum status sort_key_next(struct slice sk, struct buf *out)
{
	struct parts p;
	int64_t unit_us = 1000000;

	if (take_apart(sk, &p)) {
		if (count_on(sk, &p, 1, MICROS_DIGITS, out))
			return buf_ok(out) ? STATUS_OK : STATUS_NO_MEMORY;
		/* A longer fraction sorts before a shorter one where a "Z" ends it. */
		for (size_t i = 0; i < p.digits && i < MICROS_DIGITS; i++)
			unit_us /= 10;
		if (count_on(sk, &p, unit_us, p.digits < MICROS_DIGITS ? p.digits : MICROS_DIGITS,
			    out))
			return buf_ok(out) ? STATUS_OK : STATUS_NO_MEMORY;
	}
	/* No time that we know: what sorts right behind it. */
	buf_clear(out);
	buf_add_slice(out, sk);
	buf_add_char(out, '0');
	return buf_ok(out) ? STATUS_OK : STATUS_NO_MEMORY;
}
