/* SPDX-License-Identifier: MIT */
/* The libcurl side of fetch.h: a handle, and a request by it. Options that hold for every request
 * are set here, once. Decides nothing about what to do with a failure. */
#include "fetch/format.h"
#include "fetch/options.h"
#include "fetch/pool.h"
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

/* AddressSanitizer is to see each piece of memory by itself. */
#if defined(__has_feature)
#define HAS_FEATURE(name) __has_feature(name)
#else
#define HAS_FEATURE(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#define IS_WATCHED true
#else
#define IS_WATCHED false
#endif

enum status fetch_global_open(void)
{
	if (!IS_WATCHED)
		pool_open();
	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, pool_malloc, pool_free, pool_realloc,
		    pool_strdup, pool_calloc) != CURLE_OK)
		return STATUS_INTERNAL;
	format_open();
	return STATUS_OK;
}

void fetch_global_close(void)
{
	format_close();
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
	if (!fetch_set_url(f, request->url)) {
		explain(f, "no URL that libcurl can read");
		return STATUS_UNAVAILABLE;
	}
	if (!fetch_prepare(f, request)) {
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

void fetch_take_body(struct fetch *f, struct buf *out)
{
	*out = f->body;
	f->body = (struct buf){ 0 };
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
