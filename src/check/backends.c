/* SPDX-License-Identifier: MIT */
/* Postgres, the shared memory, the AWS credentials and the table, as --check sees them. */
#include "check/check.h"

#include "message_table/keys.h"

#include <stdio.h>

static struct deadline soon(void)
{
	return deadline_in(CHECK_MS);
}

/* --- Postgres --------------------------------------------------------------------------------- */

/* EXPLAIN, by which the statements are tried, does not mind a standby. */
static bool may_write(const struct pg_result *row)
{
	struct slice read_only;

	return pg_text(row, 0, "read_only", &read_only) && slice_equal(read_only, SLICE("off"));
}

static bool says_hello(struct check *c, struct pg *p, bool to_write, struct deadline by)
{
	static const struct pg_statement hello = { .name = "check",
		.text = "SELECT current_setting('server_version') AS version, "
			"current_user::text AS role, "
			"current_setting('transaction_read_only') AS read_only",
		.reads_only = true };
	struct slice version = SLICE("?"), role = SLICE("?");
	struct pg_result *row;
	bool writable;
	enum status rc = pg_query_row(p, &hello, NULL, by, &row);

	if (rc != STATUS_OK) {
		check_failed(c, "postgres", "does not answer: %s", status_name(rc));
		return false;
	}
	(void)pg_text(row, 0, "version", &version);
	(void)pg_text(row, 0, "role", &role);
	writable = !to_write || may_write(row);
	if (writable)
		check_ok(c, "postgres", "version %.*s, role %.*s", (int)version.len, version.ptr,
			(int)role.len, role.ptr);
	else
		check_failed(c, "postgres", "takes no writes: is it a standby?");
	pg_result_free(row);
	return writable;
}

void check_postgres(
	struct check *c, struct pg *p, const struct pg_statement *const *statements, size_t count)
{
	struct deadline by = soon();
	bool to_write = false;

	for (size_t i = 0; i < count; i++)
		to_write = to_write || !statements[i]->reads_only;
	if (!says_hello(c, p, to_write, by))
		return;
	for (size_t i = 0; i < count; i++) {
		enum status rc = pg_rehearse(p, statements[i], by);

		if (rc != STATUS_OK) {
			/* The first tells enough: as a rule it is all of the schema or of its
			 * grants that is missing. */
			check_failed(c, "statements", "%s would fail: %s", statements[i]->name,
				status_name(rc));
			return;
		}
	}
	check_ok(c, "statements", "%zu would run: tables, columns and grants are there", count);
}

/* --- Memory ----------------------------------------------------------------------------------- */

void check_memory(struct check *c, const struct shared_memory_settings *memory)
{
	struct buf path = { 0 };
	const char *why = shared_memory_refused_as(memory, &path);

	if (memory->path && *memory->path == '\0')
		check_ok(c, "memory", "none is shared: CRUDDUR_SHARED_MEMORY names no file");
	else if (why)
		check_failed(c, "memory", "%s cannot be shared: %s", buf_cstr(&path), why);
	else
		check_ok(c, "memory", "%s", buf_cstr(&path));
	buf_free(&path);
}

/* --- AWS -------------------------------------------------------------------------------------- */

bool check_credentials(struct check *c, struct aws_credential_chain *chain)
{
	struct aws_credentials credentials;
	struct aws_credentials_origin origin;
	char until[CLOCK_TEXT_SIZE];
	enum status rc = aws_credentials_get(chain, soon(), &credentials);

	if (rc != STATUS_OK) {
		check_failed(c, "credentials", "none: %s", status_name(rc));
		return false;
	}
	origin = aws_credentials_origin(chain);
	if (!origin.expires) {
		check_ok(c, "credentials", "from %s, without an end", origin.source);
		return true;
	}
	clock_format(origin.expires_us, until);
	check_ok(c, "credentials", "from %s, until %s", origin.source, until);
	return true;
}

static const char *index_fault(enum status rc, const struct dynamo_index *index)
{
	if (rc == STATUS_NOT_FOUND)
		return "the table has none of that name";
	if (!index->has_keys)
		return "its keys are not " TABLE_GROUP_UUID " and " TABLE_SK ", both strings";
	if (!index->projects_all)
		return "it does not project all attributes";
	return index->active ? NULL : "it is not active";
}

static void check_index(struct check *c, struct dynamo *table, struct deadline by)
{
	struct dynamo_index index = { .active = false };
	enum status rc = dynamo_describe_index(table, TABLE_INDEX, TABLE_GROUP_UUID, by, &index);
	const char *fault;

	if (rc != STATUS_OK && rc != STATUS_NOT_FOUND) {
		check_failed(c, "index", "DynamoDB does not answer: %s", status_name(rc));
		return;
	}
	fault = index_fault(rc, &index);
	if (fault)
		check_failed(c, "index", "%s: %s", TABLE_INDEX, fault);
	else
		check_ok(c, "index", "%s", TABLE_INDEX);
}

static void check_stream(struct check *c, const struct dynamo_table *t)
{
	if (!t->stream_enabled)
		check_failed(c, "stream", "it is switched off");
	else if (!t->stream_has_image)
		check_failed(c, "stream", "it carries no new image");
	else
		check_ok(c, "stream", "switched on, with the new image");
}

void check_table(struct check *c, struct dynamo *table, const char *name)
{
	struct deadline by = soon();
	struct dynamo_table t = { .active = false };
	enum status rc = dynamo_describe(table, by, &t);

	if (rc == STATUS_NOT_FOUND) {
		check_failed(c, "dynamodb", "there is no table %s", name);
		return;
	}
	if (rc != STATUS_OK) {
		check_failed(c, "dynamodb", "does not answer: %s", status_name(rc));
		return;
	}
	if (!t.has_keys)
		check_failed(c, "dynamodb", "table %s: its keys are not %s and %s, both strings",
			name, TABLE_PK, TABLE_SK);
	else if (!t.active)
		check_failed(c, "dynamodb", "table %s is not active", name);
	else
		check_ok(c, "dynamodb", "table %s", name);
	check_index(c, table, by);
	check_stream(c, &t);
	dynamo_table_clear(&t);
}
