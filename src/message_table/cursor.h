/* SPDX-License-Identifier: MIT */
/* Where a page ended, as an opaque text for clients: the sort key of the last item shown, bound to
 * the partition it was shown from, so that a cursor of another conversation, or one that was
 * tampered with, is recognised. It protects no secret: it only ever continues within the partition
 * that the caller was checked for. */
#ifndef CRUDDUR_MESSAGE_TABLE_CURSOR_H
#define CRUDDUR_MESSAGE_TABLE_CURSOR_H

#include "base/buf.h"
#include "base/slice.h"
#include "base/status.h"

/* Appends the cursor for what comes before sk within pk to b. */
STATUS_MUSTCHECK enum status cursor_encode(struct slice pk, struct slice sk, struct buf *b);

/* The sk of a cursor that was made for pk, into sk (emptied first). STATUS_INVALID for any other
 * text. */
STATUS_MUSTCHECK enum status cursor_decode(struct slice pk, struct slice cursor, struct buf *sk);

/* The same for what comes after sk. Neither kind is taken for the other. */
STATUS_MUSTCHECK enum status cursor_encode_forward(struct slice pk, struct slice sk, struct buf *b);
STATUS_MUSTCHECK enum status cursor_decode_forward(
	struct slice pk, struct slice cursor, struct buf *sk);

#endif
