/* SPDX-License-Identifier: MIT */
/* The usual AWS credential chain: environment, shared file, container endpoint, IMDSv2. One source
 * a file (credentials_environment.c, ...); this is the chain, which remembers what it found and
 * renews it before it expires. Source: AWS SDKs and Tools Reference, "Standardized credential
 * providers". */
#ifndef CRUDDUR_AWS_CREDENTIALS_H
#define CRUDDUR_AWS_CREDENTIALS_H

#include "base/clock.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct aws_credentials {
	const char *access_key_id;
	const char *secret_access_key;
	const char *session_token; /* "" if there is none */
};

struct aws_credential_chain;

/* Looks up a setting of the environment by name; getenv in a program, a table in tests. NULL if
 * unset. */
typedef const char *(*aws_getenv)(const char *name);

/* Nothing is fetched yet, so a backend that is down does not stop a start. STATUS_INVALID
 * for half a credential pair in the environment; the caller says so. */
STATUS_MUSTCHECK enum status aws_credential_chain_new(
	aws_getenv lookup, struct aws_credential_chain **out);
void aws_credential_chain_free(struct aws_credential_chain *c);

/* The credentials to sign with now: the chain's, until the next call. Renewed from five minutes
 * before they expire; if that fails, the old ones go on for as long as they live.
 * STATUS_UNAVAILABLE if no source has any (the log says what each source answered), STATUS_TIMEOUT
 * past the deadline. */
STATUS_MUSTCHECK enum status aws_credentials_get(
	struct aws_credential_chain *c, struct deadline by, struct aws_credentials *out);

/* Where those that aws_credentials_get gave come from; of no meaning before it gave any. */
struct aws_credentials_origin {
	const char *source; /* "environment", "file", "container" or "imds" */
	bool expires;
	int64_t expires_us; /* since 1970 */
};
struct aws_credentials_origin aws_credentials_origin(const struct aws_credential_chain *c);

/* Forgets what was found, so that the next get asks the sources anew: for ExpiredToken answers. */
void aws_credentials_expire(struct aws_credential_chain *c);

#endif
