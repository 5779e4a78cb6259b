/*
 * Prometheus' text format, version 0.0.4: a family is its help, its type and its samples, together
 * and once. The writer sees to the form; names are the caller's and must be valid.
 */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include "base/buf.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct metrics {
	struct buf *out; /* borrowed */
	const char *name;
	const char *suffix; /* of the sample: "_bucket" … */
	int n_labels;
};

/* Begins a family. type: "counter", "gauge", "histogram". */
void metrics_family(struct metrics *m, const char *name, const char *type, const char *help);
/* Labels of the next sample, before its value. */
void metrics_label(struct metrics *m, const char *name, struct str value);
void metrics_label_int(struct metrics *m, const char *name, int64_t value);
/* Ends the sample. */
void metrics_value(struct metrics *m, int64_t v);
void metrics_seconds(struct metrics *m, int64_t us);
/* A family of one sample without labels. */
void metrics_one(
	struct metrics *m, const char *name, const char *type, const char *help, int64_t v);
/* "_bucket", "_sum" or "_count" for the next sample. */
void metrics_part(struct metrics *m, const char *suffix);

#endif
