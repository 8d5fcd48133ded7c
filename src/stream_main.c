/* SPDX-License-Identifier: MIT */
/* cruddur-stream: keeps the message-group rows in step with the newest messages. Options, settings,
 * and what it is built from; what it does is stream/. */
#include "config.h"

#include "aws/call.h"
#include "aws/credentials.h"
#include "base/log.h"
#include "base/settings.h"
#include "fetch/fetch.h"
#include "shared/memory.h"
#include "stream/check.h"
#include "stream/consumer.h"
#include "stream/letters.h"
#include "stream/repair.h"
#include "user/store.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

static const char usage[] =
	"usage: cruddur-stream [--once | --repair | --replay-dead-letters |\n"
	"                       --check | --check=settings | --help | --version]\n"
	"\n"
	"Reads the stream of the messages table and moves both members' message-group rows to the\n"
	"newest message of their conversation. Without an option it runs until it is told to "
	"stop.\n"
	"Any number may run: one is active, the others stand by.\n"
	"\n"
	"  --once                 read what is in the stream, then leave\n"
	"  --repair               put right the rows of every conversation in the table, then "
	"leave;\n"
	"                         safe while others run\n"
	"  --replay-dead-letters  try again what could not be processed (table "
	"stream_dead_letters)\n"
	"  --check                looks at everything that it needs, a line each; changes nothing\n"
	"  --check=settings       looks at the settings alone\n"
	"\n"
	"It is configured by its environment:\n"
	"  CONNECTION_URL                    Postgres URI (required)\n"
	"  AWS_REGION, AWS_DEFAULT_REGION    region (one is required)\n"
	"  AWS_ENDPOINT_URL_DYNAMODB_STREAMS, AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL\n"
	"                                    endpoints (default: the region's own)\n"
	"  AWS_ACCESS_KEY_ID, ...            the usual AWS credential chain\n"
	"  CRUDDUR_MESSAGES_TABLE            DynamoDB table (default: cruddur-messages)\n"
	"  CRUDDUR_SHARED_MEMORY             the workers' file, where figures are counted\n"
	"  CRUDDUR_LOG_LEVEL                 error, warn, info (default) or debug\n"
	"\n"
	"SIGTERM or SIGINT: finish the batch, keep the place, leave. SIGUSR1: figures to the log.\n"
	"Exit status: 0; 1 if a check failed (--check), or if something could not be put right or\n"
	"it was stopped before its end (--repair, --replay-dead-letters); 64 for wrong usage;\n"
	"75 if another instance is active or a backend stays away (--once); 78 for a bad "
	"setting.\n";

enum mode {
	MODE_DAEMON,
	MODE_ONCE,
	MODE_REPAIR,
	MODE_REPLAY,
	MODE_CHECK,
	MODE_CHECK_SETTINGS,
};

struct program {
	struct settings settings;
	struct pg *pg;
	struct aws_credential_chain *credentials;
	struct aws_client *dynamodb_client, *streams_client;
	struct dynamo *table;
	struct dynamo_streams *streams;
	struct group_mover *mover;
	struct stream_signals signals;
	struct shared_memory *memory; /* NULL: it does not share any */
	struct metrics *metrics;
};

/* --- What it is built from -------------------------------------------------------------------- */

static enum status find_person(
	void *context, const struct uuid *who, struct deadline by, struct user *out)
{
	return user_store_by_uuid(context, who, by, out);
}

static enum status make_clients(struct program *p)
{
	struct aws_service service = { .endpoint = p->settings.dynamodb_endpoint,
		.region = p->settings.region,
		.signing_name = "dynamodb",
		.target = "DynamoDB_20120810" };
	enum status rc = aws_client_new(&service, p->credentials, &p->dynamodb_client);

	if (rc != STATUS_OK)
		return rc;
	service.endpoint = p->settings.streams_endpoint;
	service.target = "DynamoDBStreams_20120810";
	rc = aws_client_new(&service, p->credentials, &p->streams_client);
	if (rc == STATUS_OK)
		rc = dynamo_new(p->dynamodb_client, p->settings.table, &p->table);
	if (rc == STATUS_OK)
		rc = dynamo_streams_new(p->streams_client, &p->streams);
	return rc;
}

