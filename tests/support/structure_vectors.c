/* SPDX-License-Identifier: MIT */
/* Tokens whose parts are missing, moved, doubled or no objects. */
#include "support/token_vectors.h"

#include "base/base64url.h"
#include "support/mint.h"

#include <check.h>
#include <stdio.h>

/* In an arrangement, these stand for the sound token's header, payload and signature. */
#define H "\1"
#define P "\2"
#define S "\3"

struct arrangement {
	const char *name, *text;
};

static const struct arrangement arrangements[] = {
	{ "missingSignature", H "." P "." },
	{ "missingSignatureAndSeparator", H "." P },
	{ "missingPayload", H ".." S },
	{ "missingPayloadAndSeparator", H "." S },
	{ "missingHeader", "." P "." S },
	{ "missingHeaderAndSeparator", P "." S },
	{ "missingHeaderAndSignature", "." P "." },
	{ "missingHeaderSignatureAndSeparator", P },
	{ "emptyString", "" },
	{ "oneDot", "." },
	{ "twoDots", ".." },
	{ "threeDots", "..." },
	{ "leadingDot", "." H "." P "." S },
	{ "trailingDot", H "." P "." S "." },
	{ "fourParts", H "." P "." S "." S },
	{ "fiveParts", H "." P "." S "." S "." S },
	{ "doubledDot", H ".." P "." S },
	{ "otherSeparator", H ":" P ":" S },
	{ "spacedDots", H " . " P " . " S },
	{ "partsExchanged", P "." H "." S },
	{ "headerTwice", H "." H "." S },
	{ "payloadTwice", P "." P "." S },
	{ "spaceInFront", " " H "." P "." S },
	{ "newlineBehind", H "." P "." S "\n" },
	{ "schemeInFront", "Bearer " H "." P "." S },
	{ "inQuotes", "\"" H "." P "." S "\"" },
	{ "jsonSerialisation",
		"{\"payload\":\"" P "\",\"signatures\":[{\"protected\":\"" H "\",\"signature\":\"" S
		"\"}]}" },
	{ "flattenedSerialisation",
		"{\"payload\":\"" P "\",\"protected\":\"" H "\",\"signature\":\"" S "\"}" },
};

#define ARRANGEMENTS (sizeof(arrangements) / sizeof(arrangements[0]))

/* Header and payload that are no JSON objects, soundly signed. */
struct content {
	const char *name;
	struct slice text;
};

#define B(text) SLICE_LITERAL(text)

static const struct content contents[] = {
	{ "allZero", B("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0") },
	{ "oneByte", B("a") },
	{ "foo", B("foo") },
	{ "manyBytes", B("\x00\x01\x02\x7f\x80\x81\xfe\xff") },
	{ "emptyObject", B("{}") },
	{ "array", B("[]") },
	{ "null", B("null") },
	{ "string", B("\"text\"") },
	{ "number", B("1") },
	{ "nothing", B("") },
};

#define CONTENTS (sizeof(contents) / sizeof(contents[0]))

/* Headers and payloads that say another thing than what was signed. */
enum swap { MODIFIED_HEADER, MODIFIED_PAYLOAD, MODIFIED_SPELLING, SWAPS };
static const char *const swap_names[] = { "modifiedHeader", "modifiedPayload", "modifiedSpelling" };

static void add_arranged(const char *text, const struct slice parts[3], struct buf *out)
{
	for (; *text != '\0'; text++) {
		if (*text >= '\1' && *text <= '\3')
			buf_add_slice(out, parts[*text - '\1']);
		else
			buf_add_char(out, *text);
	}
}

static void cut(struct slice token, struct slice parts[3])
{
	for (size_t i = 0; i < 3; i++) {
		const char *dot = memchr(token.ptr, '.', token.len);
		size_t len = dot ? (size_t)(dot - token.ptr) : token.len;

		parts[i] = (struct slice){ token.ptr, len };
		token = slice_skip(token, dot ? len + 1 : len);
	}
}

static void add_signed(
	const struct rsa_key *key, struct slice header, struct slice payload, struct buf *out)
{
	struct buf text = { 0 }, signature = { 0 };

	mint_signed_text(header, payload, &text);
	rsa_key_sign(key, "SHA256", false, buf_slice(&text), &signature);
	mint_join(buf_slice(&text), buf_slice(&signature), out);
	buf_free(&text);
	buf_free(&signature);
}

/* The sound token's signature under other parts. */
static void add_swapped(enum swap swap, const struct slice parts[3], struct buf *out)
{
	struct buf header = { 0 }, claims = { 0 };

	buf_add_str(&header, MINT_HEADER);
	mint_claims_but("sub",
		swap == MODIFIED_PAYLOAD ? "\"someone-else\"" : "\"" MINT_SUBJECT "\"", &claims);
	if (swap == MODIFIED_HEADER)
		buf_add_str(&header, " ");
	if (swap == MODIFIED_SPELLING)
		buf_add_str(&claims, " ");
	mint_signed_text(buf_slice(&header), buf_slice(&claims), out);
	buf_add_char(out, '.');
	buf_add_slice(out, parts[2]);
	buf_free(&header);
	buf_free(&claims);
}

static size_t count(void)
{
	return ARRANGEMENTS + 2 * CONTENTS + SWAPS;
}

static void make(size_t i, const struct rsa_key *key, struct token_vector *out)
{
	struct slice parts[3], sound_header = SLICE(MINT_HEADER);
	const char *name, *what = "";

	mint_token(key, MINT_HEADER, mint_claims(), &out->sound);
	cut(buf_slice(&out->sound), parts);
	if (i < ARRANGEMENTS) {
		name = arrangements[i].name;
		add_arranged(arrangements[i].text, parts, &out->odd);
	} else if (i < ARRANGEMENTS + CONTENTS) {
		name = contents[i - ARRANGEMENTS].name;
		what = "InHeader";
		add_signed(
			key, contents[i - ARRANGEMENTS].text, slice_of(mint_claims()), &out->odd);
	} else if (i < ARRANGEMENTS + 2 * CONTENTS) {
		name = contents[i - ARRANGEMENTS - CONTENTS].name;
		what = "InPayload";
		add_signed(
			key, sound_header, contents[i - ARRANGEMENTS - CONTENTS].text, &out->odd);
	} else {
		name = swap_names[i - ARRANGEMENTS - 2 * CONTENTS];
		add_swapped((enum swap)(i - ARRANGEMENTS - 2 * CONTENTS), parts, &out->odd);
	}
	ck_assert(buf_ok(&out->odd));
	snprintf(out->name, sizeof(out->name), "%s%s", name, what);
}

const struct token_family structure_vectors = { "structure", count, make };
