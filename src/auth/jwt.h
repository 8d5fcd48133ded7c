/* SPDX-License-Identifier: MIT */
/* A signed token in compact form: its shape, its header and its RS256 signature. Does not know what
 * claims mean (auth/claims) nor whose keys are good (auth/jwks).
 * Sources: RFC 7515, RFC 7519 section 7.2, RFC 8725 section 3; RFC 8017 section 8.2.2. */
#ifndef CRUDDUR_AUTH_JWT_H
#define CRUDDUR_AUTH_JWT_H

#include "auth/jwk.h"
#include "base/slice.h"
#include "base/status.h"
#include "json/json.h"

#include <openssl/types.h>

struct jwt;

/* Reads header.payload.signature: each part base64url without padding, header and payload one
 * strict JSON object each; `alg` exactly "RS256", `kid` a non-empty string of at most JWK_KID_MAX
 * bytes, `typ` absent or the type of a token, no `crit`, `b64` or `zip`; `jku`, `x5u`, `x5c` and
 * `jwk` are never looked at; the signature as long as a key that auth/jwk accepts can make it.
 * STATUS_DENIED for anything else: *why then gets a fixed word for the log. STATUS_NO_MEMORY with
 * *why untouched. token must outlive the answer, and is not limited in length here. */
STATUS_MUSTCHECK enum status jwt_parse(struct slice token, struct jwt **out, const char **why);
void jwt_free(struct jwt *t);

/* The name of the key that is said to have signed it; lives as long as t. */
struct slice jwt_kid(const struct jwt *t);

/* STATUS_OK if key signed it with RSASSA-PKCS1-v1_5 and sha256 (EVP_MD_fetch's "SHA256");
 * STATUS_DENIED otherwise; STATUS_NO_MEMORY. */
STATUS_MUSTCHECK enum status jwt_verify(struct jwt *t, const struct jwk *key, const EVP_MD *sha256);

/* The payload; NULL until jwt_verify answered STATUS_OK, so that no claim is believed before. Lives
 * as long as t. */
const struct json_value *jwt_claims(const struct jwt *t);

#endif
