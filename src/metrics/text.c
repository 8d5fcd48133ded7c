/* SPDX-License-Identifier: MIT */
/* Writing the text format. Source: Prometheus, "Exposition formats", text-based format. */
#include "metrics/text.h"

#include "metrics/family.h"

#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A stream is asked more than twice a second, and after failures every five: when nobody has had an
 * answer for so long, nobody reads. */
#define UNREAD_US ((int64_t)10 * 1000 * 1000)

static void escaped(struct buf *out, const char *text, const char *special)
{
	for (; *text; text++) {
		if (strchr(special, *text))
			buf_add_char(out, '\\');
		if (*text == '\n')
			buf_add_char(out, 'n');
		else
			buf_add_char(out, *text);
	}
}

void metrics_text_value(struct buf *out, const char *text)
{
	escaped(out, text, "\\\"\n");
}

void metrics_text_help(struct buf *out, const char *text)
{
	escaped(out, text, "\\\n");
}

/* Microseconds as seconds, with nothing lost. */
static void add_seconds(struct buf *out, uint64_t us)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%" PRIu64 ".%06" PRIu64, us / 1000000, us % 1000000);
	buf_add_str(out, text);
}

static void add_number(struct buf *out, uint64_t value)
{
	buf_add_int(out, (int64_t)value);
}

static const char *kind_name(enum metrics_kind kind)
{
	switch (kind) {
	case METRICS_KIND_COUNTER:
		return "counter";
	case METRICS_KIND_HISTOGRAM:
		return "histogram";
	default:
		return "gauge";
	}
}

static void add_head(struct buf *out, const struct metrics_family *f)
{
	buf_add_str(out, "# HELP ");
	buf_add_str(out, f->name);
	buf_add_char(out, ' ');
	metrics_text_help(out, f->help);
	buf_add_str(out, "\n# TYPE ");
	buf_add_str(out, f->name);
	buf_add_char(out, ' ');
	buf_add_str(out, kind_name(f->kind));
	buf_add_char(out, '\n');
}

/* --- Labels ----------------------------------------------------------------------------------- */

static size_t series_count(const struct metrics_family *f)
{
	size_t count = 1;

	for (size_t i = 0; i < METRICS_LABELS && f->labels[i].name; i++)
		count *= f->labels[i].count;
	return count;
}

static const char *label_value(const struct metrics *m, const struct metrics_label *l, size_t i)
{
	if (l->values)
		return l->values[i];
	return i < m->route_count ? m->routes[i].pattern : "none";
}

/* Appends `name="value",...` of series number i. */
static void add_labels(
	struct buf *out, const struct metrics *m, const struct metrics_family *f, size_t i)
{
	size_t rest = series_count(f);

	for (size_t k = 0; k < METRICS_LABELS && f->labels[k].name; k++) {
		rest /= f->labels[k].count;
		if (k > 0)
			buf_add_char(out, ',');
		buf_add_str(out, f->labels[k].name);
		buf_add_str(out, "=\"");
		metrics_text_value(out, label_value(m, &f->labels[k], i / rest));
		buf_add_char(out, '"');
		i %= rest;
	}
}

/* --- Values ----------------------------------------------------------------------------------- */

/* Appends `name suffix{labels,le="bound"} `; bound NULL: without le. */
static void add_name(struct buf *out, const struct metrics_family *f, const char *suffix,
	struct slice labels, const char *bound)
{
	buf_add_str(out, f->name);
	buf_add_str(out, suffix);
	if (labels.len > 0 || bound) {
		buf_add_char(out, '{');
		buf_add_slice(out, labels);
		if (bound) {
			buf_add_str(out, labels.len > 0 ? ",le=\"" : "le=\"");
			buf_add_str(out, bound);
			buf_add_char(out, '"');
		}
		buf_add_char(out, '}');
	}
	buf_add_char(out, ' ');
}

static void add_histogram(struct buf *out, const struct metrics *m, const struct metrics_family *f,
	size_t at, struct slice labels)
{
	uint64_t below = 0;

	for (size_t i = 0; i <= METRICS_BOUNDS; i++) {
		below += metrics_read(m, at + i);
		add_name(out, f, "_bucket", labels,
			i < METRICS_BOUNDS ? metrics_bounds[i].text : "+Inf");
		add_number(out, below);
		buf_add_char(out, '\n');
	}
	add_name(out, f, "_sum", labels, NULL);
	add_seconds(out, metrics_read(m, at + METRICS_HISTOGRAM_SUM));
	buf_add_char(out, '\n');
	add_name(out, f, "_count", labels, NULL);
	add_number(out, below);
	buf_add_char(out, '\n');
}

