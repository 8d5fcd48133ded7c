/* SPDX-License-Identifier: MIT */
/* The settings of a program, read once from the environment and judged before anything starts. AWS
 * credentials are not here but in aws/credentials, which reads them anew when they expire. */
#ifndef CRUDDUR_BASE_SETTINGS_H
#define CRUDDUR_BASE_SETTINGS_H

#include "base/buf.h"
#include "base/log.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit status of a start that its settings end: EX_CONFIG of sysexits(3). */
#define SETTINGS_EXIT_STATUS 78

#define SETTINGS_CLIENT_IDS_MAX 16

/* Which settings a program needs besides those that every program needs. */
enum settings_need {
	SETTINGS_NEED_COGNITO = 1 << 0, /* the pool and its app clients; live events */
	SETTINGS_NEED_POSTGRES = 1 << 1, /* CONNECTION_URL */
};

struct settings {
	char *connection_url; /* a Postgres URI, not yet judged: libpq does that; NULL without
				 SETTINGS_NEED_POSTGRES */
	char *region;
	char *dynamodb_endpoint; /* without a trailing slash; the region's own by default */
	char *streams_endpoint;
	char *table;
	char *issuer; /* of the tokens; NULL without SETTINGS_NEED_COGNITO */
	char *client_ids[SETTINGS_CLIENT_IDS_MAX];
	size_t client_id_count;
	char *origins[2]; /* that CORS allows, as a browser spells them in Origin */
	size_t origin_count;
	enum log_level log_level;
	char *live_socket; /* where nginx takes live events; NULL: there are none, or without
				SETTINGS_NEED_COGNITO */
	char *shared_memory; /* the path of the workers' file; NULL: the default place; "": none */
	int64_t max_requests; /* a worker leaves after so many; 0: never */
};

typedef const char *(*settings_getenv)(const char *name);

/* Reads and judges all settings. STATUS_INVALID: problem holds one line that names the variable.
 * Free with settings_clear, also after a failure. *out must be zeroed. */
STATUS_MUSTCHECK enum status settings_load(
	settings_getenv lookup, unsigned int needs, struct settings *out, struct buf *problem);
void settings_clear(struct settings *s);

#endif
