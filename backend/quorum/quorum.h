/*
 * Consensus on the metadata log: KRaft's rules (KIP-595, KIP-996) as a state machine that knows
 * bytes, offsets and epochs, never what a record means. No clock, socket, disk or thread: the owner
 * tells the time with every call and does what `struct quorum_ops` asks.
 *
 *   start --> UNATTACHED --time-out--> PROSPECTIVE --majority--> CANDIDATE --majority--> LEADER
 *              ^     |                  |      ^     pre-votes       |                    |
 *              |     |                  |      +------time-out-------+              resign, no
 *              |     |                  |                                            majority
 *              +--time-out, not chosen--+                                                v
 *                    |                                                               RESIGNED
 *                    +--a leader is known--> FOLLOWER --time-out--> PROSPECTIVE
 *
 *   from any of them: a later epoch --> UNATTACHED; with its leader --> FOLLOWER. A pre-vote bumps
 *   nothing, but it names the epoch of who asks. A node without a vote: OBSERVER, for ever
 *
 * Invariants
 *   - at most one vote an epoch, on disk before it is answered
 *   - the leader's log is only appended to; a follower truncates only above what it knows committed
 *   - the high watermark moves only to offsets of the leader's own epoch that a majority has
 * synced, and never back
 *   - what a voter fetched counts when it asks for the next offset: it syncs before it asks
 *
 * A voter that lost its folder has forgotten votes and records that others count on; the voters are
 * fixed, so it cannot come back under another name (KIP-853 has directory ids for that). A majority
 * with its former self may stand without it now, and the next one must not. So, while fresh:
 *   - it grants only where every voter must agree: any that knows more than the candidate objects
 *   - it fetches, which acknowledges, only once every other voter has told its epoch, and only from
 *     a leader of the highest or a later one. A leader that the rest has left (cut off, and not yet
 *     resigned) gets no majority out of it: the majority that went on has a member who tells. All,
 *     since the one who is not asked may be the one who had its vote
 *   - it is fresh until its log has all that its leader knows committed, in the leader's own epoch:
 *     that includes whatever the former self acknowledged
 * It waits for as long as one of the others is away: then two are missing, which three cannot bear.
 */
#ifndef QUORUM_QUORUM_H
#define QUORUM_QUORUM_H

#include "base/err.h"
#include "base/random.h"
#include "base/uuid.h"
#include "quorum/state.h"

#define QUORUM_MAX_VOTERS    7
#define QUORUM_MAX_OBSERVERS 256
#define QUORUM_NOBODY        (-1)

enum quorum_role {
	QUORUM_UNATTACHED,
	QUORUM_PROSPECTIVE,
	QUORUM_CANDIDATE,
	QUORUM_LEADER,
	QUORUM_FOLLOWER,
	QUORUM_OBSERVER,
	QUORUM_RESIGNED,
};

/* One word, lower case. Static storage. */
const char *quorum_role_name(enum quorum_role r);

struct quorum_vote_request {
	bool new_cluster; /* ClusterId null: only the votes of all voters make it leader */
	int32_t voter;    /* whom it asks */
	int32_t candidate;
	struct uuid candidate_dir;
	int32_t epoch;
	int32_t last_epoch;
	int64_t last_offset; /* log end offset */
	bool pre_vote;
};

struct quorum_vote_response {
	int16_t error; /* Kafka's code */
	int32_t leader;
	int32_t epoch;
	bool granted;
	bool pre_vote; /* of the request; not on the wire */
};

struct quorum_begin_request {
	int32_t leader;
	int32_t epoch;
};

struct quorum_end_request {
	int32_t leader;
	int32_t epoch;
	int32_t successors[QUORUM_MAX_VOTERS]; /* most caught up first */
	int32_t n_successors;
};

/* The answer to BeginQuorumEpoch and EndQuorumEpoch. */
struct quorum_epoch_response {
	int16_t error;
	int32_t leader;
	int32_t epoch;
};

struct quorum_fetch_request {
	int32_t replica;
	struct uuid replica_dir;
	int32_t epoch; /* CurrentLeaderEpoch */
	int64_t offset;
	int32_t last_fetched_epoch;
	int64_t high_watermark; /* as this replica knows it; -1: not known (KIP-1166) */
};

