/* The forms of screen 9: a member to be added, of either kind, and what may change of one. */
#include <stdio.h>

#include "view/lab_view.h"

static const char *const kinds[] = {"consumer", "producer", NULL};
static const char *const commits[] = {"after", "before", NULL};
static const char *const assignors[] = {"range", "roundrobin", "cooperative-sticky", NULL};
static const char *const froms[] = {"start", "end", NULL};

static bool check_topics(void *arg, const struct form *f, int field, struct buf *reason)
{
	struct str text = edit_get(&f->fields[field].edit);

	(void)arg;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] <= ' ') {
			buf_puts(reason, "no blanks; several topics are separated by commas");
			return false;
		}
		if (text.p[i] == ',' && (!i || i + 1 == text.n || text.p[i + 1] == ',')) {
			buf_puts(reason, "a name is missing before or after a comma");
			return false;
		}
	}
	return true;
}

#define KIND_FIELD                                                                            \
	{                                                                                     \
		.name = "kind", .label = "Kind", .type = FIELD_CHOICE,                        \
		.help = "Left and Right turn it. A consumer reads as a member of a group, a " \
			"producer writes.",                                                   \
		.choices = kinds                                                              \
	}
#define NAME_FIELD                                                                               \
	{                                                                                        \
		.name = "name", .label = "Name", .type = FIELD_TEXT,                             \
		.help = "Its client.id: so the group and the broker call it.", .required = true, \
		.max_bytes = LAB_NAME_MAX                                                        \
	}
#define PROCESS_FIELD                                                                          \
	{                                                                                      \
		.name = "process", .label = "Processing, ms", .type = FIELD_NUMBER,            \
		.help = "What it takes for each record.", .min = 0, .max = LAB_PROCESS_MAX_MS, \
		.required = true                                                               \
	}
#define COMMIT_FIELD                                                                        \
	{                                                                                   \
		.name = "commit", .label = "Commit", .type = FIELD_CHOICE,                  \
		.help = "After processing: a crash has records processed again. Before: a " \
			"crash loses them.",                                                \
		.choices = commits                                                          \
	}
#define RATE_FIELD                                                                             \
	{                                                                                      \
		.name = "rate", .label = "Records a second", .type = FIELD_NUMBER,             \
		.help = "How fast it writes.", .min = 1, .max = LAB_RATE_MAX, .required = true \
	}
#define KEYS_FIELD                                                                          \
	{                                                                                   \
		.name = "keys", .label = "Keys", .type = FIELD_NUMBER,                      \
		.help = "How many different keys; each has its partition. 0: no keys, the " \
			"partitions take turns.",                                           \
		.min = 0, .max = LAB_KEYS_MAX, .required = true                             \
	}
#define HOT_FIELD                                                                        \
	{                                                                                \
		.name = "hot", .label = "Hot key, %", .type = FIELD_NUMBER,              \
		.help = "So many percent of the records have one and the same key: its " \
			"partition gets most of the work.",                              \
		.min = 0, .max = 100, .required = true                                   \
	}
#define SIZE_FIELD                                                                                \
	{                                                                                         \
		.name = "size", .label = "Bytes", .type = FIELD_NUMBER, .help = "Of each value.", \
		.min = 0, .max = LAB_SIZE_MAX, .required = true                                   \
	}

static const struct field_def consumer_fields[] = {
	KIND_FIELD,
	NAME_FIELD,
	{.name = "topic",
		.label = "Topic",
		.type = FIELD_TEXT,
		.help = "What it reads; several are separated by commas.",
		.required = true,
		.max_bytes = LAB_TOPICS_MAX,
		.check = check_topics},
	{.name = "group",
		.label = "Group",
		.type = FIELD_TEXT,
		.help = "Members of one group share the partitions; each group gets every record.",
		.required = true,
		.max_bytes = LAB_GROUP_MAX},
	PROCESS_FIELD,
	COMMIT_FIELD,
	{.name = "assignor",
		.label = "Assignor",
		.type = FIELD_CHOICE,
		.help = "How partitions are shared. One that no other member has cannot join.",
		.choices = assignors},
	{.name = "session",
		.label = "Session, ms",
		.type = FIELD_NUMBER,
		.help = "So long without a heartbeat, and the group takes it for dead; 6,000 at "
			"least.",
		.min = LAB_SESSION_MIN_MS,
		.max = LAB_SESSION_MAX_MS,
		.required = true},
	{.name = "from",
		.label = "Begin at",
		.type = FIELD_CHOICE,
		.help = "Where the group has committed nothing yet.",
		.choices = froms},
};

