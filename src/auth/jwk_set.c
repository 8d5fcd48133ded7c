/* SPDX-License-Identifier: MIT */
/* A JWKS document to a table of keys. Thirty-two at the most, so a walk finds one fast enough. */
#include "auth/jwk_set.h"

#include "base/log.h"
#include "json/json.h"

#include <stdlib.h>

struct jwk_set {
	struct jwk *keys[JWK_SET_MAX];
	bool ambiguous[JWK_SET_MAX]; /* another key has this name; only while reading */
	size_t count;
};

void jwk_set_free(struct jwk_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->count; i++)
		jwk_free(set->keys[i]);
	free(set);
}

const struct jwk *jwk_set_find(const struct jwk_set *set, struct slice kid)
{
	for (size_t i = 0; set && i < set->count; i++) {
		if (slice_equal(jwk_kid(set->keys[i]), kid))
			return set->keys[i];
	}
	return NULL;
}

bool jwk_set_has(const struct jwk_set *set, const struct jwk_digest *digest)
{
	for (size_t i = 0; set && i < set->count; i++) {
		if (memcmp(jwk_digest(set->keys[i]), digest, sizeof(*digest)) == 0)
			return true;
	}
	return false;
}

size_t jwk_set_count(const struct jwk_set *set)
{
	return set->count;
}

static void log_skipped(struct slice kid, const char *why)
{
	LOG(LOG_INFO, "jwk_skipped", log_slice("kid", kid), log_str("reason", why));
}

/* Adds a key, which is the set's from now on, unless the set is full. */
static bool add(struct jwk_set *set, struct jwk *key)
{
	bool ambiguous = false;

	for (size_t i = 0; i < set->count; i++) {
		if (!slice_equal(jwk_kid(set->keys[i]), jwk_kid(key)))
			continue;
		if (jwk_same_key(set->keys[i], key)) {
			jwk_free(key);
			return true;
		}
		set->ambiguous[i] = true;
		ambiguous = true;
	}
	if (set->count == JWK_SET_MAX) {
		jwk_free(key);
		return false;
	}
	set->ambiguous[set->count] = ambiguous;
	set->keys[set->count++] = key;
	return true;
}

static void drop_ambiguous(struct jwk_set *set)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++) {
		if (set->ambiguous[i]) {
			log_skipped(jwk_kid(set->keys[i]), "kid_twice");
			jwk_free(set->keys[i]);
		} else {
			set->keys[kept++] = set->keys[i];
		}
	}
	set->count = kept;
}

static enum status read_entries(
	const struct json_value *entries, struct jwk_set *set, const char **why)
{
	for (size_t i = 0; i < json_array_len(entries); i++) {
		const struct json_value *entry = json_array_at(entries, i);
		struct slice kid = { NULL, 0 };
		struct jwk *key;
		const char *skipped;
		enum status rc = jwk_parse(entry, &key, &skipped);

		if (rc == STATUS_INVALID) {
			(void)json_get_string(entry, "kid", &kid);
			log_skipped(kid, skipped);
			continue;
		}
		if (rc != STATUS_OK)
			return rc;
		if (!add(set, key)) {
			*why = "too_many_keys";
			return STATUS_INVALID;
		}
	}
	return STATUS_OK;
}

enum status jwk_set_parse(struct slice document, struct jwk_set **out, const char **why)
{
	enum status rc = STATUS_INVALID;
	const struct json_value *entries;
	struct json *doc = NULL;
	struct jwk_set *set = NULL;

	rc = json_parse(document, &doc);
	if (rc != STATUS_OK) {
		if (rc == STATUS_INVALID)
			*why = "no_json_object";
		return rc;
	}
	entries = json_get(json_root(doc), "keys");
	if (json_kind(entries) != JSON_ARRAY) {
		*why = "no_keys_array";
		rc = STATUS_INVALID;
		goto out;
	}
	set = calloc(1, sizeof(*set));
	if (!set) {
		rc = STATUS_NO_MEMORY;
		goto out;
	}
	rc = read_entries(entries, set, why);
	if (rc != STATUS_OK)
		goto out;
	drop_ambiguous(set);
	if (set->count == 0) {
		rc = STATUS_NOT_FOUND;
		goto out;
	}
	*out = set;
	set = NULL;
out:
	jwk_set_free(set);
	json_free(doc);
	return rc;
}
