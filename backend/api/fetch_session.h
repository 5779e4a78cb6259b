/*
 * Fetch sessions (KIP-227): the partitions that a client or follower fetches again and again are
 * kept here, so that its requests and our answers name only what has changed. At most `slots`
 * sessions, and FETCH_SESSION_PARTS partitions in all of them; who finds no room fetches without.
 *
 * A session may have many thousand partitions, of which a few move: those that may have something
 * to tell are in `live`, and only they are looked at. One leaves it when it has nothing, and comes
 * back when its partition moves or a request names it.
 *
 *   room: the session that was not used for longest gives way when that is FETCH_SESSION_IDLE_MS
 *   ago, to a follower also earlier, when it is a consumer's
 */
#ifndef API_FETCH_SESSION_H
#define API_FETCH_SESSION_H

#include "base/chain.h"
#include "base/random.h"
#include "delay/delay.h"
#include "repl/repl.h"

#define FETCH_SESSION_PARTS   200000
#define FETCH_SESSION_IDLE_MS 120000

struct fetch;

/* One partition that is fetched. */
struct fetch_part {
	struct list_node node; /* of the session's */
	struct list_node live; /* of the session's that are, or of the fetch's when there is none */
	struct fetch_session *session; /* NULL: none */
	struct str name;               /* owned by a session; null with topic ids */
	struct uuid id;
	int32_t index;
	/* as asked last */
	int32_t epoch, last_epoch, max_bytes;
	int64_t offset, log_start;
	/* as answered last; -1: not, or with an error */
	int64_t told_high, told_start;
	struct partition *partition; /* with a reference; NULL: not looked up, or none */
	int16_t refused;             /* what the follower's position was answered */
	uint64_t warm;               /* the read-ahead that was begun for it; 0: none */
	size_t warm_bytes;
	struct delay_watch watch; /* in a session it stays */
	struct delay_watch high;  /* of a follower's session: its high watermark */
	struct chain records;     /* of an answer being made */
};

struct fetch_session {
	int32_t id;
	int32_t epoch; /* of the next request */
	bool follower, by_id;
	int64_t used_ms;
	struct list_node node; /* least recently used first */
	/* of the last request */
	bool committed_only;
	int32_t replica;
	struct list parts, live;
	struct map by_key;
	size_t n_parts;
	struct fetch *fetch; /* not answered yet; such a session stays */
};

struct fetch_sessions;

struct fetch_sessions *fetch_sessions_new(int32_t slots);
/* No fetch may be open. NULL is allowed. */
void fetch_sessions_free(struct fetch_sessions *s);
size_t fetch_sessions_count(const struct fetch_sessions *s);

/* NULL: no room for another, or for n partitions. */
struct fetch_session *fetch_session_new(struct fetch_sessions *s, struct rng *rng, bool follower,
	bool by_id, size_t n, int64_t now_ms);
/* NULL: there is none of that id. */
struct fetch_session *fetch_session_find(const struct fetch_sessions *s, int32_t id);
/* It is used now. */
void fetch_session_touch(struct fetch_sessions *s, struct fetch_session *f, int64_t now_ms);
void fetch_session_free(struct fetch_sessions *s, struct fetch_session *f);

/* The partition, made when the session has it not; name counts when the session is not by id.
 * NULL: there is no room for more. */
struct fetch_part *fetch_session_part(struct fetch_sessions *s, struct fetch_session *f,
	struct str name, const struct uuid *id, int32_t index);
/* No effect when it has none such. */
void fetch_session_forget(struct fetch_sessions *s, struct fetch_session *f, struct str name,
	const struct uuid *id, int32_t index);

/* It may have something to tell. */
void fetch_part_stir(struct fetch_part *p);
/* All are looked up anew. */
void fetch_session_begin_anew(struct fetch_session *f);
/* It has nothing to tell until it is stirred. */
void fetch_part_rest(struct fetch_part *p);
/* Ends what it watches and lets go of the partition. */
void fetch_part_drop(struct fetch_part *p);

/* For parts that are in no session. */
void fetch_part_init(struct fetch_part *p);
void fetch_part_fini(struct fetch_part *p);

#endif
