/* The JSON files of kdeck reassign: plans, and the topics to plan for. */
#include "cli/reassign.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

/* By place; for vec_sort. */
static int move_order(const void *a, const void *b)
{
	return place_order(&((const struct move *)a)->at, &((const struct move *)b)->at);
}

const struct move *move_find(const moves *v, const struct place *at)
{
	struct move key = {.at = *at};

	return v->n ? bsearch(&key, v->v, v->n, sizeof(*v->v), move_order) : NULL;
}

void put_moves(struct buf *out, const moves *v)
{
	for (size_t i = 0; i < v->n; i++) {
		buf_puts(out, i ? "," : "");
		put_place(out, &v->v[i].at);
	}
}

void plan_put(struct buf *out, const moves *v)
{
	struct json j;

	json_init(&j, out);
	json_object(&j);
	json_kint(&j, "version", 1);
	json_key(&j, "partitions");
	json_array(&j);
	vec_foreach (m, v) {
		json_object(&j);
		json_place(&j, m->at.topic, m->at.partition);
		json_ids(&j, "replicas", &m->replicas);
		json_key(&j, "log_dirs");
		json_array(&j);
		for (int32_t i = 0; i < m->replicas.n; i++)
			json_str(&j, m->dirs && m->dirs[i].p ? m->dirs[i] : STR_LIT("any"));
		json_array_end(&j);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
}

/* ---- reading ---- */

/* The list `name` of a file of version 1; *list NULL: it has none. */
static int open_list(struct str text, const char *name, struct arena *a,
	const struct json_value **list, struct err *e)
{
	struct json_value *root;
	int rc = json_tree_parse(text, a, &root, e);

	if (rc < 0)
		return rc;
	if (root->kind != JSON_OBJECT)
		return err_set(e, ERR_INVALID, "an object was expected: {\"%s\": […]}", name);
	const struct json_value *version = json_tree_get(root, "version");
	if (version && (!version->is_integer || version->integer != 1))
		return err_set(e, ERR_INVALID, "\"version\": 1 was expected");
	*list = json_tree_get(root, name);
	if (*list && (*list)->kind != JSON_ARRAY)
		return err_set(e, ERR_INVALID, "a list \"%s\" was expected", name);
	return 0;
}

static int take_replicas(
	const struct json_value *v, struct arena *a, struct move *m, size_t entry, struct err *e)
{
	const struct json_value *list = json_tree_get(v, "replicas");
	size_t n = 0;

	if (!list || list->kind != JSON_ARRAY)
		return err_set(e, ERR_INVALID,
			"partitions, entry %zu: \"replicas\" (a list of broker ids) was expected",
			entry);
	for (const struct json_value *r = list->child; r; r = r->next)
		n++;
	int32_t *ids = arena_array(a, n, sizeof(*ids));
	if (n && !ids)
		return err_set(e, ERR_TOO_BIG, "the text is too long");
	m->replicas = (struct ids){ids, (int32_t)n};
	for (const struct json_value *r = list->child; r; r = r->next) {
		if (!r->is_integer || r->integer < INT32_MIN || r->integer > INT32_MAX)
			return err_set(e, ERR_INVALID,
				"partitions, entry %zu: replicas: broker ids were expected", entry);
		*ids++ = (int32_t)r->integer;
	}
	return 0;
}

static int take_dirs(
	const struct json_value *v, struct arena *a, struct move *m, size_t entry, struct err *e)
{
	const struct json_value *list = json_tree_get(v, "log_dirs");
	struct str *dirs = list ? arena_array(a, (size_t)m->replicas.n, sizeof(*dirs)) : NULL;
	int32_t n = 0;

	if (!list)
		return 0;
	if (!dirs)
		return err_set(e, ERR_TOO_BIG, "the text is too long");
	for (const struct json_value *d = list->child; d; d = d->next, n++) {
		if (d->kind != JSON_STRING)
			return err_set(e, ERR_INVALID,
				"partitions, entry %zu: log_dirs: strings were expected", entry);
		if (n < m->replicas.n)
			dirs[n] = str_eqz(d->string, "any") ? STR_NULL : d->string;
	}
	if (list->kind != JSON_ARRAY || n != m->replicas.n)
		return err_set(e, ERR_INVALID,
			"partitions, entry %zu: \"log_dirs\" has %d entries and \"replicas\" %d",
			entry, n, m->replicas.n);
	m->dirs = dirs;
	return 0;
}

static int check_strict(const moves *v, struct err *e)
{
	if (!v->n)
		return err_set(e, ERR_INVALID, "the list \"partitions\" is empty");
	vec_foreach (m, v) {
		if (!m->replicas.n)
			return err_set(e, ERR_INVALID, "partition %.*s-%d has no replicas",
				STR_ARG(m->at.topic), m->at.partition);
		for (int32_t i = 1; i < m->replicas.n; i++)
			if (ids_have(&(struct ids){m->replicas.v, i}, m->replicas.v[i]))
				return err_set(e, ERR_INVALID,
					"partition %.*s-%d has two replicas on broker %d",
					STR_ARG(m->at.topic), m->at.partition, m->replicas.v[i]);
	}
	return 0;
}

static int by_place_and_entry(const void *a, const void *b)
{
	const struct move *x = a, *y = b;
	int order = place_order(&x->at, &y->at);

	return order ? order : (x->entry > y->entry) - (x->entry < y->entry);
}

/* Sorted, each partition once. */
static int settle(moves *v, bool strict, struct err *e)
{
	size_t n = 0;

	vec_sort(v, by_place_and_entry);
	for (size_t i = 0; i < v->n; i++) {
		bool same = n && place_order(&v->v[n - 1].at, &v->v[i].at) == 0;

		if (same && strict)
			return err_set(e, ERR_INVALID, "partition %.*s-%d is named twice",
				STR_ARG(v->v[i].at.topic), v->v[i].at.partition);
		v->v[same ? n - 1 : n++] = v->v[i];
	}
	v->n = n;
	return 0;
}

int plan_parse(struct str text, bool strict, struct arena *a, moves *out, struct err *e)
{
	const struct json_value *list;
	int rc = open_list(text, "partitions", a, &list, e);

	for (const struct json_value *v = rc == 0 && list ? list->child : NULL; v && rc == 0;
		v = v->next) {
		struct move m = {.entry = out->n};

		if (!place_read(v, &m.at))
			return err_set(e, ERR_INVALID,
				"partitions, entry %zu: \"topic\" (a string) and \"partition\" (a "
				"whole number) were expected",
				out->n + 1);
		rc = take_replicas(v, a, &m, out->n + 1, e);
		if (rc == 0)
			rc = take_dirs(v, a, &m, out->n + 1, e);
		vec_push(out, m);
	}
	if (rc == 0)
		rc = settle(out, strict, e);
	return rc == 0 && strict ? check_strict(out, e) : rc;
}

static int by_name(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

int topics_parse(struct str text, struct arena *a, topic_names *out, struct err *e)
{
	const struct json_value *list;
	int rc = open_list(text, "topics", a, &list, e);

	if (rc < 0)
		return rc;
	for (const struct json_value *v = list ? list->child : NULL; v; v = v->next) {
		const struct json_value *name = json_tree_get(v, "topic");

		if (!name || name->kind != JSON_STRING || !name->string.n)
			return err_set(e, ERR_INVALID,
				"topics, entry %zu: \"topic\" (a string) was expected", out->n + 1);
		vec_push(out, name->string);
	}
	vec_sort(out, by_name);
	for (size_t i = 1; i < out->n; i++)
		if (str_eq(out->v[i - 1], out->v[i]))
			return err_set(
				e, ERR_INVALID, "topic %.*s is named twice", STR_ARG(out->v[i]));
	return 0;
}
