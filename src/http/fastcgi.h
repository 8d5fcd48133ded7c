/* SPDX-License-Identifier: MIT */
/* The FastCGI side of a worker: takes requests from the listening socket on fd 0, one at a time,
 * and leaves on a signal without losing one. The only module that includes libfcgi. Source: FastCGI
 * Specification 1.0; libfcgi 2.4.2. */
#ifndef CRUDDUR_HTTP_FASTCGI_H
#define CRUDDUR_HTTP_FASTCGI_H

#include "http/request.h"
#include "http/response.h"

struct fastcgi;

/* STATUS_INVALID: fd 0 is no listening socket. From here on SIGTERM and SIGUSR1 mean "finish the
 * request, then leave", SIGPIPE nothing. One in a process. */
STATUS_MUSTCHECK enum status fastcgi_open(struct fastcgi **out);
void fastcgi_close(struct fastcgi *f);

/* Waits for a request. STATUS_OK: r is filled in (its texts live until fastcgi_finish).
 * STATUS_NOT_FOUND: asked to leave, and no request was taken. STATUS_UNAVAILABLE: the socket broke.
 * STATUS_NO_MEMORY and STATUS_INTERNAL: a request was taken but cannot be read; finish it. */
STATUS_MUSTCHECK enum status fastcgi_accept(struct fastcgi *f, struct http_request *r);

/* Writes the answer; once for a request. STATUS_UNAVAILABLE: the front is gone; there is nobody to
 * tell. */
STATUS_MUSTCHECK enum status fastcgi_write(struct fastcgi *f, struct slice head, struct slice body);

/* Ends the request: the front has the whole answer. */
void fastcgi_finish(struct fastcgi *f);

#endif
