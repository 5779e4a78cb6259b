/* The cluster source as a whole: made, told what is on the screen, freed. */
#include "source/impl.h"

#include "base/xalloc.h"

static void clear_want(struct cluster_source *s)
{
	free(s->opened);
	s->opened = NULL;
	vec_foreach (v, &s->visible)
		free(*v);
	vec_clear(&s->visible);
	free(s->opened_group);
	s->opened_group = NULL;
	vec_foreach (v, &s->visible_groups)
		free(*v);
	vec_clear(&s->visible_groups);
}

static bool same_name(const char *have, const char *want)
{
	return have && want ? strcmp(have, want) == 0 : have == want;
}

static bool same_names(char *const *have, size_t n, const struct str *want, size_t n_want)
{
	if (n != min_size(n_want, VISIBLE_MAX))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!str_eqz(want[i], have[i]))
			return false;
	return true;
}

static bool same_want(const struct cluster_source *s, const struct source_want *w)
{
	return same_name(s->opened, w->topic) && same_name(s->opened_group, w->group) &&
	       same_names(s->visible.v, s->visible.n, w->visible, w->n_visible) &&
	       same_names(s->visible_groups.v, s->visible_groups.n, w->groups, w->n_groups);
}

static void take_want(struct cluster_source *s, const struct source_want *w)
{
	char *opened = w->topic ? xstrdup(w->topic) : NULL;
	char *group = w->group ? xstrdup(w->group) : NULL;
	bool other = opened && (!s->opened || strcmp(opened, s->opened) != 0);
	bool other_group = group && (!s->opened_group || strcmp(group, s->opened_group) != 0);

	clear_want(s);
	s->opened = opened;
	for (size_t i = 0; i < w->n_visible && i < VISIBLE_MAX; i++)
		vec_push(&s->visible, str_dup(w->visible[i]));
	s->opened_group = group;
	for (size_t i = 0; i < w->n_groups && i < VISIBLE_MAX; i++)
		vec_push(&s->visible_groups, str_dup(w->groups[i]));
	if (other_group)
		model_pin_group(s->model, str_of(group));
	groups_wanted(s);
	if (other) {
		model_pin(s->model, str_of(opened));
		s->detail.due_ms = s->replicas.due_ms = 0;
	}
	/* Screens tell it while they draw: what they draw must not be replaced meanwhile. */
	if (!s->hidden)
		io_timer_start(&s->timer, 1, 0);
}

static void want(struct source *base, const struct source_want *w)
{
	struct cluster_source *s = source_of(base);

	if (!same_want(s, w))
		take_want(s, w);
}

static void refresh(struct source *base)
{
	poll_now(source_of(base));
}

static void freeze(struct source *base, bool on)
{
	struct cluster_source *s = source_of(base);

	s->frozen = on;
	poll_publish(s);
}

static void hide(struct source *base, bool hidden)
{
	struct cluster_source *s = source_of(base);

	if (s->hidden == hidden)
		return;
	s->hidden = hidden;
	if (hidden)
		io_timer_stop(&s->timer);
	else
		poll_now(s);
}

static void set_read_only(struct source *base, bool on)
{
	source_of(base)->read_only = on;
}

static void cancel(struct source *base, int64_t id)
{
	struct cluster_source *s = source_of(base);

	if (!act_cancel(s, id))
		(void)produce_cancel(s, id);
}

static const struct source_ops source_table = {
	.want = want,
	.refresh = refresh,
	.freeze = freeze,
	.hide = hide,
	.set_read_only = set_read_only,
	.cancel = cancel,
	.create_topic = act_create_topic,
	.delete_topics = act_delete_topics,
	.add_partitions = act_add_partitions,
	.alter_configs = act_alter_configs,
	.purge = act_purge,
	.elect = act_elect,
	.move_replicas = act_move_replicas,
	.list_moves = act_list_moves,
	.broker_can = act_broker_can,
	.broker_control = act_broker_control,
	.cut = act_cut,
	.slow = act_slow,
	.plan_reset = plan_reset,
	.reset_offsets = act_reset_offsets,
	.delete_groups = act_delete_groups,
	.delete_offsets = act_delete_offsets,
	.produce = produce_start,
	.produce_forget = produce_forget,
	.browse = browse_open,
	.browse_more = browse_more,
	.browse_follow = browse_follow,
	.browse_close = browse_close,
};

static void timer_fired(void *arg)
{
	poll_run(arg);
}

static void copy_properties(struct cluster_source *s, const struct cluster_source_options *o)
{
	s->properties = xcalloc(o->n_properties + 1, sizeof(*s->properties));
	s->n_properties = o->n_properties;
	for (size_t i = 0; i < o->n_properties; i++) {
		s->properties[i].name = xstrdup(o->properties[i].name);
		s->properties[i].value = xstrdup(o->properties[i].value);
	}
}

struct source *cluster_source_new(
	struct loop *l, struct admin *a, struct model *m, const struct cluster_source_options *o)
{
	struct cluster_source *s = ALLOC(struct cluster_source);

	s->base.ops = &source_table;
	s->loop = l;
	s->admin = a;
	s->model = m;
	s->bootstrap = xstrdup(o->bootstrap ? o->bootstrap : "");
	s->interval_ms = o->interval_ms > 0 ? o->interval_ms : 1000;
	s->read_only = o->read_only;
	s->next_id = 1;
	copy_properties(s, o);
	map_init(&s->group_by_name);
	unread_init(s);
	here_init(&s->here, o->local_dir);
	faces_init(s);
	list_init(&s->ops);
	list_init(&s->browses);
	list_init(&s->produces);
	io_timer_init(&s->timer, l, timer_fired, s);
	poll_run(s);
	return &s->base;
}

void cluster_source_free(struct source *base)
{
	struct cluster_source *s;

	if (!base)
		return;
	s = source_of(base);
	io_timer_stop(&s->timer);
	browse_stop(s);
	produce_stop(s);
	act_stop(s);
	detail_stop(s);
	poll_stop(s);
	faces_fini(s);
	here_fini(&s->here);
	clear_want(s);
	vec_fini(&s->visible);
	vec_fini(&s->visible_groups);
	vec_fini(&s->scratch);
	for (size_t i = 0; i < s->n_properties; i++) {
		free((void *)(uintptr_t)s->properties[i].name);
		free((void *)(uintptr_t)s->properties[i].value);
	}
	free(s->properties);
	free(s->bootstrap);
	free(s);
}