/* The part of a Fetch answer that consensus decides; records are the log's business. */
struct quorum_fetch_response {
	int16_t error;
	int32_t leader;
	int32_t epoch;
	int64_t high_watermark;
	int32_t diverging_epoch; /* -1: the logs agree up to the asked offset */
	int64_t diverging_end;
	bool snapshot; /* offset lies before the log's start: fetch the snapshot first */
};

/*
 * What quorum needs of the world; all members are required. Calls that return int give 0 or a
 * negative enum err; a failed persist or append makes the node resign or keep silent, never lie.
 */
struct quorum_ops {
	/* On disk, synced, when it returns 0. */
	int (*persist)(void *arg, const struct quorum_state *s);
	int64_t (*log_start)(void *arg);
	int64_t (*log_end)(void *arg);
	int32_t (*last_epoch)(void *arg); /* of the last record; 0: empty log */
	/* The largest epoch in the log <= epoch and where it ends; (-1, -1): there is none. */
	void (*epoch_end)(void *arg, int32_t epoch, int32_t *found, int64_t *end);
	/* Drops everything from offset on. */
	int (*truncate)(void *arg, int64_t offset);
	/* One control batch LeaderChange at the end of the log; quorum_on_log() reports its sync.
	 */
	int (*append_leader_change)(void *arg, int32_t epoch, int32_t leader, const int32_t *voters,
		int n_voters, const int32_t *granting, int n_granting);
	/* Sends; the answer comes back by quorum_on_*_response or not at all. */
	void (*send_vote)(void *arg, int32_t to, const struct quorum_vote_request *r);
	void (*send_begin)(void *arg, int32_t to, const struct quorum_begin_request *r);
	void (*send_end)(void *arg, int32_t to, const struct quorum_end_request *r);
	void (*send_fetch)(void *arg, int32_t to, const struct quorum_fetch_request *r);
	/* Told after each change of role, epoch or known leader. */
	void (*changed)(void *arg, enum quorum_role role, int32_t epoch, int32_t leader);
	/* Told after each advance: everything below hw is committed. */
	void (*committed)(void *arg, int64_t hw);
};

struct quorum_settings {
	int32_t id;
	struct uuid dir;
	int32_t voters[QUORUM_MAX_VOTERS]; /* fixed when the cluster is made */
	int32_t n_voters;                  /* 0: an observer that has yet to ask who they are */
	/* The folder was formatted just now: what it promised before, if there was a before, is
	 * lost. The owner says so at every start until `fresh` has gone. */
	bool new_voter;
	int64_t election_timeout_ms; /* controller.quorum.election.timeout.ms, 1000 */
	int64_t fetch_timeout_ms;    /* controller.quorum.fetch.timeout.ms, 2000 */
	int64_t election_backoff_ms; /* controller.quorum.election.backoff.max.ms, 1000 */
	int64_t request_timeout_ms;  /* controller.quorum.request.timeout.ms, 2000 */
	int64_t retry_ms;            /* controller.quorum.retry.backoff.ms, 20 */
};

struct quorum_replica {
	int32_t id;
	struct uuid dir;
	int64_t end_offset;    /* -1: not known */
	int64_t last_fetch_ms; /* -1: never */
	int64_t last_caught_up_ms;
	int64_t begin_at_ms; /* when to tell it of the epoch (again); -1: it knows */
};

struct quorum_vote {
	bool asked, answered, granted;
	int64_t retry_at_ms;
};

struct quorum {
	const struct quorum_ops *ops;
	void *arg;
	struct quorum_settings set;
	struct rng rng;
	struct quorum_state state; /* as on disk */
	enum quorum_role role;
	int32_t leader; /* QUORUM_NOBODY: unknown */
	int64_t now_ms;
	int64_t high_watermark; /* -1: unknown */
	int64_t synced;         /* end of the own log that survives a crash */
	int64_t leader_hw;      /* as the leader said with the records that are being synced */
	int64_t epoch_start;    /* leader: offset of its LeaderChange */
	bool voter;
	bool fresh;                  /* a voter without a past; see below */
	bool met[QUORUM_MAX_VOTERS]; /* fresh: these voters told their epoch, by index of voters */
	int32_t met_epoch;           /* fresh: the highest of those */
	bool met_fresh;              /* another voter without a past has asked for votes */
	bool unanimous;              /* the election at hand is one of those */
	int64_t deadline_ms;  /* election, fetch or quorum time-out by role; INT64_MAX: none */
	int64_t led_since_ms; /* leader: start of its term */
	int64_t heard_ms;     /* follower: last word of the leader itself; -1: never or cut off */
	bool fetch_in_flight;
	bool append_pending; /* records were taken and are not yet synced */
	int64_t fetch_at_ms; /* next fetch at the earliest */
	int64_t fetch_sent_ms;
	int32_t fetch_target; /* observer without a leader: index of the voter asked next */
	int elections;        /* lost in a row; spreads the back-off */
	struct quorum_vote votes[QUORUM_MAX_VOTERS];
	struct quorum_replica replicas[QUORUM_MAX_VOTERS]; /* by index of set.voters */
	struct quorum_replica observers[QUORUM_MAX_OBSERVERS];
	int n_observers;
};

