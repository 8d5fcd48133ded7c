/* SPDX-License-Identifier: MIT */
/* A handle, and what a request sets in it. For the files of fetch/ only. */
#ifndef CRUDDUR_FETCH_OPTIONS_H
#define CRUDDUR_FETCH_OPTIONS_H

#include "base/buf.h"
#include "fetch/fetch.h"

#include <curl/curl.h>

struct fetch {
	CURL *easy;
	CURLM *multi; /* runs it, and holds its connections */
	struct curl_slist *headers; /* what libcurl holds now, the token's included */
	CURLU *place; /* what url says, parsed once */
	struct buf url, unix_socket, scope, key_id, secret, token, method; /* texts libcurl holds */
	int64_t connect_ms, total_ms; /* likewise; -1: unknown */
	bool (*stop)(void *context); /* of the request under way */
	void *stop_context;
	struct buf body; /* the last answer's */
	bool too_large;
	int sends;
	char problem[CURL_ERROR_SIZE];
};

/* Parsed once and not by libcurl at each request. false: it is no URL that libcurl can read. */
bool fetch_set_url(struct fetch *f, const char *url);

/* All the rest. false: libcurl refused an option; the next request sets it again. */
bool fetch_prepare(struct fetch *f, const struct fetch_request *r);

#endif
