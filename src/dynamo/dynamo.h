/* SPDX-License-Identifier: MIT */
/* DynamoDB as this project uses it: one table, keys pk and sk, GetItem, Query, PutItem and
 * TransactWriteItems with typed attributes in and strictly decoded items out. Knows nothing of
 * messages. Source: Amazon DynamoDB API Reference, API version 2012-08-10. */
#ifndef CRUDDUR_DYNAMO_DYNAMO_H
#define CRUDDUR_DYNAMO_DYNAMO_H

#include "aws/call.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/slice.h"
#include "base/status.h"

struct dynamo;

/* Borrows the client; copies the table's name. */
STATUS_MUSTCHECK enum status dynamo_new(
	struct aws_client *client, const char *table, struct dynamo **out);
void dynamo_free(struct dynamo *d);

enum dynamo_type { DYNAMO_STRING, DYNAMO_NUMBER }; /* a number is its decimal text */

struct dynamo_attr {
	const char *name; /* an attribute (also in expressions: a name that is no reserved word) */
	struct slice value;
	enum dynamo_type type;
};

/* An expression's text with the values it names, each as ":name" of an attr "name". */
struct dynamo_expression {
	const char *text; /* NULL: none */
	const struct dynamo_attr *values;
	size_t value_count;
};

/* --- Items that came back ------------------------------------------------------------------ */

struct dynamo_page; /* what a read gave: zero or more items and whether there are more */
struct dynamo_item; /* one of them; lives as long as its page */

void dynamo_page_free(struct dynamo_page *p);
size_t dynamo_page_count(const struct dynamo_page *p);
const struct dynamo_item *dynamo_page_item(const struct dynamo_page *p, size_t i);

/* How many items a Query or a Scan evaluated for this page, those that its filter left out as well:
 * what it read, and what it is charged for. */
size_t dynamo_page_looked_at(const struct dynamo_page *p);

/* true if the service stopped before the end (LastEvaluatedKey); an empty page may say so too. */
bool dynamo_page_has_more(const struct dynamo_page *p);

/* The value of a string attribute; false, with *out untouched, if the item has none of that name or
 * it is of another type. The slice lives as long as the page. */
bool dynamo_item_string(const struct dynamo_item *item, const char *name, struct slice *out);

/* The values of several string attributes, in one walk over the item: out[i] is that of names[i],
 * {0} if the item has none of that name or it is of another type (an empty string has an address).
 * No two of names are the same. */
void dynamo_item_strings(
	const struct dynamo_item *item, const struct slice *names, size_t count, struct slice *out);

/* As dynamo_item_string for a number that is a whole one and fits. */
bool dynamo_item_int(const struct dynamo_item *item, const char *name, int64_t *out);

/* --- Reads ---------------------------------------------------------------------------------
 * All: STATUS_TIMEOUT, STATUS_UNAVAILABLE (down, throttled, or an answer that is not what the API
 * documents), STATUS_NO_MEMORY; STATUS_INVALID, with nothing sent, for a request that breaks a rule
 * of this header. A page that is given is the caller's to free. */

/* Strongly consistent GetItem; STATUS_OK with a page of zero or one item. */
STATUS_MUSTCHECK enum status dynamo_get(struct dynamo *d, struct slice pk, struct slice sk,
	struct deadline by, struct dynamo_page **out);

struct dynamo_query {
	const char *index; /* NULL: the table itself, strongly consistent. An index never is */
	const char *hash_name; /* NULL: "pk" */
	struct slice hash_value;
	struct slice after,
		before; /* only sk greater, or only sk less than this; at most one; empty: all */
	bool ascending; /* by the bytes of sk */
	size_t limit; /* items looked at, before the filter; 0: as many as fit in 1 MB */
	struct dynamo_expression filter;
	const char *attributes; /* "pk, sk": all that items are to carry; NULL: everything */
	const struct dynamo_page
		*resume; /* go on where this page of the same query stopped; NULL: start */
};

/* One Query call, one page. */
STATUS_MUSTCHECK enum status dynamo_query(struct dynamo *d, const struct dynamo_query *q,
	struct deadline by, struct dynamo_page **out);

struct dynamo_scan {
	const char *attributes; /* "pk, sk": all that items are to carry; NULL: everything */
	struct dynamo_expression filter;
	size_t limit; /* items looked at, before the filter; 0: as many as fit in 1 MB */
	const struct dynamo_page *resume; /* as in a query */
};

/* One Scan call of the table, strongly consistent, one page. */
STATUS_MUSTCHECK enum status dynamo_scan(struct dynamo *d, const struct dynamo_scan *s,
	struct deadline by, struct dynamo_page **out);

