/* SPDX-License-Identifier: MIT */
/* The shards of a stream in their lineage: which of them may be read now, parents before children,
 * and which is next. Makes no call and reads no clock. */
#ifndef CRUDDUR_STREAM_SHARDS_H
#define CRUDDUR_STREAM_SHARDS_H

#include "dynamo/streams.h"

/* How long the child of a finished shard is looked out for: a stream that was switched off will
 * have none. */
#define STREAM_CHILD_MS ((int64_t)5 * 60 * 1000)

/* Lists in a row that leave out a shard before it counts as gone. */
#define STREAM_GONE_LISTS 2

/* Empty pages in a row after which an open shard counts as read to its newest record. */
#define STREAM_DRAINED_PAGES 3

struct stream_shard {
	char id[DYNAMO_SHARD_ID_SIZE];
	char parent[DYNAMO_SHARD_ID_SIZE]; /* "": none */
	char position[DYNAMO_SEQUENCE_SIZE]; /* read up to and with this record; "": none yet */
	bool begun; /* it has a checkpoint */
	bool finished; /* read to its end */
	int64_t finished_ms;
	int missed_lists; /* in a row that left it out */
	/* The reader's. */
	struct buf iterator; /* empty: none */
	int64_t due_ms; /* when to read next */
	int64_t records_ms; /* when there were records last; 0: never */
	int64_t newest_s; /* when the last record was written, if more may follow; 0: all is read */
	int empty_pages; /* in a row */
	int64_t read_ms; /* when a read succeeded last, or it was listed first */
	int64_t trouble_ms; /* since when most groups of its batches fail; 0: they don't */
	bool fresh; /* the iterator was not read with yet */
	bool troubled; /* its last turn failed */
	bool refused; /* its last turn read nothing, for a reason that a turn later on may mend */
	bool caught_up; /* a record that is younger than this program was dealt with */
};

struct stream_shards {
	struct stream_shard *items;
	size_t count, room;
};

void stream_shards_clear(struct stream_shards *s);

/* A shard that has a checkpoint, before it is known whether it is listed. STATUS_INVALID: the names
 * can't be those of a shard. */
STATUS_MUSTCHECK enum status stream_shards_restore(struct stream_shards *s, struct slice id,
	struct slice position, bool finished, int64_t now_ms);

/* Takes in what the stream lists now. */
STATUS_MUSTCHECK enum status stream_shards_list(
	struct stream_shards *s, const struct dynamo_shards *listed, int64_t now_ms);

/* A shard that is gone; NULL if there is none. */
struct stream_shard *stream_shards_gone(struct stream_shards *s);

/* Forgets it; pointers to other shards are void then. */
void stream_shards_remove(struct stream_shards *s, struct stream_shard *shard);

/* The shard to read next, of those that may be read: the one that is due first. NULL: none may. */
struct stream_shard *stream_shards_next(struct stream_shards *s);

void stream_shards_finish(struct stream_shard *shard, int64_t now_ms);

/* Another list is wanted soon: a finished shard has no child yet, or a shard was left out. */
bool stream_shards_unsure(const struct stream_shards *s, int64_t now_ms);

/* Everything that is listed has been read, as of some moment since the program began: under steady
 * traffic no page is ever empty. */
bool stream_shards_drained(const struct stream_shards *s);

/* The last turn of one of them failed. */
bool stream_shards_troubled(const struct stream_shards *s);

/* One of them is refused. */
bool stream_shards_refused(const struct stream_shards *s);

/* For how long one that may be read was not. */
int64_t stream_shards_unread_ms(const struct stream_shards *s, int64_t now_ms);

/* When the oldest of what was read last was written, seconds since 1970; 0: all is read. */
int64_t stream_shards_behind_s(const struct stream_shards *s);

#endif
