/* SPDX-License-Identifier: MIT */
/* The thread behind http_server.h: one poll loop over a listener, a pipe that ends it and a few
 * connections. Understands requests with Content-Length or without a body, nothing more. */
#include "support/http_server.h"

#include "base/buf.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECTIONS_MAX 16
#define REPLIES_MAX 64
#define REQUESTS_MAX 512
/* Room for an answer that is over every cap of a client's. */
#define REPLY_MAX ((size_t)64 << 20)

struct connection {
	int fd; /* -1: free */
	struct buf in;
};

struct kept_request {
	struct buf head, body;
};

struct http_server {
	int listener;
	int stop[2]; /* a pipe: a byte in it ends the thread */
	char url[40];
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)]; /* empty: not a Unix socket */
	pthread_t thread;
	struct connection connections[CONNECTIONS_MAX];
	pthread_mutex_t lock; /* over all that follows */
	struct http_server_reply script[REPLIES_MAX];
	size_t script_len, script_at;
	struct kept_request requests[REQUESTS_MAX];
	size_t hits, accepted;
};

static char *copied(const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	ck_assert(!text || copy);
	return copy;
}

static void send_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* the client has gone: its own affair */
		bytes += n;
		len -= (size_t)n;
	}
}

static void hang_up(struct connection *c)
{
	(void)close(c->fd);
	c->fd = -1;
	buf_free(&c->in);
}

/* The reply whose turn it is; the lock is held. */
static struct http_server_reply next_reply(struct http_server *s)
{
	struct http_server_reply none = { .status = 404 };

	if (s->script_len == 0)
		return none;
	if (s->script_at < s->script_len)
		return s->script[s->script_at++];
	return s->script[s->script_len - 1];
}

static void write_reply(struct buf *text, const struct http_server_reply *r)
{
	const char *body = r->body ? r->body : "";
	char head[128];

	if (r->manner == HTTP_SERVER_RAW) {
		buf_add_str(text, body);
		return;
	}
	snprintf(head, sizeof(head), "HTTP/1.1 %d Scripted\r\nContent-Length: %zu\r\n",
		r->status ? r->status : 200, strlen(body));
	buf_add_str(text, head);
	if (r->headers)
		buf_add_str(text, r->headers);
	buf_add_str(text, "\r\n");
	buf_add_str(text, body);
}

static void answer(struct connection *c, const struct buf *text, enum http_server_manner manner)
{
	if (manner == HTTP_SERVER_HANG)
		return;
	if (manner == HTTP_SERVER_TORN)
		send_all(c->fd, text->data, text->len - text->len / 4 - 1);
	else if (manner != HTTP_SERVER_DROP)
		send_all(c->fd, text->data, text->len);
	if (manner != HTTP_SERVER_SOUND)
		hang_up(c);
}

/* Keeps a request and answers it. Under the lock, so that a test that has its answer also sees the
 * hit. */
static void serve(struct http_server *s, struct connection *c, struct slice head, struct slice body)
{
	struct http_server_reply reply;
	struct buf text = { .max = REPLY_MAX };

	pthread_mutex_lock(&s->lock);
	ck_assert(s->hits < REQUESTS_MAX);
	buf_add_slice(&s->requests[s->hits].head, head);
	buf_add_slice(&s->requests[s->hits].body, body);
	s->hits++;
	reply = next_reply(s);
	write_reply(&text, &reply); /* its texts may be forgotten once the lock is free */
	pthread_mutex_unlock(&s->lock);
	answer(c, &text, reply.manner);
	buf_free(&text);
}

static size_t content_length(const char *head)
{
	const char *at = strcasestr(head, "\r\nContent-Length:");

	return at ? strtoul(at + strlen("\r\nContent-Length:"), NULL, 10) : 0;
}

/* Serves each whole request that has come in. */
static void serve_what_is_there(struct http_server *s, struct connection *c)
{
	const char *end;

	while (c->fd >= 0 && c->in.len > 0 && (end = strstr(c->in.data, "\r\n\r\n"))) {
		size_t head = (size_t)(end + 4 - c->in.data);
		struct buf taken = { 0 };
		size_t whole;

		buf_add(&taken, c->in.data, head);
		whole = head + content_length(taken.data);
		if (c->in.len < whole) {
			buf_free(&taken);
			return;
		}
		buf_clear(&taken);
		buf_add(&taken, c->in.data, whole);
		memmove(c->in.data, c->in.data + whole, c->in.len - whole + 1);
		c->in.len -= whole;
		serve(s, c, (struct slice){ taken.data, head },
			(struct slice){ taken.data + head, whole - head });
		buf_free(&taken);
	}
}

static void read_some(struct http_server *s, struct connection *c)
{
	char *room = buf_reserve(&c->in, 65536);
	ssize_t n = recv(c->fd, room, 65536, 0);

	if (n <= 0) {
		hang_up(c);
		return;
	}
	buf_grew(&c->in, (size_t)n);
	serve_what_is_there(s, c);
}

static void let_in(struct http_server *s)
{
	int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		if (s->connections[i].fd >= 0)
			continue;
		s->connections[i].fd = fd;
		pthread_mutex_lock(&s->lock);
		s->accepted++;
		pthread_mutex_unlock(&s->lock);
		return;
	}
	(void)close(fd);
}

