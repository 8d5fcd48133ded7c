/* SPDX-License-Identifier: MIT */
/* Keys made anew in each run, so that no private key lies in the repository. */
#include "support/rsa_key.h"

#include "base/base64url.h"

#include <check.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <stdlib.h>

struct rsa_key {
	EVP_PKEY *pair;
	BIGNUM *n, *e, *d;
};

static struct rsa_key *take(EVP_PKEY *pair)
{
	struct rsa_key *k = calloc(1, sizeof(*k));

	ck_assert_ptr_nonnull(k);
	k->pair = pair;
	ck_assert_int_eq(EVP_PKEY_get_bn_param(pair, OSSL_PKEY_PARAM_RSA_N, &k->n), 1);
	ck_assert_int_eq(EVP_PKEY_get_bn_param(pair, OSSL_PKEY_PARAM_RSA_E, &k->e), 1);
	ck_assert_int_eq(EVP_PKEY_get_bn_param(pair, OSSL_PKEY_PARAM_RSA_D, &k->d), 1);
	return k;
}

static EVP_PKEY *generate(unsigned int bits, unsigned int e)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *exponent = BN_new();
	EVP_PKEY *pair = NULL;

	ck_assert(ctx && exponent && BN_set_word(exponent, e) == 1);
	ck_assert_int_eq(EVP_PKEY_keygen_init(ctx), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)bits), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, exponent), 1);
	ck_assert_int_eq(EVP_PKEY_generate(ctx, &pair), 1);
	BN_free(exponent);
	EVP_PKEY_CTX_free(ctx);
	return pair;
}

struct rsa_key *rsa_key_new(unsigned int bits, unsigned int e)
{
	struct rsa_key *k = take(generate(bits, e));

	/* The highest bit is always set; with the next one clear it is small enough. */
	while (BN_is_bit_set(k->n, (int)bits - 2)) {
		rsa_key_free(k);
		k = take(generate(bits, e));
	}
	return k;
}

/* The product of the first 126 primes, as the flawed generator took it for 1,024-bit primes. */
static BIGNUM *first_primes_product(void)
{
	BIGNUM *product = BN_new();
	unsigned int found = 0;

	ck_assert(product && BN_one(product) == 1);
	for (unsigned int candidate = 2; found < 126; candidate++) {
		unsigned int divisor = 2;

		while (candidate % divisor != 0)
			divisor++;
		if (divisor != candidate)
			continue;
		ck_assert_int_eq(BN_mul_word(product, candidate), 1);
		found++;
	}
	return product;
}

/* A prime of the form k * M + (65537^a mod M), of 1,024 bits or one more. */
static BIGNUM *roca_prime(const BIGNUM *m, BN_CTX *ctx)
{
	BIGNUM *prime = BN_new(), *factor = BN_new(), *residue = BN_new(), *base = BN_new();
	int factor_bits = 1025 - BN_num_bits(m), is_prime = 0;

	ck_assert(prime && factor && residue && base && BN_set_word(base, 65537) == 1);
	while (is_prime != 1) {
		ck_assert_int_eq(BN_rand(residue, 64, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY), 1);
		ck_assert_int_eq(BN_mod_exp(residue, base, residue, m, ctx), 1);
		ck_assert_int_eq(
			BN_rand(factor, factor_bits, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ANY), 1);
		ck_assert_int_eq(BN_mul(prime, factor, m, ctx), 1);
		ck_assert_int_eq(BN_add(prime, prime, residue), 1);
		is_prime = BN_check_prime(prime, ctx, NULL);
		ck_assert_int_ge(is_prime, 0);
	}
	BN_free(factor);
	BN_free(residue);
	BN_free(base);
	return prime;
}

/* A pair of these primes; false if e has no inverse. */
static bool roca_numbers(const BIGNUM *m, BN_CTX *ctx, BIGNUM *n, const BIGNUM *e, BIGNUM *d)
{
	BIGNUM *p = roca_prime(m, ctx), *q = roca_prime(m, ctx);
	bool ok;

	ck_assert_int_eq(BN_mul(n, p, q, ctx), 1);
	ck_assert(BN_sub_word(p, 1) == 1 && BN_sub_word(q, 1) == 1);
	ck_assert_int_eq(BN_mul(p, p, q, ctx), 1);
	ok = BN_mod_inverse(d, e, p, ctx) != NULL;
	BN_free(p);
	BN_free(q);
	return ok;
}

