/* SPDX-License-Identifier: MIT */
/* Running initdb and postgres by hand, as an ordinary user even when the tests run as root. */
#include "private_postgres.h"
#include "base/clock.h"
#include "pg/pg.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Generous: the machine may be busy with other tests. */
#define START_MAX_MS 60000

/* Where Debian keeps the server programs; they are in no PATH. */
#define SERVER_PROGRAMS "/usr/lib/postgresql/*/bin"

static bool find_program(const char *name, char *out, size_t size)
{
	glob_t found;
	bool there = false;

	if (glob(SERVER_PROGRAMS, 0, NULL, &found) == 0) {
		const char *newest = found.gl_pathv[found.gl_pathc - 1];

		there = snprintf(out, size, "%s/%s", newest, name) < (int)size &&
			access(out, X_OK) == 0;
	}
	globfree(&found);
	return there;
}

/* Postgres refuses to run as root: the user that its package made; NULL for oneself. */
static const struct passwd *server_user(void)
{
	return geteuid() == 0 ? getpwnam("postgres") : NULL;
}

bool private_postgres_available(void)
{
	char program[256];

	return find_program("initdb", program, sizeof(program)) &&
		find_program("postgres", program, sizeof(program)) &&
		find_program("psql", program, sizeof(program)) &&
		(geteuid() != 0 || server_user() != NULL);
}

/* In the child: never returns. */
static void exec_in(const char *dir, int input, const char *program, const char *const *arguments)
{
	const struct passwd *user = server_user();
	int log;

	if (user &&
		(setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0))
		_exit(126);
	if (prctl(PR_SET_PDEATHSIG, SIGQUIT) != 0 || chdir(dir) != 0)
		_exit(126);
	log = open("log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0 ||
		dup2(input, STDIN_FILENO) < 0)
		_exit(126);
	execv(program, (char *const *)arguments);
	_exit(127);
}

/* Starts one of Postgres' programs in the server's folder, with that file as its input. */
static pid_t run(const struct private_postgres *p, const char *input, const char *const *arguments)
{
	/* Opened by the tests' user: the server's may not be allowed to. */
	int fd = open(input, O_RDONLY | O_CLOEXEC);
	char program[256];
	pid_t pid;

	ck_assert_msg(fd >= 0, "%s", input);
	ck_assert(find_program(arguments[0], program, sizeof(program)));
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		exec_in(p->dir, fd, program, arguments);
	close(fd);
	return pid;
}

static int wait_for_exit(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	return status;
}

void private_postgres_create(struct private_postgres *p)
{
	static const char *const initdb[] = { "initdb", "-D", "data", "-U", "tester", "-A", "trust",
		"-E", "UTF8", "--locale=C", "--no-sync", NULL };
	const struct passwd *user = server_user();

	/* The system's own folder, not TMPDIR: a socket's path must be short, and the server's user
	 * must get there. */
	*p = (struct private_postgres){ .dir = P_tmpdir "/check-postgres-XXXXXX" };
	ck_assert_ptr_nonnull(mkdtemp(p->dir));
	if (user)
		ck_assert_int_eq(chown(p->dir, user->pw_uid, user->pw_gid), 0);
	snprintf(p->url, sizeof(p->url), "postgresql://tester@/postgres?host=%s&port=5432", p->dir);
	ck_assert_int_eq(wait_for_exit(run(p, "/dev/null", initdb)), 0);
	private_postgres_start(p);
}

void private_postgres_start(struct private_postgres *p)
{
	/* No data of a test is worth an fsync. */
	const char *const server[] = { "postgres", "-D", "data", "-k", p->dir, "-c",
		"listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=16MB", NULL };
	struct deadline by = deadline_in(START_MAX_MS);
	struct pg *pg;

	p->pid = run(p, "/dev/null", server);
	ck_assert_int_eq(pg_new(p->url, &pg), STATUS_OK);
	while (pg_ping(pg, by) != STATUS_OK) {
		ck_assert_int_gt(deadline_left_ms(by), 0);
		ck_assert_int_eq(waitpid(p->pid, NULL, WNOHANG), 0);
		clock_sleep_ms(20);
	}
	pg_free(pg);
}

void private_postgres_load(const struct private_postgres *p, const char *file)
{
	const char *const psql[] = { "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-", p->url,
		NULL };

	ck_assert_int_eq(wait_for_exit(run(p, file, psql)), 0);
}

void private_postgres_stop(struct private_postgres *p)
{
	if (p->pid == 0)
		return;
	ck_assert_int_eq(kill(p->pid, SIGINT), 0); /* its fast shutdown */
	(void)wait_for_exit(p->pid);
	p->pid = 0;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
	(void)info;
	(void)kind;
	(void)where;
	return remove(path);
}

void private_postgres_destroy(struct private_postgres *p)
{
	private_postgres_stop(p);
	ck_assert_int_eq(nftw(p->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}
