/* SPDX-License-Identifier: MIT */
/* A preload that stops the wall clock at FROZEN_CLOCK_NS nanoseconds since 1970, for tests of what
 * happens when messages share an instant. Clocks that measure durations go on. */
#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long long frozen_ns(void)
{
	const char *text = getenv("FROZEN_CLOCK_NS");

	return text ? strtoll(text, NULL, 10) : 0;
}

int clock_gettime(clockid_t id, struct timespec *out)
{
	static int (*real)(clockid_t, struct timespec *);
	long long ns = frozen_ns();

	if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) {
		out->tv_sec = ns / 1000000000;
		out->tv_nsec = ns % 1000000000;
		return 0;
	}
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	return real(id, out);
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	(void)zone;
	out->tv_sec = frozen_ns() / 1000000000;
	out->tv_usec = frozen_ns() % 1000000000 / 1000;
	return 0;
}

time_t time(time_t *out)
{
	time_t now = frozen_ns() / 1000000000;

	if (out)
		*out = now;
	return now;
}
