/* SPDX-License-Identifier: MIT */
/* Forged DigestInfo structures (RFC 8017 section 9.2) inside sound padding. An element of
 *   SEQUENCE { SEQUENCE { OBJECT IDENTIFIER, NULL }, OCTET STRING }
 * is written in another way than DER's, everything around it as it should be. */
#include "support/token_vectors.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

enum element { OUTER, INNER, OID, NOTHING, DIGEST, ELEMENTS };

static const char *const element_names[] = { "Sequence", "AlgorithmSequence", "Oid", "Null",
	"OctetString" };
static const unsigned char tags[] = { 0x30, 0x30, 0x06, 0x05, 0x04 };

#define BIT(element) (1U << (element))
#define ALL (BIT(OUTER) | BIT(INNER) | BIT(OID) | BIT(NOTHING) | BIT(DIGEST))
#define FULL (ALL & ~BIT(NOTHING)) /* those that have contents */
#define SEQUENCES (BIT(OUTER) | BIT(INNER))

enum how {
	LENGTH, /* bytes in place of the length; n = 1: with the true length behind them */
	LENGTH_OFF, /* the length changed by n */
	ONLY, /* the tag and the bytes, no contents */
	INSTEAD, /* the bytes in place of the element */
	BEFORE, /* the bytes inside, before the contents */
	AFTER, /* the bytes inside, after the contents */
	BEHIND, /* the bytes outside, after the element */
	CONTENTS, /* the bytes in place of the contents */
	TAG, /* the tag changed by n */
	TAG_FF, /* the tag 0xff */
	CUT, /* the contents without their first (n = 0) or last byte */
	FLIP, /* one bit of the first (n = 0) or last byte of the contents */
	PIECES, /* constructed, of two pieces */
	INDEFINITE, /* constructed, of indefinite length, of one piece with the tag changed by n */
	NESTED, /* inside another element of its own kind */
	TWICE, /* the contents two times over */
};

struct change {
	const char *name;
	unsigned int elements;
	enum how how;
	int n;
	struct slice bytes;
};

#define B(text) SLICE_LITERAL(text)
#define NONE                                                                                       \
	{                                                                                          \
		NULL, 0                                                                            \
	}

