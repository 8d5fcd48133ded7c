/* SPDX-License-Identifier: MIT */
/* What the claims of a Cognito access token must say. Judges claims whose signature was verified
 * before; verifies none.
 * Sources: contract, "Tokens"; RFC 7519 section 4.1, RFC 8725 sections 3.8 to 3.12; Amazon Cognito,
 * "Understanding the access token". */
#ifndef CRUDDUR_AUTH_CLAIMS_H
#define CRUDDUR_AUTH_CLAIMS_H

#include "auth/cognito.h"
#include "json/json.h"

/* Times below this: every whole number up to it has a double of its own. */
#define CLAIMS_TIME_LIMIT 9007199254740992.0

/* How far ahead of ours the issuer's clock may be, for nbf and iat; exp has no leeway. */
#define CLAIMS_LEEWAY_S 30

/* NULL, and *out filled, if they make a principal at now_ms (milliseconds since 1970); otherwise a
 * fixed word for the log. */
STATUS_MUSTCHECK const char *claims_refused_as(const struct json_value *claims,
	const struct cognito_settings *settings, int64_t now_ms, struct cognito_principal *out);

/* The part of it that depends on the time. */
STATUS_MUSTCHECK const char *claims_time_refused_as(
	const struct cognito_times *times, int64_t now_ms);

#endif
