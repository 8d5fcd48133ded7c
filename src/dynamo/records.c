/* SPDX-License-Identifier: MIT */
/* Stream records: a parsed batch and a view on each of its records. Judges none of them. */
#include "dynamo/records.h"

#include "base/ascii.h"
#include "dynamo/page.h"
#include "dynamo/streams.h"
#include "json/flat.h"

#include <stdlib.h>

/* A time after this (the year 9999) is none. */
#define CREATED_MAX 253402300799.0

struct entry {
	struct dynamo_record record;
	struct dynamo_item image;
};

struct dynamo_records {
	struct json_flat *doc; /* owns all that the others point to */
	struct entry *entries;
	size_t count;
	struct slice next;
};

static enum dynamo_event read_event(struct json_at record)
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

	if (!json_at_string(json_at_get(record, SLICE("eventName")), &name))
		return DYNAMO_EVENT_UNKNOWN;
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		if (slice_equal(name, events[i].name))
			return events[i].event;
	}
	return DYNAMO_EVENT_UNKNOWN;
}

/* Seconds, in the streams' answers and in a function's events alike, with a fraction or without. */
static int64_t read_created(struct json_at change)
{
	double seconds;

	if (!json_at_number(json_at_get(change, SLICE("ApproximateCreationDateTime")), &seconds) ||
		seconds < 0 || seconds > CREATED_MAX)
		return 0;
	return (int64_t)seconds;
}

/* What is missing, or is not what the API documents, is left empty. */
static void read_record(struct json_at v, struct entry *e)
{
	struct json_at change = json_at_get(v, SLICE("dynamodb"));
	struct json_at image = json_at_get(change, SLICE("NewImage"));
	struct dynamo_item keys = { json_at_get(change, SLICE("Keys")) };
	struct dynamo_record *r = &e->record;

	*r = (struct dynamo_record){
		.event = read_event(v),
		.sequence_number = SLICE(""),
		.pk = SLICE(""),
		.sk = SLICE(""),
		.created_s = read_created(change),
	};
	if (!json_at_string(json_at_get(change, SLICE("SequenceNumber")), &r->sequence_number) ||
		r->sequence_number.len >= DYNAMO_SEQUENCE_SIZE ||
		!ascii_is_visible(r->sequence_number))
		r->sequence_number = SLICE("");
	(void)dynamo_item_string(&keys, "pk", &r->pk);
	(void)dynamo_item_string(&keys, "sk", &r->sk);
	if (json_at_kind(image) != JSON_OBJECT)
		return;
	e->image.object = image;
	r->image = &e->image;
}

/* A text, or absent or null where a shard ends. */
static bool read_next(struct json_at root, struct slice *out)
{
	struct json_at next = json_at_get(root, SLICE("NextShardIterator"));

	*out = SLICE("");
	if (json_at_kind(next) == JSON_NULL)
		return true;
	return json_at_string(next, out) && out->len > 0;
}

static enum status read_batch(struct dynamo_records *r)
{
	struct json_at root = json_flat_root(r->doc), list = json_at_get(root, SLICE("Records"));
	struct json_walk w = { .in = list };
	size_t count = json_at_count(list);

	if (json_at_kind(list) != JSON_ARRAY || !read_next(root, &r->next))
		return STATUS_INVALID;
	if (count == 0)
		return STATUS_OK;
	r->entries = calloc(count, sizeof(*r->entries));
	if (!r->entries)
		return STATUS_NO_MEMORY;
	while (json_walk_next(&w))
		read_record(w.value, &r->entries[r->count++]);
	return STATUS_OK;
}

enum status dynamo_records_parse(struct slice text, struct dynamo_records **out)
{
	enum status rc = STATUS_NO_MEMORY;
	struct dynamo_records *r = calloc(1, sizeof(*r));

	if (!r)
		goto out;
	rc = json_flat_parse(text, DYNAMO_JSON_DEPTH, &r->doc);
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
	json_flat_free(r->doc);
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
