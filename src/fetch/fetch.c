/* SPDX-License-Identifier: MIT */
/* The libcurl side of fetch.h: options that hold for every request are set once, those that change
 * only when they do. Decides nothing about what to do with a failure. */
#include "fetch/fetch.h"

#include "base/buf.h"
#include "fetch/run.h"

#include <stdlib.h>

/* Endpoint addresses rotate: name lookups and connections are not kept for longer than this. */
#define DNS_CACHE_S 60L
#define IDLE_MAX_S 60L
#define LIFETIME_MAX_S 600L
#define KEEPALIVE_S 30L
/* From here on libcurl 7.88 waits for "100 Continue". The usual cure, an empty "Expect:" header, is
 * no cure for signed requests: that version signs the name and then does not send it. */
#define SEND_MAX ((size_t)1 << 20)

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

enum status fetch_global_open(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? STATUS_OK : STATUS_INTERNAL;
}

void fetch_global_close(void)
{
	curl_global_cleanup();
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
	struct fetch *f = user;

	(void)size; /* is 1, says CURLOPT_WRITEFUNCTION(3) */
	buf_add(&f->body, bytes, count);
	if (buf_ok(&f->body))
		return count;
	f->too_large = true;
	return CURL_WRITEFUNC_ERROR;
}

/* Called whenever a request is about to go out, so also when libcurl repeats it by itself. */
static int on_send(void *user, char *ip, char *local_ip, int port, int local_port)
{
	struct fetch *f = user;

	(void)ip;
	(void)local_ip;
	(void)port;
	(void)local_port;
	f->sends++;
	return CURL_PREREQFUNC_OK;
}

/* Called all the time while a request is under way. */
static int on_progress(
	void *user, curl_off_t to_get, curl_off_t got, curl_off_t to_send, curl_off_t sent)
{
	const struct fetch *f = user;

	(void)to_get;
	(void)got;
	(void)to_send;
	(void)sent;
	return f->stop(f->stop_context) ? 1 : 0;
}

/* libcurl itself knows only the path of the system it was built for. */
static bool set_trust(struct fetch *f)
{
	const char *file = getenv("SSL_CERT_FILE");

	return !file || !*file || curl_easy_setopt(f->easy, CURLOPT_CAINFO, file) == CURLE_OK;
}

static bool set_for_good(struct fetch *f)
{
	CURL *e = f->easy;

	return curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_ERRORBUFFER, f->problem) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
		/* Otherwise a request that timed out waits for the thread that looks its host up.
		 */
		curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_PROXY, "") == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) ==
		CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_USERAGENT, "cruddur") == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_S) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_S) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_DNS_CACHE_TIMEOUT, DNS_CACHE_S) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, IDLE_MAX_S) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_MAXLIFETIME_CONN, LIFETIME_MAX_S) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_WRITEDATA, f) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_send) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_PREREQDATA, f) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_XFERINFODATA, f) == CURLE_OK && set_trust(f);
}

enum status fetch_new(struct fetch **out)
{
	enum status rc = STATUS_NO_MEMORY;
	struct fetch *f = calloc(1, sizeof(*f));

	if (!f)
		goto out;
	f->easy = curl_easy_init();
	f->multi = curl_multi_init();
	if (!f->easy || !f->multi)
		goto out;
	f->connect_ms = f->total_ms = -1;
	if (!set_for_good(f)) {
		rc = STATUS_INTERNAL;
		goto out;
	}
	*out = f;
	f = NULL;
	rc = STATUS_OK;
out:
	fetch_free(f);
	return rc;
}

void fetch_free(struct fetch *f)
{
	if (!f)
		return;
	curl_easy_cleanup(f->easy);
	(void)curl_multi_cleanup(f->multi);
	curl_slist_free_all(f->headers);
	curl_url_cleanup(f->place);
	buf_free(&f->url);
	buf_free(&f->unix_socket);
	buf_free(&f->scope);
	buf_free(&f->key_id);
	buf_free(&f->secret);
	buf_free(&f->token);
	buf_free(&f->method);
	buf_free(&f->body);
	free(f);
}

