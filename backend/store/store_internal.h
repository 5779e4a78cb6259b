/*
 * What the files of the store share with each other and with nobody else.
 *
 *   store.c          the data folder: opening, logs that come and go, the end
 *   store_load.c     recovering all logs at a start
 *   store_offsets.c  the checkpoints of offsets
 */
#ifndef STORE_STORE_INTERNAL_H
#define STORE_STORE_INTERNAL_H

#include "store/store.h"

/* Of a file in the data folder: heap. */
char *store_path(const struct store *s, const char *name);
/* From here on the folder is dirty; the boot id says that what this boot finds there is whole. */
int store_mark_dirty(struct store *s, const char *boot) MUSTCHECK;
/* The log is to be looked after from now on. */
void store_adopt(struct store *s, struct plog *log);
/* The name of its file; f is an enum plog_kept. */
const char *store_offsets_name(int f);
/* Init before the files are read, fini with the store. */
void store_offsets_init(struct store *s);
void store_offsets_fini(struct store *s);
/* The files (bits by enum plog_kept) may name a log that is not there. */
void store_offsets_gone(struct store *s, struct str name, unsigned files);
/* Nothing in the files is above what is true of the logs; blocks when something was. */
int store_offsets_lower(struct store *s) MUSTCHECK;
/* Nothing in the files will be taken for a new log of that name. */
int store_offsets_free_name(struct store *s, struct str name) MUSTCHECK;

#endif
