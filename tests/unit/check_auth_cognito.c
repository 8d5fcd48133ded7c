/* SPDX-License-Identifier: MIT */
/* From a token's bytes to a principal, with the keys fetched over HTTP from a server of the test's
 * own. The single rules are tested where they live: check_auth_jwt.c, _jwks.c, _claims.c. */
#include "auth/cognito.h"

#include "auth/jwks_http.h"
#include "base/log.h"
#include "fetch/fetch.h"
#include "support/http_server.h"
#include "support/mint.h"
#include "unit/check_main.h"

#include <stdio.h>
#include <unistd.h>

static struct rsa_key *key; /* made once, before the tests' processes part */
static struct http_server *server;
static struct buf issuer;
static struct cognito *cognito;
static struct usage usage;

static void make_key(void)
{
	key = rsa_key_new(2048, 65537);
}

static void free_key(void)
{
	rsa_key_free(key);
}

static void set_up(void)
{
	struct cognito_settings settings = mint_settings();

	ck_assert_int_eq(fetch_global_open(), STATUS_OK);
	server = http_server_start();
	buf_add_str(&issuer, http_server_url(server));
	buf_add_str(&issuer, MINT_POOL);
	settings.issuer = buf_cstr(&issuer);
	settings.usage = &usage;
	ck_assert_int_eq(cognito_new(&settings, &cognito), STATUS_OK);
}

static void tear_down(void)
{
	cognito_free(cognito);
	http_server_stop(server);
	buf_free(&issuer);
	fetch_global_close();
}

static void publish_key(void)
{
	struct buf document = { 0 };

	mint_jwks(key, &document);
	http_server_reply_ok(server, buf_cstr(&document));
	buf_free(&document);
}

/* A token of our issuer with one claim changed as mint_claims_but does it. */
static void add_token(const char *header, const char *name, const char *value, struct buf *out)
{
	struct buf iss = { 0 }, claims = { 0 };

	buf_add_str(&iss, "\"");
	buf_add_slice(&iss, buf_slice(&issuer));
	buf_add_str(&iss, "\"");
	if (name) {
		char more[512];

		snprintf(more, sizeof(more), "%s,\"%s\":%s", buf_cstr(&iss), name, value);
		mint_claims_but("iss", more, &claims);
	} else {
		mint_claims_but("iss", buf_cstr(&iss), &claims);
	}
	mint_token(key, header, buf_cstr(&claims), out);
	buf_free(&iss);
	buf_free(&claims);
}

static enum status verify(struct slice token)
{
	struct cognito_principal p = { .subject = "untouched" };
	enum status rc =
		cognito_verify(cognito, token, MINT_NOW_S * INT64_C(1000), deadline_in(5000), &p);

	ck_assert_str_eq(p.subject, rc == STATUS_OK ? MINT_SUBJECT : "untouched");
	return rc;
}

static enum status verify_sound(void)
{
	struct buf token = { 0 };
	enum status rc;

	add_token(MINT_HEADER, NULL, NULL, &token);
	rc = verify(buf_slice(&token));
	buf_free(&token);
	return rc;
}

START_TEST(fetches_the_keys_from_the_issuers_well_known_address)
{
	publish_key();
	ck_assert_uint_eq(http_server_hits(server), 0);
	ck_assert_int_eq(verify_sound(), STATUS_OK);
	ck_assert_int_eq(verify_sound(), STATUS_OK);
	ck_assert_uint_eq(http_server_hits(server), 1);
	ck_assert(http_server_asked(server, 0, "GET " MINT_POOL "/.well-known/jwks.json HTTP/1.1"));
}
END_TEST

START_TEST(answers_that_are_no_document_are_an_outage)
{
	static const struct http_server_reply replies[] = {
		{ .status = 500, .body = "{\"keys\":[]}" },
		{ .status = 404, .body = "{\"keys\":[]}" },
		{ .status = 204 },
		{ .status = 206, .body = "{\"keys\":[]}" },
		{ .status = 302, .headers = "Location: /elsewhere\r\n", .body = "{\"keys\":[]}" },
		{ .status = 200, .body = "<html>down for maintenance</html>" },
		{ .manner = HTTP_SERVER_DROP },
		{ .manner = HTTP_SERVER_TORN, .body = "{\"keys\":[]}" },
		{ .manner = HTTP_SERVER_RAW, .body = "no HTTP at all" },
	};
	struct deadline by = deadline_in(5000);

	http_server_reply(server, replies[_i]);
	ck_assert_int_eq(verify_sound(), STATUS_UNAVAILABLE);
	ck_assert(!cognito_ready(cognito, by));
	ck_assert_uint_eq(usage.calls, 1);
	if (replies[_i].status > 0)
		ck_assert_uint_eq(usage.failures, replies[_i].status != 200);
}
END_TEST

