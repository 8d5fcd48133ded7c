/* SPDX-License-Identifier: MIT */
/* The FastCGI side of a worker. */
#include "http/fastcgi.h"

#include "base/log.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define LISTEN_FD 0
#define FRONT_WAIT_S                                                                               \
	2 /* for bytes from or to the front; libfcgi itself waits two more when it closes */

struct fastcgi {
	FCGX_Request request;
};

/* What a signal handler needs must be reachable without arguments: the one exception to "no globals
 * outside log". */
static volatile sig_atomic_t leaving;
static volatile sig_atomic_t nowhere_fd = -1;

/* libfcgi tests for a shutdown and then calls accept: a signal between the two would leave the
 * worker asleep until the next request. So the handler takes the listening socket away from this
 * process: an accept that is about to start fails at once, one that sleeps is interrupted and,
 * being restarted (SA_RESTART), fails as well. Other workers have their own descriptors and go on.
 * dup2 is async-signal-safe (signal-safety(7)). */
static void leave(int signal_number)
{
	int kept = errno;

	(void)signal_number;
	leaving = 1;
	(void)dup2(nowhere_fd, LISTEN_FD);
	errno = kept;
}

/* Before FCGX_Init, which installs its own handlers only where there are none. SA_RESTART: a
 * request that is being served notices nothing. */
static enum status install_handlers(void)
{
	struct sigaction act = { .sa_handler = leave, .sa_flags = SA_RESTART };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	nowhere_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (nowhere_fd < 0)
		return STATUS_INTERNAL;
	if (sigaction(SIGTERM, &act, NULL) != 0 || sigaction(SIGUSR1, &act, NULL) != 0 ||
		sigaction(SIGPIPE, &ignore, NULL) != 0)
		return STATUS_INTERNAL;
	return STATUS_OK;
}

enum status fastcgi_open(struct fastcgi **out)
{
	struct fastcgi *f;
	int listening = 0;
	socklen_t size = sizeof(listening);

	if (getsockopt(LISTEN_FD, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || !listening)
		return STATUS_INVALID;
	f = calloc(1, sizeof(*f));
	if (!f)
		return STATUS_NO_MEMORY;
	if (install_handlers() != STATUS_OK || FCGX_Init() != 0 ||
		FCGX_InitRequest(&f->request, LISTEN_FD, 0) != 0) {
		free(f);
		return STATUS_INTERNAL;
	}
	/* FCGX_Init puts a handler of its own where it finds SIG_IGN; a write to a front that is
	 * gone must stay an error and nothing more. */
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
		free(f);
		return STATUS_INTERNAL;
	}
	*out = f;
	return STATUS_OK;
}

void fastcgi_close(struct fastcgi *f)
{
	if (!f)
		return;
	FCGX_Finish_r(&f->request);
	free(f);
}

static int read_body(void *source, char *into, int n)
{
	FCGX_Stream *in = source;
	int got = FCGX_GetStr(into, n, in);

	return got == 0 && FCGX_GetError(in) != 0 ? -1 : got;
}

/* A front that stops in the middle of a body, or does not take the answer, must not hold the
 * worker. The parameters are read within FCGX_Accept_r, which waits for their first byte itself. */
static void bound_waits(int fd)
{
	const struct timeval most = { .tv_sec = FRONT_WAIT_S };

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most)) != 0 ||
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most)) != 0)
		LOG(LOG_WARN, "front_without_timeout", log_int("errno", errno));
}

enum status fastcgi_accept(struct fastcgi *f, struct http_request *r)
{
	if (leaving)
		return STATUS_NOT_FOUND;
	if (FCGX_Accept_r(&f->request) != 0) {
		if (leaving)
			return STATUS_NOT_FOUND;
		LOG(LOG_ERROR, "accept_failed", log_int("errno", errno));
		return STATUS_UNAVAILABLE;
	}
	bound_waits(f->request.ipcFd);
	r->read = read_body;
	r->source = f->request.in;
	return http_request_read_params(r, f->request.envp);
}

enum status fastcgi_write(struct fastcgi *f, struct slice bytes)
{
	if (bytes.len > INT_MAX)
		return STATUS_TOO_LARGE;
	if (FCGX_PutStr(bytes.ptr, (int)bytes.len, f->request.out) < 0)
		return STATUS_UNAVAILABLE;
	return STATUS_OK;
}

void fastcgi_finish(struct fastcgi *f)
{
	FCGX_Finish_r(&f->request);
}
