/* SPDX-License-Identifier: MIT */
/* How a function says that it failed: one code a caller can act on. What an operator needs goes to
 * the log, where it happened; what a client is told is decided in http/, nowhere else. */
#ifndef CRUDDUR_BASE_STATUS_H
#define CRUDDUR_BASE_STATUS_H

#define STATUS_MUSTCHECK __attribute__((warn_unused_result))

/* The rule everywhere: inputs are borrowed, what leaves through an out-pointer is the caller's, and
 * an out-pointer is untouched unless the answer is STATUS_OK. */
enum status {
	STATUS_OK = 0,
	STATUS_INVALID, /* the input breaks a rule; the same input will fail again */
	STATUS_NOT_FOUND, /* looked for, and not there */
	STATUS_CONFLICT, /* a condition on stored data did not hold */
	STATUS_DENIED, /* not authenticated, or not allowed */
	STATUS_TOO_LARGE, /* over a cap of ours */
	STATUS_TIMEOUT, /* the deadline passed; a write may or may not have happened */
	STATUS_UNAVAILABLE, /* a backend is down, throttles, or answers nonsense */
	STATUS_NO_MEMORY, /* an allocation failed */
	STATUS_INTERNAL, /* a library refused what it should not have refused */
};

/* The constant's name in lower case without its prefix ("not_found"); static, never NULL. */
const char *status_name(enum status status);

#endif
