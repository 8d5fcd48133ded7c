/* SPDX-License-Identifier: MIT */
/* The same exchange through libcurl, signed: what a program that signs by libcurl cannot go below.
 */
#ifndef CRUDDUR_BENCH_SIGNED_H
#define CRUDDUR_BENCH_SIGNED_H

/* Makes one call of DynamoDB and drops the answer; ends the program if it fails. */
void signed_call(const char *endpoint, const char *operation, const char *body);

#endif
