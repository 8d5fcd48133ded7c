/* SPDX-License-Identifier: MIT */
/* Records of a DynamoDB stream, decoded: the same JSON in the answer of GetRecords and in the event
 * that a Lambda function gets. Decoding is strict where a record is used and lenient where one is
 * broken: a broken record is still a record, so that it can be set aside by itself. */
#ifndef CRUDDUR_DYNAMO_RECORDS_H
#define CRUDDUR_DYNAMO_RECORDS_H

#include "dynamo/dynamo.h"

enum dynamo_event {
	DYNAMO_EVENT_UNKNOWN, /* "eventName" is missing or none of the three */
	DYNAMO_EVENT_INSERT,
	DYNAMO_EVENT_MODIFY,
	DYNAMO_EVENT_REMOVE,
};

/* Texts live as long as the records. */
struct dynamo_record {
	enum dynamo_event event;
	struct slice sequence_number; /* empty if it has none, or nothing like one: then it can't be
					 named. Visible ASCII, shorter than DYNAMO_SEQUENCE_SIZE */
	struct slice pk, sk; /* of its keys; empty where they are missing or no strings */
	const struct dynamo_item *image; /* the row as it became; NULL if there is none */
	int64_t created_s; /* when it was written, seconds since 1970; 0 if it does not say */
};

struct dynamo_records; /* a batch of them; owns all its texts */

/* {"Records":[...]} with anything else beside it. STATUS_INVALID if that is no JSON object with an
 * array "Records" in it, or its "NextShardIterator" is not text (which would end a shard too
 * early); STATUS_NO_MEMORY. text may go away afterwards. */
STATUS_MUSTCHECK enum status dynamo_records_parse(struct slice text, struct dynamo_records **out);
void dynamo_records_free(struct dynamo_records *r);

size_t dynamo_records_count(const struct dynamo_records *r);
const struct dynamo_record *dynamo_records_at(const struct dynamo_records *r, size_t i);

/* "NextShardIterator": where to go on; empty if the shard ends here. */
struct slice dynamo_records_next(const struct dynamo_records *r);

#endif
