/*
 * Actions that change groups: offsets set as a plan said, offsets and whole groups deleted. Each of
 * several may fail on its own: the error names the first of them, and says how many were done.
 */
#include "source/op.h"

#include "admin/groups.h"
#include "base/xalloc.h"

#define NAMED 3 /* as many failures are told one by one */

/* Failures of parts, gathered into one error. */
struct failures {
	struct buf text;
	size_t n;
	int code;
};

static void fail_part(struct failures *f, int code, const char *text)
{
	if (!f->n++)
		f->code = code;
	if (f->n <= NAMED)
		buf_printf(&f->text, "%s%s", f->n > 1 ? "; " : "", text);
}

/* what: "groups were deleted". */
static void finish(struct op *op, struct failures *f, size_t all, const char *what)
{
	struct err e = {0};

	if (f->n > NAMED)
		buf_printf(&f->text, "; and %zu more", f->n - NAMED);
	if (f->n && all > 1)
		err_set(&e, f->code, "%zu of %zu %s: %s", all - f->n, all, what, buf_z(&f->text));
	else if (f->n)
		err_set(&e, f->code, "%s", buf_z(&f->text));
	buf_fini(&f->text);
	op_done(op, e.code ? &e : NULL);
}

/* An error of the whole group in words for whoever pressed a key. */
static int explain(struct err *e, int16_t error, struct str group, const char *why)
{
	int code = admin_kerr(e, error, STR_NULL, "group %.*s", STR_ARG(group));

	if (error == KERR_NON_EMPTY_GROUP)
		return err_set(
			e, ERR_IN_USE, "group %.*s has members: stop them first", STR_ARG(group));
	if (error == KERR_GROUP_ID_NOT_FOUND)
		return err_set(
			e, ERR_NOT_FOUND, "group %.*s is not there any more", STR_ARG(group));
	return why ? err_set(e, code, "%s", why) : code;
}

/* ---- reset --------------------------------------------------------------------------------- */

/* What a coordinator answers to a commit from outside while members are there. */
static bool is_in_use(int16_t error)
{
	return error == KERR_UNKNOWN_MEMBER_ID || error == KERR_ILLEGAL_GENERATION ||
	       error == KERR_REBALANCE_IN_PROGRESS || error == KERR_STALE_MEMBER_EPOCH ||
	       error == KERR_FENCED_MEMBER_EPOCH;
}

struct reset_op {
	struct op op;
	size_t n; /* rows sent */
};

/* refusal: why the coordinator took none of it, whatever it said of each part; code 0: it did not
 * refuse it as a whole. */
static void finish_whole(struct op *op, struct failures *f, size_t n, const char *what,
	const struct admin_group *all, struct err *refusal)
{
	if (!all->error && !refusal->code) {
		finish(op, f, n, what);
		return;
	}
	buf_fini(&f->text);
	if (!refusal->code)
		explain(refusal, all->error, all->group, all->why);
	op_done(op, refusal);
}

static void fail_commit(struct failures *f, struct str topic, int32_t partition, int16_t error)
{
	struct err e = {0};
	int code = admin_kerr(&e, error, STR_NULL, "%.*s-%d", STR_ARG(topic), partition);

	fail_part(f, code, e.msg);
}

static void on_committed(
	void *arg, const struct admin_group *all, size_t n, int32_t broker, size_t left)
{
	struct reset_op *r = arg;
	struct failures f = {0};
	struct err e = {0};
	size_t answered = 0;

	(void)n;
	(void)broker;
	if (left)
		return;
	for (int32_t t = 0; all->committed && t < all->committed->n_topics; t++) {
		const struct offset_commit_response_topics *topic = &all->committed->topics[t];

		for (int32_t p = 0; p < topic->n_partitions; p++, answered++) {
			int16_t error = topic->partitions[p].error_code;

			if (is_in_use(error))
				err_set(&e, ERR_IN_USE,
					"group %s has members again: stop them first; nothing was "
					"changed",
					r->op.group);
			if (error)
				fail_commit(&f, topic->name, topic->partitions[p].partition_index,
					error);
		}
	}
	if (answered < r->n)
		fail_part(&f, ERR_CORRUPT, "the coordinator did not answer for all partitions");
	finish_whole(&r->op, &f, r->n, "partitions were reset", all, &e);
}

int64_t act_reset_offsets(struct source *base, const struct reset_spec *spec,
	const struct reset_row *rows, size_t n, source_done_fn *fn, void *arg)
{
	struct op *op = op_new(base, sizeof(struct reset_op), API_OFFSET_COMMIT, fn, arg);
	struct reset_op *r = CONTAINER_OF(op, struct reset_op, op);
	struct offset_commit_request q;
	struct arena a;

	r->n = n;
	op->group = xstrdup(spec->group);
	buf_printf(&op->text, "reset offsets of group %s ", spec->group);
	reset_put_words(&op->text, spec->to, spec->at);
	if (spec->topic)
		buf_printf(&op->text, ", topic %s", spec->topic);
	if (spec->topic && spec->partition >= 0)
		buf_printf(&op->text, ", partition %d", spec->partition);
	reset_put_command(&op->command, spec);
	if (op_refused(op))
		return op->id;
	if (!n) {
		err_set(&op->err, ERR_INVALID, "there is nothing to reset");
		op_fail_later(op);
		return op->id;
	}
	arena_init(&a, 0);
	reset_fill_commit(&q, &a, str_of(op->group), rows, n);
	op->question = admin_commit_offsets(op->s->admin, &q, CHANGE_MS, on_committed, r);
	arena_fini(&a);
	return op->id;
}

