/*
 * See group_actions.h. A reset goes through
 *
 *   FORM --> WAITING (for the plan) --> PREVIEW --> sent, told in the message line
 *
 * and Esc ends it at each of them; what was asked for is given up then.
 */
#include "view/group_actions.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "view/reset_form.h"
#include "view/reset_preview.h"

struct group_actions {
	struct view_ctx *ctx;
	struct reset_form form;
	struct reset_preview preview;
	int64_t planned;        /* the plan that is waited for; 0: none */
	struct reset_spec spec; /* of it; strings in the bufs below */
	/* what the open question is about */
	VEC(char *) groups;
	struct buf group, topic;
	int32_t partition;
};

/* ---- reset --------------------------------------------------------------------------------- */

static void give_up_plan(struct group_actions *a)
{
	if (a->planned)
		source_cancel(a->ctx->source, a->planned);
	a->planned = 0;
}

static void planned(void *arg, const struct err *e, const struct reset_row *rows, size_t n)
{
	struct group_actions *a = arg;

	a->planned = 0;
	if (formbox_answer(&a->form.box, e) && !e)
		reset_preview_open(&a->preview, a->ctx, &a->spec, rows, n);
	view_redraw(a->ctx);
}

static void remember(struct buf *b, const char *z)
{
	buf_clear(b);
	buf_puts(b, z ? z : "");
}

static void plan(void *arg, const struct reset_spec *spec)
{
	struct group_actions *a = arg;

	give_up_plan(a);
	remember(&a->group, spec->group);
	remember(&a->topic, spec->topic);
	a->spec = *spec;
	a->spec.group = buf_z(&a->group);
	a->spec.topic = spec->topic ? buf_z(&a->topic) : NULL;
	a->planned = source_plan_reset(a->ctx->source, &a->spec, planned, a);
}

static void reset_done(void *arg, const struct err *e)
{
	view_outcome(arg, e, "offsets reset");
}

/* Whoever asked may be gone before the answer: it is told by the app's own line. */
static void carry_out(struct group_actions *a)
{
	struct reset_preview *p = &a->preview;

	view_message(a->ctx, MESSAGE_PROGRESS, "resetting offsets of group %s …", p->spec.group);
	source_reset_offsets(a->ctx->source, &p->spec, p->rows, p->n, reset_done, a->ctx);
	reset_preview_close(p);
}

static bool refused(struct group_actions *a, enum action_id id, const struct group *g)
{
	struct buf reason = BUF_EMPTY;
	bool allowed = group_action_allowed(id, g, &reason);

	if (a->ctx->read_only) {
		view_message(a->ctx, MESSAGE_ERROR, "read-only: nothing can be changed here");
		allowed = false;
	} else if (!allowed) {
		view_message(a->ctx, MESSAGE_ERROR, "%s", buf_z(&reason));
	}
	buf_fini(&reason);
	return !allowed;
}

void group_actions_reset(
	struct group_actions *a, const struct group *g, const char *topic, int32_t partition)
{
	if (refused(a, ACTION_GROUP_RESET, g))
		return;
	give_up_plan(a);
	reset_preview_close(&a->preview);
	reset_form_open(&a->form, g, topic, partition);
}

/* ---- delete -------------------------------------------------------------------------------- */

static void forget_groups(struct group_actions *a)
{
	vec_foreach (g, &a->groups)
		free(*g);
	vec_clear(&a->groups);
}

static void deleted(void *arg, const struct err *e)
{
	view_outcome(arg, e, "group deleted");
}

static void all_deleted(void *arg, const struct err *e)
{
	view_outcome(arg, e, "groups deleted");
}

static void delete_answer(void *arg, bool yes)
{
	struct group_actions *a = arg;

	if (yes)
		source_delete_groups(a->ctx->source, (const char *const *)a->groups.v, a->groups.n,
			a->groups.n > 1 ? all_deleted : deleted, a->ctx);
}

static void ask_delete_one(struct group_actions *a, const struct group *g)
{
	struct buf text = BUF_EMPTY;

	buf_printf(&text, "Group %s and what it has committed", a->groups.v[0]);
	if (g->n_partitions) {
		buf_puts(&text, ", in ");
		fmt_things(&text, (int64_t)g->n_partitions, "partition");
	}
	buf_puts(&text, ", will be deleted. Type its name to go on.");
	view_ask(a->ctx, "Delete the group?", buf_z(&text), "Delete group", a->groups.v[0], true,
		delete_answer, a);
	buf_fini(&text);
}

static void ask_delete_all(struct group_actions *a)
{
	struct buf text = BUF_EMPTY, typed = BUF_EMPTY;

	fmt_things(&typed, (int64_t)a->groups.n, "group");
	buf_printf(&text, "%s and what they have committed will be deleted:\n", buf_z(&typed));
	vec_foreach (g, &a->groups)
		buf_printf(&text, "  %s\n", *g);
	view_ask(a->ctx, "Delete the groups?", buf_z(&text), "Delete groups", buf_z(&typed), true,
		delete_answer, a);
	buf_fini(&text);
	buf_fini(&typed);
}

