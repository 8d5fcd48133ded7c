/* SPDX-License-Identifier: MIT */
/* The figures as Prometheus reads them: its text format, version 0.0.4. */
#ifndef CRUDDUR_METRICS_TEXT_H
#define CRUDDUR_METRICS_TEXT_H

#include "base/buf.h"
#include "metrics/metrics.h"

#define METRICS_TEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Appends all of them, always in the same order. now_us: microseconds since 1970. */
void metrics_text(const struct metrics *m, int64_t now_us, struct buf *out);

/* Appends a label's value or a help text with what the format wants escaped. */
void metrics_text_value(struct buf *out, const char *text);
void metrics_text_help(struct buf *out, const char *text);

#endif
