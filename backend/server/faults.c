/* Faults as JSON, read strictly: a lesson whose fault has a typing error in its name must not go on
 * as if it had been set. */
#include "server/faults.h"

#include "base/json_read.h"

#define READ_MAX ((size_t)1 << 20)

static int wrong_kind(const struct json_value *v, const char *expected, struct err *e)
{
	return err_set(e, ERR_INVALID, "%.*s: expected %s, not %s", STR_ARG(v->key), expected,
		json_kind_name(v->kind));
}

static int read_ms(const struct json_value *v, int32_t most, int32_t *out, struct err *e)
{
	if (v->kind != JSON_NUMBER)
		return wrong_kind(v, "a number of milliseconds", e);
	if (!v->is_integer || v->integer < 0 || v->integer > most)
		return err_set(e, ERR_INVALID,
			"%.*s: expected a whole number of milliseconds from 0 to %d",
			STR_ARG(v->key), most);
	*out = (int32_t)v->integer;
	return 0;
}

static int read_bool(const struct json_value *v, bool *out, struct err *e)
{
	if (v->kind != JSON_BOOL)
		return wrong_kind(v, "true or false", e);
	*out = v->boolean;
	return 0;
}

static int read_cut(struct faults *f, const struct json_value *v, struct err *e)
{
	if (v->kind != JSON_ARRAY)
		return wrong_kind(v, "a list of node ids", e);
	f->n_cut = 0;
	for (const struct json_value *m = v->child; m; m = m->next) {
		if (!m->is_integer || m->integer < 0 || m->integer > INT32_MAX)
			return err_set(e, ERR_INVALID, "cut: expected node ids, as in [1, 2]");
		if (faults_cuts(f, (int32_t)m->integer))
			continue;
		if (f->n_cut == FAULTS_CUT_MAX)
			return err_set(e, ERR_TOO_BIG, "cut: at most %d nodes", FAULTS_CUT_MAX);
		f->cut[f->n_cut++] = (int32_t)m->integer;
	}
	return 0;
}

static int read_member(struct faults *f, const struct json_value *v, struct err *e)
{
	if (str_eqz(v->key, "cut"))
		return read_cut(f, v, e);
	if (str_eqz(v->key, "delay_ms"))
		return read_ms(v, FAULTS_DELAY_MAX_MS, &f->delay_ms, e);
	if (str_eqz(v->key, "slow_disk_ms"))
		return read_ms(v, FAULTS_DISK_MAX_MS, &f->slow_disk_ms, e);
	if (str_eqz(v->key, "full_disk"))
		return read_bool(v, &f->full_disk, e);
	if (str_eqz(v->key, "stop_serving"))
		return read_bool(v, &f->stop_serving, e);
	if (str_eqz(v->key, "drop_connections"))
		return read_bool(v, &f->drop_connections, e);
	return err_set(e, ERR_INVALID,
		"'%.*s' is no fault; there are cut, delay_ms, slow_disk_ms, full_disk, "
		"stop_serving and drop_connections",
		(int)min_size(v->key.n, 100), v->key.p);
}

static bool twice(const struct json_value *first, const struct json_value *v)
{
	for (const struct json_value *m = first; m != v; m = m->next)
		if (str_eq(m->key, v->key))
			return true;
	return false;
}

static int read_members(struct faults *f, const struct json_value *object, struct err *e)
{
	int rc = 0;

	if (object->kind != JSON_OBJECT)
		return err_set(e, ERR_INVALID,
			"expected an object, as in {\"delay_ms\": 200}, not %s",
			json_kind_name(object->kind));
	for (const struct json_value *v = object->child; rc == 0 && v; v = v->next) {
		rc = read_member(f, v, e);
		if (rc == 0 && twice(object->child, v))
			rc = err_set(e, ERR_INVALID, "%.*s is there twice", STR_ARG(v->key));
	}
	return rc;
}

int faults_read(struct faults *f, struct str json, struct err *e)
{
	struct faults now = *f;
	struct json_value *root;
	struct arena a;
	int rc;

	arena_init(&a, READ_MAX);
	rc = json_tree_parse(json, &a, &root, e);
	if (rc == 0)
		rc = read_members(&now, root, e);
	arena_fini(&a);
	if (rc == 0)
		*f = now;
	return rc;
}

void faults_write(const struct faults *f, struct json *j)
{
	json_key(j, "cut");
	json_array(j);
	for (size_t i = 0; i < f->n_cut; i++)
		json_int(j, f->cut[i]);
	json_array_end(j);
	json_kint(j, "delay_ms", f->delay_ms);
	json_kint(j, "slow_disk_ms", f->slow_disk_ms);
	json_kbool(j, "full_disk", f->full_disk);
	json_kbool(j, "stop_serving", f->stop_serving);
}

bool faults_cuts(const struct faults *f, int32_t node)
{
	for (size_t i = 0; i < f->n_cut; i++)
		if (f->cut[i] == node)
			return true;
	return false;
}

bool faults_any(const struct faults *f)
{
	return f->n_cut || f->delay_ms || f->slow_disk_ms || f->full_disk || f->stop_serving;
}