/* The workers' memory, for its figures, is found by its name alone: where that is to be made from
 * settings of theirs, this program does not know it. */
static enum status open_memory(struct program *p)
{
	const struct shared_memory_settings memory = { .path = p->settings.shared_memory };
	enum status rc;

	if (!memory.path || *memory.path == '\0')
		return STATUS_OK;
	rc = shared_memory_open(&memory, &p->memory);
	if (rc == STATUS_OK)
		rc = metrics_new(
			shared_memory_take(p->memory, metrics_size()), NULL, 0, &p->metrics);
	return rc;
}

static enum status build(struct program *p, struct buf *problem)
{
	enum status rc = pg_check_url(p->settings.connection_url);
	struct group_mover_people people = { .find = find_person };

	if (rc == STATUS_INVALID)
		buf_add_str(problem, "CONNECTION_URL: is no Postgres connection URI");
	if (rc == STATUS_OK)
		rc = pg_new(p->settings.connection_url, &p->pg);
	if (rc != STATUS_OK)
		return rc;
	rc = aws_credential_chain_new((aws_getenv)getenv, &p->credentials);
	if (rc == STATUS_INVALID)
		buf_add_str(problem,
			"AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: "
			"one is set without the other");
	if (rc == STATUS_OK)
		rc = make_clients(p);
	people.context = p->pg;
	if (rc == STATUS_OK)
		rc = group_mover_new(p->table, people, &p->mover);
	if (rc == STATUS_OK)
		rc = open_memory(p);
	return rc;
}

static void take_down(struct program *p)
{
	metrics_free(p->metrics);
	shared_memory_close(p->memory);
	group_mover_free(p->mover);
	dynamo_streams_free(p->streams);
	dynamo_free(p->table);
	aws_client_free(p->streams_client);
	aws_client_free(p->dynamodb_client);
	aws_credential_chain_free(p->credentials);
	pg_free(p->pg);
	settings_clear(&p->settings);
}

/* --- What it does ----------------------------------------------------------------------------- */

static struct stream_parts parts_of(struct program *p)
{
	return (struct stream_parts){ .pg = p->pg,
		.table = p->table,
		.table_name = p->settings.table,
		.streams = p->streams,
		.mover = p->mover,
		.signals = &p->signals,
		.metrics = p->metrics };
}

static int consume(struct program *p, bool once)
{
	const struct stream_parts parts = parts_of(p);

	if (!once)
		metrics_count(p->metrics, METRICS_STREAM_STARTS, 1);
	switch (stream_consumer_run(&parts, once)) {
	case STATUS_OK:
		return EXIT_SUCCESS;
	case STATUS_CONFLICT:
		(void)fputs("cruddur-stream: another instance is active\n", stderr);
		return EX_TEMPFAIL;
	case STATUS_UNAVAILABLE:
		(void)fputs(
			"cruddur-stream: a backend, the table or its stream stays away\n", stderr);
		return EX_TEMPFAIL;
	default:
		return EXIT_FAILURE;
	}
}

static int repair(struct program *p)
{
	return stream_repair_run(p->table, p->mover, &p->signals) == STATUS_OK ? EXIT_SUCCESS
									       : EXIT_FAILURE;
}

static int replay(struct program *p)
{
	const struct stream_checkpoints checkpoints = { .pg = p->pg,
		.table_name = p->settings.table };
	const struct stream_retry retry = {
		.checkpoints = &checkpoints, .mover = p->mover, .table = p->table
	};
	struct stream_replay result;
	enum status rc = stream_letters_replay(&retry, &p->signals, &result);

	(void)printf("replay %s: %" PRId64 " dead letters settled, %" PRId64 " left\n",
		rc == STATUS_OK                 ? "done"
			: rc == STATUS_CONFLICT ? "stopped before its end"
						: "given up: a backend is away",
		result.settled, result.left);
	return rc == STATUS_OK && result.left == 0 && fflush(stdout) == 0 ? EXIT_SUCCESS
									  : EXIT_FAILURE;
}

