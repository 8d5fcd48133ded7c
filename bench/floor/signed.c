/* SPDX-License-Identifier: MIT */
/* One handle that is kept, one connection, no option that is not needed. */
#include "signed.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static CURL *easy;
static CURLM *multi;
static struct curl_slist *headers;
static const char *current; /* the operation that headers name */

static size_t drop(char *bytes, size_t size, size_t count, void *user)
{
	(void)bytes;
	(void)size;
	(void)user;
	return count;
}

static void check(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "floor: libcurl: %s\n", what);
	exit(1);
}

static void open_handle(const char *endpoint)
{
	CURLU *place = curl_url();

	multi = curl_multi_init();
	easy = curl_easy_init();
	check(multi && easy && place &&
			curl_url_set(place, CURLUPART_URL, endpoint, 0) == CURLUE_OK &&
			curl_easy_setopt(easy, CURLOPT_CURLU, place) == CURLE_OK &&
			curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
			curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
			curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop) == CURLE_OK &&
			curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, "aws:amz:us-east-1:dynamodb") ==
				CURLE_OK &&
			curl_easy_setopt(easy, CURLOPT_USERNAME, "AKIDEXAMPLEEXAMPLEEX") ==
				CURLE_OK &&
			curl_easy_setopt(easy, CURLOPT_PASSWORD, "secret") == CURLE_OK,
		"cannot be set up");
}

static void set_operation(const char *operation)
{
	char line[80];

	if (current == operation)
		return;
	snprintf(line, sizeof(line), "X-Amz-Target: DynamoDB_20120810.%s", operation);
	curl_slist_free_all(headers);
	headers = curl_slist_append(NULL, "Content-Type: application/x-amz-json-1.0");
	headers = curl_slist_append(headers, line);
	check(headers && curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers) == CURLE_OK,
		"headers");
	current = operation;
}

void signed_call(const char *endpoint, const char *operation, const char *body)
{
	int running = 1, left;
	const CURLMsg *message;

	if (!easy)
		open_handle(endpoint);
	set_operation(operation);
	check(curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body) == CURLE_OK &&
			curl_multi_add_handle(multi, easy) == CURLM_OK,
		"body");
	for (;;) {
		check(curl_multi_perform(multi, &running) == CURLM_OK, "perform");
		if (running == 0)
			break;
		check(curl_multi_poll(multi, NULL, 0, 1000, NULL) == CURLM_OK, "poll");
	}
	message = curl_multi_info_read(multi, &left);
	check(message && message->data.result == CURLE_OK, "no answer");
	check(curl_multi_remove_handle(multi, easy) == CURLM_OK, "remove");
}