/* The table itself. */
struct dynamo_table {
	bool active; /* it takes reads and writes */
	bool has_keys; /* pk and sk, in this order, both strings */
	struct buf stream_arn; /* LatestStreamArn; empty: it has no stream */
	bool stream_enabled; /* now; an ARN alone may be that of a stream switched off */
	bool stream_has_image; /* its records carry the row as it became */
	int64_t item_count; /* as of some hours ago; for progress only */
};
void dynamo_table_clear(struct dynamo_table *t);

/* DescribeTable. STATUS_NOT_FOUND: there is no such table. *out must be zeroed; clear it after
 * STATUS_OK. */
STATUS_MUSTCHECK enum status dynamo_describe(
	struct dynamo *d, struct deadline by, struct dynamo_table *out);

/* One of the table's global secondary indexes. */
struct dynamo_index {
	bool active;
	bool has_keys; /* those that were asked for, both strings */
	bool projects_all;
};

/* The index of that name, whose keys should be hash and sk. STATUS_NOT_FOUND: there is no such
 * table, or it has no such index. */
STATUS_MUSTCHECK enum status dynamo_describe_index(struct dynamo *d, const char *name,
	const char *hash, struct deadline by, struct dynamo_index *out);

/* --- Writes -------------------------------------------------------------------------------- */

enum dynamo_write_kind { DYNAMO_PUT, DYNAMO_DELETE, DYNAMO_UPDATE, DYNAMO_CHECK };

struct dynamo_write {
	enum dynamo_write_kind kind;
	const struct dynamo_attr *attrs; /* PUT: the whole item. Others: its key, pk and sk */
	size_t attr_count;
	const struct dynamo_item *base; /* PUT: what attrs does not name is taken from this item as
					   it is, of whatever type; NULL: nothing */
	struct dynamo_expression condition;
	struct dynamo_expression update; /* UPDATE only: "SET a = :a REMOVE b" */
};

/* One write by itself (PUT, DELETE or UPDATE). STATUS_CONFLICT: the condition did not hold, in
 * which case a retry within the call may be the cause: the first attempt took effect, its answer
 * was lost. Compare what is stored. STATUS_TIMEOUT or STATUS_UNAVAILABLE: it may or may not have
 * happened. */
STATUS_MUSTCHECK enum status dynamo_write(
	struct dynamo *d, const struct dynamo_write *w, struct deadline by);

/* A DELETE, as dynamo_write; *old gets a page with the item as it was when it went, or with none if
 * there was nothing. */
STATUS_MUSTCHECK enum status dynamo_delete(struct dynamo *d, const struct dynamo_write *w,
	struct deadline by, struct dynamo_page **old);

/* An UPDATE, as dynamo_write; *old gets a page with the item as it was before, or with none if it
 * was made. */
STATUS_MUSTCHECK enum status dynamo_update(struct dynamo *d, const struct dynamo_write *w,
	struct deadline by, struct dynamo_page **old);

/* What one version of an item has that another has not. */
struct dynamo_difference {
	const struct dynamo_item *from, *known;
	const struct dynamo_attr
		*named; /* attributes that do not count; their values are not used */
	size_t named_count;
	bool only_missing; /* nor do those that known has with another value, or has alone */
};

/* Makes the item at target's key, which was made from known, have what from has, of whatever type:
 * one UpdateItem under target's condition, or no call at all if there is no difference (*made says
 * which). target is otherwise an UPDATE without an update. As dynamo_write. */
STATUS_MUSTCHECK enum status dynamo_carry(struct dynamo *d, const struct dynamo_write *target,
	const struct dynamo_difference *difference, struct deadline by, bool *made);

/* true if the last write or transaction failed since DynamoDB calls it invalid (too large, a value
 * that no attribute may have): the same will be refused again. */
bool dynamo_write_was_invalid(const struct dynamo *d);

#define DYNAMO_TRANSACT_MAX 100

/* Why a transaction was cancelled, for each of its writes in order. */
enum dynamo_reason { DYNAMO_REASON_NONE, DYNAMO_REASON_CONDITION };

/* All of the writes or none. A conflict with another transaction is retried with jitter under the
 * deadline, each time with the same ClientRequestToken, so that a lost answer writes nothing twice
 * for ten minutes. STATUS_CONFLICT: a condition did not hold; reasons (room for count) says whose.
 * Other codes as dynamo_write; reasons is filled for STATUS_CONFLICT only. */
STATUS_MUSTCHECK enum status dynamo_transact(struct dynamo *d, const struct dynamo_write *writes,
	size_t count, struct deadline by, enum dynamo_reason *reasons);

/* STATUS_OK if the table answers: a read of a key that nothing has. For readiness checks. */
STATUS_MUSTCHECK enum status dynamo_ping(struct dynamo *d, struct deadline by);

#endif
