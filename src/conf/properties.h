/*
 * Java's .properties files, read as java.util.Properties reads them: blank lines, comments (# and
 * !), lines continued by an odd number of backslashes, key and value separated by =, : or blanks,
 * the escapes \t \n \r \f \uXXXX, any other escaped character standing for itself. White space at
 * the end of a value belongs to it.
 *
 * Keys and values come out as UTF-8. A file that is valid UTF-8 is taken as such; any other is
 * taken as ISO 8859-1, as Java does.
 */
#ifndef CONF_PROPERTIES_H
#define CONF_PROPERTIES_H

#include "base/buf.h"
#include "base/err.h"

#define PROPERTIES_MAX_BYTES ((size_t)1 << 20)

/* One entry in the order of the file; line is that of its first character. The strings are followed
 * by a NUL and die when the call returns. A negative result ends the parse and is passed on; the
 * callee has set e itself. */
typedef int properties_fn(void *arg, struct str key, struct str value, int line);

/* file is a name for messages ("server.properties:12: …"). ERR_INVALID: a broken \u escape or a
 * NUL; ERR_TOO_BIG: more than PROPERTIES_MAX_BYTES. */
int properties_parse(
	struct slice text, const char *file, properties_fn *fn, void *arg, struct err *e) MUSTCHECK;
/* Also ERR_IO (cannot be read) with path and reason. */
int properties_read(const char *path, properties_fn *fn, void *arg, struct err *e) MUSTCHECK;

/* Appends "key=value\n", escaped so that every reader of .properties gives back the same. */
void properties_write(struct buf *out, struct str key, struct str value);

#endif
