/* SPDX-License-Identifier: MIT */
/* Reading and judging the environment; connects to nothing. */
#include "base/settings.h"

#include <ctype.h>
#include <stdlib.h>

#define DEFAULT_TABLE "cruddur-messages"
#define VALUE_MAX 4096
/* unix(7): sun_path without its NUL */
#define SOCKET_PATH_MAX 107

struct loading {
	settings_getenv lookup;
	struct settings *out;
	struct buf *problem;
};

static enum status refuse(struct loading *l, const char *name, const char *why)
{
	buf_add_str(l->problem, name);
	buf_add_str(l->problem, ": ");
	buf_add_str(l->problem, why);
	return STATUS_INVALID;
}

/* The first of the named variables that is set and not empty; its name goes to *which. */
static const char *first_set(struct loading *l, const char *const *names, const char **which)
{
	for (; *names; names++) {
		const char *value = l->lookup(*names);

		if (value && *value) {
			*which = *names;
			return value;
		}
	}
	return NULL;
}

static enum status keep(struct loading *l, const char *name, const char *value, char **out)
{
	if (strlen(value) > VALUE_MAX)
		return refuse(l, name, "too long");
	*out = strdup(value);
	return *out ? STATUS_OK : refuse(l, name, "out of memory");
}

static enum status load_connection_url(struct loading *l)
{
	static const char name[] = "CONNECTION_URL";
	const char *value = l->lookup(name);

	if (!value || !*value)
		return refuse(l, name, "is required and not set");
	return keep(l, name, value, &l->out->connection_url);
}

static bool only_of(const char *text, const char *more_than_alnum)
{
	for (; *text; text++) {
		if (!isalnum((unsigned char)*text) && !strchr(more_than_alnum, *text))
			return false;
	}
	return true;
}

static enum status load_region(struct loading *l)
{
	const char *which = "AWS_REGION";
	const char *value = first_set(
		l, (const char *const[]){ "AWS_REGION", "AWS_DEFAULT_REGION", NULL }, &which);

	if (!value)
		return refuse(l, which, "is required and not set");
	if (strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(value))
		return refuse(l, which, "is no region: only a-z, 0-9 and -");
	return keep(l, which, value, &l->out->region);
}

/* Length of "http://" or "https://" (schemes fold case: RFC 3986, 3.1), 0 if text starts with
 * neither. */
static size_t scheme_len(const char *text)
{
	if (strncasecmp(text, "http://", 7) == 0)
		return 7;
	return strncasecmp(text, "https://", 8) == 0 ? 8 : 0;
}

static bool is_port(const char *text, size_t len)
{
	long port = 0;

	if (len == 0 || len > 5)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
		port = port * 10 + (text[i] - '0');
	}
	return port > 0 && port < 65536;
}

/* host, host:port or [address]:port; no user information. */
static bool is_authority(const char *text, size_t len)
{
	const char *end = text + len, *host_end;

	if (len > 0 && *text == '[') {
		host_end = memchr(text, ']', len);
		if (!host_end || host_end == text + 1)
			return false;
		for (const char *p = text + 1; p < host_end; p++) {
			if (!isxdigit((unsigned char)*p) && *p != ':' && *p != '.')
				return false;
		}
		host_end++;
	} else {
		host_end = text;
		while (host_end < end &&
			(isalnum((unsigned char)*host_end) || strchr("-._", *host_end)))
			host_end++;
		if (host_end == text)
			return false;
	}
	if (host_end == end)
		return true;
	return *host_end == ':' && is_port(host_end + 1, (size_t)(end - host_end - 1));
}

/* An http(s) URL without user, query or fragment; *authority_end gets the offset of its path. */
static bool is_http_url(const char *text, size_t *authority_end)
{
	size_t at = scheme_len(text), len;

	if (at == 0)
		return false;
	len = strcspn(text + at, "/?#");
	if (!is_authority(text + at, len))
		return false;
	*authority_end = at + len;
	for (const char *p = text + at + len; *p; p++) {
		if (*p == '?' || *p == '#' || *p <= ' ' || *p >= 0x7f)
			return false;
	}
	return true;
}

