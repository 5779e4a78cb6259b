/* Any bytes as JSON: read, and what was read written and read again gives the same tree. */
#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/json_read.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define ROOM ((size_t)8 << 20)

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* The writer takes keys as C strings and nests a little less deep: what it cannot write is left out
 * of the comparison. */
static bool writable(const struct json_value *v, int depth)
{
	if (depth >= JSON_MAX_DEPTH - 1 || (v->key.p && memchr(v->key.p, 0, v->key.n)))
		return false;
	for (const struct json_value *m = v->child; m; m = m->next)
		if (!writable(m, depth + 1))
			return false;
	return true;
}

static void write_value(struct json *j, const struct json_value *v);

static void write_members(struct json *j, const struct json_value *v)
{
	for (const struct json_value *m = v->child; m; m = m->next) {
		if (v->kind == JSON_OBJECT) {
			char *key = str_dup(m->key);
			json_key(j, key);
			free(key);
		}
		write_value(j, m);
	}
}

static void write_value(struct json *j, const struct json_value *v)
{
	if (v->kind == JSON_OBJECT) {
		json_object(j);
		write_members(j, v);
		json_object_end(j);
	} else if (v->kind == JSON_ARRAY) {
		json_array(j);
		write_members(j, v);
		json_array_end(j);
	} else if (v->kind == JSON_STRING) {
		must(utf8_valid(slice_str(v->string)));
		json_str(j, v->string);
	} else if (v->kind == JSON_BOOL) {
		json_bool(j, v->boolean);
	} else if (v->kind == JSON_NUMBER && v->is_integer) {
		json_int(j, v->integer);
	} else {
		json_null(j); /* fractions are written in fewer digits */
	}
}

static void same(const struct json_value *x, const struct json_value *y)
{
	if (x->kind == JSON_NUMBER && !x->is_integer) {
		must(y->kind == JSON_NULL && str_eq(x->key, y->key));
		return;
	}
	must(x->kind == y->kind && str_eq(x->key, y->key) && str_eq(x->string, y->string));
	must(x->boolean == y->boolean && x->integer == y->integer);
	x = x->child;
	y = y->child;
	for (; x && y; x = x->next, y = y->next)
		same(x, y);
	must(!x && !y);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct json_value *v = NULL, *again = NULL;
	struct buf out = BUF_EMPTY;
	struct err e = {0};
	struct arena a;
	struct json j;

	arena_init(&a, ROOM);
	if (json_tree_parse(str_slice(slice_of(p, n)), &a, &v, &e) == 0) {
		must(utf8_valid(slice_of(p, n)) && e.code == 0);
		if (writable(v, 0)) {
			json_init(&j, &out);
			write_value(&j, v);
			must(json_tree_parse(buf_str(&out), &a, &again, NULL) == 0 ||
				a.used > ROOM / 2);
			if (a.used <= ROOM / 2)
				same(v, again);
		}
	} else {
		must(e.code < 0 && e.msg[0]);
	}
	buf_fini(&out);
	arena_fini(&a);
	return 0;
}
