/* SPDX-License-Identifier: MIT */
/* A batch of stream records as work: which groups they concern, each settled once, with tries again
 * and a verdict for each record. The same for the daemon and for the Lambda function: what becomes
 * of a record that failed is theirs to decide. */
#ifndef CRUDDUR_STREAM_BATCH_H
#define CRUDDUR_STREAM_BATCH_H

#include "dynamo/records.h"
#include "group_mover/mover.h"

enum stream_fate {
	STREAM_FATE_OPEN, /* not come to: stopped, or no time was left */
	STREAM_FATE_SKIPPED, /* not ours to act on: another kind of row, or a removal */
	STREAM_FATE_DONE, /* its group's rows are right */
	STREAM_FATE_FAILED, /* its group could not be settled now; another time it might */
	STREAM_FATE_BROKEN, /* it makes no sense, or its group never can be settled */
};

struct stream_verdict {
	enum stream_fate fate;
	bool tried; /* it is its group's, which was tried */
	const char *reason; /* of FAILED and BROKEN: a few words; static */
};

/* How patient to be. */
struct stream_patience {
	int passes; /* over the groups that failed, with pauses that grow; at least 1 */
	struct deadline by; /* no group is begun after this */
	int64_t group_ms; /* for one group's settling */
	bool (*stop)(void *context); /* true: begin no other group; NULL: never */
	bool (*doubtful)(void *context, const struct uuid *group); /* true: the group failed lately,
			one pass is enough for it; NULL: none did */
	void *context;
};

struct stream_totals {
	size_t groups; /* settled */
	struct group_mover_changes changes;
	size_t moved; /* of those, groups of which a row was changed */
	size_t failed; /* groups that were tried and could not be settled now */
	size_t doubtful; /* of those, the ones that had been doubtful before */
	size_t retried; /* groups that took more than one pass */
};

/* Judges every record of the batch; verdicts has room for all. Groups are settled in the order of
 * their first record; where several in a row fail, the pass ends there, since the others would fare
 * no better now, and the next one begins behind them. What no pass came to stays open. A group of
 * which the mover finds no member is broken only after all passes. totals is added to. STATUS_OK
 * whatever the verdicts; STATUS_NO_MEMORY if the work could not be begun. */
STATUS_MUSTCHECK enum status stream_batch_run(struct group_mover *m,
	const struct dynamo_records *records, const struct stream_patience *patience,
	struct stream_verdict *verdicts, struct stream_totals *totals);

#endif
