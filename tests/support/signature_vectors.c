/* SPDX-License-Identifier: MIT */
/* Signature parts that are well-formed base64url and no signature of the text. */
#include "support/token_vectors.h"

#include "support/mint.h"

#include <check.h>
#include <openssl/bn.h>
#include <stdio.h>

struct making {
	const struct rsa_key *key;
	struct slice text, sound; /* what is signed, and its sound signature */
};

static void empty(const struct making *m, struct buf *out)
{
	(void)m;
	(void)out;
}

static void one_byte(const struct making *m, struct buf *out)
{
	buf_add(out, m->sound.ptr, 1);
}

static void add_times(char byte, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		buf_add_char(out, byte);
}

static void zero(const struct making *m, struct buf *out)
{
	add_times('\0', m->sound.len, out);
}

static void one(const struct making *m, struct buf *out)
{
	add_times('\0', m->sound.len - 1, out);
	buf_add_char(out, '\1');
}

static void two(const struct making *m, struct buf *out)
{
	add_times('\0', m->sound.len - 1, out);
	buf_add_char(out, '\2');
}

static void all_ff(const struct making *m, struct buf *out)
{
	add_times('\xff', m->sound.len, out);
}

/* n + by, as long as n. */
static void add_near_n(const struct making *m, int by, struct buf *out)
{
	BIGNUM *number = BN_dup(rsa_key_n(m->key));

	ck_assert_ptr_nonnull(number);
	ck_assert_int_eq(by < 0 ? BN_sub_word(number, 1) : BN_add_word(number, (BN_ULONG)by), 1);
	rsa_key_number(number, m->sound.len, out);
	BN_free(number);
}

static void n_minus_1(const struct making *m, struct buf *out)
{
	add_near_n(m, -1, out);
}

static void n_itself(const struct making *m, struct buf *out)
{
	add_near_n(m, 0, out);
}

static void n_plus_1(const struct making *m, struct buf *out)
{
	add_near_n(m, 1, out);
}

/* n - s: its power has the negated block. */
static void negated(const struct making *m, struct buf *out)
{
	BIGNUM *s = BN_bin2bn((const unsigned char *)m->sound.ptr, (int)m->sound.len, NULL);

	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(BN_sub(s, rsa_key_n(m->key), s), 1);
	rsa_key_number(s, m->sound.len, out);
	BN_free(s);
}

/* s + n in len bytes: the same residue, so only the comparison with n tells it apart. */
static void add_overflow(const struct making *m, size_t len, struct buf *out)
{
	BIGNUM *s = BN_bin2bn((const unsigned char *)m->sound.ptr, (int)m->sound.len, NULL);

	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(BN_add(s, s, rsa_key_n(m->key)), 1);
	rsa_key_number(s, len, out);
	BN_free(s);
}

static void overflow(const struct making *m, struct buf *out)
{
	add_overflow(m, m->sound.len, out);
}

static void overflow_one_longer(const struct making *m, struct buf *out)
{
	add_overflow(m, m->sound.len + 1, out);
}

static void front_cut(const struct making *m, struct buf *out)
{
	buf_add_slice(out, slice_skip(m->sound, 1));
}

static void back_cut(const struct making *m, struct buf *out)
{
	buf_add(out, m->sound.ptr, m->sound.len - 1);
}

static void zero_in_front(const struct making *m, struct buf *out)
{
	buf_add_char(out, '\0');
	buf_add_slice(out, m->sound);
}

static void zero_behind(const struct making *m, struct buf *out)
{
	buf_add_slice(out, m->sound);
	buf_add_char(out, '\0');
}

static void zeros_to_512(const struct making *m, struct buf *out)
{
	add_times('\0', 512 - m->sound.len, out);
	buf_add_slice(out, m->sound);
}

static void add_flipped(const struct making *m, size_t at, struct buf *out)
{
	buf_add_slice(out, m->sound);
	out->data[at] = (char)(out->data[at] ^ 1);
}

static void first_changed(const struct making *m, struct buf *out)
{
	add_flipped(m, 0, out);
}

static void middle_changed(const struct making *m, struct buf *out)
{
	add_flipped(m, m->sound.len / 2, out);
}

static void last_changed(const struct making *m, struct buf *out)
{
	add_flipped(m, m->sound.len - 1, out);
}

static void halves_exchanged(const struct making *m, struct buf *out)
{
	size_t half = m->sound.len / 2;

	buf_add_slice(out, slice_skip(m->sound, half));
	buf_add(out, m->sound.ptr, half);
}

static void twice(const struct making *m, struct buf *out)
{
	buf_add_slice(out, m->sound);
	buf_add_slice(out, m->sound);
}

