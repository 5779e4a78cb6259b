/* See topic_actions.h. */
#include "view/topic_actions.h"

#include <stdio.h>
#include <stdlib.h>

void topic_actions_init(struct topic_actions *a, struct view_ctx *ctx)
{
	*a = (struct topic_actions){.ctx = ctx};
}

void topic_actions_fini(struct topic_actions *a)
{
	if (a->asked)
		source_cancel(a->ctx->source, a->asked);
	formbox_close(&a->box);
	buf_fini(&a->made);
	buf_fini(&a->go_to);
	buf_fini(&a->topic);
	buf_fini(&a->key);
	buf_fini(&a->suggestion);
}

static void remember(struct topic_actions *a, const struct topic *t)
{
	buf_clear(&a->topic);
	buf_put_str(&a->topic, t->name);
}

/* ---- the form and the cluster's answer ---------------------------------------------------------
 */

static void answered(void *arg, const struct err *e)
{
	struct topic_actions *a = arg;
	bool told = formbox_answer(&a->box, e);

	a->asked = 0;
	if (!e && a->made.n) {
		buf_clear(&a->go_to);
		buf_put_str(&a->go_to, buf_str(&a->made));
	}
	buf_clear(&a->made);
	if (!e || !told)
		view_outcome(a->ctx, e, a->done);
	view_redraw(a->ctx);
}

/* One at a time: who went on without an answer and asks again has given it up. */
static void expect(struct topic_actions *a, int64_t asked, const char *done)
{
	if (a->asked)
		source_cancel(a->ctx->source, a->asked);
	a->asked = asked;
	a->done = done;
	formbox_wait(&a->box);
}

/* ---- create -------------------------------------------------------------------------------- */

#define NAME_MAX_CHARS 249 /* Kafka's */

static bool legal_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

static bool check_name(void *arg, const struct form *f, int field, struct buf *reason)
{
	struct str name = edit_get(&f->fields[field].edit);

	(void)arg;
	for (size_t i = 0; i < name.n; i++) {
		if (!legal_char(name.p[i])) {
			buf_puts(reason, "letters a-z A-Z, digits, '.', '_' and '-' only");
			return false;
		}
	}
	if (name.n > NAME_MAX_CHARS) {
		buf_printf(
			reason, "%zu characters: at most %d are allowed", name.n, NAME_MAX_CHARS);
		return false;
	}
	if (str_eqz(name, ".") || str_eqz(name, "..")) {
		buf_puts(reason, "neither . nor .. is a name");
		return false;
	}
	return true;
}

static bool check_configs(void *arg, const struct form *f, int field, struct buf *reason)
{
	struct str text = edit_get(&f->fields[field].edit);

	(void)arg;
	while (text.n) {
		const char *comma = memchr(text.p, ',', text.n);
		size_t n = comma ? (size_t)(comma - text.p) : text.n;
		if (!memchr(text.p, '=', n)) {
			buf_puts(reason, "name=value, several separated by commas: "
					 "retention.ms=3600000,cleanup.policy=compact");
			return false;
		}
		text = (struct str){text.p + n + (comma != NULL), text.n - n - (comma != NULL)};
	}
	return true;
}

#define USUAL_REPLICATION 3 /* offered where so many brokers run */

static const struct field_def new_fields[] = {
	{.name = "name",
		.label = "Name",
		.type = FIELD_TEXT,
		.help = "Letters, digits, '.', '_' and '-'. It cannot be changed later.",
		.required = true,
		.check = check_name},
	{.name = "partitions",
		.label = "Partitions",
		.type = FIELD_NUMBER,
		.help = "How many consumers of one group can share the work. Only grows.",
		.initial = "3",
		.min = 1,
		.max = 10000, /* that many a request, a controller makes (Kafka's) */
		.required = true},
	{.name = "replication",
		.label = "Replication factor",
		.type = FIELD_NUMBER,
		.help = "Copies of each partition, on as many brokers.",
		.initial = "1",
		.min = 1,
		.max = 100,
		.required = true},
	{.name = "configs",
		.label = "Configs",
		.type = FIELD_TEXT,
		.help = "name=value, several separated by commas; empty: the defaults.",
		.check = check_configs},
};

/* Splits name=value,… in place of a copy; at most max. */
static size_t split_configs(char *text, struct config_change *out, size_t max)
{
	size_t n = 0;

	for (char *save = NULL, *item = strtok_r(text, ",", &save); item && n < max;
		item = strtok_r(NULL, ",", &save)) {
		char *eq = strchr(item, '=');
		if (!eq)
			continue;
		*eq = 0;
		out[n++] = (struct config_change){item, eq + 1};
	}
	return n;
}