/* Gives libcurl a text if it is not the one it holds; NULL takes it away. */
static bool set_text(struct fetch *f, CURLoption option, struct buf *held, const char *text)
{
	if (slice_equal(buf_slice(held), slice_of(text)))
		return true;
	buf_clear(held);
	if (curl_easy_setopt(f->easy, option, text) != CURLE_OK)
		return false;
	if (text)
		buf_add_str(held, text);
	if (buf_ok(held))
		return true;
	buf_clear(held); /* neither side remembers: the next call sets it again */
	(void)curl_easy_setopt(f->easy, option, NULL); /* taking away allocates nothing */
	return false;
}

/* Parsed once and not by libcurl at each request. */
static bool set_url(struct fetch *f, const char *url)
{
	CURLU *place;

	if (f->url.len > 0 && slice_equal(buf_slice(&f->url), slice_of(url)))
		return true;
	buf_clear(&f->url);
	place = curl_url();
	if (!place ||
		curl_url_set(place, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
		curl_easy_setopt(f->easy, CURLOPT_CURLU, place) != CURLE_OK) {
		curl_url_cleanup(place);
		return false;
	}
	curl_url_cleanup(f->place);
	f->place = place;
	buf_add_str(&f->url, url);
	return true; /* if url could not be kept, the next call parses it again */
}

static bool same_headers(
	const struct curl_slist *held, const char *const *headers, const char *token)
{
	for (; headers && *headers; headers++, held = held->next) {
		if (!held || strcmp(held->data, *headers) != 0)
			return false;
	}
	return token[0] == '\0' ? held == NULL : held != NULL && held->next == NULL;
}

static bool append_header(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);

	if (!longer)
		return false;
	*list = longer;
	return true;
}

/* The list libcurl holds is rebuilt when a line or the session token has changed. */
static bool set_headers(struct fetch *f, const char *const *headers, const char *token)
{
	struct curl_slist *list = NULL;
	struct buf line = { 0 };
	bool done = false;

	if (slice_equal(buf_slice(&f->token), slice_of(token)) &&
		same_headers(f->headers, headers, token))
		return true;
	for (; headers && *headers; headers++) {
		if (!append_header(&list, *headers))
			goto out;
	}
	if (token[0] != '\0') {
		buf_add_str(&line, "X-Amz-Security-Token: ");
		buf_add_str(&line, token);
		if (!buf_ok(&line) || !append_header(&list, buf_cstr(&line)))
			goto out;
	}
	if (curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, list) != CURLE_OK)
		goto out;
	/* If it cannot be remembered the next call builds the list anew. */
	buf_clear(&f->token);
	buf_add_str(&f->token, token);
	curl_slist_free_all(f->headers);
	f->headers = list;
	list = NULL;
	done = true;
out:
	buf_free(&line);
	curl_slist_free_all(list);
	return done;
}

/* What is signed for: "aws:amz:us-east-1:dynamodb"; without one, no trace of an earlier one. */
static bool set_signature(struct fetch *f, const struct fetch_signature *s)
{
	struct buf scope = { 0 };
	bool done = false;

	if (!s) {
		bool held = f->scope.len > 0;

		return set_text(f, CURLOPT_AWS_SIGV4, &f->scope, NULL) &&
			set_text(f, CURLOPT_USERNAME, &f->key_id, NULL) &&
			set_text(f, CURLOPT_PASSWORD, &f->secret, NULL) &&
			(!held ||
				curl_easy_setopt(f->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) ==
					CURLE_OK);
	}
	buf_add_str(&scope, "aws:amz:");
	buf_add_str(&scope, s->region);
	buf_add_char(&scope, ':');
	buf_add_str(&scope, s->service);
	done = buf_ok(&scope) && set_text(f, CURLOPT_AWS_SIGV4, &f->scope, buf_cstr(&scope)) &&
		set_text(f, CURLOPT_USERNAME, &f->key_id, s->access_key_id) &&
		set_text(f, CURLOPT_PASSWORD, &f->secret, s->secret_access_key);
	buf_free(&scope);
	return done;
}

static bool set_time(struct fetch *f, CURLoption option, int64_t *held, int64_t ms)
{
	if (*held == ms)
		return true;
	*held = -1;
	/* 0 is libcurl's word for no limit. */
	if (curl_easy_setopt(f->easy, option, ms == FETCH_FOREVER ? 0L : (long)ms) != CURLE_OK)
		return false;
	*held = ms;
	return true;
}

/* GET and DELETE have no body; POST and PUT send theirs as it is, an empty one with Content-Length:
 * 0. */
