/* SPDX-License-Identifier: MIT */
/* The calls of DynamoDB Streams: their requests, their answers, and what their refusals mean. */
#include "dynamo/streams.h"

#include "base/ascii.h"
#include "base/log.h"
#include "json/json.h"
#include "json/write.h"

#include <stdlib.h>

/* A stream keeps the shards of a day, up to a hundred on a page: room for a table of several
 * thousand partitions, and an end to an answer that always names another page. */
#define SHARD_PAGES_MAX 500

/* The most that the API gives at once, and what to ask for if that is more than aws_call takes:
 * otherwise such records would bar the way to all that follow them. */
static const int64_t records_limits[] = { 1000, 100, 10, 1 };
#define RECORDS_LIMITS (sizeof(records_limits) / sizeof(records_limits[0]))

struct dynamo_streams {
	struct aws_client *client;
	struct buf body; /* of the call that is made now */
};

enum status dynamo_streams_new(struct aws_client *client, struct dynamo_streams **out)
{
	struct dynamo_streams *s = calloc(1, sizeof(*s));

	if (!s)
		return STATUS_NO_MEMORY;
	s->client = client;
	*out = s;
	return STATUS_OK;
}

void dynamo_streams_free(struct dynamo_streams *s)
{
	if (!s)
		return;
	buf_free(&s->body);
	free(s);
}

static enum status nonsense(const char *operation)
{
	LOG(LOG_ERROR, "dynamodb_nonsense", log_str("operation", operation));
	return STATUS_UNAVAILABLE;
}

/* Errors that say no more than that a position or an iterator is of no use. Of all three each call
 * can only meet those that the API gives it. */
static bool is_useless(const char *error)
{
	return strcmp(error, "TrimmedDataAccessException") == 0 ||
		strcmp(error, "ExpiredIteratorException") == 0 ||
		strcmp(error, "ValidationException") == 0;
}

/* Makes the call whose body is in s. positioned: the request holds a number or an iterator that the
 * service may have no use for. STATUS_TOO_LARGE as aws_call. */
static enum status call(struct dynamo_streams *s, const char *operation, bool positioned,
	struct deadline by, struct slice *answer_body)
{
	struct aws_answer answer;
	enum status rc;

	if (!buf_ok(&s->body))
		return STATUS_NO_MEMORY;
	rc = aws_call(s->client, operation, buf_slice(&s->body), by, &answer);
	if (rc == STATUS_OK)
		*answer_body = answer.body;
	if (rc != STATUS_INVALID)
		return rc;
	if (strcmp(answer.error, "ResourceNotFoundException") == 0)
		return STATUS_NOT_FOUND;
	if (positioned && is_useless(answer.error))
		return STATUS_CONFLICT;
	LOG(LOG_ERROR, "dynamodb_refused", log_str("operation", operation),
		log_str("error", answer.error), log_int("status", answer.http_status));
	return STATUS_UNAVAILABLE;
}

/* What a call's failure is to a caller. */
static enum status settled(enum status rc)
{
	return rc == STATUS_TOO_LARGE ? STATUS_UNAVAILABLE : rc;
}

/* --- Shards ---------------------------------------------------------------------------------- */

/* A list that grows, and where its next page starts. */
struct listing {
	struct dynamo_shards shards;
	size_t room;
	char after[DYNAMO_SHARD_ID_SIZE]; /* "": from the start, or there is no more */
};

void dynamo_shards_clear(struct dynamo_shards *shards)
{
	free(shards->items);
	*shards = (struct dynamo_shards){ 0 };
}

/* An optional member: absent and null are "". */
static bool read_id(const struct json_value *v, char out[DYNAMO_SHARD_ID_SIZE])
{
	struct slice text;

	out[0] = '\0';
	if (json_kind(v) == JSON_NULL)
		return true;
	if (!json_string(v, &text) || text.len == 0 || text.len >= DYNAMO_SHARD_ID_SIZE ||
		!ascii_is_visible(text))
		return false;
	memcpy(out, text.ptr, text.len);
	out[text.len] = '\0';
	return true;
}

static bool read_shard(const struct json_value *v, struct dynamo_shard *out)
{
	const struct json_value *end =
		json_get(json_get(v, "SequenceNumberRange"), "EndingSequenceNumber");
	struct slice text;

	out->closed = json_kind(end) != JSON_NULL;
	return (!out->closed || json_string(end, &text)) &&
		read_id(json_get(v, "ShardId"), out->id) && out->id[0] != '\0' &&
		read_id(json_get(v, "ParentShardId"), out->parent);
}

static enum status make_room(struct listing *l, size_t more)
{
	size_t needed = l->shards.count + more, room = l->room > 0 ? l->room : 16;
	struct dynamo_shard *grown;

	if (needed <= l->room)
		return STATUS_OK;
	while (room < needed)
		room *= 2;
	grown = reallocarray(l->shards.items, room, sizeof(*grown));
	if (!grown)
		return STATUS_NO_MEMORY;
	l->shards.items = grown;
	l->room = room;
	return STATUS_OK;
}

