/* SPDX-License-Identifier: MIT */
/* Options that change from request to request, given to libcurl only where they do. */
#include "fetch/options.h"

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

bool fetch_set_url(struct fetch *f, const char *url)
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

bool fetch_prepare(struct fetch *f, const struct fetch_request *r)
{
	const struct fetch_signature *s = r->signature;
	const char *token = s && s->session_token ? s->session_token : "";

	return set_text(f, CURLOPT_UNIX_SOCKET_PATH, &f->unix_socket, r->unix_socket) &&
		set_method(f, r) && set_headers(f, r->headers, token) && set_signature(f, s) &&
		set_time(f, CURLOPT_CONNECTTIMEOUT_MS, &f->connect_ms, r->connect_ms) &&
		set_time(f, CURLOPT_TIMEOUT_MS, &f->total_ms, r->total_ms) &&
		curl_easy_setopt(f->easy, CURLOPT_NOPROGRESS, r->stop ? 0L : 1L) == CURLE_OK;
}
