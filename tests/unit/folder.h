/* A folder of its own for a test. */
#ifndef TEST_FOLDER_H
#define TEST_FOLDER_H

#include <stdbool.h>

enum { FOLDER_MAX = 256 };

/* Makes an empty folder under $TMPDIR, else /tmp. False, with a word on stderr, when it cannot. */
bool folder_make(char path[static FOLDER_MAX]);
/* With all that is in it; 0, or -1 when something stays. */
int folder_remove(const char *path);

#endif
