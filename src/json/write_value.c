/* SPDX-License-Identifier: MIT */
/* Values that were read, written again. What they look like in memory is json.c's. */
#include "json/write.h"

static enum status write_array(struct buf *b, const struct json_value *v)
{
	size_t count = json_array_len(v);

	buf_add_char(b, '[');
	for (size_t i = 0; i < count; i++) {
		enum status rc;

		if (i > 0)
			buf_add_char(b, ',');
		rc = json_write_value(b, json_array_at(v, i));
		if (rc != STATUS_OK)
			return rc;
	}
	buf_add_char(b, ']');
	return STATUS_OK;
}

static enum status write_object(struct buf *b, const struct json_value *v)
{
	struct json_members m = { .object = v };
	bool first = true;

	buf_add_char(b, '{');
	while (json_next_member(&m)) {
		enum status rc;

		if (!first)
			buf_add_char(b, ',');
		first = false;
		json_write_name(b, m.name);
		buf_add_char(b, ':');
		rc = json_write_value(b, m.value);
		if (rc != STATUS_OK)
			return rc;
	}
	buf_add_char(b, '}');
	return STATUS_OK;
}

/* Recursion ends at the depth that the document was parsed with. */
enum status json_write_value(struct buf *b, const struct json_value *v)
{
	struct slice text = SLICE("null");
	bool is_true = false;
	enum status rc;

	switch (json_kind(v)) {
	case JSON_ARRAY:
		return write_array(b, v);
	case JSON_OBJECT:
		return write_object(b, v);
	case JSON_STRING:
		if (json_string(v, &text))
			json_write_string(b, text);
		return STATUS_OK;
	case JSON_NUMBER:
		rc = json_number_text(v, &text);
		if (rc != STATUS_OK)
			return rc;
		break;
	case JSON_BOOL:
		if (json_boolean(v, &is_true))
			text = is_true ? SLICE("true") : SLICE("false");
		break;
	case JSON_NULL:
		break;
	}
	buf_add_slice(b, text);
	return STATUS_OK;
}
