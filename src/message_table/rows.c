/* SPDX-License-Identifier: MIT */
/* Collecting pages. */
#include "message_table/rows.h"

/* Takes what is acceptable of a page; true once the page after the wanted one is known to be there.
 */
static bool take(
	struct table_rows *rows, const struct dynamo_page *page, size_t limit, table_accept accept)
{
	for (size_t i = 0; i < dynamo_page_count(page); i++) {
		const struct dynamo_item *item = dynamo_page_item(page, i);

		if (!accept(item, rows))
			continue;
		if (rows->count == limit) {
			rows->more = true;
			return true;
		}
		rows->items[rows->count++] = item;
	}
	return false;
}

enum status table_rows_collect(struct dynamo *d, const struct dynamo_query *query, size_t limit,
	table_accept accept, struct deadline by, struct table_rows *out)
{
	struct dynamo_query q = *query;
	struct dynamo_page *page = NULL, *idle = NULL;
	enum status rc;

	q.resume = NULL;
	do {
		size_t before = out->count;

		q.limit = limit - out->count + 1;
		rc = dynamo_query(d, &q, by, &page);
		dynamo_page_free(idle); /* only now: it was where this query resumed */
		idle = NULL;
		if (rc != STATUS_OK)
			return rc;
		q.resume = page;
		if (take(out, page, limit, accept) || !dynamo_page_has_more(page))
			q.resume = NULL;
		if (out->count > before)
			out->pages[out->page_count++] = page;
		else
			idle = page;
	} while (q.resume);
	dynamo_page_free(idle);
	return STATUS_OK;
}

void table_rows_clear(struct table_rows *rows)
{
	for (size_t i = 0; i < rows->page_count; i++)
		dynamo_page_free(rows->pages[i]);
	*rows = (struct table_rows){ .count = 0 };
}

enum status table_rows_first(struct dynamo *d, const struct dynamo_query *query, struct deadline by,
	struct dynamo_page **out)
{
	struct dynamo_query q = *query;
	struct dynamo_page *page = NULL, *last = NULL;
	enum status rc;

	q.resume = NULL;
	for (;;) {
		rc = dynamo_query(d, &q, by, &page);
		dynamo_page_free(last);
		if (rc != STATUS_OK)
			return rc;
		if (dynamo_page_count(page) > 0) {
			*out = page;
			return STATUS_OK;
		}
		if (!dynamo_page_has_more(page)) {
			dynamo_page_free(page);
			return STATUS_NOT_FOUND;
		}
		last = page;
		q.resume = page;
	}
}
