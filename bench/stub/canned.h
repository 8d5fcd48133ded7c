/* SPDX-License-Identifier: MIT */
/* What ddbstub knows of DynamoDB: whole answers, made once, with holes for who asks.
 *
 * User i has the uuid "aaaaaaaa-aaaa-4aaa-8aaa-" + hex12(i) and is a member of the group with the
 * uuid "bbbbbbbb-bbbb-4bbb-8bbb-" + hex12(i), so that the stub makes up consistent rows for any
 * user or group from the 12 digits it is asked for; a read that names a user and a group of
 * somebody else finds nothing. */
#ifndef CRUDDUR_BENCH_CANNED_H
#define CRUDDUR_BENCH_CANNED_H

#include <stddef.h>

#define CANNED_LIMIT_MAX 101 /* a page of 100 and the row that tells whether there are more */

struct canned {
	char *text; /* of an HTTP answer */
	size_t len;
	size_t holes[2 * CANNED_LIMIT_MAX + 4]; /* where the asker's 12 digits go */
	int hole_count;
};

/* A list holds so many rows; a Query gets as many as its Limit, and a LastEvaluatedKey if there are
 * more (the real one sends it also when there are exactly as many). */
void canned_prepare(int rows_of_a_list);

/* The answer to an operation ("Query") with this body, and the digits of who or what it is about.
 */
struct canned *canned_choose(const char *operation, const char *body, size_t n, char asker[12]);

#endif
