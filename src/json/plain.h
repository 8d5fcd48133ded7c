/* SPDX-License-Identifier: MIT */
/* How far a string needs no closer look, many bytes at a time: strings are most of an answer.
 * Inline, as most strings are short. For json/ alone. */
#ifndef CRUDDUR_JSON_PLAIN_H
#define CRUDDUR_JSON_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define JSON_EACH_BYTE(c) ((c)*UINT64_C(0x0101010101010101))

/* Marks, by their high bits, those of eight bytes that are a control character, a quote or a
 * backslash: a byte too small for the subtraction borrows its high bit. Bytes that are no ASCII may
 * be marked as well, and so may more significant ones than the first that is marked rightly. */
static inline uint64_t json_special_of_8(uint64_t bytes)
{
	uint64_t quote = bytes ^ JSON_EACH_BYTE('"'), backslash = bytes ^ JSON_EACH_BYTE('\\');

	return (bytes - JSON_EACH_BYTE(0x20)) | (quote - JSON_EACH_BYTE(1)) |
		(backslash - JSON_EACH_BYTE(1));
}

static inline bool json_is_special(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\';
}

/* The first byte from p on that is a control character, a quote, a backslash or no ASCII; or end.
 */
static inline const char *json_plain_end(const char *p, const char *end)
{
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
	const __m128i space = _mm_set1_epi8(' ');

	for (; end - p >= 16; p += 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
		/* Signed, so that what is no ASCII is less than a space as well. */
		__m128i special = _mm_or_si128(_mm_cmplt_epi8(bytes, space),
			_mm_or_si128(
				_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
		unsigned int mask = (unsigned int)_mm_movemask_epi8(special);

		if (mask != 0)
			return p + __builtin_ctz(mask);
	}
#endif
	for (uint64_t bytes; end - p >= (ptrdiff_t)sizeof(bytes); p += sizeof(bytes)) {
		memcpy(&bytes, p, sizeof(bytes));
		if (((json_special_of_8(bytes) | bytes) & JSON_EACH_BYTE(0x80)) != 0)
			break;
	}
	while (p < end && (unsigned char)*p < 0x80 && !json_is_special((unsigned char)*p))
		p++;
	return p;
}

#ifdef __SSE2__
/* Copies sixteen bytes; a bit is set for each that is written escaped. */
static inline unsigned int json_copy_16(char *to, const char *text)
{
	const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
	const __m128i last_control = _mm_set1_epi8(0x1f), delete = _mm_set1_epi8(0x7f);
	__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text);
	__m128i control = _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes),
		_mm_cmpeq_epi8(bytes, delete));
	__m128i special = _mm_or_si128(control,
		_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));

	_mm_storeu_si128((__m128i *)(void *)to, bytes);
	return (unsigned int)_mm_movemask_epi8(special);
}
#endif

/* Whether one of eight bytes is written escaped. */
static inline bool json_has_escaped(uint64_t bytes)
{
	uint64_t del = (bytes ^ JSON_EACH_BYTE(0x7f)) - JSON_EACH_BYTE(1);

	return ((json_special_of_8(bytes) | del) & ~bytes & JSON_EACH_BYTE(0x80)) != 0;
}

/* Copies text up to its first byte that is written escaped: a control character, U+007F among them,
 * a quote or a backslash. How many these are; to has room for all of text, and what is behind them
 * means nothing. What is left of fewer than sixteen (eight) bytes is taken again with those before
 * it. */
static inline size_t json_copy_unescaped(char *to, const char *text, size_t len)
{
	size_t at = 0;

#ifdef __SSE2__
	if (len >= 16) {
		unsigned int mask;

		for (; len - at >= 16; at += 16) {
			mask = json_copy_16(to + at, text + at);
			if (mask != 0)
				return at + (size_t)__builtin_ctz(mask);
		}
		if (at == len)
			return len;
		at = len - 16;
		mask = json_copy_16(to + at, text + at);
		return mask != 0 ? at + (size_t)__builtin_ctz(mask) : len;
	}
#endif
	for (uint64_t bytes; at < len && len >= sizeof(bytes);) {
		size_t from = len - at < sizeof(bytes) ? len - sizeof(bytes) : at;

		memcpy(&bytes, text + from, sizeof(bytes));
		if (json_has_escaped(bytes))
			break;
		memcpy(to + from, &bytes, sizeof(bytes));
		at = from + sizeof(bytes);
	}
	for (; at < len && text[at] != 0x7f && !json_is_special((unsigned char)text[at]); at++)
		to[at] = text[at];
	return at;
}

#endif
