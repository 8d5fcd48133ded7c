/* SPDX-License-Identifier: MIT */
/* A Postgres of a test's own: a new cluster in a temporary folder, reached through a Unix socket in
 * it, so that no port can collide. Knows no table. */
#ifndef CRUDDUR_TESTS_PRIVATE_POSTGRES_H
#define CRUDDUR_TESTS_PRIVATE_POSTGRES_H

#include <stdbool.h>
#include <sys/types.h>

struct private_postgres {
	char dir[64];
	char url[256];
	pid_t pid; /* 0: not running */
};

/* false if Postgres' server programs, or the user to run them as root's stand-in, are missing. */
bool private_postgres_available(void);

/* Makes a cluster and starts it; fails the test if that does not work. */
void private_postgres_create(struct private_postgres *p);

/* Starts the server and waits until it answers; stops it, breaking every connection. The server
 * ends with the process that started it. */
void private_postgres_start(struct private_postgres *p);
void private_postgres_stop(struct private_postgres *p);

/* Runs a file of SQL; fails the test if that does not work. */
void private_postgres_load(const struct private_postgres *p, const char *file);

/* Stops it and removes its folder. */
void private_postgres_destroy(struct private_postgres *p);

#endif