static void submit_new(void *arg, struct form *f)
{
	struct topic_actions *a = arg;
	struct config_change changes[64];
	char *name = str_dup(form_text(f, "name"));
	char *text = str_dup(form_text(f, "configs"));
	struct topic_spec spec = {
		.name = name,
		.partitions = (int32_t)form_number(f, "partitions", 1),
		.replication = (int16_t)form_number(f, "replication", 1),
		.configs = changes,
		.n_configs = text ? split_configs(text, changes, ARRAY_LEN(changes)) : 0,
	};

	expect(a, source_create_topic(a->ctx->source, &spec, answered, a), "topic created");
	buf_clear(&a->made);
	buf_puts(&a->made, name);
	free(name);
	free(text);
}

/* A cluster of several brokers is there so that a topic outlives one of them. */
static void offer_replication(struct topic_actions *a)
{
	char text[8];

	snprintf(text, sizeof(text), "%d",
		max_int(1, min_int(view_cluster(a->ctx)->totals.brokers_up, USUAL_REPLICATION)));
	form_set(&a->box.form, "replication", str_of(text));
}

/* `like`: settings of this topic are offered; NULL: none. */
static void topic_actions_new(struct topic_actions *a, const struct topic *like)
{
	struct buf text = BUF_EMPTY;

	formbox_open(&a->box, like ? "copy topic" : "create topic", new_fields,
		ARRAY_LEN(new_fields), submit_new, a);
	if (!like) {
		offer_replication(a);
		return;
	}
	buf_printf(&text, "%s-copy", like->name_z);
	form_set(&a->box.form, "name", buf_str(&text));
	buf_clear(&text);
	buf_printf(&text, "%d", like->n_partitions);
	form_set(&a->box.form, "partitions", buf_str(&text));
	buf_clear(&text);
	buf_printf(&text, "%d", like->replication);
	form_set(&a->box.form, "replication", buf_str(&text));
	buf_clear(&text);
	for (size_t i = 0; i < like->n_configs; i++)
		if (like->configs[i].source == 1 && like->configs[i].value)
			buf_printf(&text, "%s%s=%s", text.n ? "," : "", like->configs[i].name,
				like->configs[i].value);
	form_set(&a->box.form, "configs", buf_str(&text));
	buf_fini(&text);
}

/* ---- partitions ---------------------------------------------------------------------------- */

static const struct field_def partition_fields[] = {
	{.name = "total",
		.label = "Partitions in all",
		.type = FIELD_NUMBER,
		.help = "More than now: partitions cannot be taken away. Keys may move to others.",
		.min = 1,
		.max = INT32_MAX,
		.required = true},
};

static void submit_partitions(void *arg, struct form *f)
{
	struct topic_actions *a = arg;

	expect(a,
		source_add_partitions(a->ctx->source, buf_z(&a->topic),
			(int32_t)form_number(f, "total", 0), answered, a),
		"partitions added");
}

static void topic_actions_partitions(struct topic_actions *a, const struct topic *t)
{
	struct buf text = BUF_EMPTY;

	remember(a, t);
	formbox_open(&a->box, "add partitions", partition_fields, ARRAY_LEN(partition_fields),
		submit_partitions, a);
	buf_printf(&text, "%d", t->n_partitions + 1);
	form_set(&a->box.form, "total", buf_str(&text));
	buf_fini(&text);
}

/* ---- one setting --------------------------------------------------------------------------- */

static const struct field_def config_fields[] = {
	{.name = "value",
		.label = "Value",
		.type = FIELD_TEXT,
		.help = "Enter sets it; the cluster says when it cannot be."},
	{.name = "default",
		.label = "Back to the default",
		.type = FIELD_TOGGLE,
		.help = "Takes the topic's own value away."},
};

static void submit_config(void *arg, struct form *f)
{
	struct topic_actions *a = arg;
	char *value = str_dup(form_text(f, "value"));
	struct config_change change = {buf_z(&a->key), form_on(f, "default") ? NULL
						       : value               ? value
									     : ""};

	expect(a, source_alter_configs(a->ctx->source, buf_z(&a->topic), &change, 1, answered, a),
		"setting changed");
	free(value);
}

void topic_actions_config(
	struct topic_actions *a, const struct topic *t, const struct topic_config *c)
{
	remember(a, t);
	buf_clear(&a->key);
	buf_puts(&a->key, c->name);
	formbox_open(
		&a->box, buf_z(&a->key), config_fields, ARRAY_LEN(config_fields), submit_config, a);
	form_set(&a->box.form, "value", str_of(c->value ? c->value : ""));
}

