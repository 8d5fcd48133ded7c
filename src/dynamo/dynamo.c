/* SPDX-License-Identifier: MIT */
/* The table's handle and the reads. Writes are write.c's. */
#include "dynamo/dynamo.h"

#include "base/log.h"
#include "dynamo/page.h"
#include "dynamo/request.h"
#include "json/write.h"

#include <stdlib.h>

enum status dynamo_new(struct aws_client *client, const char *table, struct dynamo **out)
{
	struct dynamo *d = calloc(1, sizeof(*d));

	if (!d)
		return STATUS_NO_MEMORY;
	d->client = client;
	d->table = strdup(table);
	if (!d->table) {
		free(d);
		return STATUS_NO_MEMORY;
	}
	*out = d;
	return STATUS_OK;
}

void dynamo_free(struct dynamo *d)
{
	if (!d)
		return;
	free(d->table);
	buf_free(&d->body);
	free(d);
}

enum status dynamo_request_decode(struct dynamo *d,
	enum status (*decode)(struct buf *text, struct dynamo_page **out), struct dynamo_page **out)
{
	struct buf text;
	enum status rc;

	aws_take_body(d->client, &text);
	rc = decode(&text, out);
	buf_free(&text);
	return rc;
}

/* Makes the call whose body is in d and decodes its answer. A read has no business errors: whatever
 * the service refuses (no such table, no permission) is for the operator to mend. */
static enum status read_call(struct dynamo *d, const char *operation, struct deadline by,
	enum status (*decode)(struct buf *text, struct dynamo_page **out), struct dynamo_page **out)
{
	struct aws_answer answer;
	enum status rc;

	if (!buf_ok(&d->body))
		return STATUS_NO_MEMORY;
	rc = aws_call(d->client, operation, buf_slice(&d->body), by, &answer);
	if (rc == STATUS_OK) {
		rc = dynamo_request_decode(d, decode, out);
		if (rc != STATUS_INVALID)
			return rc;
		LOG(LOG_ERROR, "dynamodb_nonsense", log_str("operation", operation));
		return STATUS_UNAVAILABLE;
	}
	if (rc != STATUS_INVALID)
		return rc == STATUS_TOO_LARGE ? STATUS_UNAVAILABLE : rc;
	LOG(LOG_ERROR, "dynamodb_refused", log_str("operation", operation),
		log_str("error", answer.error), log_int("status", answer.http_status));
	return STATUS_UNAVAILABLE;
}

enum status dynamo_get(struct dynamo *d, struct slice pk, struct slice sk, struct deadline by,
	struct dynamo_page **out)
{
	struct dynamo_attr key[] = { { "pk", pk, DYNAMO_STRING }, { "sk", sk, DYNAMO_STRING } };

	buf_clear(&d->body);
	buf_add_char(&d->body, '{');
	json_write_member(&d->body, "TableName", slice_of(d->table));
	dynamo_request_item(&d->body, "Key", key, 2);
	buf_add_str(&d->body, ",\"ConsistentRead\":true}");
	return read_call(d, "GetItem", by, dynamo_page_read_get, out);
}

enum status dynamo_query(struct dynamo *d, const struct dynamo_query *q, struct deadline by,
	struct dynamo_page **out)
{
	if (q->after.len > 0 && q->before.len > 0)
		return STATUS_INVALID;
	buf_clear(&d->body);
	buf_add_char(&d->body, '{');
	dynamo_request_query(&d->body, d->table, q);
	buf_add_char(&d->body, '}');
	return read_call(d, "Query", by, dynamo_page_read_query, out);
}

enum status dynamo_scan(
	struct dynamo *d, const struct dynamo_scan *s, struct deadline by, struct dynamo_page **out)
{
	buf_clear(&d->body);
	buf_add_char(&d->body, '{');
	dynamo_request_scan(&d->body, d->table, s);
	buf_add_char(&d->body, '}');
	return read_call(d, "Scan", by, dynamo_page_read_query, out);
}

enum status dynamo_ping(struct dynamo *d, struct deadline by)
{
	struct dynamo_page *page = NULL;
	enum status rc = dynamo_get(d, SLICE("READY?"), SLICE("READY?"), by, &page);

	dynamo_page_free(page);
	return rc;
}
