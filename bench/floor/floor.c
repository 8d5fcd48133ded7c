/* SPDX-License-Identifier: MIT */
/* floor: what this architecture costs before anything is done. A libfcgi accept loop that makes the
 * backend calls of a route, with requests preformatted and answers neither parsed nor checked, and
 * writes a canned body of the right size. No token is looked at. Not a contender: a measure.
 *
 * Calls: short 1 x Postgres; message_groups 1 x DynamoDB; messages and POST 2 x DynamoDB, one after
 * the other (membership and the page or write). FLOOR_CALLS=1 makes that one.
 *
 * FLOOR_SIGNED=1 makes them through libcurl, signed, as a program must that leaves that to libcurl.
 */
#include "signed.h"

#include <arpa/inet.h>
#include <fcgiapp.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TEXT "The quick brown fox wrote this message, about eighty characters long, number "
#define USER "aaaaaaaa-aaaa-4aaa-8aaa-000000000001"
#define GROUP "bbbbbbbb-bbbb-4bbb-8bbb-000000000001"
#define AT "2026-11-22T18:07:57.599123+00:00"

struct text {
	char *bytes;
	size_t len;
};

struct request {
	struct text whole;
	const char *operation, *body; /* of it */
};

static struct request ask_groups, ask_member, ask_messages, ask_put; /* to DynamoDB */
static struct text list, one, health; /* answers to the client */
static PGconn *pg;
static int store = -1;
static struct sockaddr_in store_at = { .sin_family = AF_INET };
static int calls_each = 2;
static const char *signed_endpoint; /* NULL: calls are preformatted */

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void connect_store(void)
{
	int one_more = 1;

	store = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(store, (void *)&store_at, sizeof(store_at)))
		die("connect");
	setsockopt(store, IPPROTO_TCP, TCP_NODELAY, &one_more, sizeof(one_more));
}

/* One exchange on the kept connection; the answer is read by its Content-Length and dropped. */
static void call(const struct request *r)
{
	static char buf[65536];
	const struct text *request = &r->whole;
	size_t used = 0, need = 0;

	if (signed_endpoint) {
		signed_call(signed_endpoint, r->operation, r->body);
		return;
	}
	if (store < 0)
		connect_store();
	if (send(store, request->bytes, request->len, MSG_NOSIGNAL) != (ssize_t)request->len)
		die("send");
	while (!need || used < need) {
		ssize_t got = recv(store, buf + used, sizeof(buf) - 1 - used, 0);
		char *end;

		if (got <= 0)
			die("recv");
		used += (size_t)got;
		buf[used] = '\0';
		end = need ? NULL : strstr(buf, "\r\n\r\n");
		if (end)
			need = (size_t)(end + 4 - buf) +
				strtoul(strcasestr(buf, "content-length:") + 15, NULL, 10);
	}
}

/* --- What is prepared ---------------------------------------------------------------------- */

/* A request as long as a real, signed one. */
static void preformat(struct request *out, const char *target, const char *body)
{
	int n = asprintf(&out->whole.bytes,
		"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n"
		"Authorization: AWS4-HMAC-SHA256 "
		"Credential=AKIDEXAMPLEEXAMPLEEX/20261122/us-east-1/dynamodb/aws4_request, "
		"SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=%064d\r\n"
		"X-Amz-Date: 20261122T180757Z\r\nContent-Type: application/x-amz-json-1.0\r\n"
		"X-Amz-Target: DynamoDB_20120810.%s\r\nContent-Length: %zu\r\n\r\n%s",
		0, target, strlen(body), body);

	if (n < 0)
		die("asprintf");
	out->whole.len = (size_t)n;
	out->operation = target;
	out->body = body;
}

