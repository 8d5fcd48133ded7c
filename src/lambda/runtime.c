/* SPDX-License-Identifier: MIT */
/* The Runtime API over fetch/: one kept connection, one request at a time. */
#include "lambda/runtime.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/log.h"
#include "fetch/fetch.h"
#include "json/write.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define VERSION_PATH "/2018-06-01/runtime/"
#define TRACE_NAME "_X_AMZN_TRACE_ID"

/* An event of an asynchronous caller or an event source is 6 MB at the most, says "Lambda quotas";
 * its escapes are counted in. */
#define EVENT_MAX ((size_t)8 << 20)
/* What the API says to a POST is {"status":"OK"}. */
#define WORD_MAX ((size_t)64 << 10)
/* The API is in the same machine. */
#define CONNECT_MS 1000
#define POST_MS 2000
#define ADDRESS_MAX 255
#define REQUEST_ID_SIZE 129 /* 36 characters today */
/* Some hundred bytes with all of its optional parts. */
#define TRACE_SIZE 1024

struct lambda_runtime {
	struct fetch *fetch;
	bool (*stop)(void);
	struct buf base; /* "http://127.0.0.1:9001/2018-06-01/runtime/" */
	struct buf url, body, header;
	char request_id[REQUEST_ID_SIZE];
	/* "NAME=value", in the environment while traced: setenv(3) would keep every value it ever
	 * got. */
	char trace[sizeof(TRACE_NAME) + TRACE_SIZE];
	bool traced;
};

static bool asked_to_stop(void *context)
{
	const struct lambda_runtime *rt = context;

	return rt->stop();
}

/* Host, or address in brackets, and perhaps a port; nothing that would lead elsewhere in a URL. */
static bool is_address(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len > ADDRESS_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)text[i]) && !strchr("-._:[]", text[i]))
			return false;
	}
	return true;
}

enum status lambda_runtime_new(const char *address, bool (*stop)(void), struct lambda_runtime **out)
{
	enum status rc = STATUS_NO_MEMORY;
	struct lambda_runtime *rt = NULL;

	if (!is_address(address))
		return STATUS_INVALID;
	rt = calloc(1, sizeof(*rt));
	if (!rt)
		goto out;
	rt->stop = stop;
	buf_add_str(&rt->base, "http://");
	buf_add_str(&rt->base, address);
	buf_add_str(&rt->base, VERSION_PATH);
	if (!buf_ok(&rt->base))
		goto out;
	rc = fetch_new(&rt->fetch);
	if (rc != STATUS_OK)
		goto out;
	*out = rt;
	rt = NULL;
out:
	lambda_runtime_free(rt);
	return rc;
}

void lambda_runtime_free(struct lambda_runtime *rt)
{
	if (!rt)
		return;
	if (rt->traced)
		(void)unsetenv(TRACE_NAME);
	fetch_free(rt->fetch);
	buf_free(&rt->base);
	buf_free(&rt->url);
	buf_free(&rt->body);
	buf_free(&rt->header);
	free(rt);
}

/* One request; another if its connection broke: Lambda freezes the process between invocations, and
 * what a connection went through meanwhile shows at its next use. If the first arrived after all,
 * the API refuses the second. */
static enum status ask(
	struct lambda_runtime *rt, const struct fetch_request *request, struct fetch_answer *out)
{
	enum status rc = fetch_do(rt->fetch, request, out);

	if (rc == STATUS_UNAVAILABLE && !rt->stop()) {
		LOG(LOG_WARN, "runtime_api_retry", log_str("problem", fetch_problem(rt->fetch)));
		rc = fetch_do(rt->fetch, request, out);
	}
	return rc;
}

static enum status lost(const struct lambda_runtime *rt, const char *path, enum status rc)
{
	LOG(LOG_ERROR, "runtime_api_lost", log_str("path", path),
		log_str("status", status_name(rc)), log_str("problem", fetch_problem(rt->fetch)));
	return rc;
}

static struct slice header(struct lambda_runtime *rt, const char *name)
{
	struct slice value = SLICE("");

	(void)fetch_header(rt->fetch, name, &value);
	return value;
}

/* The id becomes part of a URL. */
static bool keep_request_id(struct lambda_runtime *rt, struct slice id)
{
	if (id.len == 0 || id.len >= sizeof(rt->request_id))
		return false;
	for (size_t i = 0; i < id.len; i++) {
		if (!isalnum((unsigned char)id.ptr[i]) && id.ptr[i] != '-')
			return false;
	}
	memcpy(rt->request_id, id.ptr, id.len);
	rt->request_id[id.len] = '\0';
	return true;
}

static enum status set_trace(struct lambda_runtime *rt, struct slice id)
{
	if (id.len == 0 || id.len >= TRACE_SIZE) {
		if (rt->traced && unsetenv(TRACE_NAME) != 0)
			return STATUS_NO_MEMORY;
		rt->traced = false;
		return STATUS_OK;
	}
	snprintf(rt->trace, sizeof(rt->trace), TRACE_NAME "=%.*s", (int)id.len, id.ptr);
	if (!rt->traced && putenv(rt->trace) != 0)
		return STATUS_NO_MEMORY;
	rt->traced = true;
	return STATUS_OK;
}