/* STATUS_INVALID if it is not what the API documents. */
static enum status read_shards(struct slice text, struct listing *l)
{
	struct json *doc = NULL;
	const struct json_value *stream, *list;
	size_t count;
	enum status rc = json_parse(text, &doc);

	if (rc != STATUS_OK)
		return rc;
	stream = json_get(json_root(doc), "StreamDescription");
	list = json_get(stream, "Shards");
	count = json_array_len(list);
	rc = STATUS_INVALID;
	if (json_kind(stream) != JSON_OBJECT || (list && json_kind(list) != JSON_ARRAY) ||
		!read_id(json_get(stream, "LastEvaluatedShardId"), l->after))
		goto out;
	rc = make_room(l, count);
	for (size_t i = 0; rc == STATUS_OK && i < count; i++) {
		if (read_shard(json_array_at(list, i), &l->shards.items[l->shards.count]))
			l->shards.count++;
		else
			rc = STATUS_INVALID;
	}
out:
	json_free(doc);
	return rc;
}

static enum status read_page_of_shards(
	struct dynamo_streams *s, const char *stream_arn, struct deadline by, struct listing *l)
{
	struct slice answer;
	enum status rc;

	buf_clear(&s->body);
	buf_add_char(&s->body, '{');
	json_write_member(&s->body, "StreamArn", slice_of(stream_arn));
	if (l->after[0] != '\0')
		json_write_member(&s->body, "ExclusiveStartShardId", slice_of(l->after));
	buf_add_char(&s->body, '}');
	rc = call(s, "DescribeStream", false, by, &answer);
	if (rc != STATUS_OK)
		return settled(rc);
	rc = read_shards(answer, l);
	return rc == STATUS_INVALID ? nonsense("DescribeStream") : rc;
}

enum status dynamo_streams_shards(struct dynamo_streams *s, const char *stream_arn,
	struct deadline by, struct dynamo_shards *out)
{
	struct listing l = { 0 };
	enum status rc;

	for (int pages = 1;; pages++) {
		rc = read_page_of_shards(s, stream_arn, by, &l);
		if (rc != STATUS_OK || l.after[0] == '\0')
			break;
		if (pages == SHARD_PAGES_MAX) {
			rc = nonsense("DescribeStream");
			break;
		}
	}
	if (rc == STATUS_OK)
		*out = l.shards;
	else
		dynamo_shards_clear(&l.shards);
	return rc;
}

/* --- Records --------------------------------------------------------------------------------- */

static enum status read_iterator(struct slice text, struct buf *out)
{
	struct json *doc = NULL;
	struct slice iterator;
	enum status rc = json_parse(text, &doc);

	if (rc != STATUS_OK)
		return rc;
	rc = STATUS_INVALID;
	if (!json_get_string(json_root(doc), "ShardIterator", &iterator) || iterator.len == 0)
		goto out;
	buf_clear(out);
	buf_add_slice(out, iterator);
	rc = buf_ok(out) ? STATUS_OK : STATUS_NO_MEMORY;
out:
	json_free(doc);
	return rc;
}

enum status dynamo_streams_iterator(struct dynamo_streams *s, const char *stream_arn,
	const struct dynamo_shard *shard, const char *after, struct deadline by,
	struct buf *iterator)
{
	bool positioned = after[0] != '\0';
	struct slice answer;
	enum status rc;

	buf_clear(&s->body);
	buf_add_char(&s->body, '{');
	json_write_member(&s->body, "StreamArn", slice_of(stream_arn));
	json_write_member(&s->body, "ShardId", slice_of(shard->id));
	json_write_member(&s->body, "ShardIteratorType",
		positioned ? SLICE("AFTER_SEQUENCE_NUMBER") : SLICE("TRIM_HORIZON"));
	if (positioned)
		json_write_member(&s->body, "SequenceNumber", slice_of(after));
	buf_add_char(&s->body, '}');
	rc = call(s, "GetShardIterator", positioned, by, &answer);
	if (rc != STATUS_OK)
		return settled(rc);
	rc = read_iterator(answer, iterator);
	return rc == STATUS_INVALID ? nonsense("GetShardIterator") : rc;
}

enum status dynamo_streams_read(struct dynamo_streams *s, struct slice iterator, struct deadline by,
	struct dynamo_records **out)
{
	struct slice answer;
	enum status rc = STATUS_TOO_LARGE;

	for (size_t i = 0; rc == STATUS_TOO_LARGE && i < RECORDS_LIMITS; i++) {
		buf_clear(&s->body);
		buf_add_char(&s->body, '{');
		json_write_member(&s->body, "ShardIterator", iterator);
		buf_add_str(&s->body, ",\"Limit\":");
		buf_add_int(&s->body, records_limits[i]);
		buf_add_char(&s->body, '}');
		rc = call(s, "GetRecords", true, by, &answer);
	}
	if (rc != STATUS_OK)
		return settled(rc);
	rc = dynamo_records_parse(answer, out);
	return rc == STATUS_INVALID ? nonsense("GetRecords") : rc;
}
