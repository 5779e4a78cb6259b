/*
 * The coordinator under chance: clients that join, sync, commit, leave, fall silent, repeat what
 * they said and say things late; a log that stores late, refuses, and is cut by crashes; time that
 * jumps. After every answer:
 *
 *   - in one generation of a group a partition has one owner, and everybody was told the same
 * leader
 *   - a generation begins once, with one set of members
 *   - a committed offset that was acknowledged is never lost and never moves back
 *   - what was deleted stays so
 *
 * SEED=n STEPS=m repeats a run. Faults planted in the coordinator (group/planted.h) must be found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/map.h"
#include "base/vec.h"
#include "group/group.h"
#include "group/planted.h"
#include "wire/kerr.h"

#define SHARDS     3
#define GROUPS     3
#define CLIENTS    5 /* of each group */
#define PARTITIONS 6
#define STEPS      120000
#define SESSION_MS 6000
#define STATIC     "static"

enum group_fault group_planted;

/* ---- what the outside keeps ----------------------------------------------------------------- */

struct stored {
	int32_t shard;
	struct buf key, value;
	bool deleted;
	uint64_t write; /* the append it belongs to */
};

struct append {
	struct group_write *w;
	uint64_t number;
};

/* What is known of one generation of a group. */
struct told {
	int32_t group, generation;
	char leader[80];
	char owner[PARTITIONS][80];
	uint64_t members; /* a hash of who its leader was told of; 0: not yet */
	bool handed_out;
};

struct offsets {
	int64_t sent, acked; /* highest */
	int64_t dead;        /* at most this much was deleted for good */
};

struct world;

struct client {
	struct world *w;
	int32_t group;
	bool is_static; /* one of each group: its instance id is STATIC */
	char id[80], old_id[80];
	int32_t generation;
	bool joining, syncing;
	bool rejoin, to_sync; /* what is next for it */
	char members[CLIENTS * 2][80];
	int32_t n_members;
	int64_t heard_ms;
};

struct world {
	struct rng rng;
	struct clock_manual clock;
	struct group_settings set;
	struct group_log log;
	struct coordinator *c;
	uint64_t seed;
	VEC(struct stored) records;
	VEC(struct append) appends;
	uint64_t n_appends, n_crashes;
	VEC(struct told) told;
	struct offsets offsets[GROUPS][PARTITIONS];
	int32_t incarnation[GROUPS];
	struct client clients[GROUPS][CLIENTS];
	const char *fault; /* the first rule that was broken */
	uint64_t joined, joined_static, synced, committed, deleted;
};

static void broken(struct world *w, const char *what)
{
	if (!w->fault)
		w->fault = what;
}

static struct str name_of(int32_t group)
{
	static const char *const names[GROUPS] = {"orders", "billing", "재고"};

	return str_of(names[group]);
}

/* ---- the log ----------------------------------------------------------------------------------
 */

static void on_append(
	void *arg, int32_t shard, const struct group_entry *e, size_t n, struct group_write *done)
{
	struct world *w = arg;
	struct append *a = vec_add(&w->appends);

	a->w = done;
	a->number = ++w->n_appends;
	for (size_t i = 0; i < n; i++) {
		struct stored *s = vec_add(&w->records);

		s->shard = shard;
		s->write = a->number;
		s->deleted = !e[i].value.p;
		buf_put_slice(&s->key, e[i].key);
		buf_put_slice(&s->value, e[i].value);
	}
}

static bool on_known(void *arg, struct str topic, int32_t partition)
{
	(void)arg;
	(void)topic;
	return partition < PARTITIONS;
}

static void free_stored(struct stored *s)
{
	buf_fini(&s->key);
	buf_fini(&s->value);
}

/* What the log had not stored when the machine stopped is gone; the last of each key stays. */
static void cut_log(struct world *w, uint64_t last)
{
	struct map newest;
	size_t kept = 0;

	map_init(&newest);
	for (size_t i = 0; i < w->records.n; i++)
		if (w->records.v[i].write <= last)
			map_put(&newest, buf_slice(&w->records.v[i].key), (void *)(i + 1));
	for (size_t i = 0; i < w->records.n; i++) {
		struct stored *s = &w->records.v[i];

		if (s->write <= last && map_get(&newest, buf_slice(&s->key)) == (void *)(i + 1))
			w->records.v[kept++] = *s;
		else
			free_stored(s);
	}
	w->records.n = kept;
	map_fini(&newest);
}

