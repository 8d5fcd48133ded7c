/* SPDX-License-Identifier: MIT */
/* Pages and items as they came back: a checked answer and a view on it. Asks for nothing. */
#include "dynamo/page.h"

#include "dynamo/request.h"
#include "json/write.h"

#include <stdlib.h>

/* A megabyte, which a page is of, holds fewer rows. */
#define LOOKED_AT_MAX 1e6

struct dynamo_page {
	struct json_flat *doc; /* owns all that the others point to */
	struct dynamo_item *items;
	size_t count;
	size_t looked_at; /* at least count */
	struct json_at last_key; /* not there: there is no more */
};

static bool is_value(struct json_at v)
{
	struct slice text;

	return json_at_only_string(v, SLICE("S"), &text) ||
		json_at_only_string(v, SLICE("N"), &text);
}

/* A key of an item: attributes that are strings or numbers. It will be sent back, and no attribute
 * that this project asks for has U+0000 in its name. */
static bool is_key(struct json_at v)
{
	struct json_walk w = { .in = v };
	size_t count = 0;
	struct slice name;

	if (json_at_kind(v) != JSON_OBJECT)
		return false;
	while (json_walk_next(&w)) {
		if (!json_at_string(w.name, &name) || memchr(name.ptr, '\0', name.len) ||
			!is_value(w.value))
			return false;
		count++;
	}
	return count > 0;
}

/* Takes items that are all objects. */
static enum status take_items(struct dynamo_page *p, struct json_at array)
{
	size_t count = json_at_count(array);
	struct json_walk w = { .in = array };

	if (count == 0)
		return STATUS_OK;
	p->items = calloc(count, sizeof(*p->items));
	if (!p->items)
		return STATUS_NO_MEMORY;
	while (json_walk_next(&w)) {
		if (json_at_kind(w.value) != JSON_OBJECT)
			return STATUS_INVALID;
		p->items[p->count++].object = w.value;
	}
	return STATUS_OK;
}

/* Some stores of the same API leave it out. */
static void take_looked_at(struct dynamo_page *p, struct json_at scanned)
{
	double number;

	p->looked_at = p->count;
	if (json_at_number(scanned, &number) && number > (double)p->count &&
		number <= LOOKED_AT_MAX)
		p->looked_at = (size_t)number;
}

static enum status read_query(struct dynamo_page *p)
{
	struct json_at root = json_flat_root(p->doc);
	struct json_at items = json_at_get(root, SLICE("Items"));
	enum status rc;

	p->last_key = json_at_get(root, SLICE("LastEvaluatedKey"));
	if (json_at_kind(items) != JSON_ARRAY ||
		(json_at_is_there(p->last_key) && !is_key(p->last_key)))
		return STATUS_INVALID;
	rc = take_items(p, items);
	take_looked_at(p, json_at_get(root, SLICE("ScannedCount")));
	return rc;
}

/* The one item that is a member of the answer, or none. */
static enum status read_item(struct dynamo_page *p, struct slice member)
{
	struct json_at item = json_at_get(json_flat_root(p->doc), member);

	if (!json_at_is_there(item))
		return STATUS_OK;
	if (json_at_kind(item) != JSON_OBJECT)
		return STATUS_INVALID;
	p->items = calloc(1, sizeof(*p->items));
	if (!p->items)
		return STATUS_NO_MEMORY;
	p->items[0].object = item;
	p->count = 1;
	return STATUS_OK;
}

static enum status read_get(struct dynamo_page *p)
{
	return read_item(p, SLICE("Item"));
}

static enum status read_old(struct dynamo_page *p)
{
	return read_item(p, SLICE("Attributes"));
}

static enum status read_page(
	struct buf *text, enum status (*read)(struct dynamo_page *p), struct dynamo_page **out)
{
	enum status rc = STATUS_NO_MEMORY;
	struct dynamo_page *p = calloc(1, sizeof(*p));

	if (!p)
		goto out;
	rc = json_flat_take(text, DYNAMO_JSON_DEPTH, &p->doc);
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

enum status dynamo_page_read_query(struct buf *text, struct dynamo_page **out)
{
	return read_page(text, read_query, out);
}

enum status dynamo_page_read_get(struct buf *text, struct dynamo_page **out)
{
	return read_page(text, read_get, out);
}

enum status dynamo_page_read_old(struct buf *text, struct dynamo_page **out)
{
	return read_page(text, read_old, out);
}

void dynamo_page_free(struct dynamo_page *p)
{
	if (!p)
		return;
	json_flat_free(p->doc);
	free(p->items);
	free(p);
}

size_t dynamo_page_count(const struct dynamo_page *p)
{
	return p->count;
}

size_t dynamo_page_looked_at(const struct dynamo_page *p)
{
	return p->looked_at;
}

const struct dynamo_item *dynamo_page_item(const struct dynamo_page *p, size_t i)
{
	return i < p->count ? &p->items[i] : NULL;
}

bool dynamo_page_has_more(const struct dynamo_page *p)
{
	return json_at_is_there(p->last_key);
}

bool dynamo_item_string(const struct dynamo_item *item, const char *name, struct slice *out)
{
	return json_at_only_string(json_at_get(item->object, slice_of(name)), SLICE("S"), out);
}

void dynamo_item_strings(
	const struct dynamo_item *item, const struct slice *names, size_t count, struct slice *out)
{
	json_at_only_strings(item->object, SLICE("S"), names, count, out);
}

bool dynamo_item_int(const struct dynamo_item *item, const char *name, int64_t *out)
{
	struct slice text;
	bool negative;
	uint64_t value = 0, limit;

	if (!json_at_only_string(json_at_get(item->object, slice_of(name)), SLICE("N"), &text))
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
	if (!dynamo_page_has_more(p))
		return;
	dynamo_request_name(b, "ExclusiveStartKey");
	buf_add_slice(b, json_at_spelled(p->last_key));
}

bool dynamo_attr_is_named(struct slice name, const struct dynamo_attr *named, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (slice_equal(name, slice_of(named[i].name)))
			return true;
	}
	return false;
}

void dynamo_item_write_rest(const struct dynamo_item *item, const struct dynamo_attr *named,
	size_t count, struct buf *b)
{
	struct json_walk w = { .in = item->object };
	struct slice name;

	while (json_walk_next(&w)) {
		if (json_at_string(w.name, &name) && dynamo_attr_is_named(name, named, count))
			continue;
		if (b->len == 0 || b->data[b->len - 1] != '{')
			buf_add_char(b, ',');
		buf_add_slice(b, json_at_spelled(w.name));
		buf_add_char(b, ':');
		buf_add_slice(b, json_at_spelled(w.value));
	}
}
