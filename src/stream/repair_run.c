/* SPDX-License-Identifier: MIT */
/* A repair by itself, for an operator who watches. */
#include "stream/repair.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* How often progress is shown. */
#define SHOW_MS 500
#define CALL_MS 4000
/* While DynamoDB is away: how long from one try to the next, and until it is given up. */
#define RETRY_MS 1000
#define PATIENCE_MS 60000

struct run {
	struct stream_repair *repair;
	struct stream_signals *signals;
	int64_t expected; /* rows, as of some hours ago; 0: not known */
	bool show;
};

static bool is_to_stop(void *context)
{
	struct run *run = context;

	stream_signals_take(run->signals, 0);
	return run->signals->stop;
}

static enum status say_failed(
	void *context, const struct uuid *group, const char *reason, bool retry)
{
	(void)context;
	(void)retry;
	LOG(LOG_ERROR, "stream_repair_failed", log_slice("group", uuid_slice(group)),
		log_str("reason", reason));
	return STATUS_OK;
}

static void show_progress(const struct run *run, bool last)
{
	const struct stream_repair_progress *p = stream_repair_progress(run->repair);

	if (!run->show)
		return;
	(void)fprintf(stderr, "\r%" PRId64 " rows", p->rows);
	if (run->expected > 0 && !last)
		(void)fprintf(stderr, " of about %" PRId64, run->expected);
	(void)fprintf(stderr, ", %" PRId64 " groups, %zu rows moved, %" PRId64 " failed\x1b[K%s",
		p->groups, p->changes.moved + p->changes.restored, p->failed, last ? "\n" : "");
}

static enum status go_through(struct run *run)
{
	struct stream_repair_pace pace = {
		.stop = is_to_stop, .failed = say_failed, .context = run
	};
	int64_t away_ms = 0;
	bool done = false;

	while (!done) {
		enum status rc;

		pace.until = deadline_in(SHOW_MS);
		rc = stream_repair_step(run->repair, &pace, &done);
		if (is_to_stop(run) && !done)
			return STATUS_DENIED;
		if (rc == STATUS_OK) {
			away_ms = 0;
		} else {
			int64_t now_ms = clock_monotonic_ms();

			if (away_ms == 0)
				away_ms = now_ms;
			if (now_ms - away_ms >= PATIENCE_MS)
				return STATUS_UNAVAILABLE;
			stream_signals_take(run->signals, RETRY_MS);
		}
		show_progress(run, false);
	}
	return stream_repair_progress(run->repair)->failed > 0 ? STATUS_CONFLICT : STATUS_OK;
}

static void say_result(const struct run *run, enum status rc)
{
	const struct stream_repair_progress *p = stream_repair_progress(run->repair);
	const char *end = rc == STATUS_OK || rc == STATUS_CONFLICT ? "done"
		: rc == STATUS_DENIED                              ? "stopped before its end"
								   : "given up: DynamoDB is away";

	show_progress(run, true);
	(void)printf("repair %s: %" PRId64 " rows read, %" PRId64 " groups right (%zu rows moved, "
		     "%zu restored, %zu removed), %" PRId64 " failed\n",
		end, p->rows, p->groups, p->changes.moved, p->changes.restored, p->changes.removed,
		p->failed);
	(void)fflush(stdout);
}

enum status stream_repair_run(
	struct dynamo *table, struct group_mover *mover, struct stream_signals *signals)
{
	struct run run = { .signals = signals, .show = isatty(STDERR_FILENO) != 0 };
	struct dynamo_table about = { 0 };
	enum status rc = stream_repair_new(table, mover, &run.repair);

	if (rc != STATUS_OK)
		return rc;
	/* Only for the progress: what is wrong with the table shows in the first scan. */
	if (run.show && dynamo_describe(table, deadline_in(CALL_MS), &about) == STATUS_OK) {
		run.expected = about.item_count;
		dynamo_table_clear(&about);
	}
	rc = go_through(&run);
	say_result(&run, rc);
	stream_repair_free(run.repair);
	return rc;
}