static void start(struct world *w)
{
	static const uint8_t nothing;

	w->c = coordinator_new(&w->set, &w->clock.clock, &w->log, ++w->seed);
	for (int32_t p = 0; p < SHARDS; p++) {
		coordinator_load_begin(w->c, p);
		vec_foreach (s, &w->records) {
			struct slice value =
				slice_of(s->value.p ? s->value.p : &nothing, s->value.n);

			if (s->shard == p && coordinator_load_record(w->c, p, buf_slice(&s->key),
						     s->deleted ? SLICE_NULL : value) < 0)
				broken(w, "a record could not be read again");
		}
		coordinator_load_end(w->c, p);
	}
}

static void stop(struct world *w)
{
	for (int32_t p = 0; p < SHARDS; p++)
		coordinator_unload(w->c, p);
	while (w->appends.n) {
		struct append a = w->appends.v[0];

		vec_remove(&w->appends, 0);
		a.w->done(a.w, KERR_NOT_LEADER_OR_FOLLOWER);
	}
	coordinator_free(w->c);
}

/* A generation that nobody was given partitions in did not begin, if the log does not know it. */
static void forget_unborn(struct world *w)
{
	size_t kept = 0;

	vec_foreach (t, &w->told)
		if (t->handed_out)
			w->told.v[kept++] = *t;
	w->told.n = kept;
}

static void fetch(struct client *k);

static void crash(struct world *w)
{
	uint64_t pending = w->appends.n, survive = rng_below(&w->rng, pending + 1);
	uint64_t last = w->n_appends - pending + survive;

	w->n_crashes++;
	stop(w);
	cut_log(w, last);
	forget_unborn(w);
	start(w);
	for (int32_t g = 0; g < GROUPS; g++)
		fetch(&w->clients[g][0]);
}

static void store_some(struct world *w)
{
	uint64_t n = rng_below(&w->rng, w->appends.n + 1);

	while (n-- > 0 && w->appends.n) {
		struct append a = w->appends.v[0];

		vec_remove(&w->appends, 0);
		a.w->done(a.w, KERR_NONE);
	}
}

/* ---- what the answers must not say ----------------------------------------------------------- */

static struct told *told(struct world *w, int32_t group, int32_t generation)
{
	int32_t key = group + GROUPS * w->incarnation[group];
	struct told *t;

	vec_foreach (i, &w->told)
		if (i->group == key && i->generation == generation)
			return i;
	if (w->told.n > 400) {
		memmove(w->told.v, w->told.v + 200, (w->told.n - 200) * sizeof(*w->told.v));
		w->told.n -= 200;
	}
	t = vec_add(&w->told);
	t->group = key;
	t->generation = generation;
	return t;
}

static void put_text(char out[80], struct str s)
{
	snprintf(out, 80, "%.*s", STR_ARG(s));
}

/* A static member is the same one under each of its ids, which begin with its instance id. */
static void put_who(char out[80], struct str id)
{
	put_text(out, str_starts(id, STATIC) ? STR_LIT(STATIC) : id);
}

/* Of the members that the leader was told of, in whatever order. */
static uint64_t hash_members(const struct join_group_response *r)
{
	uint64_t sum = 1;

	for (int32_t i = 0; i < r->n_members; i++) {
		char who[80];
		uint64_t h = 14695981039346656037u;

		put_who(who, r->members[i].member_id);
		for (const char *p = who; *p; p++)
			h = (h ^ (uint8_t)*p) * 1099511628211u;
		sum += h;
	}
	return sum;
}

/* What an error makes of a client: it begins anew, or joins again. */
static void heed(struct client *k, int16_t error)
{
	if (error == KERR_UNKNOWN_MEMBER_ID || error == KERR_FENCED_INSTANCE_ID)
		k->id[0] = 0;
	if (error)
		k->rejoin = true;
}

