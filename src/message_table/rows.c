/* SPDX-License-Identifier: MIT */
/* Collecting pages, and the small forms of rows. */
#include "message_table/rows.h"

#include "message_table/keys.h"

/* Rows asked for at once where a page turned out to hold few or none that can be shown: doubled
 * each time, so that a stretch of broken rows costs few calls. */
#define ASK_AT_LEAST 32
#define ASK_AT_MOST 1024

/* Takes what is to be shown of a page; true once the row after the wanted ones is known to be
 * there. */
static bool take(
	struct table_rows *rows, const struct dynamo_page *page, size_t limit, table_judge judge)
{
	for (size_t i = 0; i < dynamo_page_count(page); i++) {
		const struct dynamo_item *item = dynamo_page_item(page, i);
		struct slice name = { 0 };
		enum table_verdict verdict = judge(item, rows, &name);

		rows->broken += verdict == TABLE_ROW_BROKEN;
		if (verdict != TABLE_ROW_SHOW)
			continue;
		if (rows->count == limit) {
			rows->more = true;
			return true;
		}
		rows->names[rows->count] = name;
		rows->items[rows->count++] = item;
	}
	return false;
}

static bool is_full(const struct table_rows *rows, const struct dynamo_page *page, size_t asked)
{
	return rows->count > 0 && dynamo_page_has_more(page) && dynamo_page_count(page) < asked;
}

enum status table_rows_collect(struct dynamo *d, const struct dynamo_query *query, size_t limit,
	table_judge judge, struct deadline by, struct table_rows *out)
{
	struct dynamo_query q = *query;
	struct dynamo_page *page = NULL, *idle = NULL;
	enum status rc;

	q.resume = NULL;
	q.limit = limit + 1;
	do {
		size_t before = out->count;

		rc = dynamo_query(d, &q, by, &page);
		dynamo_page_free(idle); /* only now: it was where this query resumed */
		idle = NULL;
		if (rc != STATUS_OK)
			return rc;
		q.resume = page;
		if (take(out, page, limit, judge) || !dynamo_page_has_more(page)) {
			q.resume = NULL;
		} else if (!q.filter.text && is_full(out, page, q.limit)) {
			out->more = true;
			q.resume = NULL;
		}
		if (out->count > before)
			out->pages[out->page_count++] = page;
		else
			idle = page;
		q.limit = q.limit < ASK_AT_LEAST ? ASK_AT_LEAST : q.limit * 2;
		if (q.limit > ASK_AT_MOST)
			q.limit = ASK_AT_MOST;
	} while (q.resume);
	dynamo_page_free(idle);
	return STATUS_OK;
}

struct slice table_rows_next(const struct table_rows *rows)
{
	if (!rows->more)
		return (struct slice){ 0 };
	return table_text(rows->items[rows->count - 1], TABLE_SK);
}

void table_rows_clear(struct table_rows *rows)
{
	for (size_t i = 0; i < rows->page_count; i++)
		dynamo_page_free(rows->pages[i]);
	rows->count = rows->page_count = rows->broken = 0;
	rows->more = false;
}

bool table_message_is_whole(const struct dynamo_item *item)
{
	struct slice ignored;

	return dynamo_item_string(item, TABLE_MESSAGE, &ignored) &&
		dynamo_item_string(item, TABLE_MESSAGE_UUID, &ignored);
}

struct slice table_text(const struct dynamo_item *item, const char *name)
{
	struct slice value;

	return dynamo_item_string(item, name, &value) ? value : (struct slice){ 0 };
}

struct dynamo_attr table_attr(const char *name, struct slice value)
{
	return (struct dynamo_attr){ .name = name, .value = value, .type = DYNAMO_STRING };
}

static size_t add_text(struct table_condition *c, size_t at, const char *text)
{
	size_t len = strlen(text), room = sizeof(c->text) - 1 - at;

	if (len > room)
		len = room; /* names are ours and short */
	memcpy(c->text + at, text, len);
	c->text[at + len] = '\0';
	return at + len;
}

struct dynamo_expression table_as_seen(
	const struct table_seen *seen, size_t count, struct table_condition *memory)
{
	static const char *const names[] = { "seen0", "seen1", "seen2", "seen3" };
	size_t values = 0, at = 0;
	bool absent = false;

	for (size_t i = 0; i < count; i++) {
		at = add_text(memory, at, i > 0 ? " AND " : "");
		at = add_text(memory, at, seen[i].value.ptr ? "" : "NOT attribute_type(");
		at = add_text(memory, at, seen[i].name);
		at = add_text(memory, at, seen[i].value.ptr ? " = :" : ", :string)");
		absent |= !seen[i].value.ptr;
		if (!seen[i].value.ptr)
			continue;
		at = add_text(memory, at, names[i]);
		memory->values[values++] = table_attr(names[i], seen[i].value);
	}
	if (absent)
		memory->values[values++] = table_attr("string", SLICE("S"));
	return (struct dynamo_expression){ memory->text, memory->values, values };
}

struct dynamo_write table_put_new(const struct dynamo_attr *attrs, size_t count)
{
	return (struct dynamo_write){ .kind = DYNAMO_PUT,
		.attrs = attrs,
		.attr_count = count,
		.condition = { .text = "attribute_not_exists(" TABLE_PK ")" } };
}
