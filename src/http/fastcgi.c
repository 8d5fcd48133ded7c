/* SPDX-License-Identifier: MIT */
/* The FastCGI side of a worker. */
#include "http/fastcgi.h"

#include "base/log.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define LISTEN_FD 0
#define FRONT_WAIT_S                                                                               \
	2 /* for bytes from or to the front; libfcgi itself waits two more when it closes */

/* libfcgi writes by as much, and a kernel's own account of it is longer: a socket that holds four
 * times an answer takes it without a wait. */
#define BUFFER_PER_BYTE 4
#define UNBOUNDED_CAP ((size_t)16 << 10)

struct fastcgi {
	FCGX_Request request;
	size_t unbounded_max; /* the longest answer that a new connection takes without a wait */
	bool read_bounded; /* this connection's reads are */
	bool has_body; /* the front announced one */
};

/* What a signal handler needs must be reachable without arguments. */
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

/* A front that stops in the middle of a body, or does not take the answer, must not hold the
 * worker: SO_RCVTIMEO or SO_SNDTIMEO, set where a wait is possible at all. The parameters are read
 * within FCGX_Accept_r, which waits for their first byte itself. */
static void bound_waits(int fd, int option)
{
	const struct timeval most = { .tv_sec = FRONT_WAIT_S };

	if (setsockopt(fd, SOL_SOCKET, option, &most, sizeof(most)) != 0)
		LOG(LOG_WARN, "front_without_timeout", log_int("errno", errno));
}

static int read_body(void *source, char *into, int n)
{
	struct fastcgi *f = source;
	FCGX_Stream *in = f->request.in;
	int got;

	if (!f->read_bounded)
		bound_waits(f->request.ipcFd, SO_RCVTIMEO);
	f->read_bounded = true;
	got = FCGX_GetStr(into, n, in);
	return got == 0 && FCGX_GetError(in) != 0 ? -1 : got;
}

/* Connections to one listening Unix socket are all alike. Those to a TCP socket are not, but hold
 * at least UNBOUNDED_CAP. */
static void learn_buffer(struct fastcgi *f)
{
	int size = 0;
	socklen_t len = sizeof(size);

	if (f->unbounded_max == 0 &&
		getsockopt(f->request.ipcFd, SOL_SOCKET, SO_SNDBUF, &size, &len) == 0 && size > 0)
		f->unbounded_max = (size_t)size / BUFFER_PER_BYTE < UNBOUNDED_CAP
			? (size_t)size / BUFFER_PER_BYTE
			: UNBOUNDED_CAP;
}

enum status fastcgi_accept(struct fastcgi *f, struct http_request *r)
{
	enum status rc;

	if (leaving)
		return STATUS_NOT_FOUND;
	if (FCGX_Accept_r(&f->request) != 0) {
		if (leaving)
			return STATUS_NOT_FOUND;
		LOG(LOG_ERROR, "accept_failed", log_int("errno", errno));
		return STATUS_UNAVAILABLE;
	}
	/* One request for a connection, whatever the front wishes: a kept one would hold this
	 * worker while others wait, and be read from without a bound. */
	f->request.keepConnection = 0;
	learn_buffer(f);
	f->read_bounded = false;
	f->has_body = true;
	r->read = read_body;
	r->source = f;
	rc = http_request_read_params(r, f->request.envp);
	if (rc == STATUS_OK)
		f->has_body = r->content_length > 0;
	return rc;
}

static bool put(struct fastcgi *f, struct slice bytes)
{
	return FCGX_PutStr(bytes.ptr, (int)bytes.len, f->request.out) >= 0;
}

enum status fastcgi_write(struct fastcgi *f, struct slice head, struct slice body)
{
	if (head.len > INT_MAX || body.len > INT_MAX)
		return STATUS_TOO_LARGE;
	if (head.len + body.len > f->unbounded_max)
		bound_waits(f->request.ipcFd, SO_SNDTIMEO);
	return put(f, head) && put(f, body) ? STATUS_OK : STATUS_UNAVAILABLE;
}

/* Whether the front has nothing under way to this end: the end of its body was seen, or there is
 * none and nothing lies in the socket. */
static bool took_all(const struct fastcgi *f)
{
	char byte;

	if (FCGX_HasSeenEOF(f->request.in) == EOF)
		return true;
	return !f->has_body && recv(f->request.ipcFd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
		(errno == EAGAIN || errno == EWOULDBLOCK);
}

/* libfcgi shuts its side down and then waits for the front to close, as a close with bytes unread
 * would break the connection under the answer. Where there are none that wait is a switch to
 * another process and back for nothing; a request that is "detached" is closed without it. */
void fastcgi_finish(struct fastcgi *f)
{
	if (f->request.in && took_all(f))
		(void)FCGX_Detach(&f->request);
	FCGX_Finish_r(&f->request);
}