static const struct change changes[] = {
	{ "lengthUsesLongFormEncoding", ALL, LENGTH, 1, B("\x81") },
	{ "lengthContainsALeading0", ALL, LENGTH, 1, B("\x82\x00") },
	{ "lengthUsesOneMore", ALL, LENGTH_OFF, 1, NONE },
	{ "lengthUsesOneLess", FULL, LENGTH_OFF, -1, NONE },
	{ "uint32OverflowInLength", ALL, LENGTH, 1, B("\x85\x01\x00\x00\x00") },
	{ "uint64OverflowInLength", ALL, LENGTH, 1, B("\x89\x01\x00\x00\x00\x00\x00\x00\x00") },
	{ "lengthIs2to31sub1", ALL, LENGTH, 0, B("\x84\x7f\xff\xff\xff") },
	{ "lengthIs2to31", ALL, LENGTH, 0, B("\x84\x80\x00\x00\x00") },
	{ "lengthIs2to32sub1", ALL, LENGTH, 0, B("\x84\xff\xff\xff\xff") },
	{ "lengthIs2to40sub1", ALL, LENGTH, 0, B("\x85\xff\xff\xff\xff\xff") },
	{ "lengthIs2to64sub1", ALL, LENGTH, 0, B("\x88\xff\xff\xff\xff\xff\xff\xff\xff") },
	{ "incorrectLength", ALL, LENGTH, 0, B("\xff") },
	{ "indefiniteLengthWithoutTermination", ALL, LENGTH, 0, B("\x80") },
	{ "removing", ALL, INSTEAD, 0, NONE },
	{ "lonelyTag", ALL, ONLY, 0, NONE },
	{ "truncatedLength", ALL, ONLY, 0, B("\x81") },
	{ "droppingValue", FULL, ONLY, 0, B("\x00") },
	{ "appending0sTo", ALL, AFTER, 0, B("\x00\x00") },
	{ "prepending0sTo", FULL, BEFORE, 0, B("\x00\x00") },
	{ "appendingUnused0sTo", ALL, BEHIND, 0, B("\x00\x00") },
	{ "appendingNullValueTo", ALL, AFTER, 0, B("\x05\x00") },
	{ "prependingGarbageTo", FULL, BEFORE, 0, B("\x49\x81\x77") },
	{ "prependingGarbageWithLengthTo", FULL, BEFORE, 0, B("\x25\x00") },
	{ "appendingGarbageTo", ALL, AFTER, 0, B("\x00\x04\xde\xad\xbe\xef") },
	{ "includingUndefinedTags", ALL, BEFORE, 0, B("\xaa\x00\xbb\x00\xcd\x00") },
	{ "includingUndefinedTagsTo", ALL, BEFORE, 0, B("\xaa\x02\xaa\xbb") },
	{ "usingComposition", FULL, PIECES, 0, NONE },
	{ "usingCompositionWithIndefiniteLength", ALL, INDEFINITE, 0, NONE },
	{ "usingCompositionWithWrongTag", ALL, INDEFINITE, 1, NONE },
	{ "replacingWithNull", FULL, INSTEAD, 0, B("\x05\x00") },
	{ "changingTagValueLess2", ALL, TAG, -2, NONE },
	{ "changingTagValueLess1", ALL, TAG, -1, NONE },
	{ "changingTagValueMore1", ALL, TAG, 1, NONE },
	{ "changingTagValueMore2", ALL, TAG, 2, NONE },
	{ "changingTagValueToFf", ALL, TAG_FF, 0, NONE },
	{ "truncatedFront", FULL, CUT, 0, NONE },
	{ "truncatedBack", FULL, CUT, 1, NONE },
	{ "modifyingFirstByteOf", FULL, FLIP, 0, NONE },
	{ "modifyingLastByteOf", FULL, FLIP, 1, NONE },
	{ "prependEmptySequence", SEQUENCES, BEFORE, 0, B("\x30\x00") },
	{ "appendEmptySequence", SEQUENCES, AFTER, 0, B("\x30\x00") },
	{ "appendGarbageWithHighTagNumber", SEQUENCES, AFTER, 0, B("\xbf\x7f\x00") },
	{ "nested", ALL, NESTED, 0, NONE },
	{ "repeatingElementIn", FULL, TWICE, 0, NONE },
	{ "wrongSha1", BIT(OID), CONTENTS, 0, B("\x2b\x0e\x03\x02\x1a") },
	{ "wrongMd5", BIT(OID), CONTENTS, 0, B("\x2a\x86\x48\x86\xf7\x0d\x02\x05") },
	{ "wrongSha512", BIT(OID), CONTENTS, 0, B("\x60\x86\x48\x01\x65\x03\x04\x02\x03") },
	{ "wrongSha224", BIT(OID), CONTENTS, 0, B("\x60\x86\x48\x01\x65\x03\x04\x02\x04") },
	{ "longer", BIT(OID), AFTER, 0, B("\x01") },
	{ "modifiedNodeOf", BIT(OID), CONTENTS, 0, B("\x60\x86\x48\x01\x65\x03\x04\x02\x11") },
	{ "modifiedHighNodeOf", BIT(OID), CONTENTS, 0,
		B("\x60\x86\x48\x01\x65\x03\x04\x02\x88\x80\x80\x80\x01") },
	{ "largeIntegerIn", BIT(OID), CONTENTS, 0,
		B("\x60\x86\x48\x01\x65\x03\x04\x02\x82\x80\x80\x80\x80\x80\x80\x80\x80\x01") },
	{ "invalidNodeOf", BIT(OID), CONTENTS, 0, B("\x60\x86\x48\x01\x65\x03\x04\x02\x81") },
	{ "leading0InNodeOf", BIT(OID), CONTENTS, 0,
		B("\x60\x86\x48\x01\x65\x03\x04\x02\x80\x01") },
	{ "incorrect", BIT(NOTHING), CONTENTS, 0, B("\x00") },
};

/* What is to be written: everything in DER but `element`. */
struct forgery {
	const struct change *change;
	enum element element;
	const unsigned char *digest;
};

static void add_plain(int tag, struct slice contents, struct buf *out)
{
	buf_add_char(out, (char)tag);
	buf_add_char(out, (char)contents.len); /* under 128 in all of these */
	buf_add_slice(out, contents);
}

/* The forms that keep the element whole but wrap or split its contents. */
static void add_composed(const struct change *c, int tag, struct slice contents, struct buf *out)
{
	struct buf inside = { 0 };

	switch (c->how) {
	case PIECES:
		add_plain(tag, (struct slice){ contents.ptr, 1 }, &inside);
		add_plain(tag, slice_skip(contents, 1), &inside);
		add_plain(tag | 0x20, buf_slice(&inside), out);
		break;
	case INDEFINITE:
		buf_add_char(out, (char)(tag | 0x20));
		buf_add(out, "\x80", 1);
		add_plain(tag + c->n, contents, out);
		buf_add(out, "\x00\x00", 2);
		break;
	case NESTED:
		add_plain(tag, contents, &inside);
		add_plain(tag, buf_slice(&inside), out);
		break;
	default:
		ck_abort_msg("no composed form");
	}
	buf_free(&inside);
}

