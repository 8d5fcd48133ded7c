/* SPDX-License-Identifier: MIT */
/* ddbstub: answers the DynamoDB JSON protocol at nearly no cost, so that a benchmark measures the
 * application and not the store. One thread, epoll, keep-alive HTTP/1.1.
 *
 *   ddbstub PORT [DELAY_MS [ROWS]]
 *
 * Every answer is held back for DELAY_MS, all concurrently. A list holds ROWS rows (default 20); a
 * Query gets as many of them as its Limit, and a LastEvaluatedKey if there are more. Signatures are
 * not checked. */
#include "canned.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 4096

struct conn {
	int fd, next; /* next: in the queue of delayed answers */
	size_t used, need;
	struct canned *answer;
	char asker[12];
	double due;
	char buf[32768];
};
static struct conn *conns[CONNECTIONS_MAX];
static int head = -1, tail = -1;
static double delay;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- Connections --------------------------------------------------------------------------- */

static void answer(struct conn *c)
{
	struct canned *a = c->answer;

	for (int i = 0; i < a->hole_count; i++)
		memcpy(a->text + a->holes[i], c->asker, 12);
	/* It fits the socket buffer of a client that reads its answers. */
	if (send(c->fd, a->text, a->len, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET)
		perror("send");
	c->used -= c->need; /* no client of a database pipelines, but keep what is there */
	memmove(c->buf, c->buf + c->need, c->used);
	c->answer = NULL;
}

static void closed(struct conn *c)
{
	if (c->answer) { /* still queued: dropped when its time comes */
		c->used = c->need = 0;
		return;
	}
	close(c->fd);
	conns[c->fd] = NULL;
	free(c);
}

/* true once a whole request is there; body and target then point into it. */
static bool whole_request(struct conn *c, const char **target, const char **body, size_t *size)
{
	char *end, *length;

	c->buf[c->used] = '\0';
	end = strstr(c->buf, "\r\n\r\n");
	if (!end)
		return false;
	length = strcasestr(c->buf, "\r\ncontent-length:");
	*size = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
	*target = strstr(c->buf, "DynamoDB_20120810.");
	*target = *target && *target < end ? *target + 18 : "";
	*body = end + 4;
	c->need = (size_t)(*body - c->buf) + *size;
	return c->used >= c->need;
}

static void readable(struct conn *c)
{
	const char *target, *body;
	size_t size;
	ssize_t n = recv(c->fd, c->buf + c->used, sizeof(c->buf) - 1 - c->used, 0);

	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			closed(c);
		return;
	}
	c->used += (size_t)n;
	if (c->answer)
		return;
	if (!whole_request(c, &target, &body, &size)) {
		if (c->need > sizeof(c->buf) - 1)
			closed(c);
		return;
	}
	c->answer = canned_choose(target, body, size, c->asker);
	if (delay == 0) {
		answer(c);
		return;
	}
	c->due = now() + delay;
	c->next = -1;
	if (tail >= 0)
		conns[tail]->next = c->fd;
	else
		head = c->fd;
	tail = c->fd;
}

static void answer_due(void)
{
	double t = head >= 0 ? now() : 0;

	while (head >= 0 && conns[head]->due <= t) {
		struct conn *c = conns[head];

		head = c->next;
		if (head < 0)
			tail = -1;
		if (c->need) {
			answer(c);
		} else {
			c->answer = NULL;
			closed(c);
		}
	}
}

static void take(int listener, int epoll)
{
	int one = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (fd >= CONNECTIONS_MAX || !(conns[fd] = calloc(1, sizeof(**conns)))) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	conns[fd]->fd = fd;
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd,
		&(struct epoll_event){ .events = EPOLLIN, .data.fd = fd });
}

static void serve(int listener, int epoll)
{
	for (;;) {
		struct epoll_event events[256];
		struct timespec wait = { 0, 0 };
		int n;

		if (head >= 0) {
			double left = conns[head]->due - now();

			wait.tv_sec = left > 0 ? (time_t)left : 0;
			wait.tv_nsec = left > 0 ? (long)((left - (double)wait.tv_sec) * 1e9) : 0;
		}
		n = epoll_pwait2(epoll, events, 256, head >= 0 ? &wait : NULL, NULL);
		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == listener)
				take(listener, epoll);
			else
				readable(conns[events[i].data.fd]);
		}
		answer_due();
	}
}

int main(int argc, char **argv)
{
	int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int epoll = epoll_create1(0);
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	if (argc < 2 || argc > 4) {
		fprintf(stderr, "usage: ddbstub PORT [DELAY_MS [ROWS]]\n");
		return 64;
	}
	at.sin_port = htons((in_port_t)atoi(argv[1]));
	delay = argc > 2 ? atof(argv[2]) / 1000 : 0;
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (void *)&at, sizeof(at)) || listen(listener, 1024)) {
		perror("ddbstub");
		return 1;
	}
	canned_prepare(argc > 3 ? atoi(argv[3]) : 20);
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener,
		&(struct epoll_event){ .events = EPOLLIN, .data.fd = listener });
	serve(listener, epoll);
}
