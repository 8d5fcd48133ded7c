/* SPDX-License-Identifier: MIT */
/* Collecting a page of a partition: asks as often as it takes to fill it, since DynamoDB may answer
 * with less than it was asked for and rows may not be fit to show. */
#ifndef CRUDDUR_MESSAGE_TABLE_ROWS_H
#define CRUDDUR_MESSAGE_TABLE_ROWS_H

#include "dynamo/dynamo.h"

#define TABLE_ROWS_MAX 100 /* the contract's largest limit */

struct table_rows {
	const struct dynamo_item *items[TABLE_ROWS_MAX];
	struct slice names[TABLE_ROWS_MAX]; /* what the judge knows each of them by, if anything */
	size_t count;
	bool more; /* there is, or may be, a row to show after the last of items */
	size_t broken; /* rows that were left out because they cannot be shown */
	struct dynamo_page *pages[TABLE_ROWS_MAX + 1]; /* own the items */
	size_t page_count;
};

enum table_verdict { TABLE_ROW_SHOW, TABLE_ROW_REPEATED, TABLE_ROW_BROKEN };

/* What to do with a row, given those that are shown before it. name, which is empty, is kept among
 * so_far's if the row is shown. */
typedef enum table_verdict (*table_judge)(
	const struct dynamo_item *item, const struct table_rows *so_far, struct slice *name);

/* Fills out (which must be zeroed) with up to limit (1 to TABLE_ROWS_MAX) rows of the query; limit
 * and resume of the query are ignored. Stops early, with more set, where DynamoDB did because of
 * its 1 MB: rows of other programs may be large, and an answer must fit the front's buffers. Free
 * with table_rows_clear, also after a failure. Fails as dynamo_query does. */
STATUS_MUSTCHECK enum status table_rows_collect(struct dynamo *d, const struct dynamo_query *query,
	size_t limit, table_judge judge, struct deadline by, struct table_rows *out);

/* The sort key of the last row, to go on from; empty unless there is more. */
struct slice table_rows_next(const struct table_rows *rows);

/* Ready for another collect. */
void table_rows_clear(struct table_rows *rows);

/* A message row that can be shown: it has a text and a uuid. One without a sender's name can be. */
bool table_message_is_whole(const struct dynamo_item *item);

/* A string attribute, empty if the item has none. Lives as long as the item's page. */
struct slice table_text(const struct dynamo_item *item, const char *name);

/* A string attribute to be written. */
struct dynamo_attr table_attr(const char *name, struct slice value);

/* A string attribute as it was read. */
struct table_seen {
	const char *name;
	struct slice
		value; /* without an address (as table_text has it): there was no such string */
};

/* The memory that a condition points into. */
#define TABLE_SEEN_MAX 4
struct table_condition {
	char text[TABLE_SEEN_MAX * 64];
	struct dynamo_attr values[TABLE_SEEN_MAX + 1];
};

/* The condition that up to TABLE_SEEN_MAX attributes are still as they were read. */
struct dynamo_expression table_as_seen(
	const struct table_seen *seen, size_t count, struct table_condition *memory);

/* The write of a row that must not be there yet. */
struct dynamo_write table_put_new(const struct dynamo_attr *attrs, size_t count);

#endif