static void of_another_text(const struct making *m, struct buf *out)
{
	rsa_key_sign(m->key, "SHA256", false, slice_skip(m->text, 1), out);
}

static void of_the_header_alone(const struct making *m, struct buf *out)
{
	const char *dot = memchr(m->text.ptr, '.', m->text.len);
	struct slice header = { m->text.ptr, (size_t)(dot - m->text.ptr) };

	rsa_key_sign(m->key, "SHA256", false, header, out);
}

static void sha384(const struct making *m, struct buf *out)
{
	rsa_key_sign(m->key, "SHA384", false, m->text, out);
}

static void sha512(const struct making *m, struct buf *out)
{
	rsa_key_sign(m->key, "SHA512", false, m->text, out);
}

static void sha1(const struct making *m, struct buf *out)
{
	rsa_key_sign(m->key, "SHA1", false, m->text, out);
}

static void pss(const struct making *m, struct buf *out)
{
	rsa_key_sign(m->key, "SHA256", true, m->text, out);
}

static void of_another_key(const struct making *m, struct buf *out)
{
	struct rsa_key *other = rsa_key_new(2048, 65537);

	rsa_key_sign(other, "SHA256", false, m->text, out);
	rsa_key_free(other);
}

/* Which texts will do; NULL: any. */
static bool sum_fits(const struct making *m)
{
	struct buf sum = { 0 };
	bool fits;

	overflow_one_longer(m, &sum);
	fits = buf_cstr(&sum)[0] == '\0';
	buf_free(&sum);
	return fits;
}

static bool starts_with_zero(const struct making *m)
{
	return m->sound.ptr[0] == '\0';
}

struct shape {
	const char *name;
	void (*add)(const struct making *m, struct buf *out);
	bool (*fits)(const struct making *m);
};

static const struct shape shapes[] = {
	{ "empty", empty, NULL },
	{ "oneByte", one_byte, NULL },
	{ "zero", zero, NULL },
	{ "one", one, NULL },
	{ "two", two, NULL },
	{ "allFf", all_ff, NULL },
	{ "nMinus1", n_minus_1, NULL },
	{ "n", n_itself, NULL },
	{ "nPlus1", n_plus_1, NULL },
	{ "nMinusS", negated, NULL },
	{ "sPlusN", overflow, sum_fits },
	{ "sPlusNOneLonger", overflow_one_longer, NULL },
	{ "truncatedFront", front_cut, NULL },
	{ "truncatedBack", back_cut, NULL },
	{ "leadingZeroDropped", front_cut, starts_with_zero },
	{ "prependingZero", zero_in_front, NULL },
	{ "appendingZero", zero_behind, NULL },
	{ "prependingZerosTo512", zeros_to_512, NULL },
	{ "firstByteModified", first_changed, NULL },
	{ "middleByteModified", middle_changed, NULL },
	{ "lastByteModified", last_changed, NULL },
	{ "halvesExchanged", halves_exchanged, NULL },
	{ "twice", twice, NULL },
	{ "ofAnotherText", of_another_text, NULL },
	{ "ofTheHeaderAlone", of_the_header_alone, NULL },
	{ "sha384", sha384, NULL },
	{ "sha512", sha512, NULL },
	{ "sha1", sha1, NULL },
	{ "pss", pss, NULL },
	{ "ofAnotherKey", of_another_key, NULL },
};

/* One in 256 signatures starts with a zero: so many texts without one do not happen. */
#define TEXTS_MAX 20000

static size_t count(void)
{
	return sizeof(shapes) / sizeof(shapes[0]);
}

static void make(size_t i, const struct rsa_key *key, struct token_vector *out)
{
	struct buf text = { 0 }, sound = { 0 }, odd = { 0 };
	struct making m = { .key = key };
	size_t tries = 0;

	snprintf(out->name, sizeof(out->name), "%s", shapes[i].name);
	do {
		ck_assert_uint_lt(tries, TEXTS_MAX);
		buf_clear(&text);
		buf_clear(&sound);
		token_vector_text(tries++, &text);
		rsa_key_sign(key, "SHA256", false, buf_slice(&text), &sound);
		m.text = buf_slice(&text);
		m.sound = buf_slice(&sound);
	} while (shapes[i].fits && !shapes[i].fits(&m));
	shapes[i].add(&m, &odd);
	ck_assert(buf_ok(&odd));
	mint_join(m.text, buf_slice(&odd), &out->odd);
	mint_join(m.text, m.sound, &out->sound);
	buf_free(&text);
	buf_free(&sound);
	buf_free(&odd);
}

const struct token_family signature_vectors = { "signature", count, make };
