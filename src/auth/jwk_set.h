/* SPDX-License-Identifier: MIT */
/* The keys of one JWKS document (RFC 7517 section 5), found by name. Never changes once it is read;
 * when to read another one is decided in auth/jwks. */
#ifndef CRUDDUR_AUTH_JWK_SET_H
#define CRUDDUR_AUTH_JWK_SET_H

#include "auth/jwk.h"
#include "base/slice.h"
#include "base/status.h"

/* Usable keys of one document; Cognito publishes two. */
#define JWK_SET_MAX ((size_t)32)

struct jwk_set;

/* Reads a document: a strict JSON object whose `keys` is an array. Entries that are no key for
 * RS256 are skipped and logged with the reason. Two different keys of one name are both left out,
 * since nobody can tell which of them is meant. STATUS_NOT_FOUND: a sound document without a usable
 * key. STATUS_INVALID: no such document, or more than JWK_SET_MAX usable keys; *why then gets a
 * fixed word for the log. STATUS_NO_MEMORY, STATUS_INTERNAL. document may go away afterwards. */
STATUS_MUSTCHECK enum status jwk_set_parse(
	struct slice document, struct jwk_set **out, const char **why);
void jwk_set_free(struct jwk_set *set);

/* The key of exactly that name, owned by the set; NULL if there is none. NULL for set is an empty
 * one. */
const struct jwk *jwk_set_find(const struct jwk_set *set, struct slice kid);

/* Whether it holds exactly that key under exactly that name. */
bool jwk_set_has(const struct jwk_set *set, const struct jwk_digest *digest);

/* How many keys are held, at least 1. */
size_t jwk_set_count(const struct jwk_set *set);

#endif
