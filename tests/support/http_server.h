/* SPDX-License-Identifier: MIT */
/* An HTTP/1.1 server for unit tests: a thread in the test's own process, on a port of 127.0.0.1
 * that the kernel picks. It plays a script of replies, misbehaves when the script says so, and
 * keeps what it was asked. Failures of its own end the test: it is no server for anything else. */
#ifndef CRUDDUR_TESTS_HTTP_SERVER_H
#define CRUDDUR_TESTS_HTTP_SERVER_H

#include "base/slice.h"

#include <stddef.h>

struct http_server;

enum http_server_manner {
	HTTP_SERVER_SOUND, /* the whole answer, then the connection stays open */
	HTTP_SERVER_LEAVE, /* the whole answer, then the connection is closed without a word */
	HTTP_SERVER_DROP, /* no answer: the request is read, the connection closed */
	HTTP_SERVER_TORN, /* half of the answer, then the connection is closed */
	HTTP_SERVER_HANG, /* no answer, the connection stays open */
	HTTP_SERVER_RAW, /* body is everything that is sent: status and headers are not used */
};

struct http_server_reply {
	int status; /* 0 stands for 200 */
	const char *headers; /* whole lines, each with its "\r\n"; NULL for none */
	const char *body; /* NULL for none */
	enum http_server_manner manner;
};

struct http_server *http_server_start(void);

/* The same on a Unix socket at a path where nothing is yet; it goes with the server. */
struct http_server *http_server_start_unix(const char *path);
void http_server_stop(struct http_server *s); /* frees it, and what it kept */

/* "http://127.0.0.1:PORT", without a slash; the server's. */
const char *http_server_url(const struct http_server *s);

/* Adds to the end of the script, copying the texts. Each request takes the next reply; when all
 * are taken, the last one again and again. With no script at all every answer is 404. */
void http_server_reply(struct http_server *s, struct http_server_reply reply);

/* A 200 with that body. */
void http_server_reply_ok(struct http_server *s, const char *body);

/* Forgets the script, so that the next http_server_reply starts another one. */
void http_server_forget_script(struct http_server *s);

/* Requests that arrived whole, and the connections they came over. */
size_t http_server_hits(struct http_server *s);
size_t http_server_connections(struct http_server *s);

/* The i-th request, from 0: its request line and headers, and its body. Until http_server_stop; the
 * test fails if there is none. */
struct slice http_server_head(struct http_server *s, size_t i);
struct slice http_server_body(struct http_server *s, size_t i);

/* The value of a header of the i-th request by case-insensitive name; NULL if it has none. Free
 * with free(). */
char *http_server_header(struct http_server *s, size_t i, const char *name);

/* true if the i-th request starts with that: "PUT /latest/api/token HTTP/1.1". */
bool http_server_asked(struct http_server *s, size_t i, const char *request_line);

#endif
