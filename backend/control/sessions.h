/*
 * Which brokers the controller hears from. A broker's session ends when nothing came for the
 * session's time; when its connection was closed, after a short grace; when it is known to be
 * dead, at once. A new controller, which has no connections yet, gives every broker the grace to
 * connect.
 *
 * Times are milliseconds of one monotonic clock, which the caller tells.
 */
#ifndef CONTROL_SESSIONS_H
#define CONTROL_SESSIONS_H

#include "base/vec.h"
#include "meta/image.h"

struct sessions_settings {
	int64_t session_ms; /* broker.session.timeout.ms */
	int64_t grace_ms;   /* kdeck.broker.grace.ms */
};

struct session {
	int32_t broker;
	int64_t heard_ms; /* last sign of life; when its connection was closed, that; -1: none */
	int64_t due_ms;   /* INT64_MAX: it has no session */
};

struct sessions {
	struct sessions_settings set;
	VEC(struct session) list; /* by broker */
};

void sessions_init(struct sessions *s, const struct sessions_settings *set);
void sessions_fini(struct sessions *s);

/* This node has become the controller: every broker that is not fenced has the grace to connect. */
void sessions_begin(struct sessions *s, const struct image *img, int64_t now_ms);
/* It is no longer: nobody has a session. */
void sessions_end(struct sessions *s);

/* A heartbeat, or a registration. */
void sessions_heard(struct sessions *s, int32_t broker, int64_t now_ms);
/* The connection its heartbeats came by was closed. No effect without a session. */
void sessions_closed(struct sessions *s, int32_t broker, int64_t now_ms);
/* Nobody answers at its address: due at once. No effect without a session. */
void sessions_dead(struct sessions *s, int32_t broker, int64_t now_ms);
/* It is fenced or gone: the session is over. */
void sessions_drop(struct sessions *s, int32_t broker);

/* When the next session ends; INT64_MAX: none will. */
int64_t sessions_next(const struct sessions *s);
/* Ids whose session is over, at most max; they stay due until sessions_drop or sessions_heard. */
int32_t sessions_due(const struct sessions *s, int64_t now_ms, int32_t *ids, int32_t max);
bool sessions_is_due(const struct sessions *s, int32_t broker, int64_t now_ms);
/* The last sign of life, -1: none seen. */
int64_t sessions_heard_ms(const struct sessions *s, int32_t broker);

#endif
