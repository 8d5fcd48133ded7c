/* SPDX-License-Identifier: MIT */
/* From event to answer; what becomes of the records is stream/batch's work. */
#include "lambda/handler.h"

#include "base/ascii.h"
#include "json/write.h"

#include <stdlib.h>

/* The answer leaves so long before the deadline: what comes after the last group's settling is
 * writing it and one POST to a server in the same machine. */
#define MARGIN_MS 500
/* A group is a handful of calls; one that takes longer than this has to let others have a turn. */
#define GROUP_MS 5000
/* What failed for a reason that passes mostly works soon after; Lambda itself tries again later. */
#define PASSES 3

void lambda_answer_clear(struct lambda_answer *a)
{
	struct buf kept = a->body;

	buf_clear(&kept);
	*a = (struct lambda_answer){ .body = kept, .reason = "" };
}

void lambda_answer_free(struct lambda_answer *a)
{
	buf_free(&a->body);
}

static void fail(struct lambda_answer *a, const char *type, const char *message)
{
	a->error = (struct lambda_error){ .type = type, .message = message };
}

static void fail_out_of_memory(struct lambda_answer *a)
{
	fail(a, "Function.OutOfMemory", "the function has too little memory for this event");
}

static bool asked_to_stop(void *context)
{
	const struct lambda_work *work = context;

	return work->stop();
}

/* A group that is begun gets its time: so the last beginning is that time before the end. With less
 * than twice of it, half of what there is. */
static struct stream_patience patience_of(struct lambda_work *work)
{
	int64_t left = deadline_left_ms(work->by) - MARGIN_MS, group;

	if (left < 0)
		left = 0;
	group = left / 2 < GROUP_MS ? left / 2 : GROUP_MS;
	return (struct stream_patience){
		.passes = PASSES,
		.by = deadline_in(left - group),
		.group_ms = group,
		.stop = work->stop ? asked_to_stop : NULL,
		.context = work,
	};
}

static void count(struct lambda_answer *a, const struct stream_verdict *v)
{
	switch (v->fate) {
	case STREAM_FATE_DONE:
		a->done++;
		return;
	case STREAM_FATE_SKIPPED:
		a->skipped++;
		return;
	case STREAM_FATE_OPEN:
		if (a->failed++ == 0)
			a->reason = "not come to";
		return;
	case STREAM_FATE_FAILED:
	case STREAM_FATE_BROKEN:
		if (a->failed++ == 0)
			a->reason = v->reason ? v->reason : "";
		return;
	}
}

enum status lambda_answer_write(struct lambda_answer *a, const struct dynamo_records *records,
	const struct stream_verdict *verdicts)
{
	enum status rc = STATUS_OK;

	a->records = dynamo_records_count(records);
	buf_add_str(&a->body, "{\"batchItemFailures\":[");
	for (size_t i = 0; i < a->records; i++) {
		struct slice number = dynamo_records_at(records, i)->sequence_number;

		count(a, &verdicts[i]);
		if (verdicts[i].fate == STREAM_FATE_DONE || verdicts[i].fate == STREAM_FATE_SKIPPED)
			continue;
		if (number.len == 0 || !ascii_is_visible(number)) {
			rc = STATUS_INVALID;
			continue;
		}
		if (a->body.len > 0 && a->body.data[a->body.len - 1] == '}')
			buf_add_char(&a->body, ',');
		buf_add_char(&a->body, '{');
		json_write_member(&a->body, "itemIdentifier", number);
		buf_add_char(&a->body, '}');
	}
	buf_add_str(&a->body, "]}");
	return buf_ok(&a->body) ? rc : STATUS_NO_MEMORY;
}

static void run(const struct lambda_work *work, const struct dynamo_records *records,
	struct lambda_answer *out)
{
	struct lambda_work mine = *work;
	const struct stream_patience patience = patience_of(&mine);
	/* One more than there are: room for none need not be there. */
	struct stream_verdict *verdicts =
		calloc(dynamo_records_count(records) + 1, sizeof(*verdicts));
	enum status rc = STATUS_NO_MEMORY;

	if (verdicts)
		rc = stream_batch_run(work->mover, records, &patience, verdicts, &out->totals);
	if (rc == STATUS_OK)
		rc = lambda_answer_write(out, records, verdicts);
	if (rc == STATUS_INVALID)
		fail(out, "Function.UnnamedRecord",
			"a record failed that has no sequence number: the batch fails as a whole");
	else if (rc != STATUS_OK)
		fail_out_of_memory(out);
	free(verdicts);
}

void lambda_handle(const struct lambda_work *work, struct slice event, struct lambda_answer *out)
{
	struct dynamo_records *records = NULL;
	enum status rc = dynamo_records_parse(event, &records);

	if (rc == STATUS_OK)
		run(work, records, out);
	else if (rc == STATUS_INVALID)
		fail(out, "Function.InvalidEvent",
			"the event is none of a DynamoDB stream: a JSON object with an array "
			"Records");
	else
		fail_out_of_memory(out);
	dynamo_records_free(records);
}
