/* A partition as it is to be: elections, the end of a reassignment, and the record that says what
 * differs. See change.h. */
#include "control/change.h"

void control_next_init(struct control_next *n, const struct image_topic *t, int32_t index)
{
	const struct image_partition *p = &t->partitions[index];

	*n = (struct control_next){
		.topic = t,
		.index = index,
		.replicas = p->replicas,
		.isr = p->isr,
		.adding = p->adding,
		.removing = p->removing,
		.leader = p->leader,
		.recovery = p->recovery,
		.gone = META_NO_LEADER,
		.come = META_NO_LEADER,
	};
}

int control_ids_without(const struct control_env *env, struct meta_ids ids, struct meta_ids out,
	struct meta_ids *left)
{
	int32_t *v = arena_array(env->arena, (size_t)ids.n + 1, sizeof(*v));

	if (!v)
		return ERR_NOMEM;
	left->n = 0;
	for (int32_t i = 0; i < ids.n; i++)
		if (meta_ids_find(out, ids.v[i]) < 0)
			v[left->n++] = ids.v[i];
	left->v = v;
	return 0;
}

bool control_unclean(const struct control_env *env, const struct image_topic *t)
{
	const struct str key = STR_LIT("unclean.leader.election.enable");
	const struct control_config_ops *ops = &env->set->configs;
	struct str v = image_config_value(env->image, META_RESOURCE_TOPIC, t->name, key);

	if (str_is_null(v) && ops->inherited)
		v = ops->inherited(ops->arg, env->image, META_RESOURCE_TOPIC, t->name, key);
	return str_is_null(v) ? env->set->unclean_leader_election : str_eqz(v, "true");
}

static bool may_lead(
	const struct control_env *env, const struct control_next *n, int32_t id, bool in_sync)
{
	if (id == n->gone || (id != n->come && !control_live(env->image, id)))
		return false;
	return !in_sync || meta_ids_find(n->isr, id) >= 0;
}

static int32_t first_that_may(
	const struct control_env *env, const struct control_next *n, bool in_sync)
{
	for (int32_t i = 0; i < n->replicas.n; i++)
		if (may_lead(env, n, n->replicas.v[i], in_sync))
			return n->replicas.v[i];
	return META_NO_LEADER;
}

int control_next_alone(const struct control_env *env, struct control_next *n)
{
	int32_t *alone = arena_array(env->arena, 1, sizeof(*alone));

	if (!alone)
		return ERR_NOMEM;
	alone[0] = n->leader;
	n->isr = (struct meta_ids){alone, 1};
	n->recovery = 1;
	return 0;
}

int control_next_elect(const struct control_env *env, struct control_next *n)
{
	if (n->leader != META_NO_LEADER && may_lead(env, n, n->leader, true) &&
		meta_ids_find(n->replicas, n->leader) >= 0)
		return 0;
	n->leader = first_that_may(env, n, true);
	if (n->leader != META_NO_LEADER || !control_unclean(env, n->topic))
		return 0;
	n->leader = first_that_may(env, n, false);
	return n->leader == META_NO_LEADER ? 0 : control_next_alone(env, n);
}

int control_next_complete(const struct control_env *env, struct control_next *n)
{
	struct meta_ids isr, replicas;

	if (n->adding.n == 0 && n->removing.n == 0)
		return 0;
	for (int32_t i = 0; i < n->adding.n; i++)
		if (meta_ids_find(n->isr, n->adding.v[i]) < 0)
			return 0;
	if (control_ids_without(env, n->isr, n->removing, &isr) < 0 ||
		control_ids_without(env, n->replicas, n->removing, &replicas) < 0)
		return ERR_NOMEM;
	if (isr.n == 0)
		return 0;
	n->bump = n->bump || n->removing.n > 0;
	n->isr = isr;
	n->replicas = replicas;
	n->adding = n->removing = (struct meta_ids){NULL, 0};
	return control_next_elect(env, n);
}

/* Records own nothing of the image, which changes while they are applied. */
static int put_ids(const struct control_env *env, struct meta_ids before, struct meta_ids now,
	int32_t **v, int32_t *n)
{
	if (meta_ids_equal(before, now))
		return 0;
	*v = arena_array(env->arena, (size_t)now.n + 1, sizeof(**v));
	if (!*v)
		return ERR_NOMEM;
	if (now.n)
		memcpy(*v, now.v, (size_t)now.n * sizeof(**v));
	*n = now.n;
	return 0;
}

static bool differs(const struct image_partition *p, const struct control_next *n)
{
	return n->leader != p->leader || n->bump || n->recovery != p->recovery ||
	       !meta_ids_equal(n->isr, p->isr) || !meta_ids_equal(n->replicas, p->replicas) ||
	       !meta_ids_equal(n->adding, p->adding) || !meta_ids_equal(n->removing, p->removing);
}

int control_next_write(
	const struct control_env *env, struct control_next *n, struct control_result *out)
{
	const struct image_partition *p = &n->topic->partitions[n->index];
	struct partition_change_record *r;

	n->changed = differs(p, n);
	if (!n->changed)
		return 0;
	r = CONTROL_RECORD(env, out, partition_change_record, 0);
	if (!r)
		return ERR_NOMEM;
	r->topic_id = n->topic->id;
	r->partition_id = n->index;
	if (n->leader != p->leader || n->bump)
		r->leader = n->leader;
	if (n->recovery != p->recovery)
		r->leader_recovery_state = n->recovery;
	if (put_ids(env, p->isr, n->isr, &r->isr, &r->n_isr) < 0 ||
		put_ids(env, p->replicas, n->replicas, &r->replicas, &r->n_replicas) < 0 ||
		put_ids(env, p->adding, n->adding, &r->adding_replicas, &r->n_adding_replicas) <
			0 ||
		put_ids(env, p->removing, n->removing, &r->removing_replicas,
			&r->n_removing_replicas) < 0)
		return ERR_NOMEM;
	return 0;
}
