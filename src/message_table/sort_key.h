/* SPDX-License-Identifier: MIT */
/* Sort keys are times as text, ordered by their bytes. Ours are of one form (base/clock.h); other
 * programs write any form of ISO 8601. */
#ifndef CRUDDUR_MESSAGE_TABLE_SORT_KEY_H
#define CRUDDUR_MESSAGE_TABLE_SORT_KEY_H

#include "base/buf.h"
#include "base/slice.h"
#include "base/status.h"

/* Writes into out (emptied first) a key in the same form that comes a microsecond later, or the
 * least that its form can express; in any case one whose bytes sort after sk's. */
STATUS_MUSTCHECK enum status sort_key_next(struct slice sk, struct buf *out);

#endif
