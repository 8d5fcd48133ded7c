/* SPDX-License-Identifier: MIT */
/* What JSON costs: the strict check of a body, and a page of rows on its way from DynamoDB to the
 * client. */
#include "json/json.h"
#include "base/buf.h"
#include "dynamo/page.h"
#include "message_table/keys.h"
#include "micro.h"
#include "support/page_of.h"
#include "json/write.h"

#define ROWS 20

struct bench {
	struct slice body;
	struct buf page, out;
};

static void check_body(void *context)
{
	micro_want(json_check(((struct bench *)context)->body) == STATUS_OK, "body refused");
}

static void check_page(void *context)
{
	struct bench *b = context;

	micro_want(json_check_nested(buf_slice(&b->page), DYNAMO_JSON_DEPTH) == STATUS_OK,
		"page refused");
}

static void write_item(struct buf *out, const struct dynamo_item *item)
{
	enum { UUID, NAME, HANDLE, TEXT, TIME, ATTRIBUTES };
	static const struct slice names[ATTRIBUTES] = {
		[UUID] = SLICE_LITERAL(TABLE_MESSAGE_UUID),
		[NAME] = SLICE_LITERAL(TABLE_USER_DISPLAY_NAME),
		[HANDLE] = SLICE_LITERAL(TABLE_USER_HANDLE),
		[TEXT] = SLICE_LITERAL(TABLE_MESSAGE),
		[TIME] = SLICE_LITERAL(TABLE_SK),
	};
	struct slice row[ATTRIBUTES];

	dynamo_item_strings(item, names, ATTRIBUTES, row);
	buf_add_char(out, '{');
	json_write_member(out, "uuid", row[UUID]);
	json_write_member(out, "display_name", row[NAME]);
	json_write_member(out, "handle", row[HANDLE]);
	json_write_member(out, "message", row[TEXT]);
	json_write_member(out, "created_at", row[TIME]);
	buf_add_char(out, '}');
}

/* With a copy of the page, which libcurl makes of what it receives. */
static void transform(void *context)
{
	struct bench *b = context;
	struct dynamo_page *page;

	micro_want(page_of(dynamo_page_read_query, buf_slice(&b->page), &page) == STATUS_OK,
		"page refused");
	buf_clear(&b->out);
	buf_add_char(&b->out, '[');
	for (size_t i = dynamo_page_count(page); i-- > 0;) {
		if (b->out.len > 1)
			buf_add_char(&b->out, ',');
		write_item(&b->out, dynamo_page_item(page, i));
	}
	buf_add_char(&b->out, ']');
	dynamo_page_free(page);
	micro_want(buf_ok(&b->out) && b->out.len > 20 * 200, "page lost");
}

int main(void)
{
	struct bench b = { .body = SLICE("{\"message\":\"The quick brown fox wrote this message, "
					 "about eighty characters long, again and again\","
					 "\"message_group_uuid\":"
					 "\"bbbbbbbb-bbbb-4bbb-8bbb-000000000001\"}") };

	micro_page(&b.page, ROWS);
	micro_run("json: strict check of a message's body", check_body, &b);
	micro_run("json: strict check of DynamoDB's page of 20 rows", check_page, &b);
	micro_run("list: DynamoDB's page of 20 rows to ours", transform, &b);
	buf_free(&b.page);
	buf_free(&b.out);
	return 0;
}
