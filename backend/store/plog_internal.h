/* What the files of plog share with each other and with nobody else. */
#ifndef STORE_PLOG_INTERNAL_H
#define STORE_PLOG_INTERNAL_H

#include "store/plog.h"

static inline struct segment *plog_active(const struct plog *log)
{
	return *vec_last(&log->segments);
}

/* The log takes no more writes; says why, once. */
void plog_fail(struct plog *log, const char *what);
/* leader-epoch-checkpoint: its path (heap); writes it, durable with sync, else with a flush. */
char *plog_epochs_path(const struct plog *log);
int plog_save_epochs(struct plog *log, bool sync) MUSTCHECK;
/* The folder of a fresh log and its partition.metadata are on the disk afterwards. */
int plog_sync_fresh(struct plog *log) MUSTCHECK;
/* While the log is being cut there is a file of this name: a process that dies meanwhile leaves a
 * cut that may not be on the disk, and the next one makes sure of it before anything is appended.
 */
#define PLOG_CUT_MARK "cut-under-way"
/* All of the cut is on the disk. */
void plog_unmark_cut(struct plog *log);
/* A new active segment whose first offset will be base. */
int plog_roll_at(struct plog *log, int64_t base) MUSTCHECK;
/* The first n segments leave the log: renamed now, unlinked after the delay. */
int plog_drop_first(struct plog *log, size_t n) MUSTCHECK;
/* Segment i leaves the log at once. */
void plog_remove_segment(struct plog *log, size_t i);
/* Index of the segment that holds or follows offset. */
size_t plog_segment_at(const struct plog *log, int64_t offset);
/* Has the store look at the log regularly until plog_has_work says no. */
void plog_watch(struct plog *log);
/* The topic asks for syncs beside those of rolling and stopping. */
static inline bool plog_syncs_itself(const struct plog *log)
{
	return log->config.flush_ms != INT64_MAX || log->config.flush_messages != INT64_MAX;
}
/* The remembered batch that holds or follows offset. */
bool plog_find_in_tail(
	const struct plog *log, const struct segment *s, int64_t offset, struct plog_tail *out);
/* Recomputes size and leo from the segments. */
void plog_recount(struct plog *log);
int plog_offset_cmp(const void *a, const void *b);
/* The producers' snapshot at that offset goes; those of offsets behind end: they would count again
 * when the log has grown there anew. */
void plog_forget_snapshot(struct plog *log, int64_t offset);
int plog_forget_snapshots(struct plog *log, int64_t end) MUSTCHECK;
/* Rebuilds the producers from the newest snapshot and the batches behind it; epochs too when
 * all_epochs. */
int plog_rebuild_producers(struct plog *log, bool all_epochs) MUSTCHECK;

#endif