/*
 * From the state on disk (NULL: there was none) at time now. ERR_INVALID with a message: the
 * settings or the state cannot be (vote for a stranger, an id twice, epoch below the log's).
 */
int quorum_init(struct quorum *q, const struct quorum_settings *set, const struct quorum_ops *ops,
	void *arg, const struct quorum_state *state, uint64_t seed, int64_t now_ms,
	struct err *e) MUSTCHECK;

/* A voter without a past (`fresh`) goes on only when the i-th of the settings' voters has told its
 * epoch, and it has not yet. */
bool quorum_waits_for(const struct quorum *q, int i);

/* Begins: a single voter leads when this returns. Records on disk count as synced. */
void quorum_start(struct quorum *q, int64_t now_ms);

/* Runs what is due. Returns when to call again at the latest (INT64_MAX: no need). */
int64_t quorum_tick(struct quorum *q, int64_t now_ms);

void quorum_on_vote(struct quorum *q, const struct quorum_vote_request *r,
	struct quorum_vote_response *out, int64_t now_ms);
void quorum_on_vote_response(
	struct quorum *q, int32_t from, const struct quorum_vote_response *r, int64_t now_ms);
void quorum_on_begin(struct quorum *q, const struct quorum_begin_request *r,
	struct quorum_epoch_response *out, int64_t now_ms);
void quorum_on_begin_response(
	struct quorum *q, int32_t from, const struct quorum_epoch_response *r, int64_t now_ms);
void quorum_on_end(struct quorum *q, const struct quorum_end_request *r,
	struct quorum_epoch_response *out, int64_t now_ms);

/*
 * Leader: a voter or observer asks for records. On error 0 with no diverging epoch and no snapshot
 * the caller reads records from r->offset for it (or parks the request until there are some).
 * high_watermark may have moved when this returns. INVALID_VOTER_KEY: a voter of this id fetches
 * with another folder at the same time.
 */
void quorum_on_fetch(struct quorum *q, const struct quorum_fetch_request *r,
	struct quorum_fetch_response *out, int64_t now_ms);

/*
 * Follower or observer: the answer to its fetch. True: append the records that came with it (they
 * begin at the own log end), sync, and call quorum_on_log(); with no records call quorum_on_log()
 * at once. False: drop them; what had to be done (truncation, a new leader) is done.
 */
bool quorum_on_fetch_response(struct quorum *q, int32_t from, const struct quorum_fetch_response *r,
	int64_t now_ms) MUSTCHECK;

/* The log is synced up to `synced` (exclusive). Leader: may move the high watermark. Follower: the
 * next fetch may go. */
void quorum_on_log(struct quorum *q, int64_t synced, int64_t now_ms);

/* Follower or observer: the records that came could not be appended; asks for them again after a
 * while. */
void quorum_on_append_refused(struct quorum *q, int64_t now_ms);

/* An observer that was begun without voters learns who they are. ERR_INVALID: those cannot be. */
int quorum_set_voters(struct quorum *q, const int32_t *voters, int32_t n_voters, int64_t now_ms,
	struct err *e) MUSTCHECK;

/* The connection to a node was closed or refused, or a request to it timed out. */
void quorum_on_disconnect(struct quorum *q, int32_t node, int64_t now_ms);

/* Leader: hands over (EndQuorumEpoch to the most caught up first) and stops leading. */
void quorum_resign(struct quorum *q, int64_t now_ms);

static inline bool quorum_leads(const struct quorum *q)
{
	return q->role == QUORUM_LEADER;
}

static inline int32_t quorum_epoch(const struct quorum *q)
{
	return q->state.leader_epoch;
}

/* The state of a voter as the leader sees it; for DescribeQuorum. NULL: no voter. */
const struct quorum_replica *quorum_voter(const struct quorum *q, int32_t id);

#endif
