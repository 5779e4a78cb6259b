/* See reset_form.h. */
#include "view/reset_form.h"

#include <errno.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "model/moment.h"

/* By enum reset_to. */
static const char *const places[RESET_TO_COUNT + 1] = {
	"earliest", "latest", "current", "offset", "shift", "time back", "date-time", NULL};

static enum reset_to place_of(const struct form *f)
{
	struct str chosen = form_text(f, "to");
	int i = 0;

	while (places[i + 1] && !str_eqz(chosen, places[i]))
		i++;
	return (enum reset_to)i;
}

/* ---- what is wrong with a field ------------------------------------------------------------- */

static bool loaded(const struct reset_form *f)
{
	return view_cluster(f->ctx)->progress.step >= PROGRESS_OFFSETS;
}

static bool check_topic(void *arg, const struct form *form, int field, struct buf *reason)
{
	const struct reset_form *f = arg;
	struct str name = edit_get(&form->fields[field].edit);

	if (!name.n && f->known && !f->topics.n)
		buf_puts(reason, "the group has committed nothing so far: a topic must be named");
	else if (name.n && loaded(f) && !cluster_topic(view_cluster(f->ctx), name))
		buf_puts(reason, "the cluster has no such topic");
	return !reason->n;
}

static bool check_partition(void *arg, const struct form *form, int field, struct buf *reason)
{
	const struct reset_form *f = arg;
	struct str name = form_text(form, "topic");
	const struct topic *t = cluster_topic(view_cluster(f->ctx), name);
	int32_t n;

	if (!view_partition_of(edit_get(&form->fields[field].edit), &n) ||
		(n >= 0 && t && !topic_partition(t, n))) {
		buf_puts(reason, "all, or a number");
		if (t)
			buf_printf(reason, " from 0 to %d", t->n_partitions - 1);
	} else if (n >= 0 && !name.n) {
		buf_puts(reason, "all: one of them can be chosen where a topic is named");
	}
	return !reason->n;
}

static bool whole_number(const char *z, int64_t *out)
{
	const char *first = z + (*z == '-');
	char *end;

	errno = 0;
	*out = strtoll(z, &end, 10);
	return *first >= '0' && *first <= '9' && !*end && !errno;
}

static bool read_at(enum reset_to to, const char *z, int64_t *at, struct buf *reason)
{
	struct err e = {0};

	*at = 0;
	switch (to) {
	case RESET_OFFSET:
		if (!whole_number(z, at) || *at < 0)
			buf_puts(reason, "an offset, 0 or more");
		break;
	case RESET_SHIFT:
		if (!whole_number(z, at))
			buf_puts(reason, "how many records on, or back when below 0: -100");
		break;
	case RESET_DURATION:
		if (span_parse(z, at, &e) < 0)
			buf_puts(reason, e.msg);
		else if (*at < 0)
			buf_puts(reason, "a time back, 0 or more");
		break;
	case RESET_TIME:
		if (moment_parse(z, at, &e) < 0)
			buf_puts(reason, e.msg);
		break;
	default:
		break;
	}
	return !reason->n;
}

static bool check_at(void *arg, const struct form *form, int field, struct buf *reason)
{
	char *z = str_dup(edit_get(&form->fields[field].edit));
	int64_t at;
	bool right = read_at(place_of(form), z ? z : "", &at, reason);

	(void)arg;
	free(z);
	return right;
}

static const struct field_def fields[] = {
	{.name = "topic",
		.label = "Topic",
		.type = FIELD_TEXT,
		.help = "Empty: every topic that the group has committed in. The right arrow at "
			"the end completes a name.",
		.max_bytes = 249,
		.check = check_topic},
	{.name = "partition",
		.label = "Partition",
		.type = FIELD_TEXT,
		.help = "A number, or all",
		.initial = "all",
		.max_bytes = 16,
		.check = check_partition},
	{.name = "to",
		.label = "To",
		.type = FIELD_CHOICE,
		.choices = places,
		.help = "Left and right choose: the first record, behind the last, where it is "
			"now, an offset, records on or back, a time ago, a moment."},
	{.name = "at",
		.label = "Offset, records or time",
		.type = FIELD_TEXT,
		.help = "offset: 1200; shift: -100 is back; time back: 2h30m, 3d, PT2H; "
			"date-time: 2026-11-21 14:00 or 2026-11-21T05:00:00Z",
		.max_bytes = 64,
		.check = check_at},
};

/* ---- the form ---------------------------------------------------------------------------------
 */

