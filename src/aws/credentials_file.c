/* SPDX-License-Identifier: MIT */
/* Credentials from the shared file, an INI file read as leniently as the AWS CLI does. Knows no
 * other profile setting than the keys: no role to assume, no credential_process. */
#include "aws/credentials_source.h"

#include "base/log.h"

#include <strings.h>

#define FILE_MAX ((size_t)1 << 20)

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static size_t indent_of(struct slice line)
{
	size_t n = 0;

	while (n < line.len && is_space(line.ptr[n]))
		n++;
	return n;
}

static struct slice trim(struct slice text)
{
	text = slice_skip(text, indent_of(text));
	while (text.len > 0 && is_space(text.ptr[text.len - 1]))
		text.len--;
	return text;
}

static struct slice take_line(struct slice *text)
{
	const char *end = memchr(text->ptr, '\n', text->len);
	size_t len = end ? (size_t)(end - text->ptr) : text->len;
	struct slice line = { text->ptr, len };

	*text = slice_skip(*text, end ? len + 1 : len);
	return line;
}

/* "[name]", perhaps with white space and a comment around. */
static bool section_name(struct slice line, struct slice *out)
{
	const char *end = line.len > 0 ? memchr(line.ptr, ']', line.len) : NULL;

	if (!end || line.ptr[0] != '[')
		return false;
	*out = trim((struct slice){ line.ptr + 1, (size_t)(end - line.ptr) - 1 });
	return true;
}

static bool named(struct slice key, const char *name)
{
	return key.len == strlen(name) && strncasecmp(key.ptr, name, key.len) == 0;
}

/* "key = value" or "key: value"; the last one counts. */
static void read_option(struct slice line, struct credentials_found *out)
{
	struct slice key, value;
	struct buf *into = NULL;
	size_t at = 0;

	while (at < line.len && line.ptr[at] != '=' && line.ptr[at] != ':')
		at++;
	if (at == line.len)
		return;
	key = trim((struct slice){ line.ptr, at });
	value = trim(slice_skip(line, at + 1));
	if (named(key, "aws_access_key_id"))
		into = &out->access_key_id;
	else if (named(key, "aws_secret_access_key"))
		into = &out->secret_access_key;
	else if (named(key, "aws_session_token"))
		into = &out->session_token;
	if (!into)
		return;
	buf_clear(into);
	buf_add_slice(into, value);
}

enum status credentials_file_parse(
	struct slice text, const char *profile, struct credentials_found *out)
{
	bool inside = false;
	bool after_option = false;
	size_t option_indent = 0;

	if (slice_starts_with(text, SLICE("\xef\xbb\xbf"))) /* some editors leave it */
		text = slice_skip(text, 3);
	while (text.len > 0) {
		struct slice raw = take_line(&text), line = trim(raw), name;

		if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';')
			continue;
		/* Deeper than the option before: that one's value goes on, as in nested
		 * settings ("s3 =" and lines below it). None of the keys has such a value. */
		if (after_option && indent_of(raw) > option_indent)
			continue;
		if (section_name(line, &name)) {
			inside = slice_equal(name, slice_of(profile));
			after_option = false;
			continue;
		}
		after_option = true;
		option_indent = indent_of(raw);
		if (inside)
			read_option(line, out);
	}
	if (out->access_key_id.len == 0 && out->secret_access_key.len == 0)
		return STATUS_NOT_FOUND;
	if (out->access_key_id.len == 0 || out->secret_access_key.len == 0)
		return STATUS_INVALID;
	out->expires_us = CREDENTIALS_NEVER_EXPIRE;
	return STATUS_OK;
}

/* AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials; false if there is no home either. */
static bool file_path(aws_getenv lookup, struct buf *out)
{
	const char *path = credentials_setting(lookup, "AWS_SHARED_CREDENTIALS_FILE");
	const char *home = credentials_setting(lookup, "HOME");

	if (!path && !home)
		return false;
	if (path && !(path[0] == '~' && path[1] == '/')) {
		buf_add_str(out, path);
		return true;
	}
	if (!home)
		return false;
	buf_add_str(out, home);
	buf_add_str(out, path ? path + 1 : "/.aws/credentials");
	return true;
}

enum status credentials_file_find(aws_getenv lookup, struct credentials_found *out)
{
	enum status rc = STATUS_NOT_FOUND;
	const char *named_profile = credentials_setting(lookup, "AWS_PROFILE");
	const char *profile = named_profile ? named_profile : "default";
	struct buf path = { 0 }, text = { 0 };

	if (file_path(lookup, &path)) {
		rc = buf_ok(&path) ? credentials_read_file(buf_cstr(&path), FILE_MAX, &text)
				   : STATUS_NO_MEMORY;
		if (rc == STATUS_OK)
			rc = credentials_file_parse(buf_slice(&text), profile, out);
	}
	/* A profile that somebody named must be there; without a name, the file need not be. */
	if (rc != STATUS_OK && (rc != STATUS_NOT_FOUND || named_profile)) {
		LOG(LOG_ERROR, "credentials_file_unusable", log_str("path", buf_cstr(&path)),
			log_str("profile", profile), log_str("problem", status_name(rc)));
		rc = STATUS_UNAVAILABLE;
	}
	buf_free(&path);
	buf_free(&text);
	return rc;
}
