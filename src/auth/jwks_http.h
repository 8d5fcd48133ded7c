/* SPDX-License-Identifier: MIT */
/* Reads a pool's JWKS document from Cognito, at <issuer>/.well-known/jwks.json and nowhere else.
 * Decides neither when nor what the document is worth.
 * Source: Amazon Cognito, "Verifying a JSON Web Token", step 2. */
#ifndef CRUDDUR_AUTH_JWKS_HTTP_H
#define CRUDDUR_AUTH_JWKS_HTTP_H

#include "auth/jwks.h"
#include "base/status.h"
#include "base/usage.h"

/* Cognito's has under 1 KiB. */
#define JWKS_HTTP_BODY_MAX ((size_t)64 << 10)

/* Of the time for everything, the connection gets so much at the most. */
#define JWKS_HTTP_CONNECT_MS ((int64_t)2000)

struct jwks_http;

/* Copies the issuer; connects to nothing. Each fetch is added to usage, which is borrowed; NULL: to
 * none. */
STATUS_MUSTCHECK enum status jwks_http_new(
	const char *issuer, struct usage *usage, struct jwks_http **out);
void jwks_http_free(struct jwks_http *h);

/* The source that reads through h, which must outlive it. Only an answer with status 200 is a
 * document; anything else is logged here and is STATUS_UNAVAILABLE. */
struct jwks_source jwks_http_source(struct jwks_http *h);

#endif
