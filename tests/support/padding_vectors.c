/* SPDX-License-Identifier: MIT */
/* Forged EMSA-PKCS1-v1_5 blocks (RFC 8017 section 9.2): 00 01 FF..FF 00 DigestInfo, with one thing
 * wrong. The classic is Bleichenbacher's of 2006: short padding, and garbage behind the digest. */
#include "support/token_vectors.h"

#include <check.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#define SHA256_INFO "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"
#define SHA512_INFO "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40"
#define SHA384_INFO "\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30"
#define SHA1_INFO "\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14"
#define MD5_INFO "\x30\x20\x30\x0c\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x05\x05\x00\x04\x10"

/* How a block is put together: head, `fill` up to where the rest fits (or `fills` of them if that
 * is over 0, or none if it is NO_FILL), separator, info, digest, tail, then zeros to the end. */
struct block {
	const char *name;
	struct slice head; /* 00 01 in a sound one */
	int fill; /* ff in a sound one */
	int fills;
	struct slice separator; /* 00 in a sound one */
	struct slice info;
	const char *digest; /* the algorithm; NULL for no digest */
	struct slice tail; /* after the digest; none in a sound one */
};

#define B(text) SLICE_LITERAL(text)
#define NONE                                                                                       \
	{                                                                                          \
		NULL, 0                                                                            \
	}
#define NO_FILL (-1)
#define SOUND_HEAD B("\x00\x01")

static const struct block blocks[] = {
	{ "typeZero", B("\x00\x00"), 0x00, 0, B("\x00"), B(SHA256_INFO), "SHA256", NONE },
	{ "typeZeroWithFf", B("\x00\x00"), 0xff, 0, B("\x00"), B(SHA256_INFO), "SHA256", NONE },
	{ "typeTwo", B("\x00\x02"), 0xa7, 0, B("\x00"), B(SHA256_INFO), "SHA256", NONE },
	{ "typeTwoWithFf", B("\x00\x02"), 0xff, 0, B("\x00"), B(SHA256_INFO), "SHA256", NONE },
	{ "typeThree", B("\x00\x03"), 0xff, 0, B("\x00"), B(SHA256_INFO), "SHA256", NONE },
	{ "typeFf", B("\x00\xff"), 0xff, 0, B("\x00"), B(SHA256_INFO), "SHA256", NONE },
	{ "firstByteOne", B("\x01\x01"), 0xff, 0, B("\x00"), B(SHA256_INFO), "SHA256", NONE },
	{ "firstByteMissing", B("\x01"), 0xff, 0, B("\x00"), B(SHA256_INFO), "SHA256", NONE },
	{ "firstByteTwice", B("\x00\x00\x01"), 0xff, 0, B("\x00"), B(SHA256_INFO), "SHA256", NONE },
	{ "paddingOfFe", SOUND_HEAD, 0xfe, 0, B("\x00"), B(SHA256_INFO), "SHA256", NONE },
	{ "paddingOf7f", SOUND_HEAD, 0x7f, 0, B("\x00"), B(SHA256_INFO), "SHA256", NONE },
	{ "paddingOf00", SOUND_HEAD, 0x00, 0, B("\x00"), B(SHA256_INFO), "SHA256", NONE },
	{ "paddingOf01", SOUND_HEAD, 0x01, 0, B("\x00"), B(SHA256_INFO), "SHA256", NONE },
	{ "paddingStartsWith01", B("\x00\x01\x01"), 0xff, 0, B("\x00"), B(SHA256_INFO), "SHA256",
		NONE },
	{ "paddingStartsWith00", B("\x00\x01\x00"), 0xff, 0, B("\x00"), B(SHA256_INFO), "SHA256",
		NONE },
	{ "paddingEndsWithEe", SOUND_HEAD, 0xff, 0, B("\xee\x00"), B(SHA256_INFO), "SHA256", NONE },
	{ "zeroInPadding", B("\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00"), 0xff, 0,
		B("\x00"), B(SHA256_INFO), "SHA256", NONE },
	{ "separatorMissing", SOUND_HEAD, 0xff, 0, NONE, B(SHA256_INFO), "SHA256", NONE },
	{ "separatorIsFf", SOUND_HEAD, 0xff, 0, B("\xff"), B(SHA256_INFO), "SHA256", NONE },
	{ "separatorIsOne", SOUND_HEAD, 0xff, 0, B("\x01"), B(SHA256_INFO), "SHA256", NONE },
	{ "separatorTwice", SOUND_HEAD, 0xff, 0, B("\x00\x00"), B(SHA256_INFO), "SHA256", NONE },
	{ "noPadding", SOUND_HEAD, 0xff, NO_FILL, B("\x00"), B(SHA256_INFO), "SHA256", NONE },
	{ "shortPaddingAndGarbage1", SOUND_HEAD, 0xff, 1, B("\x00"), B(SHA256_INFO), "SHA256",
		NONE },
	{ "shortPaddingAndGarbage7", SOUND_HEAD, 0xff, 7, B("\x00"), B(SHA256_INFO), "SHA256",
		NONE },
	{ "shortPaddingAndGarbage8", SOUND_HEAD, 0xff, 8, B("\x00"), B(SHA256_INFO), "SHA256",
		NONE },
	{ "shortPaddingAndGarbage100", SOUND_HEAD, 0xff, 100, B("\x00"), B(SHA256_INFO), "SHA256",
		NONE },
	{ "oneZeroBehindTheDigest", SOUND_HEAD, 0xff, 0, B("\x00"), B(SHA256_INFO), "SHA256",
		B("\x00") },
	{ "garbageBehindTheDigest", SOUND_HEAD, 0xff, 0, B("\x00"), B(SHA256_INFO), "SHA256",
		B("\xde\xad\xbe\xef") },
	{ "nullBehindTheDigest", SOUND_HEAD, 0xff, 0, B("\x00"), B(SHA256_INFO), "SHA256",
		B("\x05\x00") },
	{ "bareDigest", SOUND_HEAD, 0xff, 0, B("\x00"), NONE, "SHA256", NONE },
	{ "digestInOctetString", SOUND_HEAD, 0xff, 0, B("\x00"), B("\x04\x20"), "SHA256", NONE },
	{ "missingNull", SOUND_HEAD, 0xff, 0, B("\x00"),
		B("\x30\x2f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x04\x20"), "SHA256",
		NONE },
	{ "missingDigest", SOUND_HEAD, 0xff, 0, B("\x00"), B(SHA256_INFO), NULL, NONE },
	{ "zeroLengthDigest", SOUND_HEAD, 0xff, 0, B("\x00"),
		B("\x30\x11\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x00"),
		NULL, NONE },
	{ "nothingButPadding", SOUND_HEAD, 0xff, 0, NONE, NONE, NULL, NONE },
	{ "nothingBehindTheSeparator", SOUND_HEAD, 0xff, 0, B("\x00"), NONE, NULL, NONE },
	{ "sha1", SOUND_HEAD, 0xff, 0, B("\x00"), B(SHA1_INFO), "SHA1", NONE },
	{ "md5", SOUND_HEAD, 0xff, 0, B("\x00"), B(MD5_INFO), "MD5", NONE },
	{ "sha384", SOUND_HEAD, 0xff, 0, B("\x00"), B(SHA384_INFO), "SHA384", NONE },
	{ "sha512", SOUND_HEAD, 0xff, 0, B("\x00"), B(SHA512_INFO), "SHA512", NONE },
	{ "sha512InfoAroundSha256", SOUND_HEAD, 0xff, 0, B("\x00"), B(SHA512_INFO), "SHA256",
		NONE },
	{ "digestOfAnotherAlgorithm", SOUND_HEAD, 0xff, 0, B("\x00"), B(SHA256_INFO), "SHA3-256",
		NONE },
};

