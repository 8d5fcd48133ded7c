/* SPDX-License-Identifier: MIT */
/* The figures' line. */
#include "stream/figures.h"

#include "base/log.h"

void stream_figures_add_totals(struct stream_figures *f, const struct stream_totals *totals)
{
	f->moved += (int64_t)totals->moved;
	f->unchanged += (int64_t)(totals->groups - totals->moved);
	f->retried += (int64_t)totals->retried;
}

void stream_figures_say(const struct stream_figures *f, bool active, int64_t lag_ms)
{
	LOG(LOG_INFO, "stream_figures", log_int("active", active), log_int("records", f->records),
		log_int("moved", f->moved), log_int("unchanged", f->unchanged),
		log_int("skipped", f->skipped), log_int("retried", f->retried),
		log_int("set_aside", f->set_aside), log_int("repaired", f->repaired),
		log_int("lag_ms", lag_ms));
}

static int64_t settled(const struct stream_figures *f)
{
	return f->records - f->skipped - (f->set_aside - f->groups_set_aside);
}

void stream_figures_count(
	const struct stream_figures *f, struct stream_figures *told, struct metrics *m)
{
	const struct {
		enum metrics_event event;
		int64_t now, before;
	} all[] = {
		{ METRICS_STREAM_SETTLED, settled(f), settled(told) },
		{ METRICS_STREAM_SKIPPED, f->skipped, told->skipped },
		{ METRICS_STREAM_MOVED, f->moved, told->moved },
		{ METRICS_STREAM_UNCHANGED, f->unchanged, told->unchanged },
		{ METRICS_STREAM_RETRIED, f->retried, told->retried },
		{ METRICS_STREAM_REPAIRED, f->repaired, told->repaired },
		{ METRICS_STREAM_LETTERS, f->set_aside, told->set_aside },
		{ METRICS_STREAM_MISSED, f->missed, told->missed },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		metrics_count(m, all[i].event, (uint64_t)(all[i].now - all[i].before));
	*told = *f;
}