void group_actions_delete(struct group_actions *a, const struct group *const *groups, size_t n)
{
	forget_groups(a);
	for (size_t i = 0; i < n; i++) {
		if (refused(a, ACTION_GROUP_DELETE, groups[i])) {
			forget_groups(a);
			return;
		}
		vec_push(&a->groups, str_dup(groups[i]->name));
	}
	if (n == 1)
		ask_delete_one(a, groups[0]);
	else if (n)
		ask_delete_all(a);
}

/* ---- delete offsets ------------------------------------------------------------------------- */

static void offsets_deleted(void *arg, const struct err *e)
{
	view_outcome(arg, e, "offsets deleted");
}

static void delete_offsets_answer(void *arg, bool yes)
{
	struct group_actions *a = arg;

	if (yes)
		source_delete_offsets(a->ctx->source, buf_z(&a->group), buf_z(&a->topic),
			a->partition, offsets_deleted, a->ctx);
}

void group_actions_delete_offsets(
	struct group_actions *a, const struct group *g, const char *topic, int32_t partition)
{
	struct buf text = BUF_EMPTY;

	if (refused(a, ACTION_COUNT, g))
		return;
	remember(&a->group, "");
	buf_put_str(&a->group, g->name);
	remember(&a->topic, topic);
	a->partition = partition;
	buf_printf(&text, "What group %s has committed in topic %s", buf_z(&a->group), topic);
	if (partition >= 0)
		buf_printf(&text, ", partition %" PRId32, partition);
	buf_puts(&text, ", will be deleted. Whoever reads there next begins where its setting "
			"auto.offset.reset says.");
	view_ask(a->ctx, "Delete the offsets?", buf_z(&text), "Delete offsets", NULL, true,
		delete_offsets_answer, a);
	buf_fini(&text);
}

/* ---- the whole --------------------------------------------------------------------------------
 */

struct group_actions *group_actions_new(struct view_ctx *ctx)
{
	struct group_actions *a = ALLOC(struct group_actions);

	a->ctx = ctx;
	reset_form_init(&a->form, ctx, plan, a);
	return a;
}

void group_actions_free(struct group_actions *a)
{
	if (!a)
		return;
	give_up_plan(a);
	reset_form_fini(&a->form);
	reset_preview_close(&a->preview);
	forget_groups(a);
	vec_fini(&a->groups);
	buf_fini(&a->group);
	buf_fini(&a->topic);
	free(a);
}

bool group_actions_open(const struct group_actions *a)
{
	return a->form.box.open || a->preview.open;
}

static void preview_event(struct group_actions *a, const struct event *e)
{
	switch (reset_preview_event(&a->preview, e)) {
	case RESET_CONFIRMED:
		carry_out(a);
		break;
	case RESET_CANCELLED:
		reset_preview_close(&a->preview);
		break;
	case RESET_WAITS:
		break;
	}
}

unsigned group_actions_event(struct group_actions *a, const struct event *e)
{
	if (a->preview.open)
		preview_event(a, e);
	else if (a->form.box.open)
		reset_form_event(&a->form, e);
	else
		return VIEW_IGNORED;
	if (!a->form.box.open)
		give_up_plan(a);
	return VIEW_HANDLED | VIEW_REDRAW;
}

void group_actions_draw(struct group_actions *a, const struct surface *body)
{
	formbox_draw(&a->form.box, body);
	reset_preview_draw(&a->preview, body);
}

static void put_members(struct buf *out, const struct group *g)
{
	const struct group_members *m = g->members;
	struct str *names = xcalloc(m->n + 1, sizeof(*names));

	for (size_t i = 0; i < m->n; i++)
		names[i] = str_of(m->v[i].label);
	reset_put_members(out, g->name.p, names, m->n);
	free(names);
}

/* Done to the group under the cursor. */
static bool is_about_one(enum action_id id)
{
	switch ((int)id) {
	case ACTION_GROUP_RESET:
	case ACTION_GROUP_DELETE:
	case ACTION_GROUP_DESCRIBE:
	case ACTION_EXPORT:
	case ACTION_MARK:
		return true;
	}
	return false;
}

bool group_action_allowed(enum action_id id, const struct group *g, struct buf *reason)
{
	bool changes = id == ACTION_GROUP_RESET || id == ACTION_GROUP_DELETE;

	if (!g && is_about_one(id)) {
		buf_puts(reason, "there is no group under the cursor");
		return false;
	}
	if (!g || !changes)
		return true;
	if (g->members->n) {
		put_members(reason, g);
		return false;
	}
	/* Listed as at work, and not described yet: who they are is not known, but that they are.
	 */
	if (g->state != GROUP_STABLE && !group_state_moving(g->state))
		return true;
	buf_printf(reason, "group %s has members: stop them first", g->name.p);
	return false;
}

void group_command(enum action_id id, const struct group *g, struct buf *out)
{
	const struct action *act = &actions[id == ACTION_GROUP_RESET || id == ACTION_GROUP_DELETE
						    ? id
						    : ACTION_GROUP_DESCRIBE];
	struct action_var var = {"group", g ? g->name : STR_NULL};

	if (g)
		action_expand(out, act->command, &var, 1);
	else
		buf_puts(out, "kdeck groups --list");
}
