/* SPDX-License-Identifier: MIT */
/* Fuzz target: answers of DynamoDB. Whatever arrives is a page that can be read from end to end, or
 * refused; a page with more gives a start key that is sound JSON. Also reads it as an error. */
#include "aws/errors.h"
#include "base/utf8.h"
#include "dynamo/dynamo.h"
#include "dynamo/page.h"
#include "dynamo/reasons.h"
#include "support/page_of.h"
#include "json/json.h"

#include <stdint.h>
#include <stdlib.h>

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_page(const struct dynamo_page *page)
{
	static const char *const names[] = { "pk", "sk", "message", "n", "", "message_group_uuid" };
	struct buf start = { 0 };

	for (size_t i = 0; i < dynamo_page_count(page); i++) {
		const struct dynamo_item *item = dynamo_page_item(page, i);

		for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++) {
			struct slice text;
			int64_t number;
			bool is_string = dynamo_item_string(item, names[j], &text);

			if (is_string)
				REQUIRE(utf8_valid(text));
			/* An attribute has one type. */
			REQUIRE(!dynamo_item_int(item, names[j], &number) || !is_string);
		}
	}
	buf_add_char(&start, '{');
	dynamo_page_write_start(page, &start);
	buf_add_char(&start, '}');
	REQUIRE(buf_ok(&start));
	REQUIRE((start.len > 2) == dynamo_page_has_more(page));
	REQUIRE(json_check(buf_slice(&start)) == STATUS_OK);
	buf_free(&start);
}

static void read_error(struct slice text)
{
	enum dynamo_cancelled why;
	enum dynamo_reason reasons[2] = { DYNAMO_REASON_NONE, DYNAMO_REASON_NONE };
	char name[AWS_ERROR_NAME_SIZE];

	aws_error_name(text, SLICE(""), name);
	REQUIRE(memchr(name, '\0', sizeof(name)));
	if (dynamo_reasons_read(text, 2, &why, reasons) == STATUS_OK)
		REQUIRE((why == DYNAMO_CANCELLED_CONDITION) ==
			(reasons[0] == DYNAMO_REASON_CONDITION ||
				reasons[1] == DYNAMO_REASON_CONDITION));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct dynamo_page *page = NULL;

	if (page_of(dynamo_page_read_query, text, &page) == STATUS_OK)
		read_page(page);
	dynamo_page_free(page);
	page = NULL;
	if (page_of(dynamo_page_read_get, text, &page) == STATUS_OK) {
		REQUIRE(dynamo_page_count(page) <= 1 && !dynamo_page_has_more(page));
		read_page(page);
	}
	dynamo_page_free(page);
	read_error(text);
	return 0;
}
