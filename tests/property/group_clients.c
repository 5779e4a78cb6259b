/* What clients say, and what the answers must not say. See group_world.h. */
#include "group_world.h"

#include <stdio.h>

#include "wire/kerr.h"

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
		world_broken(k->w, "two leaders in one generation");
	memcpy(t->leader, leader, sizeof(leader));
	if (r->n_members) {
		if (t->members && t->members != hash_members(r))
			world_broken(k->w, "two sets of members in one generation");
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
			world_broken(k->w, "two owners of a partition in one generation");
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

/* ---- what clients do ------------------------------------------------------------------------- */

static struct str instance_of(const struct client *k)
{
	return k->is_static ? STR_LIT(STATIC) : STR_NULL;
}

void client_join(struct client *k)
{
	struct group_caller who = {9, STR_LIT("c"), STR_LIT("/127.0.0.1")};
	struct join_group_request_protocols p = {STR_LIT("range"), slice_of("x", 1)};
	struct join_group_request r;

	msg_init(&join_group_request_desc, &r);
	r.group_id = world_group_name(k->group);
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
void client_sync(struct client *k, int32_t generation)
{
	struct sync_group_request_assignments a[CLIENTS * 2];
	uint8_t hands[CLIENTS * 2][PARTITIONS];
	struct group_caller who = {.version = 4};
	struct sync_group_request r;
	struct sync_call *call;
	size_t n[CLIENTS * 2] = {0};

	msg_init(&sync_group_request_desc, &r);
	r.group_id = world_group_name(k->group);
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

void client_heartbeat(struct client *k)
{
	struct group_caller who = {.version = 4};
	struct heartbeat_request r;

	msg_init(&heartbeat_request_desc, &r);
	r.group_id = world_group_name(k->group);
	r.generation_id = k->generation;
	r.member_id = str_of(k->id);
	r.group_instance_id = instance_of(k);
	group_heartbeat(k->w->c, &who, &r, (struct group_reply){on_heartbeat, k});
}

void client_leave(struct client *k, const char *id)
{
	struct group_caller who = {.version = 2};
	struct leave_group_request r;

	msg_init(&leave_group_request_desc, &r);
	r.group_id = world_group_name(k->group);
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

void client_commit(struct client *k, int32_t generation)
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
	r.group_id = world_group_name(k->group);
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
			world_broken(k->w, "an acknowledged commit is lost or moved back");
		if (p->committed_offset > o->sent)
			world_broken(k->w, "an offset that nobody committed");
		if (p->committed_offset >= 0 && p->committed_offset <= o->dead)
			world_broken(k->w, "a deleted offset is there again");
	}
}

void client_fetch(struct client *k)
{
	int32_t all[PARTITIONS] = {0, 1, 2, 3, 4, 5};
	struct group_caller who = {.version = 7};
	struct offset_fetch_request_topics t;
	struct offset_fetch_request r;

	msg_init(&offset_fetch_request_desc, &r);
	msg_struct_init(&offset_fetch_request_topics_struct, &t);
	r.group_id = world_group_name(k->group);
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
	struct str name = world_group_name(group);
	bool empty = false;

	msg_init(&describe_groups_request_desc, &r);
	r.groups = &name;
	r.n_groups = 1;
	group_describe(w->c, &who, &r, (struct group_reply){on_state, &empty});
	return empty;
}

/* From here on nothing that was committed before needs to be there; a new life begins. */
void world_delete_group(struct world *w, int32_t group)
{
	struct group_caller who = {.version = 2};
	struct deletion *d;
	struct delete_groups_request r;
	struct str name = world_group_name(group);

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