static void *run(void *arg)
{
	struct http_server *s = arg;

	for (;;) {
		struct pollfd fds[CONNECTIONS_MAX + 2] = {
			{ .fd = s->stop[0], .events = POLLIN },
			{ .fd = s->listener, .events = POLLIN },
		};

		for (size_t i = 0; i < CONNECTIONS_MAX; i++)
			fds[i + 2] = (struct pollfd){ s->connections[i].fd, POLLIN, 0 };
		if (poll(fds, CONNECTIONS_MAX + 2, -1) < 0)
			continue; /* a signal */
		if (fds[0].revents)
			return NULL;
		for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
			if (fds[i + 2].revents)
				read_some(s, &s->connections[i]);
		}
		if (fds[1].revents)
			let_in(s);
	}
}

static struct http_server *start(int family, const struct sockaddr *at, socklen_t size)
{
	struct http_server *s = calloc(1, sizeof(*s));

	ck_assert_ptr_nonnull(s);
	s->listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(s->listener, 0);
	ck_assert_int_eq(bind(s->listener, at, size), 0);
	ck_assert_int_eq(listen(s->listener, CONNECTIONS_MAX), 0);
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		s->connections[i].fd = -1;
	ck_assert_int_eq(pipe2(s->stop, O_CLOEXEC), 0);
	ck_assert_int_eq(pthread_mutex_init(&s->lock, NULL), 0);
	ck_assert_int_eq(pthread_create(&s->thread, NULL, run, s), 0);
	return s;
}

struct http_server *http_server_start(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t size = sizeof(at);
	struct http_server *s;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s = start(AF_INET, (struct sockaddr *)&at, size);
	ck_assert_int_eq(getsockname(s->listener, (struct sockaddr *)&at, &size), 0);
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%d", ntohs(at.sin_port));
	return s;
}

struct http_server *http_server_start_unix(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct http_server *s;

	ck_assert_uint_lt(strlen(path), sizeof(at.sun_path));
	memcpy(at.sun_path, path, strlen(path));
	s = start(AF_UNIX, (struct sockaddr *)&at, sizeof(at));
	memcpy(s->path, at.sun_path, sizeof(at.sun_path));
	return s;
}

void http_server_stop(struct http_server *s)
{
	ck_assert_int_eq(write(s->stop[1], "", 1), 1);
	ck_assert_int_eq(pthread_join(s->thread, NULL), 0);
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		if (s->connections[i].fd >= 0)
			hang_up(&s->connections[i]);
	}
	(void)close(s->listener);
	if (s->path[0] != '\0')
		(void)unlink(s->path);
	(void)close(s->stop[0]);
	(void)close(s->stop[1]);
	http_server_forget_script(s);
	for (size_t i = 0; i < s->hits; i++) {
		buf_free(&s->requests[i].head);
		buf_free(&s->requests[i].body);
	}
	pthread_mutex_destroy(&s->lock);
	free(s);
}

const char *http_server_url(const struct http_server *s)
{
	return s->url;
}

void http_server_reply(struct http_server *s, struct http_server_reply reply)
{
	reply.headers = copied(reply.headers);
	reply.body = copied(reply.body);
	pthread_mutex_lock(&s->lock);
	ck_assert(s->script_len < REPLIES_MAX);
	s->script[s->script_len++] = reply;
	pthread_mutex_unlock(&s->lock);
}

void http_server_reply_ok(struct http_server *s, const char *body)
{
	http_server_reply(s, (struct http_server_reply){ .body = body });
}

void http_server_forget_script(struct http_server *s)
{
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->script_len; i++) {
		free((char *)s->script[i].headers);
		free((char *)s->script[i].body);
	}
	s->script_len = 0;
	s->script_at = 0;
	pthread_mutex_unlock(&s->lock);
}

size_t http_server_hits(struct http_server *s)
{
	size_t n;

	pthread_mutex_lock(&s->lock);
	n = s->hits;
	pthread_mutex_unlock(&s->lock);
	return n;
}

size_t http_server_connections(struct http_server *s)
{
	size_t n;

	pthread_mutex_lock(&s->lock);
	n = s->accepted;
	pthread_mutex_unlock(&s->lock);
	return n;
}

struct slice http_server_head(struct http_server *s, size_t i)
{
	ck_assert_uint_lt(i, http_server_hits(s));
	return buf_slice(&s->requests[i].head); /* written once, before the hit was counted */
}

struct slice http_server_body(struct http_server *s, size_t i)
{
	ck_assert_uint_lt(i, http_server_hits(s));
	return buf_slice(&s->requests[i].body);
}

char *http_server_header(struct http_server *s, size_t i, const char *name)
{
	const char *line = http_server_head(s, i).ptr;
	size_t len = strlen(name);

	while ((line = strstr(line, "\r\n"))) {
		line += 2;
		if (strncasecmp(line, name, len) == 0 && line[len] == ':') {
			const char *value = line + len + 1 + strspn(line + len + 1, " ");
			char *copy = strndup(value, strcspn(value, "\r"));

			ck_assert_ptr_nonnull(copy);
			return copy;
		}
	}
	return NULL;
}

bool http_server_asked(struct http_server *s, size_t i, const char *request_line)
{
	struct slice head = http_server_head(s, i);

	return slice_starts_with(head, slice_of(request_line)) &&
		head.ptr[strlen(request_line)] == '\r';
}
