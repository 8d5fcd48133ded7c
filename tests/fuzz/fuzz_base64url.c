/* SPDX-License-Identifier: MIT */
/* Fuzz target: every value has exactly one spelling, and what is decoded fits where it is told to
 * fit. */
#include "base/base64url.h"

#include <stdint.h>
#include <stdlib.h>

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Text that decodes is what its bytes are spelled as. */
static void read_as_text(struct slice text)
{
	size_t cap = BASE64URL_DECODED_MAX(text.len), len = 0;
	unsigned char *bytes = malloc(cap);
	struct buf again = { 0 };

	REQUIRE(bytes);
	if (base64url_decode(text, bytes, cap, &len) == STATUS_OK) {
		REQUIRE(len <= cap);
		unsigned char *exact = malloc(len > 0 ? len : 1);

		base64url_encode((struct slice){ (const char *)bytes, len }, &again);
		REQUIRE(buf_ok(&again) && slice_equal(buf_slice(&again), text));
		/* Room for just as much is enough, and room for less is not. */
		REQUIRE(exact);
		REQUIRE(base64url_decode(text, exact, len, &len) == STATUS_OK);
		REQUIRE(len == 0 ||
			base64url_decode(text, exact, len - 1, &len) == STATUS_TOO_LARGE);
		free(exact);
	}
	free(bytes);
	buf_free(&again);
}

/* Any bytes have a spelling, and it is read as them. */
static void write_as_text(struct slice bytes)
{
	struct buf text = { 0 };
	unsigned char *again = malloc(bytes.len > 0 ? bytes.len : 1);
	size_t len = 0;

	REQUIRE(again);
	base64url_encode(bytes, &text);
	REQUIRE(buf_ok(&text));
	REQUIRE(base64url_decode(buf_slice(&text), again, bytes.len, &len) == STATUS_OK);
	REQUIRE(slice_equal((struct slice){ (const char *)again, len }, bytes));
	free(again);
	buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = { (const char *)data, size };

	read_as_text(input);
	write_as_text(input);
	return 0;
}
