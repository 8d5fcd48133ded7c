/* SPDX-License-Identifier: MIT */
/* The JWKS over HTTP: one GET on a handle of its own, so that a slow Cognito never holds up a
 * connection to DynamoDB. */
#include "auth/jwks_http.h"

#include "base/buf.h"
#include "base/log.h"
#include "fetch/fetch.h"

#include <stdlib.h>

#define STATUS_CODE_OK 200

struct jwks_http {
	struct fetch *fetch;
	struct buf url;
	struct usage *usage; /* NULL: nobody counts */
};

enum status jwks_http_new(const char *issuer, struct usage *usage, struct jwks_http **out)
{
	enum status rc = STATUS_NO_MEMORY;
	struct jwks_http *h = calloc(1, sizeof(*h));

	if (!h)
		return STATUS_NO_MEMORY;
	h->usage = usage;
	buf_add_str(&h->url, issuer);
	buf_add_str(&h->url, "/.well-known/jwks.json");
	if (!buf_ok(&h->url))
		goto out;
	rc = fetch_new(&h->fetch);
	if (rc != STATUS_OK)
		goto out;
	*out = h;
	h = NULL;
out:
	jwks_http_free(h);
	return rc;
}

void jwks_http_free(struct jwks_http *h)
{
	if (!h)
		return;
	fetch_free(h->fetch);
	buf_free(&h->url);
	free(h);
}

static enum status read_document(void *context, int64_t total_ms, struct slice *document)
{
	static const char *const headers[] = { "Accept: application/json", NULL };
	struct jwks_http *h = context;
	struct fetch_request request = {
		.method = "GET",
		.url = buf_cstr(&h->url),
		.headers = headers,
		.body_max = JWKS_HTTP_BODY_MAX,
		.connect_ms = total_ms < JWKS_HTTP_CONNECT_MS ? total_ms : JWKS_HTTP_CONNECT_MS,
		.total_ms = total_ms,
	};
	struct fetch_answer answer;
	int64_t begun_us = usage_begin(h->usage);
	enum status rc = fetch_do(h->fetch, &request, &answer);

	usage_end(h->usage, begun_us, rc != STATUS_OK || answer.status != STATUS_CODE_OK);
	if (rc != STATUS_OK) {
		LOG(LOG_WARN, "jwks_fetch_failed", log_str("reason", status_name(rc)),
			log_str("problem", fetch_problem(h->fetch)));
		return STATUS_UNAVAILABLE;
	}
	if (answer.status != STATUS_CODE_OK) {
		LOG(LOG_WARN, "jwks_fetch_failed", log_str("reason", "status"),
			log_int("status", answer.status));
		return STATUS_UNAVAILABLE;
	}
	*document = answer.body;
	return STATUS_OK;
}

struct jwks_source jwks_http_source(struct jwks_http *h)
{
	return (struct jwks_source){ .read = read_document, .context = h };
}
