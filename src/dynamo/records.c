/* SPDX-License-Identifier: MIT */
/* Stream records: a parsed batch and a view on each of its records. Judges none of them. */
#include "dynamo/records.h"

#include "base/ascii.h"
#include "dynamo/page.h"
#include "dynamo/streams.h"
#include "json/json.h"

#include <stdlib.h>

/* A time after this (the year 9999) is none. */
#define CREATED_MAX 253402300799.0

struct entry {
	struct dynamo_record record;
	struct dynamo_item image;
};

struct dynamo_records {
	struct json *doc; /* owns all that the others point to */
	struct entry *entries;
	size_t count;
	struct slice next;
};

static enum dynamo_event read_event(const struct json_value *record)
{
	static const struct {
		struct slice name;
		enum dynamo_event event;
	} events[] = {
		{ SLICE_LITERAL("INSERT"), DYNAMO_EVENT_INSERT },
		{ SLICE_LITERAL("MODIFY"), DYNAMO_EVENT_MODIFY },
		{ SLICE_LITERAL("REMOVE"), DYNAMO_EVENT_REMOVE },
	};
	struct slice name;

	if (!json_get_string(record, "eventName", &name))
		return DYNAMO_EVENT_UNKNOWN;
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		if (slice_equal(name, events[i].name))
			return events[i].event;
	}
	return DYNAMO_EVENT_UNKNOWN;
}

/* Seconds, in the streams' answers and in a function's events alike, with a fraction or without. */
static int64_t read_created(const struct json_value *change)
{
	double seconds;

	if (!json_number(json_get(change, "ApproximateCreationDateTime"), &seconds) ||
		seconds < 0 || seconds > CREATED_MAX)
		return 0;
	return (int64_t)seconds;
}

/* What is missing, or is not what the API documents, is left empty. */
static void read_record(const struct json_value *v, struct entry *e)
{
	const struct json_value *change = json_get(v, "dynamodb");
	const struct json_value *image = json_get(change, "NewImage");
	struct dynamo_item keys = { json_get(change, "Keys") };
	struct dynamo_record *r = &e->record;

	*r = (struct dynamo_record){
		.event = read_event(v),
		.sequence_number = SLICE(""),
		.pk = SLICE(""),
		.sk = SLICE(""),
		.created_s = read_created(change),
	};
	if (!json_get_string(change, "SequenceNumber", &r->sequence_number) ||
		r->sequence_number.len >= DYNAMO_SEQUENCE_SIZE ||
		!ascii_is_visible(r->sequence_number))
		r->sequence_number = SLICE("");
	(void)dynamo_item_string(&keys, "pk", &r->pk);
	(void)dynamo_item_string(&keys, "sk", &r->sk);
	if (json_kind(image) != JSON_OBJECT)
		return;
	e->image.object = image;
	r->image = &e->image;
}

/* A text, or absent or null where a shard ends. */
static bool read_next(const struct json_value *root, struct slice *out)
{
	const struct json_value *next = json_get(root, "NextShardIterator");

	*out = SLICE("");
	if (!next || json_kind(next) == JSON_NULL)
		return true;
	return json_string(next, out) && out->len > 0;
}

static enum status read_batch(struct dynamo_records *r)
{
	const struct json_value *list = json_get(json_root(r->doc), "Records");
	size_t count = json_array_len(list);

	if (json_kind(list) != JSON_ARRAY || !read_next(json_root(r->doc), &r->next))
		return STATUS_INVALID;
	if (count == 0)
		return STATUS_OK;
	r->entries = calloc(count, sizeof(*r->entries));
	if (!r->entries)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < count; i++)
		read_record(json_array_at(list, i), &r->entries[i]);
	r->count = count;
	return STATUS_OK;
}

enum status dynamo_records_parse(struct slice text, struct dynamo_records **out)
{
	enum status rc = STATUS_NO_MEMORY;
	struct dynamo_records *r = calloc(1, sizeof(*r));

	if (!r)
		goto out;
	rc = json_parse_nested(text, DYNAMO_JSON_DEPTH, &r->doc);
	if (rc == STATUS_OK)
		rc = read_batch(r);
	if (rc != STATUS_OK)
		goto out;
	*out = r;
	r = NULL;
out:
	dynamo_records_free(r);
	return rc;
}

void dynamo_records_free(struct dynamo_records *r)
{
	if (!r)
		return;
	json_free(r->doc);
	free(r->entries);
	free(r);
}

size_t dynamo_records_count(const struct dynamo_records *r)
{
	return r->count;
}

const struct dynamo_record *dynamo_records_at(const struct dynamo_records *r, size_t i)
{
	return i < r->count ? &r->entries[i].record : NULL;
}

struct slice dynamo_records_next(const struct dynamo_records *r)
{
	return r->next;
}