static enum status load(struct program *p, struct buf *problem)
{
	return settings_load(
		(settings_getenv)getenv, SETTINGS_NEED_POSTGRES, &p->settings, problem);
}

static int check(struct program *p, bool all)
{
	struct buf problem = { 0 };
	struct check c;
	struct stream_parts parts;
	enum status rc = load(p, &problem);
	char *memory = p->settings.shared_memory, none[] = "";
	const struct shared_memory_settings shared = { .path = memory ? memory : "" };
	int exit_status;

	check_begin(&c);
	/* Looked at, but nothing is made or counted there. */
	p->settings.shared_memory = none;
	if (rc == STATUS_OK)
		rc = build(p, &problem);
	p->settings.shared_memory = memory;
	if (rc == STATUS_OK) {
		check_settings_ok(&c, &p->settings);
		parts = parts_of(p);
		if (all) {
			stream_check(&parts, p->credentials, &c);
			check_memory(&c, &shared);
		}
		exit_status = check_end(&c);
	} else {
		exit_status = check_settings_failed(&c, rc, buf_slice(&problem));
	}
	buf_free(&problem);
	return exit_status;
}

static int run(struct program *p, enum mode mode)
{
	struct buf problem = { 0 };
	enum status rc = load(p, &problem);

	if (rc == STATUS_OK) {
		log_open("cruddur-stream", p->settings.log_level);
		rc = build(p, &problem);
	}
	if (problem.len > 0)
		(void)fprintf(stderr, "cruddur-stream: %s\n", buf_cstr(&problem));
	buf_free(&problem);
	if (rc == STATUS_INVALID)
		return SETTINGS_EXIT_STATUS;
	if (rc != STATUS_OK) {
		LOG(LOG_ERROR, "start_failed", log_str("status", status_name(rc)));
		return EXIT_FAILURE;
	}
	LOG(LOG_INFO, "stream_starts", log_str("version", PACKAGE_VERSION),
		log_str("table", p->settings.table));
	switch (mode) {
	case MODE_REPAIR:
		return repair(p);
	case MODE_REPLAY:
		return replay(p);
	default:
		return consume(p, mode == MODE_ONCE);
	}
}

/* --- Options ---------------------------------------------------------------------------------- */

static int say(const char *text)
{
	return fputs(text, stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static bool read_mode(int argc, char **argv, enum mode *mode)
{
	static const char *const names[] = { NULL, "--once", "--repair", "--replay-dead-letters",
		"--check", "--check=settings" };

	*mode = MODE_DAEMON;
	if (argc == 1)
		return true;
	for (size_t i = 1; argc == 2 && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(argv[1], names[i]) == 0) {
			*mode = (enum mode)i;
			return true;
		}
	}
	return false;
}

int main(int argc, char **argv)
{
	struct program p = { .pg = NULL };
	enum mode mode;
	int exit_status;

	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return say("cruddur-stream " PACKAGE_VERSION "\n");
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return say(usage);
	if (!read_mode(argc, argv, &mode)) {
		(void)fputs(usage, stderr);
		return EX_USAGE;
	}
	/* libpq looks host names up in a call that no deadline of ours ends; see cruddur-fcgi. A
	 * log or a terminal that went away must not end a batch in its middle. */
	if (setenv("RES_OPTIONS", "timeout:1 attempts:1", 0) != 0 ||
		signal(SIGPIPE, SIG_IGN) == SIG_ERR || stream_signals_block() != STATUS_OK ||
		fetch_global_open() != STATUS_OK) {
		(void)fputs("cruddur-stream: the environment or libcurl does not let it start\n",
			stderr);
		return EXIT_FAILURE;
	}
	exit_status = mode >= MODE_CHECK ? check(&p, mode == MODE_CHECK) : run(&p, mode);
	take_down(&p);
	fetch_global_close();
	return exit_status;
}