static void strip_slashes(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '/')
		text[--len] = '\0';
}

static enum status endpoint(
	struct loading *l, const char *const *names, const char *default_host, char **out)
{
	const char *which = names[0];
	const char *value = first_set(l, names, &which);
	struct buf url = { 0 };
	enum status rc;
	size_t end;

	if (!value) {
		buf_add_str(&url, "https://");
		buf_add_str(&url, default_host);
		buf_add_str(&url, ".");
		buf_add_str(&url, l->out->region);
		buf_add_str(&url, ".amazonaws.com");
		buf_add_str(&url, strncmp(l->out->region, "cn-", 3) == 0 ? ".cn" : "");
		value = buf_cstr(&url);
	} else if (!is_http_url(value, &end)) {
		return refuse(l, which, "is not an http or https URL");
	}
	rc = buf_ok(&url) ? keep(l, which, value, out) : refuse(l, which, "out of memory");
	if (rc == STATUS_OK)
		strip_slashes(*out);
	buf_free(&url);
	return rc;
}

/* A browser's Origin is the URL's scheme, host and port in lower case, without the default port. */
static enum status origin(struct loading *l, const char *name)
{
	const char *value = l->lookup(name);
	char *text;
	size_t end, port;
	enum status rc;

	if (!value || !*value)
		return STATUS_OK;
	if (!is_http_url(value, &end))
		return refuse(l, name, "is not an http or https URL");
	rc = keep(l, name, value, &text);
	if (rc != STATUS_OK)
		return rc;
	text[end] = '\0';
	for (char *p = text; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	port = strncmp(text, "https:", 6) == 0 ? 4 : 3;
	if (end > port && strcmp(text + end - port, port == 4 ? ":443" : ":80") == 0)
		text[end - port] = '\0';
	l->out->origins[l->out->origin_count++] = text;
	return STATUS_OK;
}

static enum status load_table(struct loading *l)
{
	static const char name[] = "CRUDDUR_MESSAGES_TABLE";
	const char *value = l->lookup(name);
	size_t len;

	if (!value || !*value)
		value = DEFAULT_TABLE;
	len = strlen(value);
	if (len < 3 || len > 255 || !only_of(value, "_.-"))
		return refuse(l, name, "is no table name: 3 to 255 of A-Z a-z 0-9 _ . -");
	return keep(l, name, value, &l->out->table);
}

static enum status load_client_ids(struct loading *l)
{
	static const char name[] = "AWS_COGNITO_USER_POOL_CLIENT_ID";
	const char *value = l->lookup(name);
	struct settings *s = l->out;

	if (!value || !*value)
		return refuse(l, name, "is required and not set");
	while (*value) {
		size_t len = strcspn(value, ","), skip = strspn(value, " \t");

		if (skip > len)
			skip = len;
		while (len > skip && strchr(" \t", value[len - 1]))
			len--;
		if (len > skip) {
			if (s->client_id_count == SETTINGS_CLIENT_IDS_MAX)
				return refuse(l, name, "has more than 16 client ids");
			s->client_ids[s->client_id_count] = strndup(value + skip, len - skip);
			if (!s->client_ids[s->client_id_count])
				return refuse(l, name, "out of memory");
			if (!only_of(s->client_ids[s->client_id_count++], "_-+."))
				return refuse(l, name, "holds something that is no client id");
		}
		value += strcspn(value, ",");
		value += *value == ',';
	}
	if (s->client_id_count == 0)
		return refuse(l, name, "names no client id");
	return STATUS_OK;
}

static enum status load_cognito(struct loading *l)
{
	static const char pool_name[] = "AWS_COGNITO_USER_POOL_ID";
	char *endpoint_url = NULL;
	const char *pool = l->lookup(pool_name);
	struct buf issuer = { 0 };
	enum status rc;

