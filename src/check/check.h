/* SPDX-License-Identifier: MIT */
/* What --check prints: a line for each thing that a program needs, "ok" or "failed" first. The
 * things that every program needs are looked at here; who needs more adds lines of its own. Nothing
 * is changed anywhere. */
#ifndef CRUDDUR_CHECK_CHECK_H
#define CRUDDUR_CHECK_CHECK_H

#include "aws/credentials.h"
#include "base/settings.h"
#include "dynamo/dynamo.h"
#include "pg/pg.h"
#include "shared/memory.h"

/* For one thing. Five of them come to 15 s where nothing answers. */
#define CHECK_MS 3000

#define CHECK_REASON_SIZE 400

struct check {
	int failures;
	char reason[CHECK_REASON_SIZE]; /* the last warning or error that the log was told */
};

/* From now on the log's lines do not go to stderr: the last one that warns is the reason that
 * check_failed gives. */
void check_begin(struct check *c);

/* One line each. what: one word. */
__attribute__((format(printf, 3, 4))) void check_ok(
	struct check *c, const char *what, const char *format, ...);
__attribute__((format(printf, 3, 4))) void check_failed(
	struct check *c, const char *what, const char *format, ...);

/* The status to exit with, once everything was looked at. */
int check_end(struct check *c);

/* It could not be built from the settings, as rc and the words (if any) say: the line, and the
 * status to exit with. */
int check_settings_failed(struct check *c, enum status rc, struct slice problem);
void check_settings_ok(struct check *c, const struct settings *s);

/* Postgres answers; and each of the statements could be run: their tables, columns and functions
 * are there, and so are the rights to them. */
void check_postgres(
	struct check *c, struct pg *p, const struct pg_statement *const *statements, size_t count);

/* There are credentials. false: there are none, and AWS need not be asked. */
bool check_credentials(struct check *c, struct aws_credential_chain *chain);

/* The workers' memory could be shared by whoever this runs as. */
void check_memory(struct check *c, const struct shared_memory_settings *memory);

/* The table has the contract's keys, index and stream, and all are in service. */
void check_table(struct check *c, struct dynamo *table, const char *name);

#endif
