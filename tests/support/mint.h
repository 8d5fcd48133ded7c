/* SPDX-License-Identifier: MIT */
/* Tokens for unit tests: sound ones of one issuer and client at one instant, and texts that are put
 * together from parts as odd as the test likes. Verifies nothing. */
#ifndef CRUDDUR_TESTS_MINT_H
#define CRUDDUR_TESTS_MINT_H

#include "auth/cognito.h"
#include "base/buf.h"
#include "support/rsa_key.h"

#define MINT_POOL "/us-east-1_Pool0pool"
#define MINT_ISSUER "https://cognito-idp.us-east-1.amazonaws.com" MINT_POOL
#define MINT_CLIENT "3n4b5urk1ft4fl3mg5e62d9ado"
#define MINT_SUBJECT "7d8a2c1e-4f5b-4c3d-9e8f-1a2b3c4d5e6f"
#define MINT_KID "yF3rHrwQnWgbbwOv6b8mbvcBGMfG7nBYyB9yIuWQp8s="
#define MINT_HEADER "{\"kid\":\"" MINT_KID "\",\"alg\":\"RS256\"}"

/* The instant, in seconds since 1970, and the hour that the sound token is good for. */
#define MINT_NOW_S 1700000000
#define MINT_EXPIRES_S (MINT_NOW_S + 3600)

/* What a verifier of these tokens is to be set to; a second client id is accepted too. */
struct cognito_settings mint_settings(void);

/* The claims of a sound token as JSON, as Cognito writes them. */
const char *mint_claims(void);

/* The sound claims with one member's value replaced by that JSON text, or removed if value is
 * NULL, or added. Appends to out. */
void mint_claims_but(const char *name, const char *value, struct buf *out);

/* Base64url of header, a dot, base64url of payload: what is signed. Appends to out. */
void mint_signed_text(struct slice header, struct slice payload, struct buf *out);

/* The whole token: text, a dot, base64url of signature. Appends to out. */
void mint_join(struct slice text, struct slice signature, struct buf *out);

/* The whole token, soundly signed. */
void mint_token(
	const struct rsa_key *key, const char *header, const char *payload, struct buf *out);

/* {"keys":[ the key under MINT_KID as Cognito publishes it ]}. Appends to out. */
void mint_jwks(const struct rsa_key *key, struct buf *out);

#endif
