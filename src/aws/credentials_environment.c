/* SPDX-License-Identifier: MIT */
/* Credentials from the environment. Half a pair never gets here: the chain's constructor refuses
 * it. */
#include "aws/credentials_source.h"

enum status credentials_environment_find(aws_getenv lookup, struct credentials_found *out)
{
	const char *id = credentials_setting(lookup, "AWS_ACCESS_KEY_ID");
	const char *secret = credentials_setting(lookup, "AWS_SECRET_ACCESS_KEY");
	const char *token = credentials_setting(lookup, "AWS_SESSION_TOKEN");

	if (!id || !secret)
		return STATUS_NOT_FOUND;
	buf_add_str(&out->access_key_id, id);
	buf_add_str(&out->secret_access_key, secret);
	buf_add_str(&out->session_token, token ? token : "");
	out->expires_us = CREDENTIALS_NEVER_EXPIRE;
	return STATUS_OK;
}
