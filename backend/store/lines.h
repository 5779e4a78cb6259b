/* Reading Kafka's small text files: lines, words and bounded numbers. */
#ifndef STORE_LINES_H
#define STORE_LINES_H

#include "base/bytes.h"

/* Takes the next line from text, without its end. */
struct str lines_next(struct str *text);
/* Takes the next word and the blanks behind it. */
struct str lines_word(struct str *line);
/* A whole decimal number in [lo, hi]. */
bool lines_int(struct str s, int64_t lo, int64_t hi, int64_t *out);
/* The two lines that begin a checkpoint: version 0 and the number of entries. ERR_VERSION,
 * ERR_CORRUPT. */
int lines_begin(struct str *text, int64_t *n) MUSTCHECK;

#endif
