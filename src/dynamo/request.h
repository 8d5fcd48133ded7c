/* SPDX-License-Identifier: MIT */
/* The JSON of requests, member by member, into a buffer that ends inside an object. For src/dynamo
 * alone. Sends nothing; failure shows in buf_ok(). */
#ifndef CRUDDUR_DYNAMO_REQUEST_H
#define CRUDDUR_DYNAMO_REQUEST_H

#include "base/buf.h"
#include "dynamo/dynamo.h"

/* What dynamo_new made. */
struct dynamo {
	struct aws_client *client;
	char *table;
	struct buf body; /* of the call that is made now */
	bool invalid; /* the last write was refused for what it was */
};

/* Sends the write that stands in body until there is an outcome; see dynamo_write. In write.c. */
STATUS_MUSTCHECK enum status dynamo_request_send(
	struct dynamo *d, const char *operation, struct deadline by);

/* Makes a page of the last answer, which it takes over; decode is one of dynamo/page.h. In
 * dynamo.c. */
STATUS_MUSTCHECK enum status dynamo_request_decode(struct dynamo *d,
	enum status (*decode)(struct buf *text, struct dynamo_page **out),
	struct dynamo_page **out);

/* A comma unless the object has just begun, then "name": for a value that follows. */
void dynamo_request_name(struct buf *b, const char *name);

/* "name":{"pk":{"S":...},"sk":{"S":...}} or any other map of attributes. */
void dynamo_request_item(
	struct buf *b, const char *name, const struct dynamo_attr *attrs, size_t count);

/* "ExpressionAttributeValues" with the values of both lists; a name that is in both is written
 * once. Nothing if there are none. */
void dynamo_request_values(struct buf *b, const struct dynamo_expression *first,
	const struct dynamo_expression *second);

/* All members of a query. resume is written as the key that page stopped at. */
void dynamo_request_query(struct buf *b, const char *table, const struct dynamo_query *q);

/* All members of a scan. */
void dynamo_request_scan(struct buf *b, const char *table, const struct dynamo_scan *s);

/* All members of one write: table, item or key, expressions. */
void dynamo_request_write(struct buf *b, const char *table, const struct dynamo_write *w);

#endif
