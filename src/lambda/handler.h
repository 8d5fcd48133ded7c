/* SPDX-License-Identifier: MIT */
/* One event of a DynamoDB stream in, the answer that Lambda's event source mapping wants out: which
 * records are to come again. Knows no Runtime API. Source: AWS Lambda Developer Guide, "Configuring
 * partial batch response with DynamoDB and Lambda". */
#ifndef CRUDDUR_LAMBDA_HANDLER_H
#define CRUDDUR_LAMBDA_HANDLER_H

#include "base/buf.h"
#include "lambda/runtime.h"
#include "stream/batch.h"

struct lambda_answer {
	/* {"batchItemFailures":[{"itemIdentifier":"<sequence number>"},...]}: every record that is
	 * not done with, in the event's order. Of no meaning if there is an error. */
	struct buf body;
	struct lambda_error error; /* type NULL: there is none. Otherwise the whole batch failed */
	size_t records, done, skipped, failed; /* failed: not done with, for whatever reason */
	const char *reason; /* of the first that failed; "" if none did. Static */
	struct stream_totals totals;
};

/* Forgets everything, keeps the memory. */
void lambda_answer_clear(struct lambda_answer *a);
void lambda_answer_free(struct lambda_answer *a);

/* What an event is worked off with. */
struct lambda_work {
	struct group_mover *mover; /* borrowed */
	struct deadline by; /* when the answer has to be there; some of it is left for sending it */
	bool (*stop)(void); /* true: begin nothing more */
};

/* Fills a cleared answer, whatever the event is. */
void lambda_handle(const struct lambda_work *work, struct slice event, struct lambda_answer *out);

/* The last step by itself: counts the verdicts, names the records. STATUS_INVALID: a record that is
 * to be named has no sequence number, and an empty or a wrong one would make Lambda take the whole
 * batch for failed, or for done. STATUS_NO_MEMORY. */
STATUS_MUSTCHECK enum status lambda_answer_write(struct lambda_answer *a,
	const struct dynamo_records *records, const struct stream_verdict *verdicts);

#endif
