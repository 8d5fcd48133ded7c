/* SPDX-License-Identifier: MIT */
/* Who is calling: a Cognito access token in, the subject out. Ties together jwt (shape and
 * signature) and jwks (the pool's keys), and judges the claims. Knows no user table and no HTTP.
 * Sources: RFC 7515, RFC 7519, RFC 8725; Amazon Cognito, "Verifying a JSON Web Token". */
#ifndef CRUDDUR_AUTH_COGNITO_H
#define CRUDDUR_AUTH_COGNITO_H

#include "base/clock.h"
#include "base/slice.h"
#include "base/status.h"
#include "base/usage.h"
#include "metrics/metrics.h"
#include "shared/memory.h"

#include <stdbool.h>
#include <stdint.h>

#define COGNITO_TOKEN_MAX ((size_t)8192)
#define COGNITO_SUBJECT_MAX ((size_t)255)

struct cognito_settings {
	const char *issuer; /* exact text of iss; the JWKS is at <issuer>/.well-known/jwks.json */
	const char *const *client_ids; /* accepted client_id values */
	size_t client_id_count;
	/* Where verified tokens are remembered; its scope has the two above in it, and it outlives
	 * the cognito. NULL: in memory of its own. */
	struct shared_memory *memory;
	struct usage *usage; /* each fetch of the keys is added to it; borrowed; NULL: to none */
	struct metrics *metrics; /* counts what is refused, remembered, fetched; the same */
};

struct cognito;

/* Copies the settings, but for the last three; fetches nothing. */
STATUS_MUSTCHECK enum status cognito_new(
	const struct cognito_settings *settings, struct cognito **out);

/* The same, with the keys from another source than the issuer's address (auth/jwks.h): copied, but
 * its context must outlive c. */
struct jwks_source;
STATUS_MUSTCHECK enum status cognito_new_from(const struct cognito_settings *settings,
	const struct jwks_source *source, struct cognito **out);
void cognito_free(struct cognito *c);

/* When a token counts, in seconds since 1970, fractions allowed. */
struct cognito_times {
	double expires, issued; /* exp, iat */
	double not_before; /* nbf; 0 if there is none */
};

struct cognito_principal {
	char subject[COGNITO_SUBJECT_MAX + 1]; /* sub: non-empty, no NUL inside */
	struct cognito_times times;
};

/* Verifies by all the rules of the contract. now_ms is the time of day in milliseconds. An unknown
 * kid causes one JWKS fetch (at most one in ten seconds). STATUS_DENIED: it does not verify (the
 * reason, without any of the token's bytes, goes to the log at debug). STATUS_UNAVAILABLE: no key
 * was ever fetched and Cognito is down.
 *
 * A token that verified is remembered by a keyed digest of its bytes, and counts as long as the key
 * that verified it is held here. Its times are judged at each use. One that did not verify is never
 * remembered. */
STATUS_MUSTCHECK enum status cognito_verify(struct cognito *c, struct slice token, int64_t now_ms,
	struct deadline by, struct cognito_principal *out);

/* true if keys are held; tries to fetch them if none are and the cool-down allows. */
bool cognito_ready(struct cognito *c, struct deadline by);

/* How many keys are held. */
size_t cognito_key_count(const struct cognito *c);

#endif
