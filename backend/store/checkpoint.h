/*
 * Small files that are replaced as a whole (written aside, synced, renamed): Kafka's offset
 * checkpoints ("0", count, "topic partition offset" lines), meta.properties, partition.metadata.
 */
#ifndef STORE_CHECKPOINT_H
#define STORE_CHECKPOINT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/uuid.h"
#include "base/vec.h"
#include "store/store_io.h"

/* Replaces path with the text through `path.tmp`; durable when sync. ERR_FULL, ERR_IO. */
int checkpoint_replace(
	struct store_io *io, const char *path, struct slice text, bool sync) MUSTCHECK;
/* The folder that path is in: heap. */
char *checkpoint_parent(const char *path);
/* Makes the name of path durable: a sync of the folder it is in. ERR_IO. */
int checkpoint_sync_parent(struct store_io *io, const char *path) MUSTCHECK;
/* Whole file, at most max bytes. ERR_NOT_FOUND, ERR_TOO_BIG, ERR_IO. */
int checkpoint_read(struct store_io *io, const char *path, size_t max, struct buf *out) MUSTCHECK;

struct offset_entry {
	char *topic; /* heap */
	int32_t partition;
	int64_t offset;
};

struct offset_list {
	VEC(struct offset_entry) entries;
};

void offset_list_fini(struct offset_list *l);
/* ERR_CORRUPT, ERR_VERSION: l is empty then. */
int offset_list_parse(struct offset_list *l, struct str text) MUSTCHECK;

/* partition.metadata, in the folder of a partition's log: its path (heap). */
char *partition_metadata_path(const char *dir);
/* As checkpoint_replace. */
int partition_metadata_write(
	struct store_io *io, const char *dir, const struct uuid *topic_id, bool sync) MUSTCHECK;
/* As checkpoint_read; ERR_CORRUPT, ERR_VERSION: the text is no such file's. */
int partition_metadata_read(struct store_io *io, const char *dir, struct uuid *topic_id) MUSTCHECK;

/* meta.properties */
struct meta_properties {
	int32_t node_id;     /* -1: not there */
	char cluster_id[64]; /* "": not there */
	char directory_id[UUID_TEXT];
};
void meta_properties_print(const struct meta_properties *m, struct buf *out);
/* Unknown keys are ignored; a version other than 1 is ERR_VERSION. */
int meta_properties_parse(struct str text, struct meta_properties *out, struct err *e) MUSTCHECK;

/* "orders-2" → topic "orders", partition 2. False: no folder of a partition. topic borrows. */
bool log_dir_parse(struct str name, struct str *topic, int32_t *partition);

#endif