	if (!pool || !*pool)
		return refuse(l, pool_name, "is required and not set");
	if (!only_of(pool, "_-"))
		return refuse(l, pool_name, "is no pool id");
	rc = load_client_ids(l);
	if (rc != STATUS_OK)
		return rc;
	rc = endpoint(l,
		(const char *const[]){ "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", NULL },
		"cognito-idp", &endpoint_url);
	if (rc != STATUS_OK)
		return rc;
	buf_add_str(&issuer, endpoint_url);
	buf_add_char(&issuer, '/');
	buf_add_str(&issuer, pool);
	free(endpoint_url);
	if (!buf_ok(&issuer)) {
		buf_free(&issuer);
		return refuse(l, pool_name, "out of memory");
	}
	l->out->issuer = issuer.data;
	return STATUS_OK;
}

static enum status load_numbers(struct loading *l)
{
	const char *level = l->lookup("CRUDDUR_LOG_LEVEL");
	const char *count = l->lookup("CRUDDUR_MAX_REQUESTS");

	l->out->log_level = LOG_INFO;
	if (level && *level && !log_level_parse(level, &l->out->log_level))
		return refuse(l, "CRUDDUR_LOG_LEVEL", "is none of error, warn, info, debug");
	l->out->max_requests = 0;
	if (!count || !*count)
		return STATUS_OK;
	if (strlen(count) > 12 || strspn(count, "0123456789") != strlen(count))
		return refuse(l, "CRUDDUR_MAX_REQUESTS", "is no whole number of requests");
	l->out->max_requests = strtoll(count, NULL, 10);
	return STATUS_OK;
}

/* Set to nothing it says something else than not set at all. */
static enum status load_shared_memory(struct loading *l)
{
	static const char name[] = "CRUDDUR_SHARED_MEMORY";
	const char *value = l->lookup(name);

	if (!value)
		return STATUS_OK;
	if (*value && *value != '/')
		return refuse(l, name, "is no absolute path");
	return keep(l, name, value, &l->out->shared_memory);
}

static enum status load_live(struct loading *l)
{
	static const char name[] = "CRUDDUR_LIVE_SOCKET";
	const char *value = l->lookup(name);

	if (!value || !*value)
		return STATUS_OK;
	if (*value != '/' || strlen(value) > SOCKET_PATH_MAX)
		return refuse(l, name, "is no absolute path of at most 107 bytes");
	return keep(l, name, value, &l->out->live_socket);
}

static enum status load_aws(struct loading *l)
{
	enum status rc = load_region(l);

	if (rc == STATUS_OK)
		rc = endpoint(l,
			(const char *const[]){
				"AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL", NULL },
			"dynamodb", &l->out->dynamodb_endpoint);
	if (rc == STATUS_OK)
		rc = endpoint(l,
			(const char *const[]){ "AWS_ENDPOINT_URL_DYNAMODB_STREAMS",
				"AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL", NULL },
			"streams.dynamodb", &l->out->streams_endpoint);
	return rc;
}

enum status settings_load(
	settings_getenv lookup, unsigned int needs, struct settings *out, struct buf *problem)
{
	struct loading l = { .lookup = lookup, .out = out, .problem = problem };
	enum status rc = load_numbers(&l);

	if (rc == STATUS_OK && (needs & SETTINGS_NEED_POSTGRES))
		rc = load_connection_url(&l);
	if (rc == STATUS_OK)
		rc = load_aws(&l);
	if (rc == STATUS_OK)
		rc = load_table(&l);
	if (rc == STATUS_OK && (needs & SETTINGS_NEED_COGNITO))
		rc = load_cognito(&l);
	if (rc == STATUS_OK && (needs & SETTINGS_NEED_COGNITO))
		rc = load_live(&l);
	if (rc == STATUS_OK)
		rc = load_shared_memory(&l);
	if (rc == STATUS_OK)
		rc = origin(&l, "FRONTEND_URL");
	if (rc == STATUS_OK)
		rc = origin(&l, "BACKEND_URL");
	return rc;
}

void settings_clear(struct settings *s)
{
	free(s->connection_url);
	free(s->region);
	free(s->dynamodb_endpoint);
	free(s->streams_endpoint);
	free(s->table);
	free(s->live_socket);
	free(s->shared_memory);
	free(s->issuer);
	for (size_t i = 0; i < s->client_id_count; i++)
		free(s->client_ids[i]);
	for (size_t i = 0; i < s->origin_count; i++)
		free(s->origins[i]);
	*s = (struct settings){ 0 };
}
