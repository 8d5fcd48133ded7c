/* SPDX-License-Identifier: MIT */
/* Walks both documents at once; see json_same.h. */
#include "support/json_same.h"

#include "base/buf.h"

/* Deeper than anything that is compared. */
#define DEPTH_LIMIT 128

static const char *compare(const struct json_value *tree, struct json_at flat);

/* Where the tree has its mark, the flat one has U+0000 itself. */
static bool same_name(struct slice tree, struct json_at flat)
{
	struct slice name;
	struct buf marked = { 0 };
	bool same;

	if (!json_at_string(flat, &name))
		return false;
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] == '\0')
			buf_add_str(&marked, JSON_NAME_NUL);
		else
			buf_add_char(&marked, name.ptr[i]);
	}
	same = buf_ok(&marked) && slice_equal(buf_slice(&marked), tree);
	buf_free(&marked);
	return same;
}

static const char *compare_objects(const struct json_value *tree, struct json_at flat)
{
	struct json_members m = { .object = tree };
	struct json_walk w = { .in = flat };
	size_t count = 0;

	while (json_next_member(&m)) {
		const char *difference;
		struct slice name;

		if (!json_walk_next(&w))
			return "a member is missing";
		if (!same_name(m.name, w.name))
			return "a name differs";
		if (!json_at_string(w.name, &name) ||
			json_at_get(flat, name).index != w.value.index)
			return "a member is not found by its name";
		difference = compare(m.value, w.value);
		if (difference)
			return difference;
		count++;
	}
	if (json_walk_next(&w) || json_at_count(flat) != count)
		return "there is a member too many";
	return NULL;
}

static const char *compare_arrays(const struct json_value *tree, struct json_at flat)
{
	struct json_walk w = { .in = flat };
	size_t count = json_array_len(tree);

	for (size_t i = 0; i < count; i++) {
		const char *difference;

		if (!json_walk_next(&w) || json_at_is_there(w.name))
			return "an element is missing";
		difference = compare(json_array_at(tree, i), w.value);
		if (difference)
			return difference;
	}
	if (json_walk_next(&w) || json_at_count(flat) != count)
		return "there is an element too many";
	return NULL;
}

static const char *compare_scalars(const struct json_value *tree, struct json_at flat)
{
	struct slice a = SLICE(""), b = SLICE("");
	double x = 0, y = 0;
	bool flag;

	switch (json_kind(tree)) {
	case JSON_STRING:
		return json_string(tree, &a) && json_at_string(flat, &b) && slice_equal(a, b)
			? NULL
			: "a string differs";
	case JSON_NUMBER:
		return json_number(tree, &x) == json_at_number(flat, &y) && x == y
			? NULL
			: "a number differs";
	case JSON_BOOL:
		return json_boolean(tree, &flag) &&
				slice_equal(json_at_spelled(flat),
					flag ? SLICE("true") : SLICE("false"))
			? NULL
			: "a boolean differs";
	default:
		return slice_equal(json_at_spelled(flat), SLICE("null")) ? NULL : "null differs";
	}
}

static const char *compare(const struct json_value *tree, struct json_at flat)
{
	if (json_kind(tree) != json_at_kind(flat))
		return "a kind differs";
	switch (json_kind(tree)) {
	case JSON_OBJECT:
		return compare_objects(tree, flat);
	case JSON_ARRAY:
		return compare_arrays(tree, flat);
	default:
		return compare_scalars(tree, flat);
	}
}

/* Each value of the outermost object, cut out as it is spelled, is that value. */
static const char *compare_spellings(const struct json_value *root, struct json_at flat)
{
	struct json_members m = { .object = root };
	struct json_walk w = { .in = flat };
	const char *difference = NULL;
	struct buf text = { 0 };

	while (!difference && json_next_member(&m) && json_walk_next(&w)) {
		struct json_flat *doc;

		buf_clear(&text);
		buf_add_char(&text, '{');
		buf_add_slice(&text, json_at_spelled(w.name));
		buf_add_char(&text, ':');
		buf_add_slice(&text, json_at_spelled(w.value));
		buf_add_char(&text, '}');
		if (json_flat_parse(buf_slice(&text), DEPTH_LIMIT, &doc) != STATUS_OK) {
			difference = "a spelling is no JSON";
			continue;
		}
		if (compare(m.value, (struct json_at){ doc, 2 }))
			difference = "a spelling is of another value";
		json_flat_free(doc);
	}
	buf_free(&text);
	return difference;
}

const char *json_same(struct slice text, int depth_max)
{
	const char *difference;
	struct json_flat *flat;
	struct json *tree;
	enum status rc = json_parse_nested(text, depth_max, &tree);

	if (json_flat_parse(text, depth_max, &flat) != rc) {
		if (rc == STATUS_OK)
			json_free(tree);
		return "one of the two refuses it";
	}
	if (rc != STATUS_OK)
		return NULL;
	difference = compare(json_root(tree), json_flat_root(flat));
	if (!difference)
		difference = compare_spellings(json_root(tree), json_flat_root(flat));
	json_flat_free(flat);
	json_free(tree);
	return difference;
}