static bool set_method(struct fetch *f, const struct fetch_request *r)
{
	bool put = strcmp(r->method, "PUT") == 0, remove = strcmp(r->method, "DELETE") == 0;

	if (remove || strcmp(r->method, "GET") == 0)
		return set_text(f, CURLOPT_CUSTOMREQUEST, &f->method, remove ? "DELETE" : NULL) &&
			curl_easy_setopt(f->easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
	if (!put && strcmp(r->method, "POST") != 0)
		return false;
	return set_text(f, CURLOPT_CUSTOMREQUEST, &f->method, put ? "PUT" : NULL) &&
		curl_easy_setopt(f->easy, CURLOPT_POSTFIELDS, r->body.ptr ? r->body.ptr : "") ==
		CURLE_OK &&
		curl_easy_setopt(f->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len) ==
		CURLE_OK &&
		curl_easy_setopt(f->easy, CURLOPT_POST, 1L) == CURLE_OK;
}

static bool prepare(struct fetch *f, const struct fetch_request *r)
{
	const struct fetch_signature *s = r->signature;
	const char *token = s && s->session_token ? s->session_token : "";

	return set_text(f, CURLOPT_UNIX_SOCKET_PATH, &f->unix_socket, r->unix_socket) &&
		set_method(f, r) && set_headers(f, r->headers, token) && set_signature(f, s) &&
		set_time(f, CURLOPT_CONNECTTIMEOUT_MS, &f->connect_ms, r->connect_ms) &&
		set_time(f, CURLOPT_TIMEOUT_MS, &f->total_ms, r->total_ms) &&
		curl_easy_setopt(f->easy, CURLOPT_NOPROGRESS, r->stop ? 0L : 1L) == CURLE_OK;
}

static enum status judge(const struct fetch *f, CURLcode code)
{
	switch (code) {
	case CURLE_OK:
		return STATUS_OK;
	case CURLE_OPERATION_TIMEDOUT:
		return STATUS_TIMEOUT;
	case CURLE_OUT_OF_MEMORY:
		return STATUS_NO_MEMORY;
	default:
		return f->too_large ? STATUS_TOO_LARGE : STATUS_UNAVAILABLE;
	}
}

static void explain(struct fetch *f, const char *text)
{
	size_t len = strlen(text);

	if (len >= sizeof(f->problem))
		len = sizeof(f->problem) - 1;
	memcpy(f->problem, text, len);
	f->problem[len] = '\0';
}

enum status fetch_do(struct fetch *f, const struct fetch_request *request, struct fetch_answer *out)
{
	enum status rc;
	CURLcode code;
	long http_status = 0;

	f->problem[0] = '\0';
	buf_reset(&f->body);
	f->body.max = request->body_max;
	f->too_large = false;
	f->sends = 0;
	f->stop = request->stop;
	f->stop_context = request->stop_context;
	if (request->total_ms <= 0) {
		explain(f, "no time left");
		return STATUS_TIMEOUT;
	}
	if (request->body.len > SEND_MAX) {
		explain(f, "request body too large");
		return STATUS_INVALID;
	}
	if (!set_url(f, request->url)) {
		explain(f, "no URL that libcurl can read");
		return STATUS_UNAVAILABLE;
	}
	if (!prepare(f, request)) {
		explain(f, "libcurl refused an option");
		return STATUS_INTERNAL;
	}
	code = fetch_run(f->multi, f->easy);
	rc = judge(f, code);
	if (rc != STATUS_OK) {
		if (f->problem[0] == '\0')
			explain(f, curl_easy_strerror(code));
		return rc;
	}
	if (curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &http_status) != CURLE_OK ||
		http_status < 100 || http_status > 599) {
		explain(f, "no HTTP status from 100 to 599");
		return STATUS_UNAVAILABLE;
	}
	*out = (struct fetch_answer){
		.status = (int)http_status,
		.body = buf_slice(&f->body),
		.sends = f->sends,
	};
	return STATUS_OK;
}

const char *fetch_problem(const struct fetch *f)
{
	return f->problem;
}

bool fetch_header(struct fetch *f, const char *name, struct slice *out)
{
	struct curl_header *h = NULL;

	if (curl_easy_header(f->easy, name, 0, CURLH_HEADER, -1, &h) != CURLHE_OK)
		return false;
	if (h->amount > 1 &&
		curl_easy_header(f->easy, name, h->amount - 1, CURLH_HEADER, -1, &h) != CURLHE_OK)
		return false;
	*out = slice_of(h->value);
	return true;
}
