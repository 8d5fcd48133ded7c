/* SPDX-License-Identifier: MIT */
/* Percent-decoding and query parameters (RFC 3986); nothing here knows a route. */
#ifndef CRUDDUR_HTTP_URI_H
#define CRUDDUR_HTTP_URI_H

#include "base/buf.h"
#include "base/slice.h"
#include "base/status.h"

/* Appends text to b with each %XX decoded, once. STATUS_INVALID for a torn or wrong escape. */
STATUS_MUSTCHECK enum status uri_decode(struct slice text, struct buf *b);

/* Looks for a parameter in a raw query string ("limit=20&cursor=x"); names and values are
 * percent-decoded, a '+' is a '+'. STATUS_OK: value (emptied first) holds it. STATUS_NOT_FOUND: it
 * is not there. STATUS_INVALID: it is there twice or its value is not well encoded. */
STATUS_MUSTCHECK enum status uri_query(struct slice query, const char *name, struct buf *value);

#endif