static void forget(struct reset_form *f)
{
	vec_foreach (t, &f->topics)
		free(*t);
	vec_clear(&f->topics);
	f->completion = 0;
}

static void submit(void *arg, struct form *form)
{
	struct reset_form *f = arg;
	char *topic = str_dup(form_text(form, "topic")), *at = str_dup(form_text(form, "at"));
	struct reset_spec spec = {
		.group = buf_z(&f->group),
		.topic = topic && *topic ? topic : NULL,
		.to = place_of(form),
	};
	struct buf reason = BUF_EMPTY;

	/* Both were checked before this was called. */
	(void)!view_partition_of(form_text(form, "partition"), &spec.partition);
	(void)read_at(spec.to, at ? at : "", &spec.at, &reason);
	formbox_wait(&f->box);
	form_note(form, "Asking the cluster what would move … Esc gives it up", false);
	f->done(f->arg, &spec);
	buf_fini(&reason);
	free(topic);
	free(at);
}

void reset_form_init(struct reset_form *f, struct view_ctx *ctx, reset_form_fn *done, void *arg)
{
	*f = (struct reset_form){.ctx = ctx, .done = done, .arg = arg};
}

void reset_form_fini(struct reset_form *f)
{
	formbox_close(&f->box);
	forget(f);
	vec_fini(&f->topics);
	buf_fini(&f->title);
	buf_fini(&f->group);
	buf_fini(&f->stem);
}

void reset_form_open(
	struct reset_form *f, const struct group *g, const char *topic, int32_t partition)
{
	struct buf text = BUF_EMPTY;

	forget(f);
	for (size_t i = 0; i < g->n_topics; i++)
		vec_push(&f->topics, str_dup(g->topics[i].name));
	f->known = g->lag_known;
	buf_clear(&f->group);
	buf_put_str(&f->group, g->name);
	buf_clear(&f->title);
	buf_printf(&f->title, "reset offsets of group %s", buf_z(&f->group));
	formbox_open(&f->box, buf_z(&f->title), fields, ARRAY_LEN(fields), submit, f);
	if (!topic && f->topics.n == 1)
		topic = f->topics.v[0];
	if (topic)
		form_set(&f->box.form, "topic", str_of(topic));
	if (partition >= 0) {
		buf_printf(&text, "%d", partition);
		form_set(&f->box.form, "partition", buf_str(&text));
	}
	buf_fini(&text);
}

/* ---- names completed ---------------------------------------------------------------------------
 */

/* The i-th topic to offer: those of the group, then the others; empty: none stands there. */
static struct str candidate(const struct reset_form *f, size_t i)
{
	const struct cluster *c = view_cluster(f->ctx);
	struct str name;

	if (i < f->topics.n)
		return str_of(f->topics.v[i]);
	name = i - f->topics.n < c->n_topics ? c->topics[i - f->topics.n]->name : STR_NULL;
	for (size_t k = 0; k < f->topics.n; k++)
		if (str_eqz(name, f->topics.v[k]))
			return STR_NULL;
	return name;
}

static bool begins(struct str name, struct str stem)
{
	return name.n > 0 && name.n >= stem.n && (!stem.n || !memcmp(name.p, stem.p, stem.n));
}

/* The next name that begins so; behind the last one stands what was typed. */
static void complete(struct reset_form *f)
{
	struct str now = form_text(&f->box.form, "topic"), stem, name;
	size_t all = f->topics.n + view_cluster(f->ctx)->n_topics;

	if (!f->completion) {
		buf_clear(&f->stem);
		buf_put_str(&f->stem, now);
	}
	stem = buf_str(&f->stem);
	do {
		name = candidate(f, f->completion++);
	} while (f->completion <= all && (!begins(name, stem) || str_eq(name, now)));
	if (f->completion > all) {
		f->completion = 0;
		name = stem;
	}
	form_set(&f->box.form, "topic", name);
	f->box.form.fields[0].prefilled = false;
}

static bool wants_completion(const struct reset_form *f, const struct event *e)
{
	const struct form *form = &f->box.form;
	const struct edit *edit = &form->fields[0].edit;

	return f->box.open && !f->box.waiting && form->focus == 0 && e->type == EVENT_KEY &&
	       key_is(e->key, K_RIGHT) && edit->at == edit->text.n;
}

unsigned reset_form_event(struct reset_form *f, const struct event *e)
{
	if (!wants_completion(f, e)) {
		f->completion = 0;
		return formbox_event(&f->box, e);
	}
	complete(f);
	return VIEW_HANDLED | VIEW_REDRAW;
}
