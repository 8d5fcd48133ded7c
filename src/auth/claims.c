/* SPDX-License-Identifier: MIT */
/* The rules, one after another: first that every claim that has a meaning has the right JSON type,
 * then what it says. */
#include "auth/claims.h"

#include <string.h>

struct known {
	const char *name;
	enum json_kind kind;
};

/* Every claim of an access token, and those of RFC 7519. A claim that is not here is ignored
 * (RFC 7519 section 4). `aud` is one string in Cognito's tokens, never a list. */
static const struct known known[] = {
	{ "sub", JSON_STRING },
	{ "iss", JSON_STRING },
	{ "client_id", JSON_STRING },
	{ "token_use", JSON_STRING },
	{ "scope", JSON_STRING },
	{ "jti", JSON_STRING },
	{ "origin_jti", JSON_STRING },
	{ "event_id", JSON_STRING },
	{ "username", JSON_STRING },
	{ "device_key", JSON_STRING },
	{ "aud", JSON_STRING },
	{ "cognito:groups", JSON_ARRAY },
	{ "version", JSON_NUMBER },
};

/* Claims that are times: non-negative numbers below 2^53, in seconds, fractions allowed. */
static const char *const time_claims[] = { "exp", "iat", "nbf", "auth_time" };

static bool is_time(const struct json_value *v, double *out)
{
	double time_s;

	if (!json_number(v, &time_s) || !(time_s >= 0.0 && time_s < CLAIMS_TIME_LIMIT))
		return false;
	*out = time_s;
	return true;
}

static bool all_strings(const struct json_value *list)
{
	for (size_t i = 0; i < json_array_len(list); i++) {
		if (json_kind(json_array_at(list, i)) != JSON_STRING)
			return false;
	}
	return true;
}

static bool well_typed(const struct json_value *claims)
{
	double time_s;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct json_value *v = json_get(claims, known[i].name);

		if (v && json_kind(v) != known[i].kind)
			return false;
	}
	for (size_t i = 0; i < sizeof(time_claims) / sizeof(time_claims[0]); i++) {
		const struct json_value *v = json_get(claims, time_claims[i]);

		if (v && !is_time(v, &time_s))
			return false;
	}
	return all_strings(json_get(claims, "cognito:groups"));
}

static bool says(const struct json_value *claims, const char *name, struct slice expected)
{
	struct slice text;

	return json_get_string(claims, name, &text) && slice_equal(text, expected);
}

static bool of_our_client(const struct json_value *claims, const struct cognito_settings *settings)
{
	for (size_t i = 0; i < settings->client_id_count; i++) {
		if (says(claims, "client_id", slice_of(settings->client_ids[i])))
			return true;
	}
	return false;
}

static const char *read_times(const struct json_value *claims, struct cognito_times *out)
{
	if (!is_time(json_get(claims, "exp"), &out->expires))
		return "exp_missing";
	if (!is_time(json_get(claims, "iat"), &out->issued))
		return "iat_missing";
	if (!is_time(json_get(claims, "nbf"), &out->not_before))
		out->not_before = 0.0;
	return NULL;
}

const char *claims_time_refused_as(const struct cognito_times *times, int64_t now_ms)
{
	double now_s =
		(double)now_ms / 1000.0; /* exact below 2^53 ms, and times may have fractions */
	double latest_s = now_s + CLAIMS_LEEWAY_S;

	/* RFC 7519 section 4.1.4: not accepted *on* or after that time. */
	if (times->expires <= now_s)
		return "expired";
	if (times->issued > latest_s)
		return "iat_in_the_future";
	if (times->not_before > latest_s)
		return "nbf_in_the_future";
	return NULL;
}

const char *claims_refused_as(const struct json_value *claims,
	const struct cognito_settings *settings, int64_t now_ms, struct cognito_principal *out)
{
	struct slice sub;
	const char *refused;
	struct cognito_times times;

	if (!well_typed(claims))
		return "claim_type";
	if (!says(claims, "iss", slice_of(settings->issuer)))
		return "iss";
	if (!says(claims, "token_use", SLICE("access")))
		return "token_use";
	if (!of_our_client(claims, settings))
		return "client_id";
	if (!json_get_string(claims, "sub", &sub) || sub.len == 0 ||
		sub.len > COGNITO_SUBJECT_MAX || memchr(sub.ptr, '\0', sub.len))
		return "sub";
	refused = read_times(claims, &times);
	if (!refused)
		refused = claims_time_refused_as(&times, now_ms);
	if (refused)
		return refused;
	memcpy(out->subject, sub.ptr, sub.len);
	out->subject[sub.len] = '\0';
	out->times = times;
	return NULL;
}
