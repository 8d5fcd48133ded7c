/* SPDX-License-Identifier: MIT */
/* What the table says about itself: its stream and its size. */
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

/* STATUS_INVALID if it is not what the API documents. */
static enum status read_table(struct slice text, struct dynamo_table *out)
{
	struct json *doc = NULL;
	struct dynamo_table t = { 0 };
	const struct json_value *table, *specification;
	struct slice arn = SLICE("");
	double count;
	enum status rc = json_parse(text, &doc);

	if (rc != STATUS_OK)
		return rc;
	rc = STATUS_INVALID;
	table = json_get(json_root(doc), "Table");
	specification = json_get(table, "StreamSpecification");
	if (json_kind(table) != JSON_OBJECT ||
		(json_get(table, "LatestStreamArn") &&
			!json_get_string(table, "LatestStreamArn", &arn)) ||
		!ascii_is_visible(arn))
		goto out;
	if (!json_boolean(json_get(specification, "StreamEnabled"), &t.stream_enabled))
		t.stream_enabled = false;
	t.stream_has_image = has_image(specification);
	if (json_number(json_get(table, "ItemCount"), &count) && count >= 0 && count <= COUNT_MAX)
		t.item_count = (int64_t)count;
	buf_add_slice(&t.stream_arn, arn);
	rc = STATUS_NO_MEMORY;
	if (!buf_ok(&t.stream_arn))
		goto out;
	*out = t;
	t = (struct dynamo_table){ 0 };
	rc = STATUS_OK;
out:
	dynamo_table_clear(&t);
	json_free(doc);
	return rc;
}

enum status dynamo_describe(struct dynamo *d, struct deadline by, struct dynamo_table *out)
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
	rc = read_table(answer.body, out);
	if (rc != STATUS_INVALID)
		return rc;
	LOG(LOG_ERROR, "dynamodb_nonsense", log_str("operation", "DescribeTable"));
	return STATUS_UNAVAILABLE;
}
