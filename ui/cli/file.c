/* Files that options name. */
#include "cli/impl.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MAX_FILE = 16 << 20 };

int cli_read_file(struct cli *c, const char *path, struct buf *out)
{
	FILE *f = strcmp(path, "-") != 0 ? fopen(path, "re") : stdin;
	size_t n = 0;
	bool bad;

	if (!f)
		return cli_fail(c, "%s: %s", path, strerror(errno));
	do {
		n = fread(buf_reserve(out, 65536), 1, 65536, f);
		buf_extend(out, n);
	} while (n > 0 && out->n <= MAX_FILE);
	bad = ferror(f);
	if (f != stdin)
		fclose(f);
	if (bad || out->n > MAX_FILE)
		return cli_fail(c, "%s: %s", path, bad ? "cannot be read" : "longer than 16 MiB");
	return CLI_OK;
}
