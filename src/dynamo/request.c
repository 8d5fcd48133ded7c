/* SPDX-License-Identifier: MIT */
/* Writing the JSON of requests; see request.h. */
#include "dynamo/request.h"

#include "dynamo/page.h"
#include "json/write.h"

/* Names for the values of a query's key condition. A filter of a query must not name attributes so:
 * the project's tables have none. */
#define HASH_VALUE "hashkey"
#define RANGE_VALUE "rangekey"

void dynamo_request_name(struct buf *b, const char *name)
{
	if (b->len == 0 || !strchr("{[", b->data[b->len - 1]))
		buf_add_char(b, ',');
	buf_add_char(b, '"');
	buf_add_str(b, name);
	buf_add_str(b, "\":");
}

static void add_value(struct buf *b, struct slice value, enum dynamo_type type)
{
	buf_add_str(b, type == DYNAMO_NUMBER ? "{\"N\":" : "{\"S\":");
	json_write_string(b, value);
	buf_add_char(b, '}');
}

/* "name":{ and the attributes: the object stays open. */
static void open_item(
	struct buf *b, const char *name, const struct dynamo_attr *attrs, size_t count)
{
	dynamo_request_name(b, name);
	buf_add_char(b, '{');
	for (size_t i = 0; i < count; i++) {
		dynamo_request_name(b, attrs[i].name);
		add_value(b, attrs[i].value, attrs[i].type);
	}
}

void dynamo_request_item(
	struct buf *b, const char *name, const struct dynamo_attr *attrs, size_t count)
{
	open_item(b, name, attrs, count);
	buf_add_char(b, '}');
}

static bool has_value(const struct dynamo_expression *e, const char *name)
{
	for (size_t i = 0; i < e->value_count; i++) {
		if (strcmp(e->values[i].name, name) == 0)
			return true;
	}
	return false;
}

/* ":name":{"S":...} */
static void add_named_value(struct buf *b, const struct dynamo_attr *v)
{
	if (b->len == 0 || b->data[b->len - 1] != '{')
		buf_add_char(b, ',');
	buf_add_str(b, "\":");
	buf_add_str(b, v->name);
	buf_add_str(b, "\":");
	add_value(b, v->value, v->type);
}

void dynamo_request_values(struct buf *b, const struct dynamo_expression *first,
	const struct dynamo_expression *second)
{
	if (first->value_count == 0 && second->value_count == 0)
		return;
	dynamo_request_name(b, "ExpressionAttributeValues");
	buf_add_char(b, '{');
	for (size_t i = 0; i < first->value_count; i++)
		add_named_value(b, &first->values[i]);
	for (size_t i = 0; i < second->value_count; i++) {
		if (!has_value(first, second->values[i].name))
			add_named_value(b, &second->values[i]);
	}
	buf_add_char(b, '}');
}

static void add_key_condition(struct buf *b, const struct dynamo_query *q)
{
	dynamo_request_name(b, "KeyConditionExpression");
	buf_add_char(b, '"');
	buf_add_str(b, q->hash_name ? q->hash_name : "pk");
	buf_add_str(b, " = :" HASH_VALUE);
	if (q->after.len > 0)
		buf_add_str(b, " AND sk > :" RANGE_VALUE);
	else if (q->before.len > 0)
		buf_add_str(b, " AND sk < :" RANGE_VALUE);
	buf_add_char(b, '"');
}

/* How much to look at, and from where on. */
static void add_bounds(struct buf *b, size_t limit, const struct dynamo_page *resume)
{
	if (limit > 0) {
		dynamo_request_name(b, "Limit");
		buf_add_int(b, (int64_t)limit);
	}
	if (resume)
		dynamo_page_write_start(resume, b);
}

void dynamo_request_query(struct buf *b, const char *table, const struct dynamo_query *q)
{
	struct dynamo_attr keys[2] = {
		{ HASH_VALUE, q->hash_value, DYNAMO_STRING },
		{ RANGE_VALUE, q->after.len > 0 ? q->after : q->before, DYNAMO_STRING },
	};
	struct dynamo_expression key = { NULL, keys, keys[1].value.len > 0 ? 2 : 1 };

	json_write_member(b, "TableName", slice_of(table));
	if (q->index)
		json_write_member(b, "IndexName", slice_of(q->index));
	add_key_condition(b, q);
	if (q->attributes)
		json_write_member(b, "ProjectionExpression", slice_of(q->attributes));
	if (q->filter.text)
		json_write_member(b, "FilterExpression", slice_of(q->filter.text));
	dynamo_request_values(b, &key, &q->filter);
	buf_add_str(b, q->index ? "" : ",\"ConsistentRead\":true");
	buf_add_str(b, q->ascending ? "" : ",\"ScanIndexForward\":false");
	add_bounds(b, q->limit, q->resume);
}

void dynamo_request_scan(struct buf *b, const char *table, const struct dynamo_scan *s)
{
	static const struct dynamo_expression none;

	json_write_member(b, "TableName", slice_of(table));
	if (s->attributes)
		json_write_member(b, "ProjectionExpression", slice_of(s->attributes));
	if (s->filter.text)
		json_write_member(b, "FilterExpression", slice_of(s->filter.text));
	dynamo_request_values(b, &s->filter, &none);
	buf_add_str(b, ",\"ConsistentRead\":true");
	add_bounds(b, s->limit, s->resume);
}

void dynamo_request_write(struct buf *b, const char *table, const struct dynamo_write *w)
{
	json_write_member(b, "TableName", slice_of(table));
	open_item(b, w->kind == DYNAMO_PUT ? "Item" : "Key", w->attrs, w->attr_count);
	if (w->base)
		dynamo_item_write_rest(w->base, w->attrs, w->attr_count, b);
	buf_add_char(b, '}');
	if (w->update.text)
		json_write_member(b, "UpdateExpression", slice_of(w->update.text));
	if (w->condition.text)
		json_write_member(b, "ConditionExpression", slice_of(w->condition.text));
	dynamo_request_values(b, &w->condition, &w->update);
}
