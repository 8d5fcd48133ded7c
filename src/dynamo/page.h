/* SPDX-License-Identifier: MIT */
/* Decoding what a read gave. For src/dynamo and its tests: everybody else reads pages by
 * dynamo/dynamo.h. */
#ifndef CRUDDUR_DYNAMO_PAGE_H
#define CRUDDUR_DYNAMO_PAGE_H

#include "base/buf.h"
#include "dynamo/dynamo.h"
#include "json/flat.h"

/* DynamoDB's attributes nest 32 deep, each level in two of JSON; the items of an answer are up to
 * five levels down in it. */
#define DYNAMO_JSON_DEPTH 80

struct dynamo_item {
	struct json_at object; /* its attributes; anything else holds none */
};

/* A Query's or a Scan's answer. STATUS_INVALID if it is not what the API documents: no array
 * "Items" of objects, a "LastEvaluatedKey" that is no key. A page takes text's memory over; what is
 * left there is the caller's to free, in any case. */
STATUS_MUSTCHECK enum status dynamo_page_read_query(struct buf *text, struct dynamo_page **out);

/* A GetItem's answer: "Item" absent or an object. Otherwise as above. */
STATUS_MUSTCHECK enum status dynamo_page_read_get(struct buf *text, struct dynamo_page **out);

/* The answer to a write that asked for what was there before: "Attributes". Otherwise as above. */
STATUS_MUSTCHECK enum status dynamo_page_read_old(struct buf *text, struct dynamo_page **out);

/* "ExclusiveStartKey": the key that p stopped at, as a member of a request; nothing if p has no
 * more. */
void dynamo_page_write_start(const struct dynamo_page *p, struct buf *b);

/* Appends the item's attributes that named (of count) does not name to a JSON object that is being
 * written, each as it came. A buffer that is full shows in buf_ok(). */
void dynamo_item_write_rest(const struct dynamo_item *item, const struct dynamo_attr *named,
	size_t count, struct buf *b);

/* true if named (of count) names this attribute. */
bool dynamo_attr_is_named(struct slice name, const struct dynamo_attr *named, size_t count);

#endif
