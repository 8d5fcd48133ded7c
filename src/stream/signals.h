/* SPDX-License-Identifier: MIT */
/* SIGTERM, SIGINT and SIGUSR1, which stay blocked and are taken where the program is ready for
 * them: waiting for them is its sleep, so that none is missed between a look and a sleep. */
#ifndef CRUDDUR_STREAM_SIGNALS_H
#define CRUDDUR_STREAM_SIGNALS_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* What has been asked for so far. */
struct stream_signals {
	bool stop; /* SIGTERM or SIGINT */
	int64_t stop_ms; /* when, on the monotonic clock */
	bool figures; /* SIGUSR1; whoever answers it resets this */
};

/* Blocks them, in a program that has no other thread yet. */
STATUS_MUSTCHECK enum status stream_signals_block(void);

/* Takes what has come; waits for so long if there is nothing. */
void stream_signals_take(struct stream_signals *s, int64_t wait_ms);

#endif
