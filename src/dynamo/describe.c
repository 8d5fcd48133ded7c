/* SPDX-License-Identifier: MIT */
/* What the table says about itself: its keys, its indexes, its stream and its size. */
#include "dynamo/dynamo.h"

#include "base/ascii.h"
#include "base/log.h"
#include "dynamo/request.h"
#include "json/json.h"
#include "json/write.h"

/* Up to here a double is exact; a count beyond is as good as none. */
#define COUNT_MAX 9007199254740991.0

void dynamo_table_clear(struct dynamo_table *t)
{
	buf_free(&t->stream_arn);
	*t = (struct dynamo_table){ 0 };
}

static bool has_image(const struct json_value *specification)
{
	struct slice view;

	return json_get_string(specification, "StreamViewType", &view) &&
		(slice_equal(view, SLICE("NEW_IMAGE")) ||
			slice_equal(view, SLICE("NEW_AND_OLD_IMAGES")));
}

/* true if the schema's key of that kind is that attribute, and the table knows it for a string. */
static bool is_key(const struct json_value *table, const struct json_value *schema,
	const char *kind, const char *attribute)
{
	const struct json_value *definitions = json_get(table, "AttributeDefinitions");
	bool named = false, string = false;
	struct slice is, of;

	for (size_t i = 0; i < json_array_len(schema); i++) {
		const struct json_value *key = json_array_at(schema, i);

		if (json_get_string(key, "KeyType", &is) && slice_equal(is, slice_of(kind)) &&
			json_get_string(key, "AttributeName", &of))
			named = slice_equal(of, slice_of(attribute));
	}
	for (size_t i = 0; i < json_array_len(definitions); i++) {
		const struct json_value *definition = json_array_at(definitions, i);

		if (json_get_string(definition, "AttributeName", &of) &&
			slice_equal(of, slice_of(attribute)) &&
			json_get_string(definition, "AttributeType", &is))
			string = slice_equal(is, SLICE("S"));
	}
	return named && string;
}

static bool has_keys(const struct json_value *table, const struct json_value *described,
	const char *hash, const char *range)
{
	const struct json_value *schema = json_get(described, "KeySchema");

	return json_array_len(schema) == 2 && is_key(table, schema, "HASH", hash) &&
		is_key(table, schema, "RANGE", range);
}

static bool is_active(const struct json_value *described, const char *member)
{
	struct slice text;

	/* Settings of a table or an index that is being updated change while it serves. */
	return json_get_string(described, member, &text) &&
		(slice_equal(text, SLICE("ACTIVE")) || slice_equal(text, SLICE("UPDATING")));
}

/* DescribeTable's answer, which is the caller's. */
static enum status ask(struct dynamo *d, struct deadline by, struct json **out)
{
	struct aws_answer answer;
	enum status rc;

	buf_clear(&d->body);
	buf_add_char(&d->body, '{');
	json_write_member(&d->body, "TableName", slice_of(d->table));
	buf_add_char(&d->body, '}');
	if (!buf_ok(&d->body))
		return STATUS_NO_MEMORY;
	rc = aws_call(d->client, "DescribeTable", buf_slice(&d->body), by, &answer);
	if (rc == STATUS_INVALID) {
		if (strcmp(answer.error, "ResourceNotFoundException") == 0)
			return STATUS_NOT_FOUND;
		LOG(LOG_ERROR, "dynamodb_refused", log_str("operation", "DescribeTable"),
			log_str("error", answer.error), log_int("status", answer.http_status));
		return STATUS_UNAVAILABLE;
	}
	if (rc != STATUS_OK)
		return rc == STATUS_TOO_LARGE ? STATUS_UNAVAILABLE : rc;
	return json_parse(answer.body, out);
}

static enum status nonsense(void)
{
	LOG(LOG_ERROR, "dynamodb_nonsense", log_str("operation", "DescribeTable"));
	return STATUS_UNAVAILABLE;
}

/* STATUS_INVALID if it is not what the API documents. */
static enum status read_table(const struct json_value *table, struct dynamo_table *out)
{
	struct dynamo_table t = { 0 };
	const struct json_value *specification = json_get(table, "StreamSpecification");
	struct slice arn = SLICE("");
	double count;

	if (json_kind(table) != JSON_OBJECT ||
		(json_get(table, "LatestStreamArn") &&
			!json_get_string(table, "LatestStreamArn", &arn)) ||
		!ascii_is_visible(arn))
		return STATUS_INVALID;
	t.active = is_active(table, "TableStatus");
	t.has_keys = has_keys(table, table, "pk", "sk");
	if (!json_boolean(json_get(specification, "StreamEnabled"), &t.stream_enabled))
		t.stream_enabled = false;
	t.stream_has_image = has_image(specification);
	if (json_number(json_get(table, "ItemCount"), &count) && count >= 0 && count <= COUNT_MAX)
		t.item_count = (int64_t)count;
	buf_add_slice(&t.stream_arn, arn);
	if (!buf_ok(&t.stream_arn)) {
		dynamo_table_clear(&t);
		return STATUS_NO_MEMORY;
	}
	*out = t;
	return STATUS_OK;
}

enum status dynamo_describe(struct dynamo *d, struct deadline by, struct dynamo_table *out)
{
	struct json *doc = NULL;
	enum status rc = ask(d, by, &doc);

	if (rc == STATUS_OK)
		rc = read_table(json_get(json_root(doc), "Table"), out);
	json_free(doc);
	return rc == STATUS_INVALID ? nonsense() : rc;
}

/* --- An index --------------------------------------------------------------------------------- */

static const struct json_value *find_index(const struct json_value *table, const char *name)
{
	const struct json_value *list = json_get(table, "GlobalSecondaryIndexes");
	struct slice text;

	for (size_t i = 0; i < json_array_len(list); i++) {
		const struct json_value *index = json_array_at(list, i);

		if (json_get_string(index, "IndexName", &text) && slice_equal(text, slice_of(name)))
			return index;
	}
	return NULL;
}

enum status dynamo_describe_index(struct dynamo *d, const char *name, const char *hash,
	struct deadline by, struct dynamo_index *out)
{
	struct json *doc = NULL;
	const struct json_value *table, *index;
	struct slice projected = SLICE("");
	enum status rc = ask(d, by, &doc);

	if (rc != STATUS_OK)
		goto out;
	table = json_get(json_root(doc), "Table");
	index = find_index(table, name);
	rc = json_kind(table) == JSON_OBJECT ? STATUS_NOT_FOUND : STATUS_INVALID;
	if (!index)
		goto out;
	(void)json_get_string(json_get(index, "Projection"), "ProjectionType", &projected);
	*out = (struct dynamo_index){
		.active = is_active(index, "IndexStatus"),
		.has_keys = has_keys(table, index, hash, "sk"),
		.projects_all = slice_equal(projected, SLICE("ALL")),
	};
	rc = STATUS_OK;
out:
	json_free(doc);
	return rc == STATUS_INVALID ? nonsense() : rc;
}