static void on_join(void *arg, const void *response)
{
	const struct join_group_response *r = response;
	struct client *k = arg;
	struct told *t;
	char leader[80];

	k->joining = false;
	k->n_members = 0;
	if (r->error_code == KERR_MEMBER_ID_REQUIRED)
		put_text(k->id, r->member_id);
	heed(k, r->error_code);
	if (r->error_code)
		return;
	k->rejoin = false;
	k->to_sync = true;
	k->w->joined++;
	k->w->joined_static += k->is_static;
	put_text(k->id, r->member_id);
	put_who(leader, r->leader);
	k->generation = r->generation_id;
	t = told(k->w, k->group, r->generation_id);
	if (t->leader[0] && strcmp(t->leader, leader) != 0)
		broken(k->w, "two leaders in one generation");
	memcpy(t->leader, leader, sizeof(leader));
	if (r->n_members) {
		if (t->members && t->members != hash_members(r))
			broken(k->w, "two sets of members in one generation");
		t->members = hash_members(r);
	}
	/* It leads, but is not to assign (KIP-814). */
	if (r->skip_assignment)
		return;
	for (; k->n_members < r->n_members && k->n_members < CLIENTS * 2; k->n_members++)
		put_text(k->members[k->n_members], r->members[k->n_members].member_id);
}

struct sync_call {
	struct client *k;
	int32_t generation; /* that the client thinks it is in */
};

static void on_sync(void *arg, const void *response)
{
	const struct sync_group_response *r = response;
	struct sync_call *call = arg;
	struct client *k = call->k;
	int32_t generation = call->generation;
	struct told *t;
	char me[80];

	free(call);
	k->syncing = false;
	heed(k, r->error_code);
	if (r->error_code)
		return;
	k->w->synced++;
	put_who(me, str_of(k->id));
	t = told(k->w, k->group, generation);
	t->handed_out = true;
	for (size_t i = 0; i < r->assignment.n; i++) {
		char *owner = t->owner[r->assignment.p[i]];

		if (owner[0] && strcmp(owner, me) != 0)
			broken(k->w, "two owners of a partition in one generation");
		memcpy(owner, me, 80);
	}
}

static void on_heartbeat(void *arg, const void *response)
{
	heed(arg, ((const struct heartbeat_response *)response)->error_code);
}

static void on_leave(void *arg, const void *response)
{
	(void)arg;
	(void)response;
}

/* ---- what clients do --------------------------------------------------------------------------
 */

static struct str instance_of(const struct client *k)
{
	return k->is_static ? STR_LIT(STATIC) : STR_NULL;
}

static void join(struct client *k)
{
	struct group_caller who = {9, STR_LIT("c"), STR_LIT("/127.0.0.1")};
	struct join_group_request_protocols p = {STR_LIT("range"), slice_of("x", 1)};
	struct join_group_request r;

	msg_init(&join_group_request_desc, &r);
	r.group_id = name_of(k->group);
	r.member_id = str_of(k->id);
	r.group_instance_id = instance_of(k);
	r.session_timeout_ms = SESSION_MS;
	r.rebalance_timeout_ms = 2 * SESSION_MS;
	r.protocol_type = STR_LIT("consumer");
	r.protocols = &p;
	r.n_protocols = 1;
	k->joining = true;
	memcpy(k->old_id, k->id, sizeof(k->id));
	group_join(k->w->c, &who, &r, (struct group_reply){on_join, k});
}

/* Deals the partitions out among the members it was told of, by chance. */
static void sync_group(struct client *k, int32_t generation)
{
	struct sync_group_request_assignments a[CLIENTS * 2];
	uint8_t hands[CLIENTS * 2][PARTITIONS];
	struct group_caller who = {.version = 4};
	struct sync_group_request r;
	struct sync_call *call;
	size_t n[CLIENTS * 2] = {0};

	msg_init(&sync_group_request_desc, &r);
	r.group_id = name_of(k->group);
	r.generation_id = generation;
	r.member_id = str_of(k->id);
	r.group_instance_id = instance_of(k);
	for (uint8_t p = 0; k->n_members && p < PARTITIONS; p++) {
		size_t i = rng_below(&k->w->rng, (uint64_t)k->n_members);

		hands[i][n[i]++] = p;
	}
	for (; r.n_assignments < k->n_members; r.n_assignments++) {
		a[r.n_assignments].member_id = str_of(k->members[r.n_assignments]);
		a[r.n_assignments].assignment =
			slice_of(hands[r.n_assignments], n[r.n_assignments]);
	}
	r.assignments = a;
	k->syncing = true;
	k->to_sync = false;
	call = ALLOC(struct sync_call);
	*call = (struct sync_call){k, generation};
	group_sync(k->w->c, &who, &r, (struct group_reply){on_sync, call});
}

