/* SPDX-License-Identifier: MIT */
/* A page out of a text that stays: the service's own readers take an answer's memory over. */
#ifndef CRUDDUR_TESTS_PAGE_OF_H
#define CRUDDUR_TESTS_PAGE_OF_H

#include "dynamo/page.h"

/* read is one of dynamo/page.h; the rest is as there. */
static inline enum status page_of(enum status (*read)(struct buf *text, struct dynamo_page **out),
	struct slice text, struct dynamo_page **out)
{
	struct buf copy = { 0 };
	enum status rc = STATUS_NO_MEMORY;

	buf_add_slice(&copy, text);
	if (buf_ok(&copy))
		rc = read(&copy, out);
	buf_free(&copy);
	return rc;
}

#endif