static void wrap(struct text *out, const char *body)
{
	int n = asprintf(&out->bytes,
		"Status: 200\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		strlen(body), body);

	if (n < 0)
		die("asprintf");
	out->len = (size_t)n;
}

static void prepare_requests(void)
{
#define TABLE "{\"TableName\":\"cruddur-messages\","
#define QUERY(pk)                                                                                  \
	TABLE "\"KeyConditionExpression\":\"pk = :p\",\"ExpressionAttributeValues\":{\":p\":"      \
	      "{\"S\":\"" pk "\"}},\"ScanIndexForward\":false,\"Limit\":20}"
	preformat(&ask_groups, "Query", QUERY("GRP#" USER));
	preformat(&ask_messages, "Query", QUERY("MSG#" GROUP));
	preformat(&ask_member, "GetItem",
		TABLE "\"ConsistentRead\":true,\"Key\":{\"pk\":{\"S\":\"MBR#" GROUP
		      "\"},\"sk\":{\"S\":\"" USER "\"}}}");
	preformat(&ask_put, "PutItem",
		TABLE "\"Item\":{\"pk\":{\"S\":\"MSG#" GROUP "\"},\"sk\":{\"S\":\"" AT
		      "\"},\"message_uuid\":{\"S\":\"" USER "\"},\"message\":{\"S\":\"" TEXT
		      "00\"},\"user_uuid\":{\"S\":\"" USER
		      "\"},\"user_display_name\":{\"S\":\"Person 1\"},"
		      "\"user_handle\":{\"S\":\"user00001\"}}}");
}

static void prepare_answers(void)
{
	char rows[8192] = "[";

	for (int i = 0; i < 20; i++)
		sprintf(rows + strlen(rows),
			"%s{\"uuid\":\"" GROUP
			"\",\"display_name\":\"Person 9999\",\"handle\":\"user09999\","
			"\"message\":\"" TEXT
			"%02d\",\"created_at\":\"2026-11-22T18:%02d:57.599123+00:00\"}",
			i ? "," : "", i, i);
	wrap(&list, strcat(rows, "]"));
	wrap(&one,
		"{\"message_group_uuid\":\"" GROUP "\",\"uuid\":\"" USER
		"\",\"display_name\":\"Person 1\",\"handle\":\"user00001\",\"message\":\"" TEXT
		"00\",\"created_at\":\"" AT "\"}");
	wrap(&health, "{\"success\":true,\"ver\":\"floor\"}");
}

/* --- Serving ------------------------------------------------------------------------------- */

static void put(FCGX_Request *r, const struct text *answer)
{
	FCGX_PutStr(answer->bytes, (int)answer->len, r->out);
}

static void put_user(FCGX_Request *r, const char *uri)
{
	char handle[64], json[512], whole[1024];
	const char *param = handle;
	PGresult *res;
	int n;

	snprintf(handle, sizeof(handle), "%.*s", (int)strcspn(uri + 12, "/"), uri + 12);
	res = PQexecPrepared(pg, "short", 1, &param, NULL, NULL, 0);
	if (PQntuples(res) != 1) {
		FCGX_PutS("Status: 404\r\n\r\n", r->out);
		PQclear(res);
		return;
	}
	n = snprintf(json, sizeof(json),
		"{\"uuid\":\"%s\",\"handle\":\"%s\",\"display_name\":\"%s\"}",
		PQgetvalue(res, 0, 0), PQgetvalue(res, 0, 1), PQgetvalue(res, 0, 2));
	n = snprintf(whole, sizeof(whole),
		"Status: 200\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", n,
		json);
	FCGX_PutStr(whole, n, r->out);
	PQclear(res);
}

static void serve(FCGX_Request *r)
{
	const char *uri = FCGX_GetParam("REQUEST_URI", r->envp);
	bool is_post = *FCGX_GetParam("REQUEST_METHOD", r->envp) == 'P';
	char body[16384];

	if (is_post)
		FCGX_GetStr(body, sizeof(body), r->in);
	if (strncmp(uri, "/api/users/@", 12) == 0) {
		put_user(r, uri);
	} else if (strncmp(uri, "/api/message_groups", 19) == 0) {
		call(&ask_groups);
		put(r, &list);
	} else if (strncmp(uri, "/api/messages", 13) == 0) {
		if (calls_each == 2)
			call(&ask_member);
		call(is_post ? &ask_put : &ask_messages);
		put(r, is_post ? &one : &list);
	} else {
		put(r, &health);
	}
}

int main(void)
{
	const char *endpoint = getenv("AWS_ENDPOINT_URL_DYNAMODB"), *calls = getenv("FLOOR_CALLS");
	const char *colon = endpoint ? strrchr(endpoint, ':') : NULL;
	FCGX_Request r;

	if (!colon) {
		fprintf(stderr, "floor: AWS_ENDPOINT_URL_DYNAMODB names no port\n");
		return 78;
	}
	calls_each = calls ? atoi(calls) : 2;
	signed_endpoint = getenv("FLOOR_SIGNED") ? endpoint : NULL;
	store_at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	store_at.sin_port = htons((in_port_t)atoi(colon + 1));
	pg = PQconnectdb(getenv("CONNECTION_URL"));
	if (PQstatus(pg) != CONNECTION_OK) {
		fprintf(stderr, "floor: %s", PQerrorMessage(pg));
		return 1;
	}
	PQclear(PQprepare(pg, "short",
		"SELECT uuid, handle, display_name FROM public.users WHERE handle = $1", 1, NULL));
	prepare_requests();
	prepare_answers();
	FCGX_Init();
	FCGX_InitRequest(&r, 0, 0);
	while (FCGX_Accept_r(&r) == 0) {
		serve(&r);
		FCGX_Finish_r(&r);
	}
	return 0;
}
