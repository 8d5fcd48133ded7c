/* SPDX-License-Identifier: MIT */
/* What the sources of the credential chain have in common. For src/aws alone: everybody else asks
 * the chain (aws/credentials.h).
 *
 * Each source's find answers STATUS_OK with *out filled in; STATUS_NOT_FOUND if it is not set up,
 * so that the next one is asked; anything else if it is set up and failed, which ends the search:
 * signing as somebody else than the operator named would be worse than not signing. Why is in the
 * log. *out is empty on entry, and after a failure only good for credentials_found_free. */
#ifndef CRUDDUR_AWS_CREDENTIALS_SOURCE_H
#define CRUDDUR_AWS_CREDENTIALS_SOURCE_H

#include "aws/credentials.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/slice.h"
#include "base/status.h"
#include "fetch/fetch.h"

#define CREDENTIALS_NEVER_EXPIRE INT64_MAX

struct credentials_found {
	struct buf access_key_id, secret_access_key, session_token;
	int64_t expires_us; /* since 1970, or CREDENTIALS_NEVER_EXPIRE */
};

void credentials_found_free(struct credentials_found *f);

/* The variable's value; NULL if it is unset or empty. */
const char *credentials_setting(aws_getenv lookup, const char *name);

/* A small file whole, after what out holds. STATUS_NOT_FOUND, STATUS_TOO_LARGE for over max bytes,
 * STATUS_UNAVAILABLE if it can't be read, STATUS_NO_MEMORY. */
STATUS_MUSTCHECK enum status credentials_read_file(const char *path, size_t max, struct buf *out);

/* Something over HTTP from an endpoint nearby: 1 s an attempt, two attempts, the second only if the
 * first had no answer or a 5xx. As fetch_do otherwise. source is the log's name for it. */
STATUS_MUSTCHECK enum status credentials_fetch(struct fetch *f, struct fetch_request request,
	const char *source, struct deadline by, struct fetch_answer *out);

/* The JSON document of the container endpoint and of IMDS: AccessKeyId, SecretAccessKey, Token,
 * Expiration. STATUS_INVALID if it is none. */
STATUS_MUSTCHECK enum status credentials_document_read(
	struct slice text, struct credentials_found *out);

/* "2026-11-22T18:07:57Z", also with a fraction or "+00:00", to microseconds since 1970. */
STATUS_MUSTCHECK enum status credentials_document_time(struct slice text, int64_t *out_us);

/* AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN. */
STATUS_MUSTCHECK enum status credentials_environment_find(
	aws_getenv lookup, struct credentials_found *out);

/* The shared file: AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials; AWS_PROFILE, else
 * "default". */
STATUS_MUSTCHECK enum status credentials_file_find(
	aws_getenv lookup, struct credentials_found *out);

/* The profile's part of such a file. STATUS_NOT_FOUND if it has no such profile or no keys in it,
 * STATUS_INVALID for half a pair. */
STATUS_MUSTCHECK enum status credentials_file_parse(
	struct slice text, const char *profile, struct credentials_found *out);

/* AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI. */
STATUS_MUSTCHECK enum status credentials_container_find(
	aws_getenv lookup, struct fetch *f, struct deadline by, struct credentials_found *out);

/* The URL that find would ask. STATUS_DENIED for one that must not be given an authorization
 * token: plain http to anything but this host and the ECS and EKS agents. */
STATUS_MUSTCHECK enum status credentials_container_url(aws_getenv lookup, struct buf *out);

/* The EC2 instance metadata service, version 2 only. token is kept between calls by the caller:
 * empty at first. */
STATUS_MUSTCHECK enum status credentials_imds_find(aws_getenv lookup, struct fetch *f,
	struct deadline by, struct buf *token, struct credentials_found *out);

#endif