static void heartbeat(struct client *k)
{
	struct group_caller who = {.version = 4};
	struct heartbeat_request r;

	msg_init(&heartbeat_request_desc, &r);
	r.group_id = name_of(k->group);
	r.generation_id = k->generation;
	r.member_id = str_of(k->id);
	r.group_instance_id = instance_of(k);
	group_heartbeat(k->w->c, &who, &r, (struct group_reply){on_heartbeat, k});
}

static void leave(struct client *k, const char *id)
{
	struct group_caller who = {.version = 2};
	struct leave_group_request r;

	msg_init(&leave_group_request_desc, &r);
	r.group_id = name_of(k->group);
	r.member_id = str_of(id);
	group_leave(k->w->c, &who, &r, (struct group_reply){on_leave, k});
}

struct commit {
	struct world *w;
	int32_t group, partition, incarnation;
	int64_t offset;
};

static void on_commit(void *arg, const void *response)
{
	const struct offset_commit_response *r = response;
	struct commit *x = arg;
	struct offsets *o = &x->w->offsets[x->group][x->partition];

	if (r->topics[0].partitions[0].error_code == 0) {
		x->w->committed++;
		if (x->offset > o->acked && x->incarnation == x->w->incarnation[x->group])
			o->acked = x->offset;
	}
	free(x);
}

static void commit(struct client *k, int32_t generation)
{
	struct offset_commit_request_partitions p;
	struct offset_commit_request_topics t;
	struct group_caller who = {.version = 8};
	struct offset_commit_request r;
	struct commit *x = ALLOC(struct commit);

	x->w = k->w;
	x->group = k->group;
	x->partition = (int32_t)rng_below(&k->w->rng, PARTITIONS);
	x->incarnation = k->w->incarnation[k->group];
	x->offset = ++k->w->offsets[k->group][x->partition].sent;
	msg_init(&offset_commit_request_desc, &r);
	msg_struct_init(&offset_commit_request_topics_struct, &t);
	msg_struct_init(&offset_commit_request_partitions_struct, &p);
	r.group_id = name_of(k->group);
	r.generation_id_or_member_epoch = generation;
	r.member_id = str_of(generation < 0 ? "" : k->id);
	r.group_instance_id = generation < 0 ? STR_NULL : instance_of(k);
	r.topics = &t;
	r.n_topics = 1;
	t.name = STR_LIT("t");
	t.partitions = &p;
	t.n_partitions = 1;
	p.partition_index = x->partition;
	p.committed_offset = x->offset;
	p.committed_metadata = STR_LIT("");
	group_offset_commit(k->w->c, &who, &r, (struct group_reply){on_commit, x});
}

static void on_fetch(void *arg, const void *response)
{
	const struct offset_fetch_response *r = response;
	struct client *k = arg;

	if (r->error_code || r->n_topics == 0)
		return;
	for (int32_t i = 0; i < r->topics[0].n_partitions; i++) {
		const struct offset_fetch_response_topics_partitions *p =
			&r->topics[0].partitions[i];
		const struct offsets *o = &k->w->offsets[k->group][p->partition_index];

		if (p->committed_offset < o->acked)
			broken(k->w, "an acknowledged commit is lost or moved back");
		if (p->committed_offset > o->sent)
			broken(k->w, "an offset that nobody committed");
		if (p->committed_offset >= 0 && p->committed_offset <= o->dead)
			broken(k->w, "a deleted offset is there again");
	}
}

static void fetch(struct client *k)
{
	int32_t all[PARTITIONS] = {0, 1, 2, 3, 4, 5};
	struct group_caller who = {.version = 7};
	struct offset_fetch_request_topics t;
	struct offset_fetch_request r;

	msg_init(&offset_fetch_request_desc, &r);
	msg_struct_init(&offset_fetch_request_topics_struct, &t);
	r.group_id = name_of(k->group);
	r.topics = &t;
	r.n_topics = 1;
	t.name = STR_LIT("t");
	t.partition_indexes = all;
	t.n_partition_indexes = PARTITIONS;
	group_offset_fetch(k->w->c, &who, &r, (struct group_reply){on_fetch, k});
}

