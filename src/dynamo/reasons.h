/* SPDX-License-Identifier: MIT */
/* Why a transaction was cancelled. For src/dynamo and its tests. Source: Amazon DynamoDB API
 * Reference, "TransactionCanceledException". */
#ifndef CRUDDUR_DYNAMO_REASONS_H
#define CRUDDUR_DYNAMO_REASONS_H

#include "dynamo/dynamo.h"

enum dynamo_cancelled {
	DYNAMO_CANCELLED_CONDITION, /* at least one condition did not hold */
	DYNAMO_CANCELLED_CONFLICT, /* another transaction was at the same items: worth a retry */
	DYNAMO_CANCELLED_THROTTLED, /* worth a retry, later */
	DYNAMO_CANCELLED_REFUSED, /* will be refused again: a value or a size the table won't take
				   */
};

/* Reads the error's body. STATUS_INVALID if it is not what the API documents, such as another
 * number of reasons than count. reasons (room for count) is filled in for
 * DYNAMO_CANCELLED_CONDITION. */
STATUS_MUSTCHECK enum status dynamo_reasons_read(
	struct slice text, size_t count, enum dynamo_cancelled *out, enum dynamo_reason *reasons);

#endif
