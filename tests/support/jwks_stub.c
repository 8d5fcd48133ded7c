/* SPDX-License-Identifier: MIT */
/* A source of JWKS documents without a network. */
#include "support/jwks_stub.h"

static enum status read_document(void *context, int64_t total_ms, struct slice *document)
{
	struct jwks_stub *s = context;

	s->reads++;
	s->total_ms = total_ms;
	if (s->down)
		return STATUS_UNAVAILABLE;
	*document = buf_slice(&s->document);
	return STATUS_OK;
}

struct jwks_source jwks_stub_source(struct jwks_stub *s)
{
	return (struct jwks_source){ .read = read_document, .context = s };
}
