/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target once over each of its seeds, with any compiler: main() for builds without
 * libFuzzer. It invents no input; a crash is a failed test. */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* More than any seed has. */
#define SEED_MAX ((size_t)1 << 20)

/* Runs one file; false if it cannot be read. */
static bool run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(SEED_MAX), *exact = NULL;
	bool ok = false;
	size_t size;

	if (!file || !data)
		goto out;
	size = fread(data, 1, SEED_MAX, file);
	if (ferror(file) || size == SEED_MAX)
		goto out;
	/* In memory of exactly its size, so that a sanitizer sees a read past the end. */
	exact = malloc(size > 0 ? size : 1);
	if (!exact)
		goto out;
	memcpy(exact, data, size);
	LLVMFuzzerTestOneInput(exact, size);
	ok = true;
out:
	if (!ok)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	if (file)
		fclose(file);
	free(data);
	free(exact);
	return ok;
}

/* Runs all files of a folder; their number, or -1. */
static int run_folder(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	int count = 0;

	if (!folder) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	while (count >= 0 && (entry = readdir(folder)) != NULL) {
		char file[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		count = run_file(file) ? count + 1 : -1;
	}
	closedir(folder);
	return count;
}

/* The seeds of fuzz_NAME are in tests/fuzz/seeds/NAME under the source folder, which make check
 * gives as $srcdir. */
static int run_own_seeds(void)
{
	const char *source = getenv("srcdir"), *name = program_invocation_short_name;
	char folder[4096];

	if (strncmp(name, "fuzz_", 5) == 0)
		name += 5;
	snprintf(folder, sizeof(folder), "%s/tests/fuzz/seeds/%s", source ? source : ".", name);
	return run_folder(folder);
}

int main(int argc, char **argv)
{
	int total = 0;

	if (argc == 1)
		total = run_own_seeds();
	for (int i = 1; i < argc && total >= 0; i++) {
		struct stat about;
		int count = -1;

		if (stat(argv[i], &about) == 0 && S_ISDIR(about.st_mode))
			count = run_folder(argv[i]);
		else if (run_file(argv[i]))
			count = 1;
		total = count < 0 ? -1 : total + count;
	}
	printf("%d seeds\n", total);
	return total > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
