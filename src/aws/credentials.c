/* SPDX-License-Identifier: MIT */
/* The credential chain: asks the sources in their order, remembers what one of them gave, asks
 * again before that expires. How a source is asked is its own file's business. */
#include "aws/credentials.h"

#include "aws/credentials_source.h"
#include "base/ascii.h"
#include "base/log.h"

#include <stdlib.h>

#define RENEW_BEFORE_US ((int64_t)5 * 60 * 1000000)
/* Renewing while the old ones live may not slow a request by more than this. */
#define RENEW_MS 1000
/* Nobody is asked again for so long: with credentials at hand, even if those that came were about
 * to expire like the ones before; and without, after a failure. */
#define PAUSE_ALIVE_MS 10000
#define PAUSE_WITHOUT_MS 1000
/* Rejected credentials are not asked for anew more often than this: a service that rejects whatever
 * it is given would otherwise have each request ask IMDS. */
#define EXPIRE_EVERY_MS 1000

struct aws_credential_chain {
	aws_getenv lookup;
	struct fetch *fetch;
	struct buf imds_token;
	struct credentials_found found;
	bool held; /* found is filled in */
	const char *source; /* where that is from */
	int64_t asked_ms; /* monotonic: when the sources were asked last */
	bool failed; /* in vain */
	bool paused; /* so that they are left alone for a while */
	int64_t expire_from_ms; /* monotonic: aws_credentials_expire is not heeded before */
};

enum status aws_credential_chain_new(aws_getenv lookup, struct aws_credential_chain **out)
{
	enum status rc = STATUS_INVALID;
	bool id = credentials_setting(lookup, "AWS_ACCESS_KEY_ID") != NULL;
	bool secret = credentials_setting(lookup, "AWS_SECRET_ACCESS_KEY") != NULL;
	struct aws_credential_chain *c = NULL;

	if (id != secret)
		goto out;
	rc = STATUS_NO_MEMORY;
	c = calloc(1, sizeof(*c));
	if (!c)
		goto out;
	c->lookup = lookup;
	rc = fetch_new(&c->fetch);
	if (rc != STATUS_OK)
		goto out;
	*out = c;
	c = NULL;
out:
	aws_credential_chain_free(c);
	return rc;
}

void aws_credential_chain_free(struct aws_credential_chain *c)
{
	if (!c)
		return;
	fetch_free(c->fetch);
	buf_free(&c->imds_token);
	credentials_found_free(&c->found);
	free(c);
}

/* All three go into headers: a line break in them would add lines to a request. */
static enum status judge(const struct credentials_found *f, const char *source)
{
	if (!buf_ok(&f->access_key_id) || !buf_ok(&f->secret_access_key) ||
		!buf_ok(&f->session_token))
		return STATUS_NO_MEMORY;
	if (f->access_key_id.len > 0 && f->secret_access_key.len > 0 &&
		ascii_is_visible(buf_slice(&f->access_key_id)) &&
		ascii_is_visible(buf_slice(&f->secret_access_key)) &&
		ascii_is_visible(buf_slice(&f->session_token)) &&
		f->expires_us > clock_realtime_us())
		return STATUS_OK;
	LOG(LOG_ERROR, "credentials_unusable", log_str("source", source),
		log_str("problem", "expired, empty, or with characters that none have"));
	return STATUS_UNAVAILABLE;
}

enum source { ENVIRONMENT, SHARED_FILE, CONTAINER, IMDS, SOURCES };

static const char *const source_names[SOURCES] = { "environment", "file", "container", "imds" };

static enum status find(struct aws_credential_chain *c, enum source source, struct deadline by,
	struct credentials_found *out)
{
	switch (source) {
	case ENVIRONMENT:
		return credentials_environment_find(c->lookup, out);
	case SHARED_FILE:
		return credentials_file_find(c->lookup, out);
	case CONTAINER:
		return credentials_container_find(c->lookup, c->fetch, by, out);
	default:
		return credentials_imds_find(c->lookup, c->fetch, by, &c->imds_token, out);
	}
}

