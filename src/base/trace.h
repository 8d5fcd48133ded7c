/* SPDX-License-Identifier: MIT */
/* W3C Trace Context: reads the traceparent that a request came with and makes the one that goes on
 * with what it causes. tracestate is not taken: it is text of a stranger's choosing that nobody
 * behind a worker reads, and every header of a call to AWS is part of its signature.
 * Source: https://www.w3.org/TR/trace-context-1/ */
#ifndef CRUDDUR_BASE_TRACE_H
#define CRUDDUR_BASE_TRACE_H

#include "base/slice.h"

#include <stdbool.h>

#define TRACE_ID_LEN 32
#define TRACE_SPAN_LEN 16
#define TRACE_NAME "traceparent: "
#define TRACE_HEADER_SIZE (sizeof(TRACE_NAME "00--") + TRACE_ID_LEN + TRACE_SPAN_LEN + 3)

struct trace {
	char header[TRACE_HEADER_SIZE]; /* the whole line that goes on; "": there is no trace */
	char parent[TRACE_SPAN_LEN]; /* the span of the request's sender */
};

/* From a traceparent's value. What is none by the letter of level 1 leaves no trace: version ff,
 * ids of zeros, capital letters, version 00 of another length. Of a later version the first four
 * fields count. The span that goes on is a new one. */
void trace_read(struct trace *t, struct slice value);

static inline bool trace_is_there(const struct trace *t)
{
	return t && t->header[0] != '\0';
}

/* Of a trace that is there: its id, and the span of this request. */
static inline struct slice trace_id(const struct trace *t)
{
	return (struct slice){ t->header + sizeof(TRACE_NAME "00-") - 1, TRACE_ID_LEN };
}

static inline struct slice trace_span(const struct trace *t)
{
	return (struct slice){ t->header + sizeof(TRACE_NAME "00--") - 1 + TRACE_ID_LEN,
		TRACE_SPAN_LEN };
}

#endif