START_TEST(a_document_over_64_kib_is_an_outage)
{
	struct buf document = { 0 };

	mint_jwks(key, &document);
	while (document.len < 65537)
		buf_add_char(&document, ' ');
	http_server_reply_ok(server, buf_cstr(&document));
	ck_assert_int_eq(verify_sound(), STATUS_UNAVAILABLE);
	buf_free(&document);
}
END_TEST

START_TEST(a_document_of_64_kib_is_read)
{
	struct buf document = { 0 };

	mint_jwks(key, &document);
	while (document.len < 65536)
		buf_add_char(&document, ' ');
	http_server_reply_ok(server, buf_cstr(&document));
	ck_assert_int_eq(verify_sound(), STATUS_OK);
	buf_free(&document);
}
END_TEST

START_TEST(a_hanging_source_ends_with_the_deadline)
{
	struct buf token = { 0 };
	struct cognito_principal p;
	int64_t start_ms = clock_monotonic_ms();

	http_server_reply(server, (struct http_server_reply){ .manner = HTTP_SERVER_HANG });
	add_token(MINT_HEADER, NULL, NULL, &token);
	ck_assert_int_eq(cognito_verify(cognito, buf_slice(&token), MINT_NOW_S * INT64_C(1000),
				 deadline_in(200), &p),
		STATUS_UNAVAILABLE);
	ck_assert_int_ge(clock_monotonic_ms() - start_ms, 150);
	ck_assert_int_lt(clock_monotonic_ms() - start_ms, 2500);
	ck_assert_uint_eq(http_server_hits(server), 1);
	buf_free(&token);
}
END_TEST

START_TEST(made_up_names_are_denied_and_fetch_once)
{
	struct deadline by = deadline_in(JWKS_COOL_DOWN_MS - 500);

	publish_key();
	for (int i = 0; i < 1000 && deadline_left_ms(by) > 0; i++) {
		struct buf token = { 0 };
		char header[128];

		snprintf(header, sizeof(header), "{\"alg\":\"RS256\",\"kid\":\"made-up-%d\"}", i);
		add_token(header, NULL, NULL, &token);
		ck_assert_int_eq(verify(buf_slice(&token)), STATUS_DENIED);
		buf_free(&token);
	}
	ck_assert_int_eq(verify_sound(), STATUS_OK);
	ck_assert_uint_eq(http_server_hits(server), 1);
}
END_TEST

START_TEST(what_is_no_token_fetches_nothing)
{
	static const char *const texts[] = { "", ".", "..", "a.b.c", "Bearer", "null",
		"e30.e30.e30", "eyJhbGciOiJub25lIn0.e30." };
	struct buf token = { 0 };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_int_eq(verify(slice_of(texts[i])), STATUS_DENIED);
	add_token("{\"alg\":\"none\",\"kid\":\"" MINT_KID "\"}", NULL, NULL, &token);
	ck_assert_int_eq(verify(buf_slice(&token)), STATUS_DENIED);
	ck_assert_uint_eq(http_server_hits(server), 0);
	buf_free(&token);
}
END_TEST

START_TEST(addresses_in_the_header_are_never_asked)
{
	struct buf header = { 0 }, token = { 0 };

	publish_key();
	buf_add_str(&header, "{\"alg\":\"RS256\",\"kid\":\"" MINT_KID "\",\"jku\":\"");
	buf_add_str(&header, http_server_url(server));
	buf_add_str(&header, "/evil.json\",\"x5u\":\"");
	buf_add_str(&header, http_server_url(server));
	buf_add_str(&header, "/evil.pem\"}");
	add_token(buf_cstr(&header), NULL, NULL, &token);
	ck_assert_int_eq(verify(buf_slice(&token)), STATUS_OK);
	ck_assert_uint_eq(http_server_hits(server), 1);
	ck_assert(http_server_asked(server, 0, "GET " MINT_POOL "/.well-known/jwks.json HTTP/1.1"));
	buf_free(&header);
	buf_free(&token);
}
END_TEST

START_TEST(claims_are_judged_after_the_signature)
{
	struct buf token = { 0 };

	publish_key();
	mint_token(key, MINT_HEADER, mint_claims(), &token); /* of another issuer */
	ck_assert_int_eq(verify(buf_slice(&token)), STATUS_DENIED);
	ck_assert_int_eq(verify_sound(), STATUS_OK);
	buf_free(&token);
}
END_TEST

/* A sound token of exactly so many bytes: base64url of n bytes has no length that leaves 1 when
 * divided by 4, so header and payload are filled up with white space in turn. */
static void add_token_of(size_t bytes, struct buf *out)
{
	struct buf header = { 0 }, payload = { 0 };

	buf_add_str(&header, MINT_HEADER);
	buf_add_str(&payload, mint_claims());
	mint_token(key, buf_cstr(&header), buf_cstr(&payload), out);
	while (out->len + 8 < bytes) {
		size_t missing = (bytes - out->len - 4) / 4 * 3;

		for (size_t i = 0; i < (missing > 0 ? missing : 1); i++)
			buf_add_char(&payload, ' ');
		buf_clear(out);
		mint_token(key, buf_cstr(&header), buf_cstr(&payload), out);
	}
	for (bool in_header = true; out->len < bytes; in_header = !in_header) {
		buf_add_char(in_header ? &header : &payload, ' ');
		buf_clear(out);
		mint_token(key, buf_cstr(&header), buf_cstr(&payload), out);
	}
	ck_assert_uint_eq(out->len, bytes);
	buf_free(&header);
	buf_free(&payload);
}

