/* SPDX-License-Identifier: MIT */
/* Reading the document in which the container endpoint and IMDS hand out credentials. Fetches
 * nothing. */
#include "aws/credentials_source.h"

#include "json/json.h"

/* The number in the n digits at the start of text; false if they are not all digits. */
static bool read_digits(struct slice *text, size_t n, int64_t *out)
{
	int64_t value = 0;

	if (text->len < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = text->ptr[i];

		if (c < '0' || c > '9')
			return false;
		value = value * 10 + (c - '0');
	}
	*text = slice_skip(*text, n);
	*out = value;
	return true;
}

static bool read_char(struct slice *text, char c)
{
	if (text->len == 0 || text->ptr[0] != c)
		return false;
	*text = slice_skip(*text, 1);
	return true;
}

/* Fractions are dropped: nobody renews by the microsecond. */
static bool read_zone(struct slice text)
{
	int64_t digit;

	if (read_char(&text, '.')) {
		if (!read_digits(&text, 1, &digit))
			return false;
		while (read_digits(&text, 1, &digit))
			;
	}
	return slice_equal(text, SLICE("Z")) || slice_equal(text, SLICE("+00:00"));
}

/* Days from 1970-01-01 in the proleptic Gregorian calendar, counted from 1 March so that a leap
 * day comes last. */
static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t m = month > 2 ? month - 3 : month + 9;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

enum status credentials_document_time(struct slice text, int64_t *out_us)
{
	int64_t year, month, day, hour, minute, second;

	if (!read_digits(&text, 4, &year) || !read_char(&text, '-') ||
		!read_digits(&text, 2, &month) || !read_char(&text, '-') ||
		!read_digits(&text, 2, &day) || !read_char(&text, 'T') ||
		!read_digits(&text, 2, &hour) || !read_char(&text, ':') ||
		!read_digits(&text, 2, &minute) || !read_char(&text, ':') ||
		!read_digits(&text, 2, &second) || !read_zone(text))
		return STATUS_INVALID;
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 ||
		minute > 59 || second > 60)
		return STATUS_INVALID;
	*out_us = (days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second) *
		1000000;
	return STATUS_OK;
}

enum status credentials_document_read(struct slice text, struct credentials_found *out)
{
	enum status rc;
	struct json *doc = NULL;
	const struct json_value *root;
	struct slice code, id, secret, token = { 0 }, expires;

	rc = json_parse(text, &doc);
	if (rc != STATUS_OK)
		return rc;
	rc = STATUS_INVALID;
	root = json_root(doc);
	/* IMDS says so when it has a document but no credentials in it. */
	if (json_get_string(root, "Code", &code) && !slice_equal(code, SLICE("Success")))
		goto out;
	if (!json_get_string(root, "AccessKeyId", &id) ||
		!json_get_string(root, "SecretAccessKey", &secret))
		goto out;
	(void)json_get_string(root, "Token", &token); /* absent: none */
	out->expires_us = CREDENTIALS_NEVER_EXPIRE;
	if (json_get_string(root, "Expiration", &expires) &&
		credentials_document_time(expires, &out->expires_us) != STATUS_OK)
		goto out;
	buf_add_slice(&out->access_key_id, id);
	buf_add_slice(&out->secret_access_key, secret);
	buf_add_slice(&out->session_token, token);
	rc = STATUS_OK; /* the chain asks buf_ok, as for every source */
out:
	json_free(doc);
	return rc;
}