static const struct field_def producer_fields[] = {
	KIND_FIELD,
	NAME_FIELD,
	{.name = "topic",
		.label = "Topic",
		.type = FIELD_TEXT,
		.help = "What it writes into.",
		.required = true,
		.max_bytes = LAB_TOPIC_MAX,
		.check = check_topics},
	RATE_FIELD,
	KEYS_FIELD,
	HOT_FIELD,
	SIZE_FIELD,
};

static const struct field_def consumer_edit[] = {PROCESS_FIELD, COMMIT_FIELD};
static const struct field_def producer_edit[] = {RATE_FIELD, KEYS_FIELD, HOT_FIELD, SIZE_FIELD};

/* ---- spec and form ----------------------------------------------------------------------------
 */

static void set_number(struct form *f, const char *name, int64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)v);
	form_set(f, name, str_of(text));
}

static void fill(struct form *f, const struct lab_spec *s)
{
	form_set(f, "kind", str_of(kinds[s->kind == LAB_PRODUCER]));
	form_set(f, "name", str_of(s->name));
	form_set(f, "topic", str_of(s->topic));
	form_set(f, "group", str_of(s->group));
	form_set(f, "commit", str_of(commits[s->commit]));
	form_set(f, "assignor", str_of(assignors[s->assignor]));
	form_set(f, "from", str_of(froms[s->from_end]));
	set_number(f, "process", s->process_ms);
	set_number(f, "session", s->session_ms);
	set_number(f, "rate", s->rate);
	set_number(f, "keys", s->keys);
	set_number(f, "hot", s->hot_percent);
	set_number(f, "size", s->size);
}

static void take_text(const struct form *f, const char *name, char *to, size_t room)
{
	struct str text = form_text(f, name);

	if (form_find(f, name) >= 0)
		snprintf(to, room, "%.*s", STR_ARG(text));
}

static void take_number(const struct form *f, const char *name, int32_t *to)
{
	*to = (int32_t)form_number(f, name, *to);
}

static int choice(const struct form *f, const char *name, int otherwise)
{
	int i = form_find(f, name);

	return i < 0 ? otherwise : f->fields[i].choice;
}

/* Over what s has already. */
static void take(const struct form *f, struct lab_spec *s)
{
	take_text(f, "name", s->name, sizeof(s->name));
	take_text(f, "topic", s->topic, sizeof(s->topic));
	take_text(f, "group", s->group, sizeof(s->group));
	take_number(f, "process", &s->process_ms);
	take_number(f, "session", &s->session_ms);
	take_number(f, "rate", &s->rate);
	take_number(f, "keys", &s->keys);
	take_number(f, "hot", &s->hot_percent);
	take_number(f, "size", &s->size);
	s->commit = (enum lab_commit)choice(f, "commit", (int)s->commit);
	s->assignor = (enum lab_assignor)choice(f, "assignor", (int)s->assignor);
	s->from_end = choice(f, "from", s->from_end) != 0;
}

/* ---- add --------------------------------------------------------------------------------------
 */

static void submit_add(void *arg, struct form *f)
{
	struct lab_view *v = arg;
	struct lab_spec *s = &v->last[v->form_kind];
	struct err e = {0};

	take(f, s);
	formbox_wait(&v->list.box); /* an error keeps what was typed */
	if (lab_add(v->ctx->lab, s, &v->go_to, &e) < 0) {
		formbox_answer(&v->list.box, &e);
		return;
	}
	view_message(v->ctx, MESSAGE_OK, "%s started", lab_find(v->ctx->lab, v->go_to)->spec.name);
	formbox_answer(&v->list.box, NULL);
}

