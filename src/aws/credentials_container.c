/* SPDX-License-Identifier: MIT */
/* Credentials from the endpoint that ECS and EKS offer inside a container. Decides whom an
 * authorization token may be shown to; renews nothing. Source: AWS SDKs and Tools Reference,
 * "Container credential provider". */
#include "aws/credentials_source.h"

#include "base/ascii.h"
#include "base/log.h"

#define ECS_HOST "http://169.254.170.2"
#define TOKEN_MAX ((size_t)16 << 10)

/* "127.x.x.x" spelled out; other spellings of the same ("127.1", "0x7f.1") are not needed. */
static bool is_loopback_ipv4(struct slice host)
{
	int dots = 0;

	if (!slice_starts_with(host, SLICE("127.")))
		return false;
	for (size_t i = 0; i < host.len; i++) {
		if (host.ptr[i] == '.')
			dots++;
		else if (host.ptr[i] < '0' || host.ptr[i] > '9')
			return false;
	}
	return dots == 3 && host.ptr[host.len - 1] != '.';
}

/* May be asked over plain http: this host, and the agents of ECS and EKS. */
static bool is_trusted_host(struct slice host)
{
	static const struct slice trusted[] = {
		SLICE_LITERAL("localhost"),
		SLICE_LITERAL("[::1]"),
		SLICE_LITERAL("169.254.170.2"),
		SLICE_LITERAL("169.254.170.23"),
		SLICE_LITERAL("[fd00:ec2::23]"),
	};

	for (size_t i = 0; i < sizeof(trusted) / sizeof(trusted[0]); i++) {
		if (slice_equal(host, trusted[i]))
			return true;
	}
	return is_loopback_ipv4(host);
}

/* Who "host:port/path" goes to. User information ("127.0.0.1@elsewhere") and backslashes are
 * refused, so that no two readings of one URL differ. */
static bool is_trusted_http(struct slice rest)
{
	size_t end = 0, host = 0;

	while (end < rest.len && !memchr("/?#", rest.ptr[end], 3))
		end++;
	rest.len = end;
	if (end == 0 || memchr(rest.ptr, '@', end) || memchr(rest.ptr, '\\', end))
		return false;
	if (rest.ptr[0] == '[') {
		const char *close = memchr(rest.ptr, ']', end);

		host = close ? (size_t)(close - rest.ptr) + 1 : 0;
	} else {
		while (host < end && rest.ptr[host] != ':')
			host++;
	}
	if (host < end && rest.ptr[host] != ':')
		return false;
	for (size_t i = host + 1; i < end; i++) {
		if (rest.ptr[i] < '0' || rest.ptr[i] > '9')
			return false;
	}
	return is_trusted_host((struct slice){ rest.ptr, host });
}

enum status credentials_container_url(aws_getenv lookup, struct buf *out)
{
	const char *relative =
		credentials_setting(lookup, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = credentials_setting(lookup, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
	struct slice url = slice_of(full);

	if (relative) {
		/* Without the slash, "@elsewhere" would turn the address into a user name. */
		if (relative[0] != '/' || !ascii_is_visible(slice_of(relative)))
			return STATUS_DENIED;
		buf_add_str(out, ECS_HOST);
		buf_add_str(out, relative);
	} else if (full) {
		if (!ascii_is_visible(url))
			return STATUS_DENIED;
		if (!slice_starts_with(url, SLICE("https://")) &&
			!(slice_starts_with(url, SLICE("http://")) &&
				is_trusted_http(slice_skip(url, strlen("http://")))))
			return STATUS_DENIED;
		buf_add_slice(out, url);
	} else {
		return STATUS_NOT_FOUND;
	}
	return buf_ok(out) ? STATUS_OK : STATUS_NO_MEMORY;
}

/* The line "Authorization: ..." if a token is set. The file is read anew each time, as EKS rotates
 * it; CR and LF would add lines to the request. */
static enum status add_authorization(aws_getenv lookup, struct buf *out)
{
	const char *path = credentials_setting(lookup, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *token = credentials_setting(lookup, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
	size_t before;

	if (!path && !token)
		return STATUS_OK;
	buf_add_str(out, "Authorization: ");
	before = out->len;
	if (path) {
		enum status rc = credentials_read_file(path, TOKEN_MAX, out);

		if (rc != STATUS_OK) {
			LOG(LOG_ERROR, "credentials_token_file_unreadable", log_str("path", path),
				log_str("problem", status_name(rc)));
			return STATUS_UNAVAILABLE;
		}
	} else {
		buf_add_str(out, token);
	}
	if (!buf_ok(out))
		return STATUS_NO_MEMORY;
	for (size_t i = before; i < out->len; i++) {
		if (out->data[i] < ' ' || out->data[i] > '~') {
			LOG(LOG_ERROR, "credentials_token_malformed",
				log_str("problem", "control character or line break"));
			return STATUS_UNAVAILABLE;
		}
	}
	return STATUS_OK;
}

enum status credentials_container_find(
	aws_getenv lookup, struct fetch *f, struct deadline by, struct credentials_found *out)
{
	enum status rc;
	struct buf url = { 0 }, authorization = { 0 };
	const char *headers[] = { NULL, NULL };
	struct fetch_answer answer;

	rc = credentials_container_url(lookup, &url);
	if (rc == STATUS_DENIED) {
		LOG(LOG_ERROR, "credentials_endpoint_refused", log_str("source", "container"),
			log_str("problem", "neither https nor this host, ECS or EKS"));
		rc = STATUS_UNAVAILABLE;
	}
	if (rc != STATUS_OK)
		goto out;
	rc = add_authorization(lookup, &authorization);
	if (rc != STATUS_OK)
		goto out;
	if (authorization.len > 0)
		headers[0] = buf_cstr(&authorization);
	rc = credentials_fetch(f,
		(struct fetch_request){
			.method = "GET", .url = buf_cstr(&url), .headers = headers },
		"container", by, &answer);
	if (rc != STATUS_OK)
		goto out;
	rc = answer.status == 200 ? credentials_document_read(answer.body, out) : STATUS_INVALID;
	if (rc == STATUS_INVALID) {
		LOG(LOG_ERROR, "credentials_answer_unusable", log_str("source", "container"),
			log_int("status", answer.status));
		rc = STATUS_UNAVAILABLE;
	}
out:
	buf_free(&url);
	buf_free(&authorization);
	return rc;
}