struct deletion {
	struct world *w;
	int32_t group;
	int64_t sent[PARTITIONS];
};

static void on_delete(void *arg, const void *response)
{
	const struct delete_groups_response *r = response;
	struct deletion *d = arg;

	if (r->results[0].error_code == 0) {
		d->w->deleted++;
		for (int32_t i = 0; i < PARTITIONS; i++)
			d->w->offsets[d->group][i].dead = d->sent[i];
	}
	free(d);
}

static void on_state(void *arg, const void *response)
{
	const struct describe_groups_response *r = response;

	*(bool *)arg = str_eqz(r->groups[0].group_state, "Empty");
}

static bool is_empty(struct world *w, int32_t group)
{
	struct group_caller who = {.version = 5};
	struct describe_groups_request r;
	struct str name = name_of(group);
	bool empty = false;

	msg_init(&describe_groups_request_desc, &r);
	r.groups = &name;
	r.n_groups = 1;
	group_describe(w->c, &who, &r, (struct group_reply){on_state, &empty});
	return empty;
}

/* From here on nothing that was committed before needs to be there; a new life begins. */
static void delete_group(struct world *w, int32_t group)
{
	struct group_caller who = {.version = 2};
	struct deletion *d;
	struct delete_groups_request r;
	struct str name = name_of(group);

	if (!is_empty(w, group))
		return;
	d = ALLOC(struct deletion);
	d->w = w;
	d->group = group;
	w->incarnation[group]++;
	for (int32_t i = 0; i < PARTITIONS; i++) {
		d->sent[i] = w->offsets[group][i].sent;
		w->offsets[group][i].acked = -1;
	}
	msg_init(&delete_groups_request_desc, &r);
	r.groups_names = &name;
	r.n_groups_names = 1;
	group_delete(w->c, &who, &r, (struct group_reply){on_delete, d});
}

/* ---- a step -----------------------------------------------------------------------------------
 */

static void pass_time(struct world *w, int64_t ms)
{
	for (; ms > 0; ms -= 250) {
		clock_manual_advance_ms(&w->clock, min_i64(ms, 250));
		coordinator_run(w->c);
	}
}

/* A client does what is next for it, mostly. */
static void behave(struct client *k)
{
	if (k->joining || k->syncing)
		return;
	if (!k->id[0] || (k->rejoin && !rng_one_in(&k->w->rng, 4)) || rng_one_in(&k->w->rng, 30))
		join(k);
	else if (k->to_sync && !rng_one_in(&k->w->rng, 4))
		sync_group(k, k->generation);
	else if (rng_one_in(&k->w->rng, 10))
		sync_group(k, k->generation);
	else if (rng_one_in(&k->w->rng, 2))
		commit(k, k->generation);
	else
		heartbeat(k);
}

/* Late, repeated, foreign: what networks and broken clients do. */
static void misbehave(struct client *k)
{
	struct client other = *k;

	switch (rng_below(&k->w->rng, 7)) {
	case 0:
		if (!k->syncing && k->id[0])
			sync_group(k, k->generation - 1);
		break;
	case 1:
		if (k->id[0])
			commit(k, k->generation - 1);
		break;
	case 2:
		commit(k, -1);
		break;
	case 3:
		leave(k, k->id);
		break;
	case 4:
		leave(k, k->old_id);
		break;
	case 5:
		/* Its process was started again: it knows its instance id and nothing else. */
		if (k->is_static && !k->joining && !k->syncing)
			k->id[0] = 0;
		break;
	default:
		other.generation = (int32_t)rng_below(&k->w->rng, 10);
		heartbeat(&other);
		break;
	}
}