/* ---- delete -------------------------------------------------------------------------------- */

static void on_deleted(
	void *arg, const struct admin_group *all, size_t n, int32_t broker, size_t left)
{
	struct op *op = arg;
	struct failures f = {0};

	(void)broker;
	if (left)
		return;
	for (size_t i = 0; i < n; i++) {
		struct err e = {0};

		if (!all[i].error)
			continue;
		explain(&e, all[i].error, all[i].group, all[i].why);
		fail_part(&f, e.code, e.msg);
	}
	finish(op, &f, n, "groups were deleted");
}

int64_t act_delete_groups(
	struct source *base, const char *const *names, size_t n, source_done_fn *fn, void *arg)
{
	struct op *op = op_new(base, sizeof(*op), API_DELETE_GROUPS, fn, arg);
	struct str *groups = xcalloc(n + 1, sizeof(*groups));
	int64_t id = op->id;

	if (n == 1)
		op->group = xstrdup(names[0]);
	buf_puts(&op->text, n == 1 ? "delete group" : "delete groups");
	buf_puts(&op->command, "kdeck groups --delete");
	for (size_t i = 0; i < n; i++) {
		groups[i] = str_of(names[i]);
		buf_printf(&op->text, " %s", names[i]);
		buf_puts(&op->command, " --group ");
		buf_put_word(&op->command, groups[i]);
	}
	if (!op_refused(op))
		op->question =
			admin_delete_groups(op->s->admin, groups, n, CHANGE_MS, on_deleted, op);
	free(groups);
	return id;
}

/* ---- delete offsets ------------------------------------------------------------------------- */

static void on_offsets_deleted(
	void *arg, const struct admin_group *all, size_t n, int32_t broker, size_t left)
{
	struct op *op = arg;
	const struct offset_delete_response *r = all->deleted_offsets;
	struct failures f = {0};
	struct err e = {0};
	size_t asked = 0;

	(void)n;
	(void)broker;
	if (left)
		return;
	for (int32_t t = 0; r && t < r->n_topics; t++)
		for (int32_t p = 0; p < r->topics[t].n_partitions; p++, asked++) {
			int16_t error = r->topics[t].partitions[p].error_code;

			if (error == KERR_GROUP_SUBSCRIBED_TO_TOPIC)
				err_set(&e, ERR_IN_USE,
					"members of group %s read topic %s: stop them first",
					op->group, op->topic);
			if (error)
				fail_commit(&f, r->topics[t].name,
					r->topics[t].partitions[p].partition_index, error);
		}
	finish_whole(op, &f, asked, "offsets were deleted", all, &e);
}

static void say_delete_offsets(
	struct op *op, const char *group, const char *name, int32_t partition)
{
	op->group = xstrdup(group);
	op->topic = xstrdup(name);
	buf_printf(&op->text, "delete offsets of group %s, topic %s", group, name);
	buf_puts(&op->command, "kdeck groups --delete-offsets --group ");
	buf_put_word(&op->command, str_of(group));
	buf_puts(&op->command, " --topic ");
	buf_put_word(&op->command, str_of(name));
	if (partition >= 0) {
		buf_printf(&op->text, ", partition %d", partition);
		buf_printf(&op->command, ":%d", partition);
	}
}

int64_t act_delete_offsets(struct source *base, const char *group, const char *name,
	int32_t partition, source_done_fn *fn, void *arg)
{
	struct op *op = op_new(base, sizeof(*op), API_OFFSET_DELETE, fn, arg);
	const struct topic *t = cluster_topic(model_cluster(op->s->model), str_of(name));
	size_t most = t ? (size_t)t->n_partitions : 0;
	struct offset_delete_request_partitions *parts = xcalloc(most + 1, sizeof(*parts));
	struct offset_delete_request_topics topic;
	struct offset_delete_request q;
	int64_t id = op->id;

	say_delete_offsets(op, group, name, partition);
	msg_init(&offset_delete_request_desc, &q);
	msg_struct_init(&offset_delete_request_topics_struct, &topic);
	topic.name = str_of(name);
	topic.partitions = parts;
	for (size_t i = 0; i < most; i++)
		if (partition < 0 || t->partitions[i].index == partition)
			parts[topic.n_partitions++].partition_index = t->partitions[i].index;
	q.group_id = str_of(op->group);
	q.topics = &topic;
	q.n_topics = 1;
	if (op_refused(op))
		;
	else if (!topic.n_partitions)
		op_not_there(op);
	else
		op->question = admin_delete_group_offsets(
			op->s->admin, &q, CHANGE_MS, on_offsets_deleted, op);
	free(parts);
	return id;
}