/* The digest of the text, or nothing. */
static void add_digest(const struct block *b, struct slice text, struct buf *out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	size_t len = 0;

	if (!b->digest)
		return;
	ck_assert_int_eq(EVP_Q_digest(NULL, b->digest, NULL, text.ptr, text.len, digest, &len), 1);
	buf_add(out, digest, len);
}

static void build(const struct block *b, struct slice text, size_t len, struct buf *out)
{
	struct buf rest = { 0 };
	size_t fills;

	buf_add_slice(&rest, b->separator);
	buf_add_slice(&rest, b->info);
	add_digest(b, text, &rest);
	buf_add_slice(&rest, b->tail);
	ck_assert_uint_le(b->head.len + rest.len, len);
	if (b->fills == 0)
		fills = len - b->head.len - rest.len;
	else
		fills = b->fills == NO_FILL ? 0 : (size_t)b->fills;
	buf_add_slice(out, b->head);
	for (size_t i = 0; i < fills; i++)
		buf_add_char(out, (char)b->fill);
	buf_add_slice(out, buf_slice(&rest));
	while (out->len < len)
		buf_add_char(out, '\0');
	ck_assert(buf_ok(out));
	ck_assert_uint_eq(out->len, len);
	buf_free(&rest);
}

static size_t count(void)
{
	return sizeof(blocks) / sizeof(blocks[0]);
}

static void make(size_t i, const struct rsa_key *key, struct token_vector *out)
{
	struct buf text = { 0 }, block = { 0 };

	snprintf(out->name, sizeof(out->name), "%s", blocks[i].name);
	token_vector_text(i, &text);
	build(&blocks[i], buf_slice(&text), rsa_key_len(key), &block);
	token_vector_from_block(
		key, buf_slice(&text), (const unsigned char *)buf_slice(&block).ptr, out);
	buf_free(&text);
	buf_free(&block);
}

const struct token_family padding_vectors = { "padding", count, make };
