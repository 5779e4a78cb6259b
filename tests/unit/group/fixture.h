/* A coordinator with a hand-turned clock and a log in memory, and short requests to it. */
#ifndef TEST_GROUP_FIXTURE_H
#define TEST_GROUP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/vec.h"
#include "group/group.h"
#include "wire/kerr.h"

#define N_PARTITIONS 4

struct stored {
	int32_t partition;
	struct buf key, value;
	bool deleted;
};

struct fixture {
	struct clock_manual clock;
	struct group_settings set;
	struct group_log log;
	struct coordinator *c;
	VEC(struct stored) records;
	VEC(struct group_write *) writes; /* asked for and not done */
	bool at_once;                     /* appends are done as soon as the call returns */
	size_t largest;                   /* append, in bytes of keys and values */
	uint64_t seed;
};

static inline void fixture_append(void *arg, int32_t partition, const struct group_entry *entries,
	size_t n, struct group_write *w)
{
	struct fixture *f = arg;
	size_t bytes = 0;

	for (size_t i = 0; i < n; i++) {
		struct stored *s = vec_add(&f->records);

		s->partition = partition;
		buf_put_slice(&s->key, entries[i].key);
		buf_put_slice(&s->value, entries[i].value);
		s->deleted = !entries[i].value.p;
		bytes += entries[i].key.n + entries[i].value.n;
	}
	f->largest = bytes > f->largest ? bytes : f->largest;
	vec_push(&f->writes, w);
}

static inline bool fixture_known(void *arg, struct str topic, int32_t partition)
{
	(void)arg;
	return !str_eqz(topic, "nowhere") && partition >= 0 && partition < 100;
}

static inline void fixture_start(struct fixture *f)
{
	f->c = coordinator_new(&f->set, &f->clock.clock, &f->log, ++f->seed);
	for (int32_t p = 0; p < N_PARTITIONS; p++) {
		coordinator_load_begin(f->c, p);
		vec_foreach (s, &f->records)
			if (s->partition == p)
				assert_int_equal(
					coordinator_load_record(f->c, p, buf_slice(&s->key),
						s->deleted
							? SLICE_NULL
							: slice_of(s->value.p ? s->value.p
									      : (const uint8_t *)"",
								  s->value.n)),
					0);
		coordinator_load_end(f->c, p);
	}
}

static inline void fixture_init(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	clock_manual_init(&f->clock, 1700000000000);
	f->set = (struct group_settings){
		.initial_rebalance_delay_ms = 3000,
		.min_session_timeout_ms = 6000,
		.max_session_timeout_ms = 1800000,
		.max_size = INT32_MAX,
		.max_metadata_bytes = 4096,
		.retention_ms = 7 * 86400000LL,
		.expire_every_ms = 600000,
		.n_partitions = N_PARTITIONS,
	};
	f->log = (struct group_log){.arg = f, .append = fixture_append, .known = fixture_known};
	f->at_once = true;
	fixture_start(f);
}

/* The appends that wait come back, in order. */
static inline void fixture_settle(struct fixture *f, int16_t error)
{
	while (f->writes.n) {
		struct group_write *w = f->writes.v[0];

		vec_remove(&f->writes, 0);
		w->done(w, error);
	}
}

static inline void after(struct fixture *f)
{
	if (f->at_once)
		fixture_settle(f, 0);
}

static inline void fixture_stop(struct fixture *f)
{
	fixture_settle(f, KERR_NOT_LEADER_OR_FOLLOWER);
	coordinator_free(f->c);
	f->c = NULL;
}

static inline void fixture_restart(struct fixture *f)
{
	fixture_stop(f);
	fixture_start(f);
}

static inline void fixture_fini(struct fixture *f)
{
	fixture_stop(f);
	vec_foreach (s, &f->records) {
		buf_fini(&s->key);
		buf_fini(&s->value);
	}
	vec_fini(&f->records);
	vec_fini(&f->writes);
}

/* Time passes in steps, so that everything happens at its time. */
static inline void fixture_wait(struct fixture *f, int64_t ms)
{
	for (; ms > 0; ms -= 100) {
		clock_manual_advance_ms(&f->clock, min_i64(ms, 100));
		coordinator_run(f->c);
		after(f);
	}
}

/* ---- a client --------------------------------------------------------------------------- */

struct client {
	struct fixture *f;
	char id[64];          /* member id */
	const char *instance; /* NULL: dynamic */
	const char *protocols[3];
	const char *metadata; /* what it says to each protocol */
	int32_t session_ms, rebalance_ms;
	int16_t version;
	/* the last answers */
	bool joining, syncing;
	int16_t error;
	int32_t generation;
	char leader[64], protocol[32];
	int32_t n_members; /* in the answer to JoinGroup */
	bool skip;
	char members[8][64];
	int16_t sync_error;
	char assignment[64];
};

