/* SPDX-License-Identifier: MIT */
/* Fuzz target: what json_check accepts json_parse must accept, and the document must say what the
 * text says: written again and parsed again, it stays as it was, by this file's writing and by
 * json_write_value. */
#include "base/utf8.h"
#include "json/json.h"
#include "json/write.h"

#include <stdint.h>
#include <stdlib.h>

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_value(struct buf *b, const struct json_value *v);

/* Numbers as bits, so that "the same" means the same double. */
static void write_number(struct buf *b, const struct json_value *v)
{
	double number = 0;
	int64_t bits;

	if (!json_number(v, &number)) {
		buf_add_str(b, "\"no double\"");
		return;
	}
	memcpy(&bits, &number, sizeof(bits));
	buf_add_char(b, '"');
	buf_add_int(b, bits);
	buf_add_char(b, '"');
}

static void write_object(struct buf *b, const struct json_value *v)
{
	struct json_members members = { .object = v };
	size_t count = 0;

	buf_add_char(b, '{');
	while (json_next_member(&members)) {
		char *name = strndup(members.name.ptr, members.name.len);

		REQUIRE(name);
		/* Found again by its name: no two are one. */
		REQUIRE(json_get(v, name) == members.value ||
			json_kind(members.value) == JSON_NULL);
		free(name);
		if (count++ > 0)
			buf_add_char(b, ',');
		if (utf8_valid(members.name))
			json_write_string(b, members.name);
		else
			buf_add_str(b, "\"held U+0000\"");
		buf_add_char(b, ':');
		write_value(b, members.value);
	}
	buf_add_char(b, '}');
}

static void write_value(struct buf *b, const struct json_value *v)
{
	struct slice text;
	bool flag;

	switch (json_kind(v)) {
	case JSON_NULL:
		buf_add_str(b, "null");
		break;
	case JSON_BOOL:
		REQUIRE(json_boolean(v, &flag));
		buf_add_str(b, flag ? "true" : "false");
		break;
	case JSON_NUMBER:
		write_number(b, v);
		break;
	case JSON_STRING:
		REQUIRE(json_string(v, &text) && utf8_valid(text));
		json_write_string(b, text);
		break;
	case JSON_ARRAY:
		buf_add_char(b, '[');
		for (size_t i = 0; i < json_array_len(v); i++) {
			if (i > 0)
				buf_add_char(b, ',');
			write_value(b, json_array_at(v, i));
		}
		buf_add_char(b, ']');
		break;
	case JSON_OBJECT:
		write_object(b, v);
		break;
	}
}

/* Numbers became strings in the first writing; from then on nothing may change. */
static void check_round_trip(const struct json *doc)
{
	struct buf first = { 0 }, second = { 0 };
	struct json *again;
	enum status rc;

	write_value(&first, json_root(doc));
	REQUIRE(buf_ok(&first));
	rc = json_parse(buf_slice(&first), &again);
	/* Two names that held U+0000 are written as one. */
	REQUIRE(rc == STATUS_OK || strstr(buf_cstr(&first), "\"held U+0000\""));
	if (rc == STATUS_OK) {
		write_value(&second, json_root(again));
		REQUIRE(slice_equal(buf_slice(&first), buf_slice(&second)));
		json_free(again);
	}
	buf_free(&first);
	buf_free(&second);
}

/* Only a number that is not known in full may be in the way. */
static void check_written_value(const struct json *doc)
{
	struct buf first = { 0 }, second = { 0 };
	struct json *again;
	enum status rc = json_write_value(&first, json_root(doc));

	REQUIRE(buf_ok(&first) && (rc == STATUS_OK || rc == STATUS_INVALID));
	if (rc == STATUS_OK) {
		REQUIRE(json_parse(buf_slice(&first), &again) == STATUS_OK);
		REQUIRE(json_write_value(&second, json_root(again)) == STATUS_OK);
		REQUIRE(slice_equal(buf_slice(&first), buf_slice(&second)));
		buf_clear(&first);
		buf_clear(&second);
		write_value(&first, json_root(doc));
		write_value(&second, json_root(again));
		REQUIRE(slice_equal(buf_slice(&first), buf_slice(&second)));
		json_free(again);
	}
	buf_free(&first);
	buf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct json *doc;
	enum status checked = json_check(text);

	REQUIRE(json_parse(text, &doc) == checked);
	if (checked == STATUS_OK) {
		check_round_trip(doc);
		check_written_value(doc);
		json_free(doc);
	}
	return 0;
}
