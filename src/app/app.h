/* SPDX-License-Identifier: MIT */
/* What lives as long as a worker: its connections, its caches, its route table; and what happens to
 * every request, whichever route it is for. */
#ifndef CRUDDUR_APP_APP_H
#define CRUDDUR_APP_APP_H

#include "base/settings.h"
#include "http/request.h"
#include "http/response.h"

struct app;

/* Builds everything from the settings, which must outlive it. Connects to nothing: a backend that
 * is down does not stop a start. STATUS_INVALID: problem says which setting is wrong (half a
 * credential pair, a URL libpq cannot parse). */
STATUS_MUSTCHECK enum status app_new(
	const struct settings *settings, struct buf *problem, struct app **out);
void app_free(struct app *a);

/* It begins to serve; it leaves in order: for the figures. */
void app_opens(struct app *a);
void app_closes(struct app *a);

/* Looks at everything that it needs, a line each (check/check.h). settings: those it was built
 * from. */
struct check;
void app_check(struct app *a, const struct settings *settings, struct check *c);

/* Answers one request: request id, route, login, handler, CORS, access log. response must be empty
 * (http_response_clear). */
void app_handle(struct app *a, const struct http_request *request, struct http_response *response);

/* What is still to be done for that request when its client has the answer. */
void app_after(struct app *a);

#endif