struct rsa_key *rsa_key_new_roca(void)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *m = first_primes_product(), *n = BN_new(), *e = BN_new(), *d = BN_new();
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *params;
	EVP_PKEY *pair = NULL;
	bool found = false;

	ck_assert(ctx && n && e && d && builder && maker && BN_set_word(e, 65537) == 1);
	while (!found)
		found = roca_numbers(m, ctx, n, e, d);
	ck_assert_int_eq(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n), 1);
	ck_assert_int_eq(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e), 1);
	ck_assert_int_eq(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_D, d), 1);
	params = OSSL_PARAM_BLD_to_param(builder);
	ck_assert_int_eq(EVP_PKEY_fromdata_init(maker), 1);
	ck_assert_int_eq(EVP_PKEY_fromdata(maker, &pair, EVP_PKEY_KEYPAIR, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	EVP_PKEY_CTX_free(maker);
	BN_free(m);
	BN_free(n);
	BN_free(e);
	BN_free(d);
	BN_CTX_free(ctx);
	return take(pair);
}

void rsa_key_free(struct rsa_key *k)
{
	if (!k)
		return;
	EVP_PKEY_free(k->pair);
	BN_free(k->n);
	BN_free(k->e);
	BN_clear_free(k->d);
	free(k);
}

size_t rsa_key_len(const struct rsa_key *k)
{
	return (size_t)BN_num_bytes(k->n);
}

const BIGNUM *rsa_key_n(const struct rsa_key *k)
{
	return k->n;
}

const BIGNUM *rsa_key_e(const struct rsa_key *k)
{
	return k->e;
}

const BIGNUM *rsa_key_d(const struct rsa_key *k)
{
	return k->d;
}

EVP_PKEY *rsa_key_pair(const struct rsa_key *k)
{
	return k->pair;
}

void rsa_key_sign(
	const struct rsa_key *k, const char *digest, bool pss, struct slice text, struct buf *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *options;
	size_t len = rsa_key_len(k);
	char *room = buf_reserve(out, len);

	ck_assert(ctx && room);
	ck_assert_int_eq(
		EVP_DigestSignInit_ex(ctx, &options, digest, NULL, NULL, k->pair, NULL), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(
				 options, pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING),
		1);
	ck_assert_int_eq(EVP_DigestSign(ctx, (unsigned char *)room, &len,
				 (const unsigned char *)text.ptr, text.len),
		1);
	buf_grew(out, len);
	EVP_MD_CTX_free(ctx);
}

void rsa_key_raw(const struct rsa_key *k, const unsigned char *block, struct buf *out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->pair, NULL);
	size_t len = rsa_key_len(k);
	char *room = buf_reserve(out, len);

	ck_assert(ctx && room);
	ck_assert_int_eq(EVP_PKEY_sign_init(ctx), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING), 1);
	ck_assert_int_eq(EVP_PKEY_sign(ctx, (unsigned char *)room, &len, block, rsa_key_len(k)), 1);
	buf_grew(out, len);
	EVP_PKEY_CTX_free(ctx);
}

void rsa_key_number(const BIGNUM *number, size_t len, struct buf *out)
{
	size_t n = len > 0 ? len : (size_t)BN_num_bytes(number);
	char *room = buf_reserve(out, n);

	ck_assert_ptr_nonnull(room);
	ck_assert_int_eq(BN_bn2binpad(number, (unsigned char *)room, (int)n), (int)n);
	buf_grew(out, n);
}

static void add_member(const BIGNUM *number, const char *name, struct buf *out)
{
	struct buf bytes = { 0 };

	rsa_key_number(number, 0, &bytes);
	buf_add_str(out, name);
	base64url_encode(buf_slice(&bytes), out);
	buf_free(&bytes);
}

void rsa_key_jwk(const struct rsa_key *k, const char *kid, const char *more, struct buf *out)
{
	add_member(k->n, "{\"kty\":\"RSA\",\"n\":\"", out);
	add_member(k->e, "\",\"e\":\"", out);
	buf_add_str(out, "\",\"kid\":\"");
	buf_add_str(out, kid);
	buf_add_str(out, "\"");
	buf_add_str(out, more);
	buf_add_str(out, "}");
}
