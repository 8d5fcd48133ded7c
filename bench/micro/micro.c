/* SPDX-License-Identifier: MIT */
/* Counting, timing, and the texts that the operations work on. */
#include "micro.h"

#include "base/base64url.h"
#include "base/buf.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <valgrind/callgrind.h>

#define WARM_UP 20
#define REPETITIONS 5 /* the fastest counts: others were disturbed */
#define REPETITION_NS 100e6

void micro_want(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "micro-benchmark: %s\n", what);
	exit(EXIT_FAILURE);
}

/* --- Measuring ----------------------------------------------------------------------------- */

static double now_ns(void)
{
	struct timespec t;

	micro_want(clock_gettime(CLOCK_MONOTONIC, &t) == 0, "no clock");
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double time_of(micro_operation operation, void *context, long rounds)
{
	double start = now_ns();

	for (long i = 0; i < rounds; i++)
		operation(context);
	return now_ns() - start;
}

static void count(const char *name, micro_operation operation, void *context)
{
	CALLGRIND_ZERO_STATS;
	for (int i = 0; i < MICRO_ROUNDS; i++)
		operation(context);
	CALLGRIND_DUMP_STATS_AT(name);
}

void micro_run(const char *name, micro_operation operation, void *context)
{
	long rounds = 1;
	double best = 0;

	for (int i = 0; i < WARM_UP; i++)
		operation(context);
	if (RUNNING_ON_VALGRIND) {
		count(name, operation, context);
		return;
	}
	while (time_of(operation, context, rounds) < REPETITION_NS)
		rounds *= 2;
	for (int i = 0; i < REPETITIONS; i++) {
		double each = time_of(operation, context, rounds) / (double)rounds;

		if (i == 0 || each < best)
			best = each;
	}
	printf("%s\t%.1f\n", name, best);
}

/* --- A key and its token ------------------------------------------------------------------- */

static void add_number(EVP_PKEY *key, const char *name, struct buf *out)
{
	BIGNUM *number = NULL;
	unsigned char bytes[512];
	int len;

	micro_want(EVP_PKEY_get_bn_param(key, name, &number) == 1, "no key");
	len = BN_bn2bin(number, bytes);
	base64url_encode((struct slice){ (const char *)bytes, (size_t)len }, out);
	BN_free(number);
}

static void add_signature(EVP_PKEY *key, struct buf *token)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char signature[512];
	size_t len = sizeof(signature);

	micro_want(context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
			EVP_DigestSign(context, signature, &len,
				(const unsigned char *)buf_cstr(token), token->len) == 1,
		"no signature");
	EVP_MD_CTX_free(context);
	buf_add_char(token, '.');
	base64url_encode((struct slice){ (const char *)signature, len }, token);
}

void micro_token(struct buf *jwks, struct buf *token)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);

	micro_want(key != NULL, "no key");
	buf_add_str(jwks, "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"bench\",\"use\":\"sig\",\"n\":\"");
	add_number(key, OSSL_PKEY_PARAM_RSA_N, jwks);
	buf_add_str(jwks, "\",\"e\":\"AQAB\"}]}");
	base64url_encode(SLICE("{\"kid\":\"bench\",\"alg\":\"RS256\"}"), token);
	buf_add_char(token, '.');
	/* As long as Cognito's. */
	base64url_encode(
		SLICE("{\"sub\":\"7d8a2c1e-4f5b-4c3d-9e8f-1a2b3c4d5e6f\",\"iss\":\"" MICRO_ISSUER
		      "\",\"client_id\":\"" MICRO_CLIENT "\",\"token_use\":\"access\","
		      "\"origin_jti\":\"0f0e0d0c-0b0a-4908-8706-050403020100\","
		      "\"event_id\":\"10111213-1415-4617-9819-1a1b1c1d1e1f\","
		      "\"scope\":\"aws.cognito.signin.user.admin\",\"auth_time\":1700000000,"
		      "\"iat\":1700000000,\"exp\":1700003600,"
		      "\"jti\":\"20212223-2425-4627-a829-2a2b2c2d2e2f\","
		      "\"username\":\"7d8a2c1e-4f5b-4c3d-9e8f-1a2b3c4d5e6f\"}"),
		token);
	add_signature(key, token);
	EVP_PKEY_free(key);
	micro_want(buf_ok(jwks) && buf_ok(token), "no memory");
}

/* --- Rows ---------------------------------------------------------------------------------- */

void micro_page(struct buf *out, int rows)
{
	buf_add_str(out, "{\"Count\":");
	buf_add_int(out, rows);
	buf_add_str(out, ",\"Items\":[");
	for (int i = 0; i < rows; i++) {
		char row[1024];

		snprintf(row, sizeof(row),
			"%s{\"pk\":{\"S\":\"MSG#bbbbbbbb-bbbb-4bbb-8bbb-000000000001\"},"
			"\"sk\":{\"S\":\"2026-11-22T18:%02d:57.599123+00:00\"},"
			"\"message_uuid\":{\"S\":\"dddddddd-dddd-4ddd-8ddd-%012x\"},"
			"\"message\":{\"S\":\"The quick brown fox wrote this message, about eighty "
			"characters long, number %02d\"},"
			"\"user_uuid\":{\"S\":\"aaaaaaaa-aaaa-4aaa-8aaa-00000000270f\"},"
			"\"user_display_name\":{\"S\":\"Person 9999\"},"
			"\"user_handle\":{\"S\":\"user09999\"}}",
			i > 0 ? "," : "", 59 - i % 60, (unsigned int)i, i);
		buf_add_str(out, row);
	}
	buf_add_str(out, "],\"ScannedCount\":");
	buf_add_int(out, rows);
	buf_add_char(out, '}');
	micro_want(buf_ok(out), "no memory");
}
