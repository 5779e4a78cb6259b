/* What store.c and store_offsets.c share with each other and with nobody else. */
#ifndef STORE_STORE_INTERNAL_H
#define STORE_STORE_INTERNAL_H

#include "store/store.h"

/* The name of its file. */
const char *store_offsets_name(enum plog_kept which);
/* Init before the files are read, fini with the store. */
void store_offsets_init(struct store *s);
void store_offsets_fini(struct store *s);
/* The files (bits by enum plog_kept) may name a log that is not there. */
void store_offsets_gone(struct store *s, struct str name, unsigned files);
/* Nothing in the files is above what is true of the logs; blocks when something was. */
int store_offsets_lower(struct store *s) MUSTCHECK;
/* Nothing in the files will be taken for a new log of that name. */
int store_offsets_free_name(struct store *s, struct str name) MUSTCHECK;
/* The store's plog_keeper. */
int store_keep(struct plog_keeper *k, struct plog *log);

#endif
