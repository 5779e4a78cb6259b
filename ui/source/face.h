/*
 * The HTTP faces of this machine's brokers: what they tell of elections, ISR, brokers and
 * controllers (/events), the faults that hold (/faults), and why one does not serve (/health).
 * Private to ui/source.
 */
#ifndef SOURCE_FACE_H
#define SOURCE_FACE_H

#include "base/vec.h"
#include "http/http.h"

struct cluster_source;

#define FACE_CUT_MAX 64

/* What was done to a broker on purpose, as it says. */
struct face_faults {
	int32_t cut[FACE_CUT_MAX];
	size_t n_cut;
	int32_t delay_ms, slow_disk_ms;
	bool full_disk, stop_serving;
};

/* One kind of question to one face. */
struct face_ask {
	int64_t id; /* of the one under way, 0: none */
	int64_t due_ms;
};

struct face {
	struct cluster_source *s;
	int32_t broker;
	char *url;
	struct face_ask events, faults, health;
	int64_t after;                       /* the last event that it told */
	int64_t told_ms;                     /* when it answered last */
	bool takes_faults, lacks_controller; /* as it said last */
	bool doubted;                        /* others are asked what the cluster is like */
	bool heard;                          /* it has said whether it serves, or does not answer */
	struct face_faults now;
};

struct faces {
	struct http *http; /* made with the first face */
	VEC(struct face *) v;
	int64_t began_ms; /* wall: what happened before is not told */
};

void faces_init(struct cluster_source *s);
void faces_fini(struct cluster_source *s);
/* Asks what is due, of the brokers that run here; returns the next due time. */
int64_t faces_run(struct cluster_source *s);
/* All that there are. */
bool faces_heard(const struct cluster_source *s);
/* NULL: it has none. */
struct face *face_find(struct cluster_source *s, int32_t broker);
/* It keeps that broker away on purpose. */
bool face_cuts(const struct face *f, int32_t broker);
/* Events of a face, whose answer body is. Returns how many were new. */
size_t face_take_events(struct face *f, struct slice body);

#endif
