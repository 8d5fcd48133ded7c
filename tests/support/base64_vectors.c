/* SPDX-License-Identifier: MIT */
/* Tokens with an odd spelling of one part (RFC 7515 section 2 and appendix C): the text is signed
 * as it is written, so that nothing but the spelling can be refused. */
#include "support/token_vectors.h"

#include "base/base64url.h"
#include "support/mint.h"

#include <check.h>
#include <stdio.h>

enum place { FRONT, BACK, MIDDLE, FIRST, ALPHABET, UNUSED_BITS };

struct oddity {
	const char *name;
	size_t remainder; /* what the part's bytes leave when divided by 3 (signatures: always 1) */
	enum place place;
	struct slice bytes;
};

#define B(text) SLICE_LITERAL(text)

static const struct oddity oddities[] = {
	{ "spacesInFront", 0, FRONT, B("    ") },
	{ "spacesBehind", 0, BACK, B("    ") },
	{ "spaceInside", 0, MIDDLE, B(" ") },
	{ "tabBehind", 0, BACK, B("\t") },
	{ "newlineBehind", 0, BACK, B("\n") },
	{ "crLfInside", 0, MIDDLE, B("\r\n") },
	{ "nulBehind", 0, BACK, B("\0") },
	{ "nulInside", 0, MIDDLE, B("\0\0\0\0") },
	{ "questionMarkInFront", 0, FRONT, B("?") },
	{ "questionMarkBehind", 0, BACK, B("?") },
	{ "questionMarkInside", 0, MIDDLE, B("?") },
	{ "firstReplacedByQuestionMark", 0, FIRST, B("?") },
	{ "fourQuestionMarksInFront", 0, FRONT, B("????") },
	{ "fourHashesInFront", 0, FRONT, B("####") },
	{ "fourHashesBehind", 0, BACK, B("####") },
	{ "highByteInFront", 0, FRONT, B("\xff") },
	{ "nonAsciiBehind", 0, BACK, B("\xc3\xa9\xc3\xa9") },
	{ "fullWidthLetterBehind", 0, BACK, B("\xef\xbc\xa1") },
	{ "percentEncodedBehind", 0, BACK, B("%3D") },
	{ "padding", 1, BACK, B("==") },
	{ "paddingOfOne", 2, BACK, B("=") },
	{ "needlessPadding", 0, BACK, B("====") },
	{ "tooMuchPadding", 1, BACK, B("===") },
	{ "tooLittlePadding", 1, BACK, B("=") },
	{ "paddingInFront", 0, FRONT, B("====") },
	{ "paddingInside", 0, MIDDLE, B("====") },
	{ "standardAlphabet", 0, ALPHABET, B("") },
	{ "unusedBits", 1, UNUSED_BITS, B("") },
	{ "unusedBitsOfTwo", 2, UNUSED_BITS, B("") },
	{ "lengthMod4Is1", 0, BACK, B("A") },
};

static const char *const part_names[] = { "Header", "Payload", "Signature" };
#define PARTS 3
#define SIGNATURE 2

/* Pads JSON with white space, so that its length leaves that remainder. */
static void add_json(const char *text, size_t remainder, struct buf *out)
{
	buf_add_str(out, text);
	while (out->len % 3 != remainder)
		buf_add_char(out, ' ');
}

/* One more than the last character's value in the alphabet: only its lowest bit changes, which is
 * unused if any is, and was zero. */
static char next_in_alphabet(char c)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	return strchr(alphabet, c)[1];
}