enum status lambda_runtime_next(struct lambda_runtime *rt, struct lambda_invocation *out)
{
	struct fetch_request request = {
		.method = "GET",
		.body_max = EVENT_MAX,
		.connect_ms = CONNECT_MS,
		.total_ms = FETCH_FOREVER,
		.stop = asked_to_stop,
		.stop_context = rt,
	};
	struct fetch_answer answer;
	int64_t deadline_ms;
	enum status rc;

	buf_clear(&rt->url);
	buf_add_slice(&rt->url, buf_slice(&rt->base));
	buf_add_str(&rt->url, "invocation/next");
	if (!buf_ok(&rt->url))
		return STATUS_NO_MEMORY;
	request.url = buf_cstr(&rt->url);
	rc = ask(rt, &request, &answer);
	if (rc == STATUS_UNAVAILABLE && rt->stop())
		return STATUS_NOT_FOUND;
	if (rc != STATUS_OK)
		return lost(rt, "invocation/next", rc);
	/* An invocation that has no name cannot be answered. */
	if (answer.status != 200 ||
		!keep_request_id(rt, header(rt, "Lambda-Runtime-Aws-Request-Id"))) {
		LOG(LOG_ERROR, "runtime_api_refuses", log_str("path", "invocation/next"),
			log_int("status", answer.status));
		return STATUS_UNAVAILABLE;
	}
	rc = set_trace(rt, header(rt, "Lambda-Runtime-Trace-Id"));
	if (rc != STATUS_OK)
		return rc;
	deadline_ms = ascii_number(header(rt, "Lambda-Runtime-Deadline-Ms"));
	*out = (struct lambda_invocation){
		.request_id = rt->request_id,
		.trace_id = rt->traced ? rt->trace + sizeof(TRACE_NAME) : "",
		.event = answer.body,
		.function_arn = header(rt, "Lambda-Runtime-Invoked-Function-Arn"),
		.deadline_ms = deadline_ms > 0 ? deadline_ms : 0,
	};
	return STATUS_OK;
}

/* What the API says to something that was given to it. */
static enum status judge(int status, const char *path)
{
	if (status >= 200 && status < 300) /* 202, says the API; 200 is no failure either */
		return STATUS_OK;
	if (status == 413)
		return STATUS_TOO_LARGE;
	LOG(LOG_ERROR, "runtime_api_refuses", log_str("path", path), log_int("status", status));
	/* 500: "Container error. Non-recoverable state. Runtime should exit promptly." 400 and 403
	 * are about this invocation alone. */
	return status >= 500 ? STATUS_UNAVAILABLE : STATUS_OK;
}

static enum status post(
	struct lambda_runtime *rt, const char *path, const char *const *headers, struct slice body)
{
	const struct fetch_request request = {
		.method = "POST",
		.url = buf_cstr(&rt->url),
		.headers = headers,
		.body = body,
		.body_max = WORD_MAX,
		.connect_ms = CONNECT_MS,
		.total_ms = POST_MS,
	};
	struct fetch_answer answer;
	enum status rc = buf_ok(&rt->url) ? ask(rt, &request, &answer) : STATUS_NO_MEMORY;

	if (rc == STATUS_INVALID) /* more than fetch/ sends */
		return STATUS_TOO_LARGE;
	return rc == STATUS_OK ? judge(answer.status, path) : lost(rt, path, rc);
}

/* "invocation/ID/response" */
static void set_invocation_url(struct lambda_runtime *rt, const char *what)
{
	buf_clear(&rt->url);
	buf_add_slice(&rt->url, buf_slice(&rt->base));
	buf_add_str(&rt->url, "invocation/");
	buf_add_str(&rt->url, rt->request_id);
	buf_add_char(&rt->url, '/');
	buf_add_str(&rt->url, what);
}

enum status lambda_runtime_respond(struct lambda_runtime *rt, struct slice answer)
{
	static const char *const headers[] = { "Content-Type: application/json", NULL };

	set_invocation_url(rt, "response");
	return post(rt, "invocation/response", headers, answer);
}

static enum status post_error(
	struct lambda_runtime *rt, const char *path, const struct lambda_error *error)
{
	const char *headers[] = { "Content-Type: application/json", NULL, NULL };

	buf_clear(&rt->header);
	buf_add_str(&rt->header, "Lambda-Runtime-Function-Error-Type: ");
	buf_add_str(&rt->header, error->type);
	buf_clear(&rt->body);
	buf_add_char(&rt->body, '{');
	json_write_member(&rt->body, "errorMessage", slice_of(error->message));
	json_write_member(&rt->body, "errorType", slice_of(error->type));
	buf_add_str(&rt->body, ",\"stackTrace\":[]}");
	if (!buf_ok(&rt->header) || !buf_ok(&rt->body))
		return STATUS_NO_MEMORY;
	headers[1] = buf_cstr(&rt->header);
	return post(rt, path, headers, buf_slice(&rt->body));
}

enum status lambda_runtime_fail(struct lambda_runtime *rt, const struct lambda_error *error)
{
	set_invocation_url(rt, "error");
	return post_error(rt, "invocation/error", error);
}

enum status lambda_runtime_init_failed(struct lambda_runtime *rt, const struct lambda_error *error)
{
	buf_clear(&rt->url);
	buf_add_slice(&rt->url, buf_slice(&rt->base));
	buf_add_str(&rt->url, "init/error");
	return post_error(rt, "init/error", error);
}
