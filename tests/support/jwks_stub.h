/* SPDX-License-Identifier: MIT */
/* A source of JWKS documents for unit tests: says what it is told to, and counts. No network. */
#ifndef CRUDDUR_TESTS_JWKS_STUB_H
#define CRUDDUR_TESTS_JWKS_STUB_H

#include "auth/jwks.h"
#include "base/buf.h"

struct jwks_stub {
	struct buf document; /* what it answers */
	bool down; /* answers STATUS_UNAVAILABLE instead */
	size_t reads; /* how often it was asked */
	int64_t total_ms; /* how long it was given the last time */
};

/* The source; s must outlive its users. */
struct jwks_source jwks_stub_source(struct jwks_stub *s);

#endif
