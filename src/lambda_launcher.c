/* SPDX-License-Identifier: MIT */
/* What AWS Lambda starts as "bootstrap": a program without libraries that starts the real one with
 * the C library and the loader that came with it in the same archive. So neither the host's C
 * library, which may be older, nor anything else of the host is needed. Nothing is in it but that.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/* Where things are beside this program; scripts/aws/package-lambda puts them there. */
#define LOADER "lib/ld-linux-x86-64.so.2"
#define LIBRARIES "lib"
#define PROGRAM "libexec/bootstrap"
#define CERTIFICATES "lib/ca-certificates.crt"
/* Where Lambda unpacks an archive, unless LAMBDA_TASK_ROOT says otherwise. */
#define TASK_ROOT "/var/task"
/* The loader, --inhibit-cache, --library-path DIR, --argv0 NAME, the program, and the NULL. */
#define WORDS 8
#define ARGUMENTS_MAX 64

/* The folder this program is in, with a slash at the end: from /proc where that is mounted, else
 * from the name it was started by, if that is a path. */
static void find_folder(const char *name, char folder[PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", folder, PATH_MAX - 1);
	const char *root = getenv("LAMBDA_TASK_ROOT");
	char *slash;

	if (len > 0)
		folder[len] = '\0';
	else if (name && strchr(name, '/') && strlen(name) < PATH_MAX)
		memcpy(folder, name, strlen(name) + 1);
	else
		snprintf(folder, PATH_MAX, "%s/", root && *root ? root : TASK_ROOT);
	slash = strrchr(folder, '/');
	if (slash)
		slash[1] = '\0';
}

static void join(char out[PATH_MAX], const char *folder, const char *name)
{
	if (snprintf(out, PATH_MAX, "%s%s", folder, name) < PATH_MAX)
		return;
	(void)fputs("bootstrap: the path of its folder is too long\n", stderr);
	exit(EX_CONFIG);
}

int main(int argc, char **argv)
{
	static char folder[PATH_MAX], loader[PATH_MAX], libraries[PATH_MAX];
	static char program[PATH_MAX], certificates[PATH_MAX];
	char *words[WORDS + ARGUMENTS_MAX] = { NULL };
	int count = 0;

	find_folder(argc > 0 ? argv[0] : NULL, folder);
	join(loader, folder, LOADER);
	join(libraries, folder, LIBRARIES);
	join(program, folder, PROGRAM);
	join(certificates, folder, CERTIFICATES);
	/* The path that libcurl was built with is Debian's. What an operator set stays. */
	if (setenv("SSL_CERT_FILE", certificates, 0) != 0 || argc > ARGUMENTS_MAX) {
		(void)fputs("bootstrap: too many arguments, or no memory\n", stderr);
		return EX_USAGE;
	}
	words[count++] = loader;
	words[count++] = "--inhibit-cache"; /* that lists the host's libraries */
	words[count++] = "--library-path";
	words[count++] = libraries;
	words[count++] = "--argv0";
	words[count++] = argc > 0 ? argv[0] : "bootstrap";
	words[count++] = program;
	for (int i = 1; i < argc; i++)
		words[count++] = argv[i];
	(void)execv(loader, words);
	perror(loader);
	return EX_UNAVAILABLE;
}