START_TEST(a_token_has_8_kib_at_the_most)
{
	struct jwks_http *http;
	struct jwks_source source;
	struct cognito_settings settings = mint_settings();
	struct cognito_principal p;
	struct cognito *c;
	struct buf longest = { 0 }, longer = { 0 };

	publish_key();
	ck_assert_int_eq(jwks_http_new(buf_cstr(&issuer), NULL, &http), STATUS_OK);
	source = jwks_http_source(http);
	ck_assert_int_eq(cognito_new_from(&settings, &source, &c), STATUS_OK);
	add_token_of(8192, &longest);
	add_token_of(8193, &longer);
	ck_assert_int_eq(cognito_verify(c, buf_slice(&longer), MINT_NOW_S * INT64_C(1000),
				 deadline_in(5000), &p),
		STATUS_DENIED);
	ck_assert_uint_eq(http_server_hits(server), 0);
	ck_assert_int_eq(cognito_verify(c, buf_slice(&longest), MINT_NOW_S * INT64_C(1000),
				 deadline_in(5000), &p),
		STATUS_OK);
	buf_free(&longest);
	buf_free(&longer);
	cognito_free(c);
	jwks_http_free(http);
}
END_TEST

START_TEST(is_ready_when_keys_are_held)
{
	publish_key();
	ck_assert(cognito_ready(cognito, deadline_in(5000)));
	ck_assert(cognito_ready(cognito, deadline_in(5000)));
	ck_assert_uint_eq(http_server_hits(server), 1);
	ck_assert_uint_eq(usage.calls, 1);
	ck_assert_uint_eq(usage.failures, 0);
	ck_assert_int_gt(usage.spent_us, 0);
}
END_TEST

START_TEST(nothing_of_a_refused_token_is_logged)
{
	static const char marker[] = "SECRETMARKER";
	struct buf tokens[4] = { { 0 }, { 0 }, { 0 }, { 0 } };
	FILE *log = tmpfile();
	char text[8192];
	size_t len;

	ck_assert_ptr_nonnull(log);
	ck_assert_int_ge(dup2(fileno(log), STDERR_FILENO), 0);
	log_open("check", LOG_DEBUG);
	publish_key();
	add_token("{\"alg\":\"RS256\",\"kid\":\"SECRETMARKER\\n{\\\"forged\\\":1}\"}", NULL, NULL,
		&tokens[0]);
	add_token("{\"alg\":\"SECRETMARKER\",\"kid\":\"" MINT_KID "\"}", NULL, NULL, &tokens[1]);
	add_token(MINT_HEADER, "nbf", "\"SECRETMARKER\"", &tokens[2]);
	buf_add_str(&tokens[3], "SECRETMARKER.SECRETMARKER.SECRETMARKER");
	for (size_t i = 0; i < 4; i++) {
		ck_assert_int_eq(verify(buf_slice(&tokens[i])), STATUS_DENIED);
		buf_free(&tokens[i]);
	}
	rewind(log);
	len = fread(text, 1, sizeof(text) - 1, log);
	text[len] = '\0';
	ck_assert_ptr_nonnull(strstr(text, "unknown_kid"));
	ck_assert_ptr_nonnull(strstr(text, "claim_type"));
	ck_assert_ptr_null(strstr(text, marker));
	ck_assert_ptr_null(strstr(text, "U0VDUkVUTUFSS0VS")); /* the same in base64 */
	ck_assert_ptr_null(strstr(text, "forged"));
	fclose(log);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/cognito");
	TCase *tc = tcase_create("end to end");

	tcase_add_unchecked_fixture(tc, make_key, free_key);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, fetches_the_keys_from_the_issuers_well_known_address);
	tcase_add_loop_test(tc, answers_that_are_no_document_are_an_outage, 0, 9);
	tcase_add_test(tc, a_document_over_64_kib_is_an_outage);
	tcase_add_test(tc, a_document_of_64_kib_is_read);
	tcase_add_test(tc, a_hanging_source_ends_with_the_deadline);
	tcase_add_test(tc, made_up_names_are_denied_and_fetch_once);
	tcase_add_test(tc, what_is_no_token_fetches_nothing);
	tcase_add_test(tc, addresses_in_the_header_are_never_asked);
	tcase_add_test(tc, claims_are_judged_after_the_signature);
	tcase_add_test(tc, a_token_has_8_kib_at_the_most);
	tcase_add_test(tc, is_ready_when_keys_are_held);
	tcase_add_test(tc, nothing_of_a_refused_token_is_logged);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return check_main(suite());
}