#define CLIENT(fixture)                  \
	((struct client){.f = (fixture), \
		.protocols = {"range"},  \
		.metadata = "m",         \
		.session_ms = 10000,     \
		.rebalance_ms = 60000,   \
		.version = 9})

static inline void put_text(char *to, size_t n, struct str s)
{
	snprintf(to, n, "%.*s", STR_ARG(s));
}

static inline void on_join(void *arg, const void *response)
{
	const struct join_group_response *r = response;
	struct client *k = arg;

	k->joining = false;
	k->error = r->error_code;
	put_text(k->id, sizeof(k->id), r->member_id);
	if (r->error_code)
		return;
	k->generation = r->generation_id;
	k->skip = r->skip_assignment;
	put_text(k->leader, sizeof(k->leader), r->leader);
	put_text(k->protocol, sizeof(k->protocol), r->protocol_name);
	k->n_members = r->n_members;
	for (int32_t i = 0; i < r->n_members && i < 8; i++)
		put_text(k->members[i], sizeof(k->members[i]), r->members[i].member_id);
}

static inline void join(struct client *k, const char *group)
{
	struct join_group_request_protocols p[3] = {0};
	struct join_group_request r;
	struct group_caller who = {k->version, STR_LIT("client"), STR_LIT("/127.0.0.1")};

	msg_init(&join_group_request_desc, &r);
	r.group_id = str_of(group);
	r.member_id = str_of(k->id);
	r.group_instance_id = k->instance ? str_of(k->instance) : STR_NULL;
	r.session_timeout_ms = k->session_ms;
	r.rebalance_timeout_ms = k->rebalance_ms;
	r.protocol_type = STR_LIT("consumer");
	r.protocols = p;
	while (r.n_protocols < 3 && k->protocols[r.n_protocols]) {
		p[r.n_protocols].name = str_of(k->protocols[r.n_protocols]);
		p[r.n_protocols++].metadata = slice_str(str_of(k->metadata));
	}
	k->joining = true;
	group_join(k->f->c, &who, &r, (struct group_reply){on_join, k});
	after(k->f);
}

/* As clients do: asks for an id, then joins with it. */
static inline void join_twice(struct client *k, const char *group)
{
	join(k, group);
	if (!k->joining && k->error == KERR_MEMBER_ID_REQUIRED)
		join(k, group);
}

static inline void on_sync(void *arg, const void *response)
{
	const struct sync_group_response *r = response;
	struct client *k = arg;

	k->syncing = false;
	k->sync_error = r->error_code;
	put_text(k->assignment, sizeof(k->assignment), str_slice(r->assignment));
}

/* A leader gives each member its own id as its assignment. */
static inline void sync_group(struct client *k, const char *group)
{
	struct sync_group_request_assignments a[8];
	struct sync_group_request r;
	struct group_caller who = {.version = 5};

	msg_init(&sync_group_request_desc, &r);
	r.group_id = str_of(group);
	r.generation_id = k->generation;
	r.member_id = str_of(k->id);
	r.group_instance_id = k->instance ? str_of(k->instance) : STR_NULL;
	r.protocol_type = STR_LIT("consumer");
	r.protocol_name = str_of(k->protocol);
	r.assignments = a;
	for (; r.n_assignments < k->n_members && r.n_assignments < 8; r.n_assignments++) {
		a[r.n_assignments].member_id = str_of(k->members[r.n_assignments]);
		a[r.n_assignments].assignment = slice_str(a[r.n_assignments].member_id);
	}
	k->syncing = true;
	group_sync(k->f->c, &who, &r, (struct group_reply){on_sync, k});
	after(k->f);
}

static inline void on_heartbeat(void *arg, const void *response)
{
	*(int16_t *)arg = ((const struct heartbeat_response *)response)->error_code;
}

static inline int16_t heartbeat(struct client *k, const char *group)
{
	struct group_caller who = {.version = 4};
	struct heartbeat_request r;
	int16_t error = -2;

	msg_init(&heartbeat_request_desc, &r);
	r.group_id = str_of(group);
	r.generation_id = k->generation;
	r.member_id = str_of(k->id);
	r.group_instance_id = k->instance ? str_of(k->instance) : STR_NULL;
	group_heartbeat(k->f->c, &who, &r, (struct group_reply){on_heartbeat, &error});
	after(k->f);
	return error;
}

static inline void on_leave(void *arg, const void *response)
{
	const struct leave_group_response *r = response;

	*(int16_t *)arg =
		r->error_code || r->n_members == 0 ? r->error_code : r->members[0].error_code;
}

