/* SPDX-License-Identifier: MIT */
/* The policy of the key cache. A set is only ever replaced whole, in one place, by a set that holds
 * a key: a failed or empty answer never discards keys that work. */
#include "auth/jwks.h"

#include "auth/jwk_set.h"
#include "base/log.h"

#include <stdlib.h>

struct jwks {
	struct jwks_source source;
	struct metrics *metrics; /* NULL: nobody counts */
	struct jwk_set *set; /* NULL until one with a key was fetched */
	bool answered; /* the last fetch gave a document, be it without a usable key */
	bool asked; /* a fetch was tried; asked_ms says when it began */
	int64_t asked_ms;
	int64_t refresh_ms; /* from then on the set is old */
};

enum status jwks_new(const struct jwks_source *source, struct jwks **out)
{
	struct jwks *j = calloc(1, sizeof(*j));

	if (!j)
		return STATUS_NO_MEMORY;
	j->source = *source;
	*out = j;
	return STATUS_OK;
}

void jwks_free(struct jwks *j)
{
	if (!j)
		return;
	jwk_set_free(j->set);
	free(j);
}

void jwks_count_in(struct jwks *j, struct metrics *m)
{
	j->metrics = m;
}

static bool may_ask(const struct jwks *j, int64_t now_ms, struct deadline by)
{
	if (by.at_ms <= now_ms)
		return false;
	return !j->asked || now_ms - j->asked_ms >= JWKS_COOL_DOWN_MS;
}

/* One fetch; the set afterwards is the new one, or the old one if that did not work. */
static void ask(struct jwks *j, int64_t now_ms, struct deadline by, int64_t total_ms)
{
	struct jwk_set *fresh = NULL;
	const char *why = NULL;
	struct slice document;
	int64_t left_ms = by.at_ms - now_ms;
	enum status rc;

	/* Stamped first, so that a fetch that hangs or fails counts as well. */
	j->asked = true;
	j->asked_ms = now_ms;
	j->answered = false;
	if (j->refresh_ms < now_ms + JWKS_AGE_RETRY_MS)
		j->refresh_ms = now_ms + JWKS_AGE_RETRY_MS;
	if (j->source.read(j->source.context, left_ms < total_ms ? left_ms : total_ms, &document) !=
		STATUS_OK) {
		metrics_count(j->metrics, METRICS_JWKS_FAILED, 1);
		return;
	}
	rc = jwk_set_parse(document, &fresh, &why);
	j->answered = rc == STATUS_OK || rc == STATUS_NOT_FOUND;
	if (rc != STATUS_OK) {
		metrics_count(j->metrics, METRICS_JWKS_USELESS, 1);
		LOG(LOG_WARN, "jwks_useless", log_str("reason", why ? why : status_name(rc)));
		return;
	}
	jwk_set_free(j->set);
	j->set = fresh;
	j->refresh_ms = now_ms + JWKS_AGE_MAX_MS;
	metrics_count(j->metrics, METRICS_JWKS_FETCHED, 1);
	metrics_set_now(j->metrics, METRICS_JWKS_AT);
	LOG(LOG_INFO, "jwks_fetched", log_int("keys", (int64_t)jwk_set_count(fresh)));
}

/* Fetches a set again that is old. If that fails it goes on working. */
static void renew(struct jwks *j, int64_t now_ms, struct deadline by)
{
	if (now_ms >= j->refresh_ms && may_ask(j, now_ms, by))
		ask(j, now_ms, by, JWKS_AGE_TOTAL_MS);
}

enum status jwks_find(struct jwks *j, struct slice kid, int64_t now_ms, struct deadline by,
	const struct jwk **out)
{
	const struct jwk *key = jwk_set_find(j->set, kid);

	if (key) {
		renew(j, now_ms, by);
		key = jwk_set_find(j->set, kid);
	} else if (!key && may_ask(j, now_ms, by)) {
		ask(j, now_ms, by, JWKS_TOTAL_MS);
		key = jwk_set_find(j->set, kid);
	}
	if (!key)
		return j->set || j->answered ? STATUS_DENIED : STATUS_UNAVAILABLE;
	*out = key;
	return STATUS_OK;
}

bool jwks_has(struct jwks *j, const struct jwk_digest *key, int64_t now_ms, struct deadline by)
{
	if (!j->set)
		return false;
	renew(j, now_ms, by);
	return jwk_set_has(j->set, key);
}

size_t jwks_count(const struct jwks *j)
{
	return j->set ? jwk_set_count(j->set) : 0;
}

bool jwks_ready(struct jwks *j, int64_t now_ms, struct deadline by)
{
	if (!j->set && may_ask(j, now_ms, by))
		ask(j, now_ms, by, JWKS_TOTAL_MS);
	return j->set != NULL;
}
