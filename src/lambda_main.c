/* SPDX-License-Identifier: MIT */
/* bootstrap: the stream consumer as an AWS Lambda custom runtime. Options, settings and signals;
 * the loop is lambda/function. */
#include "config.h"

#include "base/log.h"
#include "base/settings.h"
#include "fetch/fetch.h"
#include "lambda/function.h"
#include "lambda/runtime.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

static const char usage[] =
	"usage: bootstrap [--help | --version]\n"
	"\n"
	"Keeps the message-group rows of a cruddur table in step with its messages, as the custom "
	"runtime\n"
	"of an AWS Lambda function (provided.al2023, x86_64) behind the table's stream. Lambda "
	"starts "
	"it;\n"
	"scripts/aws/package-lambda makes the archive it is in. The event source mapping must "
	"have\n"
	"ReportBatchItemFailures: the answer names the records that are to come again.\n"
	"\n"
	"It is configured by its environment:\n"
	"  AWS_LAMBDA_RUNTIME_API            host:port of the Runtime API (set by Lambda; "
	"required)\n"
	"  AWS_REGION, AWS_DEFAULT_REGION    region (set by Lambda; one is required)\n"
	"  AWS_ACCESS_KEY_ID, ...            the usual AWS credential chain (set by Lambda)\n"
	"  AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL\n"
	"                                    endpoint (default: the region's own)\n"
	"  CRUDDUR_MESSAGES_TABLE            DynamoDB table (default: cruddur-messages)\n"
	"  CRUDDUR_LOG_LEVEL                 error, warn, info (default) or debug\n"
	"  SSL_CERT_FILE                     CA certificates (default in the archive: its own)\n"
	"\n"
	"SIGTERM: answer the invocation under way, then leave. Exit status: 0, 1 when the Runtime "
	"API "
	"is\n"
	"of no use any more, 64 for wrong usage, 78 for a bad setting.\n";

static volatile sig_atomic_t told_to_stop;

static void on_stop(int signal_number)
{
	(void)signal_number;
	told_to_stop = 1;
}

static bool is_told_to_stop(void)
{
	return told_to_stop != 0;
}

/* No SA_RESTART: the signal ends a wait. Writes to broken connections are errors, not signals. */
static bool take_signals(void)
{
	const struct sigaction stop = { .sa_handler = on_stop }, ignore = { .sa_handler = SIG_IGN };

	return sigaction(SIGTERM, &stop, NULL) == 0 && sigaction(SIGINT, &stop, NULL) == 0 &&
		sigaction(SIGPIPE, &ignore, NULL) == 0;
}

static int refuse_settings(const char *problem)
{
	(void)fprintf(stderr, "bootstrap: %s\n", problem);
	return SETTINGS_EXIT_STATUS;
}

/* Tells Lambda as well why there will be no function. */
static int refuse_start(struct lambda_runtime *rt, enum status rc, struct buf *problem)
{
	struct lambda_error error = { .type = "Runtime.ConfigInvalid",
		.message = buf_cstr(problem) };

	if (rc != STATUS_INVALID)
		error = (struct lambda_error){ .type = "Runtime.StartFailed",
			.message = status_name(rc) };
	if (lambda_runtime_init_failed(rt, &error) != STATUS_OK)
		LOG(LOG_ERROR, "init_error_not_reported");
	if (rc == STATUS_INVALID)
		return refuse_settings(error.message);
	LOG(LOG_ERROR, "start_failed", log_str("status", status_name(rc)));
	return EXIT_FAILURE;
}

static int run(struct lambda_runtime *rt)
{
	struct settings settings = { .region = NULL };
	struct lambda_function *f = NULL;
	struct buf problem = { 0 };
	int exit_status = EXIT_FAILURE;
	enum status rc = settings_load((settings_getenv)getenv, 0, &settings, &problem);

	if (rc == STATUS_OK) {
		log_open("bootstrap", settings.log_level);
		rc = lambda_function_new(&settings, &problem, &f);
	}
	if (rc == STATUS_OK) {
		LOG(LOG_INFO, "function_starts", log_str("version", PACKAGE_VERSION));
		rc = lambda_function_serve(f, rt, is_told_to_stop);
		LOG(LOG_INFO, "function_leaves", log_str("status", status_name(rc)));
		exit_status = rc == STATUS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
	} else {
		exit_status = refuse_start(rt, rc, &problem);
	}
	lambda_function_free(f);
	settings_clear(&settings);
	buf_free(&problem);
	return exit_status;
}

static int run_against(const char *address)
{
	struct lambda_runtime *rt = NULL;
	int exit_status;
	enum status rc;

	if (!address || !*address)
		return refuse_settings("AWS_LAMBDA_RUNTIME_API: is required and not set");
	rc = lambda_runtime_new(address, is_told_to_stop, &rt);
	if (rc == STATUS_INVALID)
		return refuse_settings("AWS_LAMBDA_RUNTIME_API: is no host:port");
	if (rc != STATUS_OK) {
		LOG(LOG_ERROR, "start_failed", log_str("status", status_name(rc)));
		return EXIT_FAILURE;
	}
	exit_status = run(rt);
	lambda_runtime_free(rt);
	return exit_status;
}

static int say(const char *text)
{
	return fputs(text, stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	int exit_status;

	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return say("bootstrap (cruddur) " PACKAGE_VERSION "\n");
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return say(usage);
	if (argc > 1) {
		(void)fputs(usage, stderr);
		return EX_USAGE;
	}
	log_open("bootstrap", LOG_INFO);
	if (!take_signals() || fetch_global_open() != STATUS_OK) {
		(void)fputs(
			"bootstrap: the environment or libcurl does not let it start\n", stderr);
		return EXIT_FAILURE;
	}
	exit_status = run_against(getenv("AWS_LAMBDA_RUNTIME_API"));
	fetch_global_close();
	return exit_status;
}
