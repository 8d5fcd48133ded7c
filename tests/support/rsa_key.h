/* SPDX-License-Identifier: MIT */
/* RSA keys of our own for unit tests: sound signatures, and the bare private operation that every
 * forgery is made with. Failures of its own end the test; it verifies nothing. */
#ifndef CRUDDUR_TESTS_RSA_KEY_H
#define CRUDDUR_TESTS_RSA_KEY_H

#include "base/buf.h"
#include "base/slice.h"

#include <openssl/types.h>

struct rsa_key;

/* A new key of so many bits with the public exponent e. Its modulus is under three quarters of
 * 2^bits, so that one signature in three or so stays as long when the modulus is added to it. */
struct rsa_key *rsa_key_new(unsigned int bits, unsigned int e);

/* One whose modulus has the ROCA generator's fingerprint (auth/roca.h), of 2,048 bits or a
 * little more. */
struct rsa_key *rsa_key_new_roca(void);
void rsa_key_free(struct rsa_key *k);

/* Bytes of the modulus, so of every block and signature. */
size_t rsa_key_len(const struct rsa_key *k);
const BIGNUM *rsa_key_n(const struct rsa_key *k);
const BIGNUM *rsa_key_e(const struct rsa_key *k);
const BIGNUM *rsa_key_d(const struct rsa_key *k);
EVP_PKEY *rsa_key_pair(const struct rsa_key *k);

/* RSASSA-PKCS1-v1_5 of text with that digest ("SHA256"), or RSASSA-PSS if pss. Appends to out. */
void rsa_key_sign(
	const struct rsa_key *k, const char *digest, bool pss, struct slice text, struct buf *out);

/* block^d mod n, block being as long as the modulus and smaller than it. Appends to out. */
void rsa_key_raw(const struct rsa_key *k, const unsigned char *block, struct buf *out);

/* Appends the number in big-endian bytes, len of them (0: as few as it needs). */
void rsa_key_number(const BIGNUM *number, size_t len, struct buf *out);

/* Appends {"kty":"RSA","n":...,"e":...,"kid":kid} and the members in `more` (text such as
 * ",\"use\":\"sig\"") before the closing brace. */
void rsa_key_jwk(const struct rsa_key *k, const char *kid, const char *more, struct buf *out);

#endif
