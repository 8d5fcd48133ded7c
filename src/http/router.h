/* SPDX-License-Identifier: MIT */
/* Which route a path is: exact matching against patterns with at most one captured piece. Holds no
 * routes: the table is the program's. */
#ifndef CRUDDUR_HTTP_ROUTER_H
#define CRUDDUR_HTTP_ROUTER_H

#include "base/slice.h"
#include "http/request.h"

/* true if path matches the pattern: byte for byte, but for one "{name}" in it, which stands for one
 * or more bytes other than '/'. "/api/users/@{handle}/short" matches "/api/users/@londo/short" and
 * captures "londo"; a trailing or doubled slash or an upper-case letter matches nothing. */
bool router_match(const char *pattern, struct slice path, struct slice *capture);

#endif
