/* SPDX-License-Identifier: MIT */
/* The canned answers, and which of them a request gets. */
#include "canned.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "############" /* a hole in a canned text: the asker's 12 digits go there */
#define USER "aaaaaaaa-aaaa-4aaa-8aaa-"
#define GROUP "bbbbbbbb-bbbb-4bbb-8bbb-"
#define OTHER USER "00000000270f" /* everybody's correspondent: user 9999 */
#define TEXT "The quick brown fox wrote this message, about eighty characters long, number "

/* Lists by the Limit they were asked with, made when first asked for. */
static struct canned messages[CANNED_LIMIT_MAX + 1], groups[CANNED_LIMIT_MAX + 1];
static struct canned one_group, index_rows, nothing, group_item, member_item, pair_item, batch,
	empty, described;
static int rows; /* that there are in a list */

/* --- What it answers ----------------------------------------------------------------------- */

static void can(struct canned *c, const char *body)
{
	int n = asprintf(&c->text,
		"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
		"x-amzn-RequestId: BENCHBENCHBENCHBENCHBENCHBENCHBENCHBENCHBENCHBENCHBE\r\n"
		"Content-Length: %zu\r\n\r\n%s",
		strlen(body), body);

	if (n < 0)
		abort();
	c->len = (size_t)n;
	for (char *p = c->text; (p = strstr(p, DIGITS)); p += strlen(DIGITS))
		c->holes[c->hole_count++] = (size_t)(p - c->text);
}

/* i rows before the newest; a minute for each, so that the text of the times descends. */
static void time_text(char out[64], int i)
{
	int minute = 24 * 60 - 1 - i;

	snprintf(out, 64, "2026-11-22T%02d:%02d:57.599123+00:00", minute / 60, minute % 60);
}

static void group_row(FILE *f, int i)
{
	char at[64];

	time_text(at, i);
	fprintf(f, "{\"pk\":{\"S\":\"GRP#" USER DIGITS "\"},\"sk\":{\"S\":\"%s\"},", at);
	if (i == 0)
		fprintf(f, "\"message_group_uuid\":{\"S\":\"" GROUP DIGITS "\"},");
	else
		fprintf(f, "\"message_group_uuid\":{\"S\":\"cccccccc-cccc-4ccc-8ccc-%012x\"},", i);
	fprintf(f,
		"\"message\":{\"S\":\"" TEXT "%02d\"},\"user_uuid\":{\"S\":\"" OTHER "\"},"
		"\"user_display_name\":{\"S\":\"Person "
		"9999\"},\"user_handle\":{\"S\":\"user09999\"}}",
		i);
}

static void message_row(FILE *f, int i)
{
	char at[64];

	time_text(at, i);
	fprintf(f,
		"{\"pk\":{\"S\":\"MSG#" GROUP DIGITS "\"},\"sk\":{\"S\":\"%s\"},"
		"\"message_uuid\":{\"S\":\"dddddddd-dddd-4ddd-8ddd-%012x\"},"
		"\"message\":{\"S\":\"" TEXT "%02d\"},\"user_uuid\":{\"S\":\"%s\"},"
		"\"user_display_name\":{\"S\":\"Person "
		"9999\"},\"user_handle\":{\"S\":\"user09999\"}}",
		at, i, i, i % 2 ? OTHER : USER DIGITS);
}

typedef void (*row_writer)(FILE *f, int i);

static void can_rows(struct canned *c, int limit, const char *pk, row_writer row)
{
	char *body, at[64];
	size_t n;
	FILE *f = open_memstream(&body, &n);
	int count = limit < rows ? limit : rows;

	if (!f)
		abort();
	fprintf(f, "{\"Count\":%d,\"Items\":[", count);
	for (int i = 0; i < count; i++) {
		if (i > 0)
			fputc(',', f);
		row(f, i);
	}
	fprintf(f, "],\"ScannedCount\":%d", count);
	if (count < rows) {
		time_text(at, count - 1);
		fprintf(f, ",\"LastEvaluatedKey\":{\"pk\":{\"S\":\"%s\"},\"sk\":{\"S\":\"%s\"}}",
			pk, at);
	}
	fputc('}', f);
	fclose(f);
	can(c, body);
	free(body);
}

static void can_group_rows(void)
{
	char *body;
	size_t n;
	FILE *f = open_memstream(&body, &n);

	if (!f)
		abort();
	group_row(f, 0);
	fclose(f);
	for (int kind = 0; kind < 3; kind++) {
		static const char *const forms[] = {
			"{\"Count\":1,\"Items\":[%s],\"ScannedCount\":1}", "{\"Item\":%s}",
			"{\"Responses\":{\"cruddur-messages\":[%s]},\"UnprocessedKeys\":{}}"
		};
		struct canned *const into[] = { &one_group, &group_item, &batch };
		char whole[2048];

		snprintf(whole, sizeof(whole), forms[kind], body);
		can(into[kind], whole);
	}
	free(body);
}

