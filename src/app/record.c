/* SPDX-License-Identifier: MIT */
/* The one line that each request leaves in the log. */
#include "app/parts.h"
#include "base/log.h"

/* Three of the trace, four of the request, one for each backend, the caller, the end. */
#define FIELDS_MAX 13

struct fields {
	struct log_field list[FIELDS_MAX];
	size_t count;
};

static void add(struct fields *f, struct log_field field)
{
	f->list[f->count++] = field;
}

static void add_usage(struct fields *f, const char *name, const struct usage *u)
{
	if (u->calls > 0)
		add(f, log_int(name, u->spent_us));
}

static void write_line(const struct app *a)
{
	const struct app_record *r = &a->record;
	struct fields f = { .count = 0 };

	if (trace_is_there(&a->trace)) {
		add(&f, log_slice("trace_id", trace_id(&a->trace)));
		add(&f,
			log_slice("parent_id",
				(struct slice){ a->trace.parent, sizeof(a->trace.parent) }));
		add(&f, log_slice("span_id", trace_span(&a->trace)));
	}
	add(&f, log_slice("method", (struct slice){ r->method, r->method_len }));
	add(&f, log_str("route", r->route));
	add(&f, log_int("status", r->status));
	add(&f, log_int("duration_us", r->duration_us));
	add_usage(&f, "postgres_us", &a->usage.postgres);
	add_usage(&f, "dynamodb_us", &a->usage.dynamodb);
	add_usage(&f, "cognito_us", &a->usage.cognito);
	add_usage(&f, "live_us", &a->usage.live);
	if (r->user_known)
		add(&f, log_slice("user", uuid_slice(&r->user)));
	log_write(LOG_INFO, "request", f.list);
}

void app_record_close(struct app *a)
{
	if (log_enabled(LOG_INFO))
		write_line(a);
	a->record.open = false;
	log_set_request(SLICE(""));
}
