/* SPDX-License-Identifier: MIT */
/* Fuzz target: batches of stream records. Whatever arrives is a batch whose records can all be read
 * from end to end, or refused; and each row in it can be written again, as a put that keeps it
 * would do. */
#include "base/ascii.h"
#include "base/utf8.h"
#include "dynamo/page.h"
#include "dynamo/records.h"
#include "dynamo/streams.h"
#include "support/page_of.h"

#include <stdint.h>
#include <stdlib.h>

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Written once it is JSON; read and written again it is the same. */
static void rewrite(const struct dynamo_item *image)
{
	const struct dynamo_attr named = { "pk", SLICE_LITERAL("p"), DYNAMO_STRING };
	struct buf first = { 0 }, second = { 0 };
	struct dynamo_page *page;
	struct slice text;

	buf_add_str(&first, "{\"Item\":{");
	dynamo_item_write_rest(image, &named, 1, &first);
	buf_add_str(&first, "}}");
	REQUIRE(buf_ok(&first));
	REQUIRE(page_of(dynamo_page_read_get, buf_slice(&first), &page) == STATUS_OK);
	REQUIRE(!dynamo_item_string(dynamo_page_item(page, 0), "pk", &text));
	buf_add_str(&second, "{\"Item\":{");
	dynamo_item_write_rest(dynamo_page_item(page, 0), &named, 1, &second);
	buf_add_str(&second, "}}");
	REQUIRE(slice_equal(buf_slice(&first), buf_slice(&second)));
	dynamo_page_free(page);
	buf_free(&first);
	buf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct dynamo_records *r;

	if (dynamo_records_parse(text, &r) != STATUS_OK)
		return 0;
	for (size_t i = 0; i < dynamo_records_count(r); i++) {
		const struct dynamo_record *e = dynamo_records_at(r, i);

		REQUIRE(e->event >= DYNAMO_EVENT_UNKNOWN && e->event <= DYNAMO_EVENT_REMOVE);
		REQUIRE(utf8_valid(e->pk) && utf8_valid(e->sk));
		REQUIRE(e->sequence_number.len < DYNAMO_SEQUENCE_SIZE);
		REQUIRE(ascii_is_visible(e->sequence_number));
		REQUIRE(e->created_s >= 0);
		if (e->image)
			rewrite(e->image);
	}
	REQUIRE(!dynamo_records_at(r, dynamo_records_count(r)));
	REQUIRE(utf8_valid(dynamo_records_next(r)));
	dynamo_records_free(r);
	return 0;
}
