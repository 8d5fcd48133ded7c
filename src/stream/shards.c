/* SPDX-License-Identifier: MIT */
/* Lineage. A stream keeps a day of shards, so searching them from end to end costs little. */
#include "stream/shards.h"

#include <stdlib.h>

void stream_shards_clear(struct stream_shards *s)
{
	for (size_t i = 0; i < s->count; i++)
		buf_free(&s->items[i].iterator);
	free(s->items);
	*s = (struct stream_shards){ 0 };
}

static struct stream_shard *find(const struct stream_shards *s, const char *id)
{
	for (size_t i = 0; i < s->count; i++) {
		if (strcmp(s->items[i].id, id) == 0)
			return &s->items[i];
	}
	return NULL;
}

static enum status add(struct stream_shards *s, struct stream_shard **out)
{
	if (s->count == s->room) {
		size_t room = s->room > 0 ? s->room * 2 : 8;
		struct stream_shard *grown = reallocarray(s->items, room, sizeof(*grown));

		if (!grown)
			return STATUS_NO_MEMORY;
		s->items = grown;
		s->room = room;
	}
	s->items[s->count] = (struct stream_shard){ 0 };
	*out = &s->items[s->count++];
	return STATUS_OK;
}

static bool copy(struct slice text, char *out, size_t size)
{
	if (text.len >= size || (text.len > 0 && memchr(text.ptr, '\0', text.len)))
		return false;
	if (text.len > 0)
		memcpy(out, text.ptr, text.len);
	out[text.len] = '\0';
	return true;
}

enum status stream_shards_restore(struct stream_shards *s, struct slice id, struct slice position,
	bool finished, int64_t now_ms)
{
	struct stream_shard shard = {
		.begun = true, .finished = finished, .finished_ms = now_ms, .read_ms = now_ms
	};
	struct stream_shard *place;
	enum status rc;

	if (id.len == 0 || !copy(id, shard.id, sizeof(shard.id)) ||
		!copy(position, shard.position, sizeof(shard.position)))
		return STATUS_INVALID;
	rc = add(s, &place);
	if (rc == STATUS_OK)
		*place = shard;
	return rc;
}

enum status stream_shards_list(
	struct stream_shards *s, const struct dynamo_shards *listed, int64_t now_ms)
{
	for (size_t i = 0; i < s->count; i++)
		s->items[i].missed_lists++;
	for (size_t i = 0; i < listed->count; i++) {
		const struct dynamo_shard *l = &listed->items[i];
		struct stream_shard *shard = find(s, l->id);
		bool known = shard != NULL;
		enum status rc = known ? STATUS_OK : add(s, &shard);

		if (rc != STATUS_OK)
			return rc;
		if (!known)
			shard->read_ms = now_ms;
		memcpy(shard->id, l->id, sizeof(shard->id));
		memcpy(shard->parent, l->parent, sizeof(shard->parent));
		shard->missed_lists = 0;
	}
	return STATUS_OK;
}

struct stream_shard *stream_shards_gone(struct stream_shards *s)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->items[i].missed_lists >= STREAM_GONE_LISTS)
			return &s->items[i];
	}
	return NULL;
}

void stream_shards_remove(struct stream_shards *s, struct stream_shard *shard)
{
	buf_free(&shard->iterator);
	*shard = s->items[--s->count];
}

/* A parent that is not listed (any more), or is the shard itself, holds up nobody. */
static bool may_read(const struct stream_shards *s, const struct stream_shard *shard)
{
	const struct stream_shard *parent =
		shard->parent[0] != '\0' ? find(s, shard->parent) : NULL;

	return !shard->finished && shard->missed_lists == 0 &&
		(!parent || parent == shard || parent->finished || parent->missed_lists > 0);
}

struct stream_shard *stream_shards_next(struct stream_shards *s)
{
	struct stream_shard *first = NULL;

	for (size_t i = 0; i < s->count; i++) {
		if (may_read(s, &s->items[i]) && (!first || s->items[i].due_ms < first->due_ms))
			first = &s->items[i];
	}
	return first;
}

void stream_shards_finish(struct stream_shard *shard, int64_t now_ms)
{
	shard->finished = true;
	shard->finished_ms = now_ms;
	shard->newest_s = 0;
	shard->refused = false;
	buf_free(&shard->iterator);
}

static bool has_child(const struct stream_shards *s, const struct stream_shard *shard)
{
	for (size_t i = 0; i < s->count; i++) {
		if (&s->items[i] != shard && strcmp(s->items[i].parent, shard->id) == 0)
			return true;
	}
	return false;
}

bool stream_shards_unsure(const struct stream_shards *s, int64_t now_ms)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct stream_shard *shard = &s->items[i];

		if (shard->missed_lists > 0)
			return true;
		if (shard->finished && now_ms - shard->finished_ms < STREAM_CHILD_MS &&
			!has_child(s, shard))
			return true;
	}
	return false;
}

bool stream_shards_drained(const struct stream_shards *s)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct stream_shard *shard = &s->items[i];

		if (!shard->finished && !shard->caught_up &&
			shard->empty_pages < STREAM_DRAINED_PAGES)
			return false;
	}
	return true;
}

bool stream_shards_troubled(const struct stream_shards *s)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->items[i].troubled)
			return true;
	}
	return false;
}

bool stream_shards_refused(const struct stream_shards *s)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->items[i].refused)
			return true;
	}
	return false;
}

int64_t stream_shards_unread_ms(const struct stream_shards *s, int64_t now_ms)
{
	int64_t longest = 0;

	for (size_t i = 0; i < s->count; i++) {
		int64_t ms = now_ms - s->items[i].read_ms;

		if (may_read(s, &s->items[i]) && ms > longest)
			longest = ms;
	}
	return longest;
}

int64_t stream_shards_behind_s(const struct stream_shards *s)
{
	int64_t oldest = 0;

	for (size_t i = 0; i < s->count; i++) {
		int64_t newest = s->items[i].newest_s;

		if (newest > 0 && (oldest == 0 || newest < oldest))
			oldest = newest;
	}
	return oldest;
}