/* The next lab-N. */
static void free_name(const struct lab_view *v, char *out, size_t room)
{
	int n = 1;

	do
		snprintf(out, room, "lab-%d", n++);
	while (lab_find_name(v->ctx->lab, out));
}

/* Where nothing was chosen: a topic that is no internal one. */
static const char *some_topic(const struct lab_view *v)
{
	const struct cluster *c = view_cluster(v->ctx);

	for (size_t i = 0; i < c->n_topics; i++)
		if (!c->topics[i]->internal)
			return c->topics[i]->name_z;
	return "";
}

/* A consumer reads what its group reads; else the topic that was looked at. */
static const char *likely_topic(const struct lab_view *v, const struct lab_spec *s)
{
	const struct group *g = s->kind == LAB_CONSUMER
					? cluster_group(view_cluster(v->ctx), str_of(s->group))
					: NULL;

	if (g && g->n_partitions)
		return g->partitions[0].topic.p;
	return v->ctx->topic[0] ? v->ctx->topic : some_topic(v);
}

static void begin(struct lab_view *v, enum lab_kind kind)
{
	const struct view_ctx *ctx = v->ctx;
	struct lab_spec *s = &v->last[kind];

	if (!s->group[0])
		snprintf(s->group, sizeof(s->group), "%s", ctx->group[0] ? ctx->group : "lab");
	if (!s->topic[0])
		snprintf(s->topic, sizeof(s->topic), "%s", likely_topic(v, s));
	free_name(v, s->name, sizeof(s->name));
	v->form_kind = kind;
	if (kind == LAB_CONSUMER)
		formbox_open(&v->list.box, "add a consumer", consumer_fields,
			ARRAY_LEN(consumer_fields), submit_add, v);
	else
		formbox_open(&v->list.box, "add a producer", producer_fields,
			ARRAY_LEN(producer_fields), submit_add, v);
	v->edited = 0;
	fill(&v->list.box.form, s);
}

void lab_form_add(struct lab_view *v)
{
	begin(v, v->form_kind);
}

void lab_form_turn(struct lab_view *v)
{
	const struct form *f = &v->list.box.form;
	enum lab_kind kind;

	if (!v->list.box.open || form_find(f, "kind") < 0)
		return;
	kind = choice(f, "kind", 0) ? LAB_PRODUCER : LAB_CONSUMER;
	if (kind == v->form_kind)
		return;
	take_text(f, "topic", v->last[kind].topic, LAB_TOPIC_MAX + 1);
	begin(v, kind);
}

void lab_form_init(struct lab_view *v)
{
	lab_spec_init(&v->last[LAB_PRODUCER], LAB_PRODUCER);
	lab_spec_init(&v->last[LAB_CONSUMER], LAB_CONSUMER);
	v->form_kind = LAB_CONSUMER;
}

/* ---- edit -------------------------------------------------------------------------------------
 */

static void submit_edit(void *arg, struct form *f)
{
	struct lab_view *v = arg;
	const struct lab_member *m = lab_find(v->ctx->lab, v->edited);
	struct lab_spec s;
	struct err e = {0};

	if (!m)
		return;
	s = m->spec;
	take(f, &s);
	if (lab_edit(v->ctx->lab, v->edited, &s, &e) < 0)
		view_message(v->ctx, MESSAGE_ERROR, "%s", e.msg);
}

void lab_form_edit(struct lab_view *v, const struct lab_member *m)
{
	bool consumer = m->spec.kind == LAB_CONSUMER;

	formbox_open(&v->list.box, m->spec.name, consumer ? consumer_edit : producer_edit,
		consumer ? ARRAY_LEN(consumer_edit) : ARRAY_LEN(producer_edit), submit_edit, v);
	v->edited = m->id;
	fill(&v->list.box.form, &m->spec);
}
