/* SPDX-License-Identifier: MIT */
/* Counting: relaxed additions to values that other processes add to as well. Nothing here locks or
 * allocates but what makes and ends a struct metrics. */
#include "metrics/metrics.h"

#include "base/clock.h"
#include "base/log.h"
#include "metrics/family.h"

#include <stdlib.h>
#include <string.h>

size_t metrics_size(void)
{
	return METRICS_VALUES * sizeof(_Atomic uint64_t);
}

/* FNV-1a. */
static void mix(uint64_t *hash, const char *text)
{
	/* With the NUL, so that "ab" "c" is not "a" "bc". */
	for (size_t i = 0; i <= strlen(text); i++)
		*hash = (*hash ^ (unsigned char)text[i]) * 0x100000001b3;
}

uint64_t metrics_layout(void)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < metrics_family_count; i++) {
		const struct metrics_family *f = &metrics_families[i];

		mix(&hash, f->name);
		for (size_t k = 0; k < METRICS_LABELS && f->labels[k].name; k++) {
			mix(&hash, f->labels[k].name);
			for (size_t v = 0; f->labels[k].values && v < f->labels[k].count; v++)
				mix(&hash, f->labels[k].values[v]);
		}
	}
	for (size_t i = 0; i < METRICS_BOUNDS; i++)
		mix(&hash, metrics_bounds[i].text);
	return (hash ^ METRICS_VALUES) == 0 ? 1 : hash ^ METRICS_VALUES;
}

/* Takes the area, if it is new or laid out as ours. */
static bool take_area(struct metrics *m, void *area)
{
	_Atomic uint64_t *values = area;
	uint64_t layout = 0, since = 0;

	if (!atomic_compare_exchange_strong(
		    &values[METRICS_AT_LAYOUT], &layout, metrics_layout()) &&
		layout != metrics_layout())
		return false;
	(void)atomic_compare_exchange_strong(
		&values[METRICS_AT_GAUGES + METRICS_SINCE], &since, (uint64_t)clock_realtime_us());
	m->values = values;
	return true;
}

enum status metrics_new(
	void *area, const struct metrics_route *routes, size_t route_count, struct metrics **out)
{
	struct metrics *m;

	if (route_count > METRICS_NO_ROUTE)
		return STATUS_TOO_LARGE;
	m = calloc(1, sizeof(*m));
	if (!m)
		return STATUS_NO_MEMORY;
	m->routes = routes;
	m->route_count = route_count;
	if (!area || !take_area(m, area)) {
		if (area)
			LOG(LOG_WARN, "metrics_not_shared",
				log_str("reason", "another version counts in this memory"));
		m->own = calloc(1, metrics_size());
		if (!m->own || !take_area(m, m->own)) {
			metrics_free(m);
			return STATUS_NO_MEMORY;
		}
	}
	*out = m;
	return STATUS_OK;
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	free(m->own);
	free(m);
}

static void add(struct metrics *m, size_t at, uint64_t n)
{
	(void)atomic_fetch_add_explicit(&m->values[at], n, memory_order_relaxed);
}

/* A time of 0 at least: a clock may have been set back meanwhile. */
static void observe(struct metrics *m, size_t at, int64_t us)
{
	size_t bucket = 0;

	while (bucket < METRICS_BOUNDS && us > metrics_bounds[bucket].us)
		bucket++;
	add(m, at + bucket, 1);
	if (us > 0)
		add(m, at + METRICS_HISTOGRAM_SUM, (uint64_t)us);
}

void metrics_count(struct metrics *m, enum metrics_event event, uint64_t n)
{
	if (m && n > 0)
		add(m, METRICS_AT_EVENTS + (size_t)event, n);
}

static size_t status_index(int status)
{
	switch (status) {
	case 200:
		return 0;
	case 204:
		return 1;
	case 400:
		return 2;
	case 401:
		return 3;
	case 404:
		return 4;
	case 405:
		return 5;
	case 413:
		return 6;
	case 415:
		return 7;
	case 422:
		return 8;
	case 500:
		return 9;
	case 503:
		return 10;
	default:
		return METRICS_STATUSES - 1;
	}
}

void metrics_request(struct metrics *m, const struct metrics_request *r)
{
	size_t route = r->route < METRICS_NO_ROUTE ? r->route : METRICS_NO_ROUTE;

	if (!m)
		return;
	add(m,
		METRICS_AT_REQUESTS +
			(route * METRICS_METHODS + (size_t)r->method) * METRICS_STATUSES +
			status_index(r->status),
		1);
	observe(m, METRICS_AT_DURATIONS + route * METRICS_HISTOGRAM, r->duration_us);
	if (r->queued_us >= 0)
		observe(m, METRICS_AT_QUEUED, r->queued_us);
}

void metrics_backend(struct metrics *m, enum metrics_backend backend, const struct usage *u)
{
	if (!m || u->calls == 0)
		return;
	add(m, METRICS_AT_CALLS + (size_t)backend, u->calls);
	if (u->failures > 0)
		add(m, METRICS_AT_FAILURES + (size_t)backend, u->failures);
	if (u->retries > 0)
		add(m, METRICS_AT_RETRIES + (size_t)backend, u->retries);
	observe(m, METRICS_AT_WAITS + (size_t)backend * METRICS_HISTOGRAM, u->spent_us);
}

void metrics_auth_failure(struct metrics *m, const char *reason)
{
	size_t i = 0;

	if (!m)
		return;
	while (i < METRICS_REASONS - 1 && strcmp(metrics_reasons[i], reason) != 0)
		i++;
	add(m, METRICS_AT_REASONS + i, 1);
}

void metrics_set(struct metrics *m, enum metrics_gauge gauge, uint64_t value)
{
	if (m)
		atomic_store_explicit(
			&m->values[METRICS_AT_GAUGES + (size_t)gauge], value, memory_order_relaxed);
}

void metrics_set_now(struct metrics *m, enum metrics_gauge gauge)
{
	if (m)
		metrics_set(m, gauge, (uint64_t)clock_realtime_us());
}
