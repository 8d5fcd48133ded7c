/* SPDX-License-Identifier: MIT */
/* Pages and items as they came back: a parsed answer and a view on it. Asks for nothing. */
#include "dynamo/page.h"

#include "base/utf8.h"
#include "dynamo/request.h"
#include "json/write.h"

#include <stdlib.h>

struct dynamo_page {
	struct json *doc; /* owns all that the others point to */
	struct dynamo_item *items;
	size_t count;
	const struct json_value *last_key; /* NULL: there is no more */
};

/* The text of an attribute value of that type ("S", "N"): an object with this one member, a
 * string. */
static bool value_text(const struct json_value *value, const char *type, struct slice *out)
{
	struct json_members m = { .object = value };
	struct slice text;

	if (!json_next_member(&m) || !slice_equal(m.name, slice_of(type)) ||
		!json_string(m.value, &text) || json_next_member(&m))
		return false;
	*out = text;
	return true;
}

/* A key of an item: attributes that are strings or numbers. It will be sent back, so their names
 * must be text: json_next_member gives one with U+0000 in it as bytes that are not. */
static bool is_key(const struct json_value *v)
{
	struct json_members m = { .object = v };
	size_t count = 0;
	struct slice text;

	while (json_next_member(&m)) {
		if (!utf8_valid(m.name) ||
			(!value_text(m.value, "S", &text) && !value_text(m.value, "N", &text)))
			return false;
		count++;
	}
	return count > 0;
}

/* Takes items that are all objects. */
static enum status take_items(struct dynamo_page *p, const struct json_value *array)
{
	size_t count = json_array_len(array);

	if (count == 0)
		return STATUS_OK;
	p->items = calloc(count, sizeof(*p->items));
	if (!p->items)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < count; i++) {
		p->items[i].object = json_array_at(array, i);
		if (json_kind(p->items[i].object) != JSON_OBJECT)
			return STATUS_INVALID;
	}
	p->count = count;
	return STATUS_OK;
}

static enum status read_query(struct dynamo_page *p)
{
	const struct json_value *root = json_root(p->doc);
	const struct json_value *items = json_get(root, "Items");

	p->last_key = json_get(root, "LastEvaluatedKey");
	if (json_kind(items) != JSON_ARRAY || (p->last_key && !is_key(p->last_key)))
		return STATUS_INVALID;
	return take_items(p, items);
}

static enum status read_get(struct dynamo_page *p)
{
	const struct json_value *item = json_get(json_root(p->doc), "Item");

	if (!item)
		return STATUS_OK;
	if (json_kind(item) != JSON_OBJECT)
		return STATUS_INVALID;
	p->items = calloc(1, sizeof(*p->items));
	if (!p->items)
		return STATUS_NO_MEMORY;
	p->items[0].object = item;
	p->count = 1;
	return STATUS_OK;
}

static enum status read_page(
	struct slice text, enum status (*read)(struct dynamo_page *p), struct dynamo_page **out)
{
	enum status rc = STATUS_NO_MEMORY;
	struct dynamo_page *p = calloc(1, sizeof(*p));

	if (!p)
		goto out;
	rc = json_parse_nested(text, DYNAMO_JSON_DEPTH, &p->doc);
	if (rc == STATUS_OK)
		rc = read(p);
	if (rc != STATUS_OK)
		goto out;
	*out = p;
	p = NULL;
out:
	dynamo_page_free(p);
	return rc;
}

enum status dynamo_page_read_query(struct slice text, struct dynamo_page **out)
{
	return read_page(text, read_query, out);
}

enum status dynamo_page_read_get(struct slice text, struct dynamo_page **out)
{
	return read_page(text, read_get, out);
}

void dynamo_page_free(struct dynamo_page *p)
{
	if (!p)
		return;
	json_free(p->doc);
	free(p->items);
	free(p);
}

size_t dynamo_page_count(const struct dynamo_page *p)
{
	return p->count;
}

const struct dynamo_item *dynamo_page_item(const struct dynamo_page *p, size_t i)
{
	return i < p->count ? &p->items[i] : NULL;
}

bool dynamo_page_has_more(const struct dynamo_page *p)
{
	return p->last_key != NULL;
}

bool dynamo_item_string(const struct dynamo_item *item, const char *name, struct slice *out)
{
	return value_text(json_get(item->object, name), "S", out);
}

bool dynamo_item_int(const struct dynamo_item *item, const char *name, int64_t *out)
{
	struct slice text;
	bool negative;
	uint64_t value = 0, limit;

	if (!value_text(json_get(item->object, name), "N", &text))
		return false;
	negative = text.len > 0 && text.ptr[0] == '-';
	if (negative)
		text = slice_skip(text, 1);
	limit = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
	if (text.len == 0)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		unsigned int digit = (unsigned char)text.ptr[i] - (unsigned int)'0';

		if (digit > 9 || value > (limit - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	/* By way of -(value - 1) - 1, as -INT64_MIN is no int64_t. */
	*out = negative && value > 0 ? -(int64_t)(value - 1) - 1 : (int64_t)value;
	return true;
}

void dynamo_page_write_start(const struct dynamo_page *p, struct buf *b)
{
	struct json_members m = { .object = p->last_key };

	if (!p->last_key)
		return;
	dynamo_request_name(b, "ExclusiveStartKey");
	buf_add_char(b, '{');
	while (json_next_member(&m)) {
		struct slice text = SLICE("");
		bool is_string = value_text(m.value, "S", &text);

		if (!is_string && !value_text(m.value, "N", &text))
			continue; /* read_query let no such key in */
		if (b->len > 0 && b->data[b->len - 1] != '{')
			buf_add_char(b, ',');
		json_write_string(b, m.name);
		buf_add_str(b, is_string ? ":{\"S\":" : ":{\"N\":");
		json_write_string(b, text);
		buf_add_char(b, '}');
	}
	buf_add_char(b, '}');
}

static bool is_named(struct slice name, const struct dynamo_attr *named, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (slice_equal(name, slice_of(named[i].name)))
			return true;
	}
	return false;
}

enum status dynamo_item_write_rest(const struct dynamo_item *item, const struct dynamo_attr *named,
	size_t count, struct buf *b)
{
	struct json_members m = { .object = item->object };

	while (json_next_member(&m)) {
		enum status rc;

		if (is_named(m.name, named, count))
			continue;
		if (b->len == 0 || b->data[b->len - 1] != '{')
			buf_add_char(b, ',');
		json_write_name(b, m.name);
		buf_add_char(b, ':');
		rc = json_write_value(b, m.value);
		if (rc != STATUS_OK)
			return rc;
	}
	return STATUS_OK;
}
