/* SPDX-License-Identifier: MIT */
/* Reading CancellationReasons; see reasons.h. */
#include "dynamo/reasons.h"

#include "json/json.h"

enum code { NONE, CONDITION, CONFLICT, THROTTLED, REFUSED, CODES };

/* Codes that are not here (ValidationError, ItemCollectionSizeLimitExceeded, AccessDenied,
 * DuplicateItem, whatever comes) are refusals. */
static enum code read_code(struct slice code)
{
	static const struct {
		struct slice text;
		enum code code;
	} codes[] = {
		{ SLICE_LITERAL("None"), NONE },
		{ SLICE_LITERAL("ConditionalCheckFailed"), CONDITION },
		{ SLICE_LITERAL("TransactionConflict"), CONFLICT },
		{ SLICE_LITERAL("ProvisionedThroughputExceeded"), THROTTLED },
		{ SLICE_LITERAL("ThrottlingError"), THROTTLED },
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (slice_equal(code, codes[i].text))
			return codes[i].code;
	}
	return REFUSED;
}

/* A failed condition is an answer, whatever else there was; a refusal will not get better by a
 * retry. */
static bool weigh(const size_t seen[CODES], enum dynamo_cancelled *out)
{
	if (seen[CONDITION] > 0)
		*out = DYNAMO_CANCELLED_CONDITION;
	else if (seen[REFUSED] > 0)
		*out = DYNAMO_CANCELLED_REFUSED;
	else if (seen[THROTTLED] > 0)
		*out = DYNAMO_CANCELLED_THROTTLED;
	else if (seen[CONFLICT] > 0)
		*out = DYNAMO_CANCELLED_CONFLICT;
	else
		return false;
	return true;
}

enum status dynamo_reasons_read(
	struct slice text, size_t count, enum dynamo_cancelled *out, enum dynamo_reason *reasons)
{
	enum status rc;
	struct json *doc = NULL;
	const struct json_value *list;
	enum dynamo_reason found[DYNAMO_TRANSACT_MAX];
	size_t seen[CODES] = { 0 };

	rc = json_parse(text, &doc);
	if (rc != STATUS_OK)
		return rc;
	rc = STATUS_INVALID;
	list = json_get(json_root(doc), "CancellationReasons");
	if (count > DYNAMO_TRANSACT_MAX || json_array_len(list) != count)
		goto out;
	for (size_t i = 0; i < count; i++) {
		struct slice name;
		enum code code;

		if (!json_get_string(json_array_at(list, i), "Code", &name))
			goto out;
		code = read_code(name);
		seen[code]++;
		found[i] = code == CONDITION ? DYNAMO_REASON_CONDITION : DYNAMO_REASON_NONE;
	}
	if (!weigh(seen, out))
		goto out;
	if (seen[CONDITION] > 0)
		memcpy(reasons, found, count * sizeof(found[0]));
	rc = STATUS_OK;
out:
	json_free(doc);
	return rc;
}
