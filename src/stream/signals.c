/* SPDX-License-Identifier: MIT */
/* Blocking and taking signals. */
#include "stream/signals.h"

#include "base/clock.h"

#include <signal.h>
#include <stddef.h>
#include <time.h>

static void fill(sigset_t *set)
{
	/* These cannot fail for signals that exist. */
	(void)sigemptyset(set);
	(void)sigaddset(set, SIGTERM);
	(void)sigaddset(set, SIGINT);
	(void)sigaddset(set, SIGUSR1);
}

enum status stream_signals_block(void)
{
	sigset_t set;

	fill(&set);
	return sigprocmask(SIG_BLOCK, &set, NULL) == 0 ? STATUS_OK : STATUS_INTERNAL;
}

void stream_signals_take(struct stream_signals *s, int64_t wait_ms)
{
	struct timespec wait = { .tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000 };
	sigset_t set;
	int number;

	fill(&set);
	while ((number = sigtimedwait(&set, NULL, &wait)) > 0) {
		if (number == SIGUSR1) {
			s->figures = true;
		} else if (!s->stop) {
			s->stop = true;
			s->stop_ms = clock_monotonic_ms();
		}
		wait = (struct timespec){ 0 };
	}
}
