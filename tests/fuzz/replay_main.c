/*
 * Stands in for libFuzzer where the check runs: feeds every file of the folders named on the
 * command line (else seeds/NAME beside this source, NAME being the program's without "fuzz_") to
 * the target, and every prefix of it, and prints TAP. A target that finds something wrong aborts.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define SEED_MAX   ((size_t)1 << 20)
#define PREFIX_MAX 4096 /* longer seeds are cut at this many places */

static int n_tests;

static int not_ok(const char *path)
{
	printf("not ok %d - %s: %s\n", ++n_tests, path, strerror(errno));
	return -1;
}

/* The input lies in memory of exactly its size, so that a sanitizer sees a read behind it. */
static void feed(const uint8_t *p, size_t n)
{
	uint8_t *exact = malloc(n ? n : 1);
	if (!exact)
		abort();
	memcpy(exact, p, n);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
}

static void feed_prefixes(const uint8_t *p, size_t n)
{
	size_t step = n / PREFIX_MAX + 1;
	for (size_t cut = 0; cut < n; cut += step)
		feed(p, cut);
	feed(p, n);
}

static int replay_file(const char *path)
{
	static uint8_t bytes[SEED_MAX];
	FILE *f = fopen(path, "rb");
	if (!f)
		return not_ok(path);
	size_t n = fread(bytes, 1, sizeof(bytes), f);
	int bad = ferror(f);
	fclose(f);
	if (bad)
		return not_ok(path);
	feed_prefixes(bytes, n);
	printf("ok %d - %s, %zu bytes\n", ++n_tests, path, n);
	fflush(stdout);
	return 0;
}

static int replay_folder(const char *folder)
{
	struct dirent **names;
	int n = scandir(folder, &names, NULL, alphasort);
	if (n < 0)
		return not_ok(folder);
	int rc = 0;
	for (int i = 0; i < n; i++) {
		char path[4096];
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		if (names[i]->d_name[0] != '.' && replay_file(path) != 0)
			rc = -1;
		free(names[i]);
	}
	free(names);
	return rc;
}

static int replay_own(const char *program)
{
	const char *name = strrchr(program, '/');
	const char *top = getenv("top_srcdir");
	name = name ? name + 1 : program;
	if (strncmp(name, "fuzz_", 5) == 0)
		name += 5;
	char folder[4096];
	snprintf(folder, sizeof(folder), "%s/tests/fuzz/seeds/%s", top ? top : ".", name);
	return replay_folder(folder);
}

int main(int argc, char **argv)
{
	int rc = argc < 2 ? replay_own(argv[0]) : 0;
	for (int i = 1; i < argc; i++)
		if (replay_folder(argv[i]) != 0)
			rc = -1;
	if (n_tests == 0) {
		printf("not ok 1 - no seeds found\n");
		n_tests = 1;
		rc = -1;
	}
	printf("1..%d\n", n_tests);
	return rc == 0 ? 0 : 1;
}