static void spell_oddly(const struct oddity *o, struct slice part, struct buf *out)
{
	size_t half = part.len / 2;

	if (o->place == FRONT || o->place == FIRST)
		buf_add_slice(out, o->bytes);
	if (o->place == FIRST) {
		buf_add_slice(out, slice_skip(part, 1));
	} else if (o->place == MIDDLE) {
		buf_add(out, part.ptr, half);
		buf_add_slice(out, o->bytes);
		buf_add_slice(out, slice_skip(part, half));
	} else {
		buf_add_slice(out, part);
	}
	if (o->place == BACK)
		buf_add_slice(out, o->bytes);
	ck_assert(buf_ok(out));
	if (o->place == UNUSED_BITS)
		out->data[out->len - 1] = next_in_alphabet(out->data[out->len - 1]);
	for (size_t i = 0; i < out->len && o->place == ALPHABET; i++) {
		if (out->data[i] == '-')
			out->data[i] = '+';
		else if (out->data[i] == '_')
			out->data[i] = '/';
	}
}

/* The parts as they are soundly spelled, of the i-th text. The brackets and question marks see to
 * it that header and payload hold both characters that base64 spells in another way. */
static void spell_soundly(size_t remainder, size_t i, struct buf parts[SIGNATURE])
{
	static const char odd_text[] = "\">>>>>?????\"";
	struct buf json = { 0 }, claims = { 0 };
	char number[64];

	add_json("{\"kid\":\"" MINT_KID "\",\"alg\":\"RS256\",\"x\":\">>>>>?????\"}", remainder,
		&json);
	base64url_encode(buf_slice(&json), &parts[0]);
	buf_clear(&json);
	snprintf(number, sizeof(number), "%zu,\"y\":%s", i, odd_text);
	mint_claims_but("x", number, &claims);
	add_json(buf_cstr(&claims), remainder, &json);
	base64url_encode(buf_slice(&json), &parts[1]);
	buf_free(&json);
	buf_free(&claims);
}

static void add_token(const struct rsa_key *key, struct buf parts[SIGNATURE],
	const struct oddity *signature_oddity, struct buf *out)
{
	struct buf signature = { 0 }, spelled = { 0 };
	size_t start = out->len;

	buf_add_slice(out, buf_slice(&parts[0]));
	buf_add_char(out, '.');
	buf_add_slice(out, buf_slice(&parts[1]));
	rsa_key_sign(key, "SHA256", false, slice_skip(buf_slice(out), start), &signature);
	base64url_encode(buf_slice(&signature), &spelled);
	buf_add_char(out, '.');
	if (signature_oddity)
		spell_oddly(signature_oddity, buf_slice(&spelled), out);
	else
		buf_add_slice(out, buf_slice(&spelled));
	ck_assert(buf_ok(out));
	buf_free(&signature);
	buf_free(&spelled);
}

/* For a signature that needs a character which not every signature has, another text will do. */
static bool differ(struct token_vector *v)
{
	return !slice_equal(buf_slice(&v->odd), buf_slice(&v->sound));
}

static size_t count(void)
{
	return sizeof(oddities) / sizeof(oddities[0]) * PARTS;
}

static void make(size_t i, const struct rsa_key *key, struct token_vector *out)
{
	const struct oddity *o = &oddities[i / PARTS];
	size_t part = i % PARTS, tries = 0;
	struct buf parts[SIGNATURE] = { { 0 }, { 0 } }, odd = { 0 };

	snprintf(out->name, sizeof(out->name), "%sIn%s", o->name, part_names[part]);
	do {
		ck_assert_uint_lt(tries, 100);
		buf_clear(&out->odd);
		buf_clear(&out->sound);
		buf_clear(&odd);
		for (size_t p = 0; p < SIGNATURE; p++)
			buf_clear(&parts[p]);
		spell_soundly(o->remainder, tries++, parts);
		add_token(key, parts, NULL, &out->sound);
		if (part < SIGNATURE) {
			spell_oddly(o, buf_slice(&parts[part]), &odd);
			buf_clear(&parts[part]);
			buf_add_slice(&parts[part], buf_slice(&odd));
		}
		add_token(key, parts, part == SIGNATURE ? o : NULL, &out->odd);
	} while (!differ(out));
	for (size_t p = 0; p < SIGNATURE; p++)
		buf_free(&parts[p]);
	buf_free(&odd);
}

const struct token_family base64_vectors = { "base64", count, make };
