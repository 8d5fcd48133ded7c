/* SPDX-License-Identifier: MIT */
/* The frame of a micro-benchmark: one operation, again and again. Under callgrind it counts
 * instructions, otherwise it takes the time; bench/micro/run prints both. */
#ifndef CRUDDUR_BENCH_MICRO_H
#define CRUDDUR_BENCH_MICRO_H

#include "base/buf.h"

#include <stdbool.h>

/* One operation. It ends the program (micro_want) if its result is not what it should be: nobody
 * is measured on errors. */
typedef void (*micro_operation)(void *context);

/* Prints "name<TAB>nanoseconds", or under callgrind makes a dump with that name that holds
 * MICRO_ROUNDS operations. */
void micro_run(const char *name, micro_operation operation, void *context);

#define MICRO_ROUNDS 200

/* Ends the program with the text if the condition does not hold. */
void micro_want(bool holds, const char *what);

/* A token that verifies: the pool's key under the kid "bench", as cognito_verify takes it. */
#define MICRO_NOW_S 1700000000
#define MICRO_ISSUER "http://127.0.0.1:1/pool"
#define MICRO_CLIENT "client"

/* Appends a fresh key's JWKS and one of its tokens. */
void micro_token(struct buf *jwks, struct buf *token);

/* Appends a Query's answer with so many message rows, as DynamoDB writes it. */
void micro_page(struct buf *out, int rows);

#endif
