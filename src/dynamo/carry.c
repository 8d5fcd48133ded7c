/* SPDX-License-Identifier: MIT */
/* The difference of two versions of an item as an update of a third. Knows no attribute's meaning:
 * values are sent as they came. */
#include "dynamo/dynamo.h"
#include "dynamo/page.h"
#include "dynamo/request.h"
#include "json/write.h"

/* The parts of the request, written side by side. Names go by number, as an attribute may be named
 * by any text: "#a0" and ":a0". */
struct carrying {
	const struct dynamo_difference *difference;
	struct buf sets, removes, names, values;
	size_t count;
};

static void add_number(struct buf *b, char sign, size_t n)
{
	buf_add_char(b, sign);
	buf_add_char(b, 'a');
	buf_add_int(b, (int64_t)n);
}

/* "#a0":"name" of one more attribute. */
static void add_name(struct carrying *c, struct json_at name)
{
	if (c->names.len > 0)
		buf_add_char(&c->names, ',');
	buf_add_char(&c->names, '"');
	add_number(&c->names, '#', c->count);
	buf_add_str(&c->names, "\":");
	buf_add_slice(&c->names, json_at_spelled(name));
}

static void add_set(struct carrying *c, const struct json_walk *w)
{
	add_name(c, w->name);
	buf_add_str(&c->sets, c->sets.len > 0 ? ", " : "SET ");
	add_number(&c->sets, '#', c->count);
	buf_add_str(&c->sets, " = ");
	add_number(&c->sets, ':', c->count);
	buf_add_str(&c->values, ",\"");
	add_number(&c->values, ':', c->count++);
	buf_add_str(&c->values, "\":");
	buf_add_slice(&c->values, json_at_spelled(w->value));
}

static void add_remove(struct carrying *c, const struct json_walk *w)
{
	add_name(c, w->name);
	buf_add_str(&c->removes, c->removes.len > 0 ? ", " : "REMOVE ");
	add_number(&c->removes, '#', c->count++);
}

/* The next attribute that counts. */
static bool next_attribute(
	const struct dynamo_difference *d, struct json_walk *w, struct slice *name)
{
	while (json_walk_next(w)) {
		if (json_at_string(w->name, name) &&
			!dynamo_attr_is_named(*name, d->named, d->named_count))
			return true;
	}
	return false;
}

static void find_difference(struct carrying *c)
{
	const struct dynamo_difference *d = c->difference;
	struct json_walk from = { .in = d->from->object }, known = { .in = d->known->object };
	struct slice name;

	while (next_attribute(d, &from, &name)) {
		struct json_at other = json_at_get(d->known->object, name);

		if (!json_at_is_there(other) ||
			(!d->only_missing &&
				!slice_equal(json_at_spelled(other), json_at_spelled(from.value))))
			add_set(c, &from);
	}
	while (!d->only_missing && next_attribute(d, &known, &name)) {
		if (!json_at_is_there(json_at_get(d->from->object, name)))
			add_remove(c, &known);
	}
}

/* target's own values come first, so that each of ours has a comma before it. */
static void write_request(
	struct carrying *c, const struct dynamo_write *target, const char *table, struct buf *b)
{
	buf_clear(b);
	buf_add_char(b, '{');
	json_write_member(b, "TableName", slice_of(table));
	dynamo_request_item(b, "Key", target->attrs, target->attr_count);
	if (c->sets.len > 0 && c->removes.len > 0)
		buf_add_char(&c->sets, ' ');
	buf_add_slice(&c->sets, buf_slice(&c->removes));
	json_write_member(b, "UpdateExpression", buf_slice(&c->sets));
	json_write_member(b, "ConditionExpression", slice_of(target->condition.text));
	dynamo_request_name(b, "ExpressionAttributeNames");
	buf_add_char(b, '{');
	buf_add_slice(b, buf_slice(&c->names));
	buf_add_char(b, '}');
	dynamo_request_values(b, &target->condition, &target->update);
	if (b->len > 0)
		b->len--; /* the bracket that closes them */
	buf_add_slice(b, buf_slice(&c->values));
	buf_add_str(b, "}}");
}

enum status dynamo_carry(struct dynamo *d, const struct dynamo_write *target,
	const struct dynamo_difference *difference, struct deadline by, bool *made)
{
	struct carrying c = { .difference = difference };
	enum status rc = STATUS_INVALID;

	if (target->kind != DYNAMO_UPDATE || target->condition.value_count == 0)
		goto out;
	find_difference(&c);
	rc = STATUS_NO_MEMORY;
	if (!buf_ok(&c.sets) || !buf_ok(&c.removes) || !buf_ok(&c.names) || !buf_ok(&c.values))
		goto out;
	rc = STATUS_OK;
	if (c.count > 0) {
		write_request(&c, target, d->table, &d->body);
		rc = dynamo_request_send(d, "UpdateItem", by);
	}
	if (rc == STATUS_OK)
		*made = c.count > 0;
out:
	buf_free(&c.sets);
	buf_free(&c.removes);
	buf_free(&c.names);
	buf_free(&c.values);
	return rc;
}
