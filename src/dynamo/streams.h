/* SPDX-License-Identifier: MIT */
/* DynamoDB Streams as this project uses it: which shards a stream has, where to read, what was
 * read. Decides nothing about order, checkpoints or retries beyond those of aws/call.h. Source:
 * Amazon DynamoDB Streams API Reference, API version 2012-08-10. */
#ifndef CRUDDUR_DYNAMO_STREAMS_H
#define CRUDDUR_DYNAMO_STREAMS_H

#include "aws/call.h"
#include "base/buf.h"
#include "dynamo/records.h"

struct dynamo_streams;

/* Borrows a client whose target is "DynamoDBStreams_20120810" and whose signing name is "dynamodb".
 */
STATUS_MUSTCHECK enum status dynamo_streams_new(
	struct aws_client *client, struct dynamo_streams **out);
void dynamo_streams_free(struct dynamo_streams *s);

/* The longest name of a shard (the API's limit is 65) and of a sequence number (40), with a NUL. */
#define DYNAMO_SHARD_ID_SIZE 72
#define DYNAMO_SEQUENCE_SIZE 48

struct dynamo_shard {
	char id[DYNAMO_SHARD_ID_SIZE];
	char parent[DYNAMO_SHARD_ID_SIZE]; /* "": it has none that is known */
	bool closed; /* it has an end: nothing will be added to it */
};

struct dynamo_shards {
	struct dynamo_shard *items; /* in the service's order */
	size_t count;
};
void dynamo_shards_clear(struct dynamo_shards *shards);

/* All calls below, besides what they say: STATUS_TIMEOUT; STATUS_UNAVAILABLE (down, throttled past
 * the retries, refused for another reason, an answer that is not what the API documents);
 * STATUS_NO_MEMORY. STATUS_NOT_FOUND: the service knows no such stream or shard (any more). */

/* All shards of a stream, page after page of DescribeStream. *out must be zeroed or cleared; clear
 * it after STATUS_OK. */
STATUS_MUSTCHECK enum status dynamo_streams_shards(struct dynamo_streams *s, const char *stream_arn,
	struct deadline by, struct dynamo_shards *out);

/* An iterator into a shard, to be kept for fifteen minutes at the most: behind the record with that
 * sequence number, or for "" at the oldest record there is (TRIM_HORIZON). STATUS_CONFLICT: the
 * number cannot be used, as its record is older than 24 hours (TrimmedDataAccessException), or it
 * is none of this shard's. */
STATUS_MUSTCHECK enum status dynamo_streams_iterator(struct dynamo_streams *s,
	const char *stream_arn, const struct dynamo_shard *shard, const char *after,
	struct deadline by, struct buf *iterator);

/* The next records; none is an everyday answer. dynamo_records_next says where to go on.
 * STATUS_CONFLICT: the iterator is of no use any more (expired, trimmed, unknown): ask for a new
 * one. */
STATUS_MUSTCHECK enum status dynamo_streams_read(struct dynamo_streams *s, struct slice iterator,
	struct deadline by, struct dynamo_records **out);

#endif
