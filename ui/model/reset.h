/*
 * What a reset of a group's offsets does to one partition, worked out from what is committed and
 * where the log begins and ends; the rules are those of kafka-consumer-groups.sh. Pure: asking the
 * cluster and committing are done elsewhere.
 */
#ifndef MODEL_RESET_H
#define MODEL_RESET_H

#include "base/buf.h"

struct arena;
struct offset_commit_request;

enum reset_to {
	RESET_EARLIEST,
	RESET_LATEST,
	RESET_CURRENT,  /* where it is: what was never committed goes to the end */
	RESET_OFFSET,   /* at: an offset */
	RESET_SHIFT,    /* at: so many records on, or back when below 0 */
	RESET_DURATION, /* at: ms back from now */
	RESET_TIME,     /* at: ms since 1970 */
	RESET_TO_COUNT,
};

struct reset_spec {
	const char *group;
	const char *topic; /* NULL: every topic that the group has committed in */
	int32_t partition; /* -1: all */
	enum reset_to to;
	int64_t at;
};

/* Why a partition does not go where it was sent. */
enum reset_clamp {
	RESET_FITS,
	RESET_TOO_LOW,   /* before the log: its start */
	RESET_TOO_HIGH,  /* behind the log: its end */
	RESET_TOO_YOUNG, /* no record is as young: the end */
};

/* What a reset does to one partition. */
struct reset_row {
	struct str topic;
	int32_t partition;
	int64_t now;        /* committed, -1: never */
	int64_t start, end; /* of the log */
	int64_t by_time;    /* first record from the moment asked for on; -1: none */
	int64_t asked;      /* where it was sent, may lie outside the log */
	int64_t to;         /* start <= to <= end, but with RESET_CURRENT */
	uint8_t clamp;      /* enum reset_clamp */
};

/* Why nothing can be set while somebody reads: "group g has 2 members (a, b): stop them first". */
void reset_put_members(
	struct buf *out, const char *group, const struct str *names, size_t n_members);
/* Is the place by time needed? */
bool reset_by_time(enum reset_to to);
/* The moment that by_time is about, in ms since 1970, never below 0. */
int64_t reset_moment(enum reset_to to, int64_t at, int64_t wall_ms);
/* Fills in asked, to and clamp from the rest. False: nothing is committed, so there is nothing to
 * shift. */
bool reset_work_out(struct reset_row *row, enum reset_to to, int64_t at) MUSTCHECK;
/* "offset 1000 is higher than the end of the log: set to 420", "no record is as young: set to its
 * end, 420"; nothing where it fits. */
void reset_put_clamp(struct buf *out, const struct reset_row *row);

/* What it means for whoever reads next; what is gone from the log is counted in neither. */
struct reset_effect {
	int64_t again;   /* records read before that will be read again */
	int64_t skipped; /* records that will not be read */
	int64_t fresh;   /* nothing was committed: records to be read from there on; else -1 */
};
struct reset_effect reset_effect(const struct reset_row *row);
/* "12 to be read again", "3 to be skipped", "7 to be read", "none" */
void reset_put_effect(struct buf *out, const struct reset_row *row);

/* The request that commits what rows say, with no metadata; made in the arena, rows lent. */
void reset_fill_commit(struct offset_commit_request *q, struct arena *a, struct str group,
	const struct reset_row *rows, size_t n);

/* "to the earliest record", "5 records back", "to offset 7", "to 2 h 30 m ago" */
void reset_put_words(struct buf *out, enum reset_to to, int64_t at);
/* The option of kdeck groups that says where to: "to-offset". */
const char *reset_to_option(enum reset_to to);
/* With its value: "--to-offset 7", "--by-duration PT2H30M". */
void reset_put_option(struct buf *out, enum reset_to to, int64_t at);
/* The command that does the same. */
void reset_put_command(struct buf *out, const struct reset_spec *spec);

#endif
