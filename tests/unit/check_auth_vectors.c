/* SPDX-License-Identifier: MIT */
/* Every odd token of tests/support/token_vectors.h is refused and fetches nothing, and its sound
 * twin passes: so it is the oddity that is refused. */
#include "auth/cognito.h"

#include "support/jwks_stub.h"
#include "support/mint.h"
#include "support/token_vectors.h"
#include "unit/check_main.h"

#include <stdio.h>

/* Made once, before the tests' processes part. */
static struct rsa_key *key;

static void make_key(void)
{
	key = rsa_key_new(2048, 65537);
}

static void free_key(void)
{
	rsa_key_free(key);
}

static void check_vector(const struct token_family *family, size_t i)
{
	struct jwks_stub stub = { 0 };
	struct jwks_source source = jwks_stub_source(&stub);
	struct cognito_settings settings = mint_settings();
	struct cognito_principal principal = { .subject = "" };
	struct token_vector v = { .name = "" };
	struct cognito *c;
	enum status odd, sound;

	family->make(i, key, &v);
	mint_jwks(key, &stub.document);
	ck_assert_int_eq(cognito_new_from(&settings, &source, &c), STATUS_OK);
	sound = cognito_verify(
		c, buf_slice(&v.sound), MINT_NOW_S * INT64_C(1000), deadline_in(60000), &principal);
	ck_assert_msg(sound == STATUS_OK, "%s: the sound twin is %s", v.name, status_name(sound));
	ck_assert_str_eq(principal.subject, MINT_SUBJECT);
	odd = cognito_verify(
		c, buf_slice(&v.odd), MINT_NOW_S * INT64_C(1000), deadline_in(60000), &principal);
	ck_assert_msg(odd == STATUS_DENIED, "%s: is %s", v.name, status_name(odd));
	ck_assert_uint_eq(stub.reads, 1);
	cognito_free(c);
	buf_free(&stub.document);
	token_vector_free(&v);
}

START_TEST(refuses_a_forged_digest_info)
{
	check_vector(&digest_info_vectors, (size_t)_i);
}
END_TEST

START_TEST(refuses_forged_padding)
{
	check_vector(&padding_vectors, (size_t)_i);
}
END_TEST

START_TEST(refuses_what_is_no_signature)
{
	check_vector(&signature_vectors, (size_t)_i);
}
END_TEST

START_TEST(refuses_odd_base64)
{
	check_vector(&base64_vectors, (size_t)_i);
}
END_TEST

START_TEST(refuses_odd_structure)
{
	check_vector(&structure_vectors, (size_t)_i);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/vectors");
	TCase *tc = tcase_create("odd tokens and their sound twins");

	tcase_add_unchecked_fixture(tc, make_key, free_key);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, refuses_a_forged_digest_info, 0, (int)digest_info_vectors.count());
	tcase_add_loop_test(tc, refuses_forged_padding, 0, (int)padding_vectors.count());
	tcase_add_loop_test(tc, refuses_what_is_no_signature, 0, (int)signature_vectors.count());
	tcase_add_loop_test(tc, refuses_odd_base64, 0, (int)base64_vectors.count());
	tcase_add_loop_test(tc, refuses_odd_structure, 0, (int)structure_vectors.count());
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	return check_main(suite());
}
