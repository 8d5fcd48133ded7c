/* SPDX-License-Identifier: MIT */
/* Fuzz target: the reader in place accepts what json-c's reader accepts behind the same check, and
 * says the same of it, at both depths that are in use. */
#include "dynamo/page.h"
#include "support/json_same.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int depths[] = { JSON_DEPTH_MAX, DYNAMO_JSON_DEPTH };
	struct slice text = { (const char *)data, size };

	for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
		const char *difference = json_same(text, depths[i]);

		if (difference) {
			(void)fprintf(stderr, "%s\n", difference);
			abort();
		}
	}
	return 0;
}