static void step(struct world *w)
{
	int32_t group = (int32_t)rng_below(&w->rng, GROUPS);
	struct client *k = &w->clients[group][rng_below(&w->rng, CLIENTS)];

	switch (rng_below(&w->rng, 100)) {
	case 0:
		if (rng_one_in(&w->rng, 4))
			crash(w);
		break;
	case 1:
		if (rng_one_in(&w->rng, 5))
			delete_group(w, group);
		break;
	case 2:
		pass_time(w, (int64_t)rng_below(&w->rng, 3 * SESSION_MS));
		break;
	case 3 ... 5:
		misbehave(k);
		break;
	case 6 ... 12:
		fetch(k);
		break;
	case 13 ... 30:
		store_some(w);
		break;
	case 31 ... 45:
		pass_time(w, (int64_t)rng_below(&w->rng, 600));
		break;
	default:
		behave(k);
		break;
	}
}

static void init(struct world *w, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	rng_seed(&w->rng, seed);
	w->seed = seed << 20;
	clock_manual_init(&w->clock, 1700000000000);
	w->set = (struct group_settings){.initial_rebalance_delay_ms = 500,
		.min_session_timeout_ms = 1000,
		.max_session_timeout_ms = 1800000,
		.max_size = CLIENTS + 2,
		.max_metadata_bytes = 4096,
		.retention_ms = INT64_MAX / 2,
		.expire_every_ms = 600000,
		.n_partitions = SHARDS};
	w->log = (struct group_log){w, on_append, on_known};
	for (int32_t g = 0; g < GROUPS; g++) {
		for (int32_t i = 0; i < PARTITIONS; i++)
			w->offsets[g][i] = (struct offsets){-1, -1, -1};
		for (int32_t i = 0; i < CLIENTS; i++) {
			w->clients[g][i].w = w;
			w->clients[g][i].group = g;
			w->clients[g][i].is_static = i == 0;
		}
	}
	start(w);
}

static void fini(struct world *w)
{
	stop(w);
	vec_foreach (s, &w->records)
		free_stored(s);
	vec_fini(&w->records);
	vec_fini(&w->appends);
	vec_fini(&w->told);
}

/* The rule that was broken first, or NULL; *at is the step. */
static const char *run(uint64_t seed, int64_t steps, int64_t *at)
{
	struct world *w = ALLOC(struct world);
	const char *fault;

	init(w, seed);
	for (*at = 0; *at < steps && !w->fault; (*at)++)
		step(w);
	fault = w->fault;
	if (!fault && steps >= STEPS &&
		(!w->joined || !w->joined_static || !w->synced || !w->committed || !w->deleted ||
			!w->n_crashes))
		fault = "nothing happened";
	if (getenv("VERBOSE"))
		printf("# %llu joins, %llu syncs, %llu commits, %llu deletions, %llu crashes\n",
			(unsigned long long)w->joined, (unsigned long long)w->synced,
			(unsigned long long)w->committed, (unsigned long long)w->deleted,
			(unsigned long long)w->n_crashes);
	fini(w);
	free(w);
	return fault;
}

static int64_t setting(const char *name, int64_t preset)
{
	const char *text = getenv(name);

	return text ? atoll(text) : preset;
}

static void chance_breaks_no_rule(void **state)
{
	uint64_t seed = (uint64_t)setting("SEED", 1);
	const char *fault;
	int64_t at;

	(void)state;
	group_planted = (enum group_fault)setting("FAULT", FAULT_NONE);
	fault = run(seed, setting("STEPS", STEPS), &at);
	if (fault)
		fail_msg(
			"seed %llu, step %lld: %s", (unsigned long long)seed, (long long)at, fault);
	group_planted = FAULT_NONE;
}

/* Each planted fault is found, by the rule that it breaks. */
static void planted_faults_are_found(void **state)
{
	static const struct {
		enum group_fault fault;
		const char *by;
	} faults[] = {
		{FAULT_ACK_BEFORE_STORED, "an acknowledged commit is lost or moved back"},
		{FAULT_STALE_SYNC, "two owners of a partition in one generation"},
		{FAULT_GENERATION_STANDS, "two"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		const char *found;
		int64_t at;

		group_planted = faults[i].fault;
		found = run(1, STEPS, &at);
		group_planted = FAULT_NONE;
		if (!found || strncmp(found, faults[i].by, strlen(faults[i].by)) != 0)
			fail_msg("fault %d: %s", (int)faults[i].fault, found ? found : "not found");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chance_breaks_no_rule),
		cmocka_unit_test(planted_faults_are_found),
	};

	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