static bool is_empty(const struct metrics *m, size_t at, size_t width)
{
	for (size_t i = 0; i < width; i++) {
		if (metrics_read(m, at + i) > 0)
			return false;
	}
	return true;
}

/* A first failure counts as an increase only if there was a zero before it. */
static bool is_awaited(const struct metrics *m, size_t at)
{
	size_t i = at - METRICS_AT_REQUESTS;
	size_t status = i % METRICS_STATUSES, method = i / METRICS_STATUSES % METRICS_METHODS;
	size_t route = i / METRICS_STATUSES / METRICS_METHODS;

	return at >= METRICS_AT_REQUESTS && route < m->route_count &&
		m->routes[route].method == method && metrics_statuses[status][0] == '5';
}

static void add_series(struct buf *out, struct buf *labels, const struct metrics *m,
	const struct metrics_family *f)
{
	size_t width = f->kind == METRICS_KIND_HISTOGRAM ? METRICS_HISTOGRAM : 1;

	for (size_t i = 0; i < series_count(f); i++) {
		size_t at = f->at + i * width;

		if (f->sparse && is_empty(m, at, width) && !is_awaited(m, at))
			continue;
		buf_clear(labels);
		add_labels(labels, m, f, i);
		if (f->kind == METRICS_KIND_HISTOGRAM) {
			add_histogram(out, m, f, at, buf_slice(labels));
			continue;
		}
		add_name(out, f, "", buf_slice(labels), NULL);
		add_number(out, metrics_read(m, at));
		buf_add_char(out, '\n');
	}
}

/* --- Gauges ----------------------------------------------------------------------------------- */

static int64_t gauge(const struct metrics *m, enum metrics_gauge which)
{
	return (int64_t)metrics_read(m, METRICS_AT_GAUGES + (size_t)which);
}

static int64_t lag_us(const struct metrics *m, int64_t now_us)
{
	int64_t behind_us = gauge(m, METRICS_STREAM_BEHIND);
	int64_t unread_us = now_us - gauge(m, METRICS_STREAM_READ_AT);
	int64_t lag = behind_us > 0 ? now_us - behind_us : 0;

	if (unread_us >= UNREAD_US && unread_us > lag)
		lag = unread_us;
	return lag > 0 ? lag : 0;
}

static void add_gauge(
	struct buf *out, const struct metrics *m, const struct metrics_family *f, int64_t now_us)
{
	int64_t value = gauge(m, (enum metrics_gauge)(f->at - METRICS_AT_GAUGES));

	if (f->kind == METRICS_KIND_TIME ? value == 0 : gauge(m, METRICS_STREAM_ACTIVE) == 0)
		return;
	add_name(out, f, "", SLICE(""), NULL);
	if (f->kind == METRICS_KIND_OWED)
		add_number(out, (uint64_t)value);
	else
		add_seconds(
			out, (uint64_t)(f->kind == METRICS_KIND_LAG ? lag_us(m, now_us) : value));
	buf_add_char(out, '\n');
}

static void add_version(struct buf *out, const struct metrics_family *f)
{
	buf_add_str(out, f->name);
	buf_add_str(out, "{version=\"");
	metrics_text_value(out, PACKAGE_VERSION);
	buf_add_str(out, "\"} 1\n");
}

void metrics_text(const struct metrics *m, int64_t now_us, struct buf *out)
{
	struct buf labels = { 0 };

	for (size_t i = 0; i < metrics_family_count; i++) {
		const struct metrics_family *f = &metrics_families[i];

		add_head(out, f);
		switch (f->kind) {
		case METRICS_KIND_COUNTER:
		case METRICS_KIND_HISTOGRAM:
			add_series(out, &labels, m, f);
			break;
		case METRICS_KIND_VERSION:
			add_version(out, f);
			break;
		case METRICS_KIND_TIME:
		case METRICS_KIND_LAG:
		case METRICS_KIND_OWED:
			add_gauge(out, m, f, now_us);
			break;
		}
	}
	if (!buf_ok(&labels))
		out->failed = true;
	buf_free(&labels);
}
