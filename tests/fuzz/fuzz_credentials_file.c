/* SPDX-License-Identifier: MIT */
/* Fuzz target: what credentials are read from, the shared file and the document of the container
 * endpoint and IMDS. A pair is whole or there is none; a time that is read fits. */
#include "aws/credentials_source.h"

#include <stdint.h>
#include <stdlib.h>

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_file(struct slice text, const char *profile)
{
	struct credentials_found f = { 0 };
	enum status rc = credentials_file_parse(text, profile, &f);

	REQUIRE(rc == STATUS_OK || rc == STATUS_NOT_FOUND || rc == STATUS_INVALID);
	REQUIRE((rc == STATUS_OK) == (f.access_key_id.len > 0 && f.secret_access_key.len > 0));
	if (rc == STATUS_OK)
		REQUIRE(!memchr(f.secret_access_key.data, '\n', f.secret_access_key.len));
	credentials_found_free(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct credentials_found f = { 0 };
	int64_t us = 0;

	read_file(text, "default");
	read_file(text, "work");
	if (credentials_document_read(text, &f) != STATUS_OK)
		REQUIRE(f.access_key_id.len == 0);
	credentials_found_free(&f);
	if (credentials_document_time(text, &us) == STATUS_OK)
		REQUIRE(us > -62200000000000000 && us < 253500000000000000);
	return 0;
}
