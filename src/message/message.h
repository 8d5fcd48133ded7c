/* SPDX-License-Identifier: MIT */
/* A message and the rules for its text. */
#ifndef CRUDDUR_MESSAGE_MESSAGE_H
#define CRUDDUR_MESSAGE_MESSAGE_H

#include "base/slice.h"

#define MESSAGE_MAX_CODE_POINTS ((size_t)1024)

/* One message of a conversation: its sender and its time, as stored. Borrowed texts. */
struct message {
	struct slice uuid;
	struct slice user_uuid; /* the sender's, as are the next two; empty: the row does not say */
	struct slice display_name, handle; /* as stored in the row */
	struct slice message, created_at;
};

/* What is wrong with a text; several may be. */
enum message_fault {
	MESSAGE_BLANK = 1 << 0, /* empty, or only Unicode White_Space */
	MESSAGE_TOO_LONG = 1 << 1, /* over MESSAGE_MAX_CODE_POINTS */
	MESSAGE_HAS_NUL = 1 << 2, /* holds U+0000 */
};

/* The faults of a text, which must be valid UTF-8; 0 if it may be sent. */
unsigned int message_faults(struct slice text);

#endif