void canned_prepare(int rows_of_a_list)
{
	rows = rows_of_a_list;
	can_group_rows();
	can(&nothing, "{\"Count\":0,\"Items\":[],\"ScannedCount\":20}");
	can(&index_rows,
		"{\"Count\":2,\"Items\":[{\"pk\":{\"S\":\"GRP#" USER DIGITS
		"\"},\"sk\":{\"S\":\"2026-11-22T23:59:57.599123+00:00\"},"
		"\"message_group_uuid\":{\"S\":\"" GROUP DIGITS "\"},\"message\":{\"S\":\"" TEXT
		"00\"},\"user_uuid\":{\"S\":\"" OTHER
		"\"},\"user_display_name\":{\"S\":\"Person 9999\"},"
		"\"user_handle\":{\"S\":\"user09999\"}},{\"pk\":{\"S\":\"GRP#" OTHER
		"\"},\"sk\":{\"S\":\"2026-11-22T23:59:57.599123+00:00\"},"
		"\"message_group_uuid\":{\"S\":\"" GROUP DIGITS "\"},\"message\":{\"S\":\"" TEXT
		"00\"},\"user_uuid\":{\"S\":\"" USER DIGITS
		"\"},\"user_display_name\":{\"S\":\"Person\"},"
		"\"user_handle\":{\"S\":\"person\"}}],\"ScannedCount\":2}");
	can(&member_item,
		"{\"Item\":{\"pk\":{\"S\":\"MBR#" GROUP DIGITS "\"},\"sk\":{\"S\":\"" USER DIGITS
		"\"},\"group_sk\":{\"S\":\"2026-11-22T23:59:57.599123+00:00\"},"
		"\"other_user_uuid\":{\"S\":\"" OTHER "\"}}}");
	can(&pair_item,
		"{\"Item\":{\"pk\":{\"S\":\"PAIR#" USER DIGITS "#" OTHER
		"\"},\"sk\":{\"S\":\"PAIR\"},\"group_uuid\":{\"S\":\"" GROUP DIGITS "\"}}}");
	can(&empty, "{}");
	can(&described,
		"{\"Table\":{\"TableName\":\"cruddur-messages\",\"TableStatus\":\"ACTIVE\"}}");
}

/* --- What it is asked ---------------------------------------------------------------------- */

static const char *find(const char *body, size_t n, const char *text)
{
	return memmem(body, n, text, strlen(text));
}

/* The 12 digits of the first uuid in the body that starts so, or NULL */
static const char *digits(const char *body, size_t n, const char *start)
{
	const char *p = find(body, n, start);

	return p && p + strlen(start) + 12 <= body + n ? p + strlen(start) : NULL;
}

static struct canned *list(
	struct canned *pages, const char *body, size_t n, const char *pk, row_writer row)
{
	const char *p = find(body, n, "\"Limit\":");
	int limit = p ? atoi(p + 8) : CANNED_LIMIT_MAX;

	if (limit < 1 || limit > CANNED_LIMIT_MAX)
		limit = CANNED_LIMIT_MAX;
	if (!pages[limit].text)
		can_rows(&pages[limit], limit, pk, row);
	return &pages[limit];
}

static struct canned *query(const char *body, size_t n, bool named_group, bool stranger)
{
	if (find(body, n, "MSG#"))
		return list(messages, body, n, "MSG#" GROUP DIGITS, message_row);
	if (stranger)
		return &nothing;
	if (find(body, n, "message-group-sk-index"))
		return &index_rows;
	if (named_group) /* by a filter: is this one of the user's groups? */
		return &one_group;
	return list(groups, body, n, "GRP#" USER DIGITS, group_row);
}

static struct canned *get(const char *body, size_t n, bool stranger)
{
	if (stranger || find(body, n, "\"IDM#"))
		return &empty;
	if (find(body, n, "\"MBR#"))
		return &member_item;
	return find(body, n, "\"PAIR#") ? &pair_item : &group_item;
}

struct canned *canned_choose(const char *target, const char *body, size_t n, char asker[12])
{
	const char *user = digits(body, n, USER), *group = digits(body, n, GROUP);
	bool stranger = user && group && memcmp(user, group, 12) != 0;

	memcpy(asker, group ? group : user ? user : "000000000000", 12);
	if (strncmp(target, "Query", 5) == 0)
		return query(body, n, group != NULL, stranger);
	if (strncmp(target, "GetItem", 7) == 0)
		return get(body, n, stranger);
	if (strncmp(target, "BatchGetItem", 12) == 0)
		return &batch;
	if (strncmp(target, "DescribeTable", 13) == 0)
		return &described;
	return &empty; /* a write */
}
