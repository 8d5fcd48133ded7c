/* SPDX-License-Identifier: MIT */
/* The rules for a message's text. */
#include "message/message.h"

#include "base/utf8.h"

unsigned int message_faults(struct slice text)
{
	unsigned int faults = 0;

	if (utf8_is_blank(text))
		faults |= MESSAGE_BLANK;
	if (utf8_count(text) > MESSAGE_MAX_CODE_POINTS)
		faults |= MESSAGE_TOO_LONG;
	if (text.len > 0 && memchr(text.ptr, '\0', text.len))
		faults |= MESSAGE_HAS_NUL;
	return faults;
}
