/* SPDX-License-Identifier: MIT */
/* Small judgements and readings of ASCII text; knows no locale. */
#ifndef CRUDDUR_BASE_ASCII_H
#define CRUDDUR_BASE_ASCII_H

#include "base/slice.h"

#include <stdint.h>

/* true if every byte is visible ASCII, '!' to '~' (so also for empty text): such text can stand in
 * a header, a log line or a key without doing harm. */
static inline bool ascii_is_visible(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
			return false;
	}
	return true;
}

/* A whole number of one to fifteen digits and nothing else; -1 for any other text. */
static inline int64_t ascii_number(struct slice text)
{
	int64_t value = 0;

	if (text.len == 0 || text.len > 15)
		return -1;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return -1;
		value = value * 10 + (text.ptr[i] - '0');
	}
	return value;
}

#endif
