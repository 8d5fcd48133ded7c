/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into DynamoDB Local, for what it has no options for: a bind(2) that turns "every
 * address" into 127.0.0.1, and an fsync(2) that does nothing, since what a power cut takes from a
 * working copy is made again by `up`, and waiting for a disk at each write makes tests several
 * times slower. Part of the working copy only; nothing of the product is linked with it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef int bind_function(int fd, const struct sockaddr *address, socklen_t length);

int bind(int fd, const struct sockaddr *address, socklen_t length)
{
	struct sockaddr_in in;
	bind_function *next = NULL;
	void *symbol = dlsym(RTLD_NEXT, "bind");

	if (!symbol) {
		errno = ENOSYS;
		return -1;
	}
	/* ISO C has no cast from an object pointer to a function pointer (POSIX, dlsym rationale).
	 */
	memcpy(&next, &symbol, sizeof(next));
	if (address && address->sa_family == AF_INET && length >= sizeof(in)) {
		memcpy(&in, address, sizeof(in));
		if (in.sin_addr.s_addr == htonl(INADDR_ANY)) {
			in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
			return next(fd, (const struct sockaddr *)&in, sizeof(in));
		}
	}
	return next(fd, address, length);
}

int fsync(int fd)
{
	(void)fd;
	return 0;
}

int fdatasync(int fd)
{
	(void)fd;
	return 0;
}
