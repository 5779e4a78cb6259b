/* See folder.h. */
#include "folder.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

bool folder_make(char path[static FOLDER_MAX])
{
	const char *tmp = getenv("TMPDIR");
	int n = snprintf(path, FOLDER_MAX, "%s/kdeck-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");

	if (n < FOLDER_MAX && mkdtemp(path))
		return true;
	perror(path);
	return false;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

int folder_remove(const char *path)
{
	return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
