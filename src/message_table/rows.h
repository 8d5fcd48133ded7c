/* SPDX-License-Identifier: MIT */
/* Collecting a page of a partition: asks as often as it takes to fill it, since DynamoDB may answer
 * with less than it was asked for and rows may not be fit to show. */
#ifndef CRUDDUR_MESSAGE_TABLE_ROWS_H
#define CRUDDUR_MESSAGE_TABLE_ROWS_H

#include "dynamo/dynamo.h"

#define TABLE_ROWS_MAX 100 /* the contract's largest limit */

struct table_rows {
	const struct dynamo_item *items[TABLE_ROWS_MAX];
	size_t count;
	bool more; /* there is at least one more row to show after the last of items */
	struct dynamo_page *pages[TABLE_ROWS_MAX + 1]; /* own the items */
	size_t page_count;
};

/* Says whether a row is to be shown after those in so_far. */
typedef bool (*table_accept)(const struct dynamo_item *item, const struct table_rows *so_far);

/* Fills out (which must be zeroed) with up to limit (1 to TABLE_ROWS_MAX) rows of the query that
 * accept likes; limit and resume of the query are ignored. Free with table_rows_clear, also after a
 * failure. Fails as dynamo_query does. */
STATUS_MUSTCHECK enum status table_rows_collect(struct dynamo *d, const struct dynamo_query *query,
	size_t limit, table_accept accept, struct deadline by, struct table_rows *out);
void table_rows_clear(struct table_rows *rows);

/* The first row of the query (which should have a filter) however many pages that takes: STATUS_OK
 * with a page whose item 0 is the row; STATUS_NOT_FOUND; or as dynamo_query. */
STATUS_MUSTCHECK enum status table_rows_first(struct dynamo *d, const struct dynamo_query *query,
	struct deadline by, struct dynamo_page **out);

#endif
