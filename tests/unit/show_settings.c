/* SPDX-License-Identifier: MIT */
/* Prints what settings_load makes of the environment, as NAME=value lines: for a test that compares
 * the manual's defaults with the code's. */
#include "base/settings.h"

#include <stdio.h>
#include <stdlib.h>

static const char *level_name(enum log_level level)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };

	return names[level];
}

static void show(const char *name, const char *value)
{
	printf("%s=%s\n", name, value ? value : "");
}

int main(void)
{
	struct settings s = { .connection_url = NULL };
	struct buf problem = { 0 };
	enum status rc = settings_load((settings_getenv)getenv,
		SETTINGS_NEED_COGNITO | SETTINGS_NEED_POSTGRES, &s, &problem);

	if (rc == STATUS_OK) {
		show("AWS_ENDPOINT_URL_DYNAMODB", s.dynamodb_endpoint);
		show("AWS_ENDPOINT_URL_DYNAMODB_STREAMS", s.streams_endpoint);
		show("issuer", s.issuer);
		show("CRUDDUR_MESSAGES_TABLE", s.table);
		show("CRUDDUR_LIVE_SOCKET", s.live_socket);
		show("CRUDDUR_LOG_LEVEL", level_name(s.log_level));
		printf("CRUDDUR_MAX_REQUESTS=%lld\n", (long long)s.max_requests);
		show("FRONTEND_URL", s.origins[0]);
		show("BACKEND_URL", s.origins[1]);
	} else {
		(void)fprintf(stderr, "%s\n", buf_cstr(&problem));
	}
	buf_free(&problem);
	settings_clear(&s);
	return rc == STATUS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
