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
