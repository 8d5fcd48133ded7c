/* SPDX-License-Identifier: MIT */
/* Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. Normalises and
 * folds nothing. */
#ifndef CRUDDUR_BASE_UTF8_H
#define CRUDDUR_BASE_UTF8_H

#include "base/slice.h"

#include <stdint.h>

/* Length in bytes of the code point at the start of text, 1 to 4; 0 if there is none or it is not
 * well formed. */
size_t utf8_char_len(struct slice text);

/* The code point at the start of text, which must be well formed; its length goes to *len. */
uint32_t utf8_decode(struct slice text, size_t *len);

bool utf8_valid(struct slice text);

/* Number of code points; text must be valid. */
size_t utf8_count(struct slice text);

/* true if every code point has the Unicode property White_Space (so also for empty text); text must
 * be valid. */
bool utf8_is_blank(struct slice text);

/* text without its last code point, empty if there is none; text must be valid. */
struct slice utf8_without_last(struct slice text);

/* Writes one code point (a Unicode scalar value); returns the number of bytes, 1 to 4. */
size_t utf8_encode(uint32_t code_point, char out[4]);

#endif
