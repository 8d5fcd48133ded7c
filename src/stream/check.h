/* SPDX-License-Identifier: MIT */
/* What cruddur-stream needs, as --check sees it. Takes no lock and reads no record. */
#ifndef CRUDDUR_STREAM_CHECK_H
#define CRUDDUR_STREAM_CHECK_H

#include "aws/credentials.h"
#include "check/check.h"
#include "stream/consumer.h"

/* A line for each thing (check/check.h). parts->mover and signals are not used. */
void stream_check(
	const struct stream_parts *parts, struct aws_credential_chain *chain, struct check *c);

#endif