static void add_length(const struct change *c, int tag, struct slice contents, struct buf *out)
{
	buf_add_char(out, (char)tag);
	buf_add_slice(out, c->bytes);
	if (c->how == LENGTH_OFF || c->n == 1)
		buf_add_char(out, (char)((int)contents.len + (c->how == LENGTH_OFF ? c->n : 0)));
	if (c->how != ONLY)
		buf_add_slice(out, contents);
}

/* The forms that change the contents and write the rest in DER. */
static void add_changed(const struct change *c, int tag, struct slice contents, struct buf *out)
{
	struct buf b = { 0 };
	size_t at = c->n == 0 ? 0 : contents.len - 1;

	if (c->how == BEFORE)
		buf_add_slice(&b, c->bytes);
	if (c->how == CONTENTS)
		buf_add_slice(&b, c->bytes);
	else if (c->how == CUT)
		buf_add(&b, contents.ptr + (c->n == 0), contents.len - 1);
	else
		buf_add_slice(&b, contents);
	if (c->how == TWICE)
		buf_add_slice(&b, contents);
	if (c->how == AFTER)
		buf_add_slice(&b, c->bytes);
	if (c->how == FLIP)
		b.data[at] = (char)(b.data[at] ^ 0x10);
	if (c->how == TAG || c->how == TAG_FF)
		tag = c->how == TAG ? tag + c->n : 0xff;
	add_plain(tag, buf_slice(&b), out);
	if (c->how == BEHIND)
		buf_add_slice(out, c->bytes);
	buf_free(&b);
}

static void add_forged(const struct change *c, int tag, struct slice contents, struct buf *out)
{
	switch (c->how) {
	case LENGTH:
	case LENGTH_OFF:
	case ONLY:
		add_length(c, tag, contents, out);
		break;
	case INSTEAD:
		buf_add_slice(out, c->bytes);
		break;
	case PIECES:
	case INDEFINITE:
	case NESTED:
		add_composed(c, tag, contents, out);
		break;
	default:
		add_changed(c, tag, contents, out);
	}
}

static void add_element(const struct forgery *f, enum element e, struct buf *out)
{
	struct buf contents = { 0 };

	if (e == OUTER) {
		add_element(f, INNER, &contents);
		add_element(f, DIGEST, &contents);
	} else if (e == INNER) {
		add_element(f, OID, &contents);
		add_element(f, NOTHING, &contents);
	} else if (e == OID) {
		buf_add(&contents, "\x60\x86\x48\x01\x65\x03\x04\x02\x01", 9);
	} else if (e == DIGEST) {
		buf_add(&contents, f->digest, 32);
	}
	if (f->change && e == f->element)
		add_forged(f->change, tags[e], buf_slice(&contents), out);
	else
		add_plain(tags[e], buf_slice(&contents), out);
	ck_assert(buf_ok(&contents) && buf_ok(out));
	buf_free(&contents);
}

/* The i-th pair of a change and an element that it can be made to; false past the end. */
static bool pick(size_t i, struct forgery *f)
{
	for (size_t c = 0; c < sizeof(changes) / sizeof(changes[0]); c++) {
		for (enum element e = OUTER; e < ELEMENTS; e++) {
			if (!(changes[c].elements & BIT(e)) || i-- > 0)
				continue;
			f->change = &changes[c];
			f->element = e;
			return true;
		}
	}
	return false;
}

static size_t count(void)
{
	struct forgery f;
	size_t n = 0;

	while (pick(n, &f))
		n++;
	return n;
}

static void make(size_t i, const struct rsa_key *key, struct token_vector *out)
{
	struct buf text = { 0 }, info = { 0 }, sound = { 0 };
	size_t len = rsa_key_len(key);
	unsigned char digest[32], *block = malloc(len);
	struct forgery f = { .digest = digest };

	ck_assert_ptr_nonnull(block);
	token_vector_text(i, &text);
	token_vector_digest(buf_slice(&text), digest);
	add_element(&f, OUTER, &sound);
	ck_assert(pick(i, &f));
	snprintf(out->name, sizeof(out->name), "%s%s", f.change->name, element_names[f.element]);
	add_element(&f, OUTER, &info);
	ck_assert_msg(!slice_equal(buf_slice(&info), buf_slice(&sound)), "%s", out->name);
	ck_assert_uint_le(info.len + 11, len);
	memset(block, 0xff, len);
	block[0] = 0;
	block[1] = 1;
	block[len - info.len - 1] = 0;
	memcpy(block + len - info.len, buf_slice(&info).ptr, info.len);
	token_vector_from_block(key, buf_slice(&text), block, out);
	free(block);
	buf_free(&text);
	buf_free(&info);
	buf_free(&sound);
}

const struct token_family digest_info_vectors = { "digest_info", count, make };