/* ---- purge, delete --------------------------------------------------------------------------- */

static void purged(void *arg, const struct err *e)
{
	view_outcome(arg, e, "records deleted");
}

static void purge_answer(void *arg, bool yes)
{
	struct topic_actions *a = arg;
	struct purge_spec spec = {buf_z(&a->topic), -1, -1};

	if (yes)
		source_purge(a->ctx->source, &spec, purged, a->ctx);
}

/* "1,240 records", or all of them where nobody knows how many. */
static void put_records(struct buf *out, const struct topic *t, const char *all)
{
	if (t->records >= 0)
		fmt_things(out, t->records, "record");
	else
		buf_printf(out, "%s records", all);
}

static void topic_actions_purge(struct topic_actions *a, const struct topic *t)
{
	struct buf text = BUF_EMPTY;

	remember(a, t);
	put_records(&text, t, "All");
	buf_printf(&text, " of topic %s will be deleted, from ", t->name_z);
	fmt_things(&text, t->n_partitions, "partition");
	buf_puts(&text, ". They cannot be had back.");
	view_ask(a->ctx, "Delete every record?", buf_z(&text), "Delete records", NULL, true,
		purge_answer, a);
	buf_fini(&text);
}

static void deleted(void *arg, const struct err *e)
{
	view_outcome(arg, e, "topic deleted");
}

static void delete_answer(void *arg, bool yes)
{
	struct topic_actions *a = arg;
	const char *name = buf_z(&a->topic);

	if (yes)
		source_delete_topics(a->ctx->source, &name, 1, deleted, a->ctx);
}

static void topic_actions_delete(struct topic_actions *a, const struct topic *t)
{
	struct buf text = BUF_EMPTY;

	remember(a, t);
	buf_printf(&text, "Topic %s with ", t->name_z);
	fmt_things(&text, t->n_partitions, "partition");
	buf_puts(&text, " and ");
	put_records(&text, t, "all its");
	buf_puts(&text, " will be deleted. Type its name to go on.");
	view_ask(a->ctx, "Delete the topic?", buf_z(&text), "Delete topic", buf_z(&a->topic), true,
		delete_answer, a);
	buf_fini(&text);
}

/* ---- by action ------------------------------------------------------------------------------- */

bool topic_action(struct topic_actions *a, enum action_id id, const struct topic *t)
{
	switch ((int)id) {
	case ACTION_TOPIC_NEW:
		topic_actions_new(a, NULL);
		return true;
	case ACTION_TOPIC_COPY:
		topic_actions_new(a, t);
		return true;
	case ACTION_TOPIC_PARTITIONS:
		topic_actions_partitions(a, t);
		return true;
	case ACTION_TOPIC_PURGE:
		topic_actions_purge(a, t);
		return true;
	case ACTION_TOPIC_DELETE:
		topic_actions_delete(a, t);
		return true;
	case ACTION_TOPIC_RECORDS:
		view_push(a->ctx, SCREEN_RECORDS, t->name_z);
		return true;
	case ACTION_PRODUCE:
		view_push(a->ctx, SCREEN_PRODUCE, t->name_z);
		return true;
	}
	return false;
}

/* Done to the topic under the cursor. */
static bool is_about_one(enum action_id id)
{
	switch ((int)id) {
	case ACTION_PRODUCE:
	case ACTION_TOPIC_EDIT:
	case ACTION_TOPIC_PARTITIONS:
	case ACTION_TOPIC_PURGE:
	case ACTION_TOPIC_COPY:
	case ACTION_TOPIC_DELETE:
	case ACTION_TOPIC_DESCRIBE:
	case ACTION_TOPIC_RECORDS:
	case ACTION_TOPIC_ELECT:
	case ACTION_TOPIC_MOVE:
	case ACTION_EXPORT:
	case ACTION_MARK:
		return true;
	}
	return false;
}

bool topic_action_allowed(enum action_id id, const struct topic *t, struct buf *reason)
{
	if (!t && is_about_one(id)) {
		buf_puts(reason, "there is no topic under the cursor");
		return false;
	}
	return true;
}

void topic_command(enum action_id id, const struct topic *t, struct buf *out)
{
	const char *command = id < ACTION_COUNT && actions[id].command
				      ? actions[id].command
				      : actions[ACTION_TOPIC_DESCRIBE].command;
	struct action_var var = {"topic", t ? t->name : STR_NULL};

	if (t)
		action_expand(out, command, &var, 1);
	else
		buf_puts(out, "kdeck topics --list");
}
