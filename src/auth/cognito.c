/* SPDX-License-Identifier: MIT */
/* A token from its bytes to a principal: shape, key, signature, claims, in this order; or from
 * memory, by its keyed digest, if the same bytes went that way before. */
#include "auth/cognito.h"

#include "auth/claims.h"
#include "auth/jwks.h"
#include "auth/jwks_http.h"
#include "auth/jwt.h"
#include "auth/token_cache.h"
#include "base/log.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

struct cognito {
	struct cognito_settings settings; /* points to the two below */
	char *issuer;
	char **client_ids;
	struct jwks_http *http; /* NULL if the source is someone else's */
	struct jwks *jwks;
	EVP_MD *sha256;
	struct token_cache *verified;
};

static enum status copy_settings(struct cognito *c, const struct cognito_settings *settings)
{
	c->issuer = strdup(settings->issuer);
	/* One more than needed: calloc of nothing may answer NULL. */
	c->client_ids = calloc(settings->client_id_count + 1, sizeof(*c->client_ids));
	if (!c->issuer || !c->client_ids)
		return STATUS_NO_MEMORY;
	c->settings.metrics = settings->metrics;
	c->settings.issuer = c->issuer;
	c->settings.client_ids = (const char *const *)c->client_ids;
	for (size_t i = 0; i < settings->client_id_count; i++) {
		c->client_ids[i] = strdup(settings->client_ids[i]);
		if (!c->client_ids[i])
			return STATUS_NO_MEMORY;
		c->settings.client_id_count++;
	}
	return STATUS_OK;
}

enum status cognito_new_from(const struct cognito_settings *settings,
	const struct jwks_source *source, struct cognito **out)
{
	enum status rc;
	struct cognito *c = calloc(1, sizeof(*c));

	if (!c)
		return STATUS_NO_MEMORY;
	rc = copy_settings(c, settings);
	if (rc != STATUS_OK)
		goto out;
	c->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!c->sha256) {
		ERR_clear_error();
		rc = STATUS_INTERNAL;
		goto out;
	}
	rc = jwks_new(source, &c->jwks);
	if (rc == STATUS_OK)
		jwks_count_in(c->jwks, c->settings.metrics);
	if (rc == STATUS_OK)
		rc = token_cache_new(settings->memory, &c->verified);
	if (rc != STATUS_OK)
		goto out;
	*out = c;
	c = NULL;
out:
	cognito_free(c);
	return rc;
}

enum status cognito_new(const struct cognito_settings *settings, struct cognito **out)
{
	struct jwks_http *http = NULL;
	struct jwks_source source;
	struct cognito *c = NULL;
	enum status rc = jwks_http_new(settings->issuer, settings->usage, &http);

	if (rc != STATUS_OK)
		return rc;
	source = jwks_http_source(http);
	rc = cognito_new_from(settings, &source, &c);
	if (rc != STATUS_OK) {
		jwks_http_free(http);
		return rc;
	}
	c->http = http;
	*out = c;
	return STATUS_OK;
}

void cognito_free(struct cognito *c)
{
	if (!c)
		return;
	token_cache_free(c->verified);
	jwks_free(c->jwks);
	jwks_http_free(c->http);
	EVP_MD_free(c->sha256);
	for (size_t i = 0; i < c->settings.client_id_count; i++)
		free(c->client_ids[i]);
	free(c->client_ids);
	free(c->issuer);
	free(c);
}

/* When a token is looked at: the time of day, and by when that is to be over. */
struct verify_at {
	int64_t now_ms;
	struct deadline by;
};

/* The reason is one of our own words; nothing of the token is ever logged. */
static enum status denied(const struct cognito *c, const char *why)
{
	metrics_auth_failure(c->settings.metrics, why);
	LOG(LOG_DEBUG, "token_refused", log_str("reason", why));
	return STATUS_DENIED;
}

static enum status check_signature(
	struct cognito *c, struct jwt *token, struct deadline by, struct jwk_digest *by_key)
{
	const struct jwk *key;
	enum status rc = jwks_find(c->jwks, jwt_kid(token), clock_monotonic_ms(), by, &key);

	if (rc == STATUS_DENIED)
		return denied(c, "unknown_kid");
	if (rc != STATUS_OK)
		return rc;
	*by_key = *jwk_digest(key);
	rc = jwt_verify(token, key, c->sha256);
	return rc == STATUS_DENIED ? denied(c, "signature") : rc;
}

/* All checks, the key that passed it included. */
static enum status verify(struct cognito *c, struct slice text, const struct verify_at *at,
	struct jwk_digest *by_key, struct cognito_principal *out)
{
	struct jwt *token = NULL;
	const char *why = NULL;
	enum status rc;

	rc = jwt_parse(text, &token, &why);
	if (rc != STATUS_OK)
		return rc == STATUS_DENIED ? denied(c, why) : rc;
	rc = check_signature(c, token, at->by, by_key);
	if (rc != STATUS_OK)
		goto out;
	why = claims_refused_as(jwt_claims(token), &c->settings, at->now_ms, out);
	if (why)
		rc = denied(c, why);
out:
	jwt_free(token);
	return rc;
}

/* Every check of verify but the times was passed by the same bytes, with a key that is still one of
 * the pool's. */
static bool remembered(struct cognito *c, const struct token_digest *digest, struct deadline by,
	struct token_entry *out)
{
	return token_cache_find(c->verified, digest, out) &&
		jwks_has(c->jwks, &out->key, clock_monotonic_ms(), by);
}

enum status cognito_verify(struct cognito *c, struct slice text, int64_t now_ms, struct deadline by,
	struct cognito_principal *out)
{
	const struct verify_at at = { now_ms, by };
	struct token_digest digest;
	struct token_entry entry;
	struct jwk_digest by_key;
	const char *why;
	enum status rc;
	bool known;

	if (text.len > COGNITO_TOKEN_MAX)
		return denied(c, "size");
	rc = token_cache_digest(c->verified, text, &digest);
	if (rc != STATUS_OK)
		return rc;
	known = remembered(c, &digest, by, &entry);
	metrics_count(c->settings.metrics, known ? METRICS_TOKENS_HIT : METRICS_TOKENS_MISS, 1);
	if (!known) {
		rc = verify(c, text, &at, &by_key, out);
		if (rc == STATUS_OK)
			token_cache_put(c->verified, &digest, &by_key, out);
		return rc;
	}
	why = claims_time_refused_as(&entry.times, now_ms);
	if (why)
		return denied(c, why);
	memcpy(out->subject, entry.subject, sizeof(entry.subject));
	out->times = entry.times;
	return STATUS_OK;
}

bool cognito_ready(struct cognito *c, struct deadline by)
{
	return jwks_ready(c->jwks, clock_monotonic_ms(), by);
}

size_t cognito_key_count(const struct cognito *c)
{
	return jwks_count(c->jwks);
}
