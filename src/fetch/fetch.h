/* SPDX-License-Identifier: MIT */
/* One outbound HTTP request at a time over a kept-alive libcurl handle: timeouts, caps, no
 * redirects, no proxies, only http and https; signed by libcurl's own AWS SigV4 when asked. Retries
 * nothing except what libcurl itself does on a kept connection that turns out to be dead. The only
 * module that includes curl.h. */
#ifndef CRUDDUR_FETCH_FETCH_H
#define CRUDDUR_FETCH_FETCH_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/slice.h"
#include "base/status.h"

struct fetch; /* a handle: its connections, its DNS cache, the last answer */

/* curl_global_init and its end; once in a program, before and after everything else here, by the
 * thread that makes the requests: libcurl's memory is quicker there (fetch/pool.h). Servers
 * are trusted by the file of CA certificates that SSL_CERT_FILE names in the environment, where it
 * is set, otherwise by the system's. */
STATUS_MUSTCHECK enum status fetch_global_open(void);
void fetch_global_close(void);

STATUS_MUSTCHECK enum status fetch_new(struct fetch **out);
void fetch_free(struct fetch *f);

/* What a signed request is signed with; texts are C strings.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html */
struct fetch_signature {
	const char *region, *service; /* "us-east-1", "dynamodb" */
	const char *access_key_id, *secret_access_key;
	const char *session_token; /* NULL or empty: none */
};

struct fetch_request {
	const char *method; /* "GET", "POST", "PUT" or "DELETE" */
	const char *url;
	const char
		*unix_socket; /* connects there, whatever host the URL names; NULL: to that host */
	const char *const *headers; /* "Name: value", NULL at the end; NULL for none */
	struct slice body; /* sent with POST and PUT */
	const struct fetch_signature *signature; /* NULL: not signed */
	size_t body_max; /* an answer's body over this is STATUS_TOO_LARGE */
	int64_t connect_ms; /* for the connection alone */
	int64_t total_ms; /* for everything; must be > 0; FETCH_FOREVER: no limit */
	/* Asked once a second at least, and whenever a signal has interrupted the wait: true gives
	 * the request up, as STATUS_UNAVAILABLE. NULL: never. */
	bool (*stop)(void *context);
	void *stop_context;
};

/* For an answer that comes when there is something to answer, like a long poll's. */
#define FETCH_FOREVER INT64_MAX

struct fetch_answer {
	int status; /* 100 to 599 */
	struct slice
		body; /* the handle's, until its next fetch_do, fetch_take_body or fetch_free */
	int sends; /* over 1: libcurl repeated the request, as a kept connection was dead; the
		      first may have arrived */
};

/* STATUS_OK for any complete HTTP answer, whatever its status. STATUS_TIMEOUT, STATUS_TOO_LARGE, or
 * STATUS_UNAVAILABLE (no connection, reset, torn answer, TLS); why is logged by the caller, who
 * gets the words from fetch_problem(). STATUS_INVALID, with nothing sent: a body over 1 MiB.
 * STATUS_NO_MEMORY, STATUS_INTERNAL. */
STATUS_MUSTCHECK enum status fetch_do(
	struct fetch *f, const struct fetch_request *request, struct fetch_answer *out);

/* Moves the body of the last answer, which fetch_answer shows, to a buffer that holds no memory
 * yet.
 */
void fetch_take_body(struct fetch *f, struct buf *out);

/* Why the last fetch_do failed; "" if it did not. Valid until the next call. */
const char *fetch_problem(const struct fetch *f);

/* A header of the last answer, its last occurrence, by case-insensitive name; false if there is
 * none. */
bool fetch_header(struct fetch *f, const char *name, struct slice *out);

#endif