/* Asks each source in turn until one has an answer, good or bad. */
static enum status ask(struct aws_credential_chain *c, struct deadline by)
{
	enum status rc = STATUS_NOT_FOUND;
	struct credentials_found fresh = { .expires_us = CREDENTIALS_NEVER_EXPIRE };
	int at = ENVIRONMENT;

	for (; at < SOURCES; at++) {
		rc = find(c, (enum source)at, by, &fresh);
		if (rc != STATUS_NOT_FOUND)
			break;
	}
	if (rc == STATUS_NOT_FOUND) {
		LOG(LOG_ERROR, "credentials_none",
			log_str("problem", "nothing set in environment, file, container, IMDS"));
		rc = STATUS_UNAVAILABLE;
	} else if (rc == STATUS_OK) {
		rc = judge(&fresh, source_names[at]);
	} else {
		/* Sources before this one were not set up. */
		LOG(LOG_ERROR, "credentials_source_failed", log_str("source", source_names[at]),
			log_str("problem", status_name(rc)));
	}
	if (rc != STATUS_OK) {
		credentials_found_free(&fresh);
		return rc;
	}
	credentials_found_free(&c->found);
	c->found = fresh;
	c->held = true;
	c->source = source_names[at];
	LOG(LOG_DEBUG, "credentials_found", log_str("source", source_names[at]));
	return STATUS_OK;
}

static void give(const struct aws_credential_chain *c, struct aws_credentials *out)
{
	*out = (struct aws_credentials){
		.access_key_id = buf_cstr(&c->found.access_key_id),
		.secret_access_key = buf_cstr(&c->found.secret_access_key),
		.session_token = buf_cstr(&c->found.session_token),
	};
}

static bool may_ask(const struct aws_credential_chain *c, bool alive, int64_t now_ms)
{
	int64_t pause_ms = alive ? PAUSE_ALIVE_MS : PAUSE_WITHOUT_MS;

	if (!c->paused || (!alive && !c->failed))
		return true;
	return now_ms - c->asked_ms >= pause_ms;
}

enum status aws_credentials_get(
	struct aws_credential_chain *c, struct deadline by, struct aws_credentials *out)
{
	int64_t now_us, now_ms;
	bool alive;
	enum status rc;

	/* The usual case first: without an expiry no clock is read. */
	if (c->held && c->found.expires_us == CREDENTIALS_NEVER_EXPIRE) {
		give(c, out);
		return STATUS_OK;
	}
	now_us = clock_realtime_us();
	alive = c->held && now_us < c->found.expires_us;
	if (alive && now_us < c->found.expires_us - RENEW_BEFORE_US) {
		give(c, out);
		return STATUS_OK;
	}
	now_ms = clock_monotonic_ms();
	if (may_ask(c, alive, now_ms)) {
		struct deadline soon = { now_ms + RENEW_MS };

		rc = ask(c, alive && soon.at_ms < by.at_ms ? soon : by);
		c->failed = rc != STATUS_OK;
		c->asked_ms = clock_monotonic_ms();
		c->paused = c->failed || c->found.expires_us - RENEW_BEFORE_US <= now_us;
	} else {
		rc = STATUS_UNAVAILABLE;
	}
	if (rc != STATUS_OK && !alive)
		return rc;
	give(c, out);
	return STATUS_OK;
}

struct aws_credentials_origin aws_credentials_origin(const struct aws_credential_chain *c)
{
	return (struct aws_credentials_origin){
		.source = c->source,
		.expires = c->found.expires_us != CREDENTIALS_NEVER_EXPIRE,
		.expires_us = c->found.expires_us,
	};
}

void aws_credentials_expire(struct aws_credential_chain *c)
{
	int64_t now_ms = clock_monotonic_ms();

	if (!c->held || now_ms < c->expire_from_ms)
		return;
	c->held = false;
	c->paused = false;
	c->expire_from_ms = now_ms + EXPIRE_EVERY_MS;
}