static inline int16_t leave(struct client *k, const char *group)
{
	struct leave_group_request_members m;
	struct leave_group_request r;
	struct group_caller who = {.version = 5};
	int16_t error = -2;

	msg_init(&leave_group_request_desc, &r);
	msg_struct_init(&leave_group_request_members_struct, &m);
	r.group_id = str_of(group);
	r.members = &m;
	r.n_members = 1;
	m.member_id = str_of(k->id);
	m.group_instance_id = k->instance ? str_of(k->instance) : STR_NULL;
	group_leave(k->f->c, &who, &r, (struct group_reply){on_leave, &error});
	after(k->f);
	return error;
}

/* ---- offsets ---------------------------------------------------------------------------- */

static inline void on_commit(void *arg, const void *response)
{
	const struct offset_commit_response *r = response;

	*(int16_t *)arg = r->topics[0].partitions[0].error_code;
}

/* k NULL: from outside. *error is set when the answer comes. */
static inline void commit(struct fixture *f, struct client *k, const char *group, const char *topic,
	int32_t partition, int64_t offset, const char *metadata, int16_t *error)
{
	struct offset_commit_request_partitions p;
	struct offset_commit_request_topics t;
	struct offset_commit_request r;
	struct group_caller who = {.version = 9};

	msg_init(&offset_commit_request_desc, &r);
	msg_struct_init(&offset_commit_request_topics_struct, &t);
	msg_struct_init(&offset_commit_request_partitions_struct, &p);
	r.group_id = str_of(group);
	r.generation_id_or_member_epoch = k ? k->generation : -1;
	r.member_id = str_of(k ? k->id : "");
	r.topics = &t;
	r.n_topics = 1;
	t.name = str_of(topic);
	t.partitions = &p;
	t.n_partitions = 1;
	p.partition_index = partition;
	p.committed_offset = offset;
	p.committed_leader_epoch = 7;
	p.committed_metadata = str_of(metadata);
	*error = -2;
	group_offset_commit(f->c, &who, &r, (struct group_reply){on_commit, error});
	after(f);
}

struct fetched {
	int16_t error;
	int64_t offset;
	int32_t epoch;
	char metadata[64];
	int32_t n_topics;
};

static inline void on_fetch(void *arg, const void *response)
{
	const struct offset_fetch_response *r = response;
	struct fetched *out = arg;

	out->error = r->groups[0].error_code;
	out->n_topics = r->groups[0].n_topics;
	if (out->error || out->n_topics == 0)
		return;
	out->offset = r->groups[0].topics[0].partitions[0].committed_offset;
	out->epoch = r->groups[0].topics[0].partitions[0].committed_leader_epoch;
	put_text(out->metadata, sizeof(out->metadata),
		r->groups[0].topics[0].partitions[0].metadata);
}

/* topic NULL: all there are. */
static inline struct fetched fetch(
	struct fixture *f, const char *group, const char *topic, int32_t partition)
{
	struct offset_fetch_request_groups_topics t;
	struct offset_fetch_request_groups g;
	struct offset_fetch_request r;
	struct group_caller who = {.version = 8};
	struct fetched out = {.offset = -3};

	msg_init(&offset_fetch_request_desc, &r);
	msg_struct_init(&offset_fetch_request_groups_struct, &g);
	msg_struct_init(&offset_fetch_request_groups_topics_struct, &t);
	r.groups = &g;
	r.n_groups = 1;
	g.group_id = str_of(group);
	g.topics = topic ? &t : NULL;
	g.n_topics = topic ? 1 : -1;
	t.name = str_of(topic);
	t.partition_indexes = &partition;
	t.n_partition_indexes = 1;
	group_offset_fetch(f->c, &who, &r, (struct group_reply){on_fetch, &out});
	return out;
}

static inline void on_describe(void *arg, const void *response)
{
	const struct describe_groups_response *r = response;

	put_text(arg, 32, r->groups[0].group_state);
}

/* Static storage. */
static inline const char *state_of(struct fixture *f, const char *group)
{
	static char state[32];
	struct describe_groups_request r;
	struct group_caller who = {.version = 5};
	struct str name = str_of(group);

	msg_init(&describe_groups_request_desc, &r);
	r.groups = &name;
	r.n_groups = 1;
	group_describe(f->c, &who, &r, (struct group_reply){on_describe, state});
	return state;
}

static inline void on_delete(void *arg, const void *response)
{
	*(int16_t *)arg = ((const struct delete_groups_response *)response)->results[0].error_code;
}

/* -2: the answer has not come yet. */
static inline int16_t delete_group(struct fixture *f, const char *group)
{
	static int16_t error;
	struct delete_groups_request r;
	struct group_caller who = {.version = 2};
	struct str name = str_of(group);

	error = -2;

	msg_init(&delete_groups_request_desc, &r);
	r.groups_names = &name;
	r.n_groups_names = 1;
	group_delete(f->c, &who, &r, (struct group_reply){on_delete, &error});
	after(f);
	return error;
}

#endif
