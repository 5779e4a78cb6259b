/* The values: read from files and overrides, found by name, given out by type. */
#include "conf/conf.h"

#include <assert.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "conf/properties.h"

#define NAME_SHOWN 100 /* bytes of a name or value that a message repeats */

void conf_init(struct conf *c, const struct conf_def *defs, size_t n)
{
	memset(c, 0, sizeof(*c));
	c->defs = defs;
	c->n = n;
	c->values = xcalloc(n, sizeof(*c->values));
	map_init(&c->by_name);
	for (size_t i = 0; i < n; i++) {
		c->values[i].text = defs[i].def ? xstrdup(defs[i].def) : NULL;
		map_puts(&c->by_name, str_of(defs[i].name), &c->values[i]);
		if (defs[i].alias)
			map_puts(&c->by_name, str_of(defs[i].alias), &c->values[i]);
	}
}

static void value_fini(struct conf_value *v)
{
	free(v->text);
	free(v->where);
}

void conf_fini(struct conf *c)
{
	for (size_t i = 0; i < c->n; i++)
		value_fini(&c->values[i]);
	free(c->values);
	map_fini(&c->by_name);
	vec_foreach (note, &c->notes)
		free(*note);
	vec_fini(&c->notes);
	vec_foreach (name, &c->ignored)
		free(*name);
	vec_fini(&c->ignored);
	vec_foreach (line, &c->wrong)
		free(*line);
	vec_fini(&c->wrong);
	memset(c, 0, sizeof(*c));
}

void conf_note(struct conf *c, const char *fmt, ...)
{
	struct buf text = BUF_EMPTY;
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	vec_push(&c->notes, buf_steal(&text));
}

/* ---- finding ------------------------------------------------------------------------------- */

static const struct conf_def *find_prefix(const struct conf *c, struct str name)
{
	for (size_t i = 0; i < c->n; i++)
		if ((c->defs[i].flags & CONF_PREFIX) && str_starts(name, c->defs[i].name))
			return &c->defs[i];
	return NULL;
}

const struct conf_def *conf_find(const struct conf *c, struct str name)
{
	const struct conf_value *v = map_gets(&c->by_name, name);

	return v ? &c->defs[v - c->values] : find_prefix(c, name);
}

const struct conf_value *conf_value(const struct conf *c, const char *name)
{
	const struct conf_value *v = map_gets(&c->by_name, str_of(name));

	assert(v);
	return v;
}

bool conf_is_set(const struct conf *c, const char *name)
{
	return conf_value(c, name)->source != CONF_FROM_DEFAULT;
}

/* ---- setting ------------------------------------------------------------------------------- */

static int unknown(const struct conf *c, struct str name, struct err *e)
{
	const char *near = conf_nearest(c->defs, c->n, name);
	int shown = (int)min_size(name.n, NAME_SHOWN);

	if (near)
		return err_set(e, ERR_NOT_FOUND, "unknown setting %.*s; did you mean %s?", shown,
			name.p ? name.p : "", near);
	return err_set(e, ERR_NOT_FOUND,
		"unknown setting %.*s; the names are those of Kafka's broker settings", shown,
		name.p ? name.p : "");
}

/* Remembers once that a setting without meaning was set. */
static void ignore(struct conf *c, struct str name)
{
	vec_foreach (known, &c->ignored)
		if (str_eqz(name, *known))
			return;
	vec_push(&c->ignored, str_dup(name));
}

static void note_old(struct conf *c, const struct conf_def *def, const char *where)
{
	if (def->reason)
		conf_note(c, "%s%s%s: %s", where ? where : "", where ? ": " : "", def->name,
			def->reason);
}

static void assign(
	struct conf_value *v, struct str text, enum conf_source source, const char *where)
{
	value_fini(v);
	v->text = str_dup(text);
	v->source = source;
	v->where = where ? xstrdup(where) : NULL;
}

int conf_set(struct conf *c, struct str name, struct str value, enum conf_source source,
	const char *where, struct err *e)
{
	const struct conf_def *def = conf_find(c, name);
	struct conf_value *v;
	int rc;

	if (!def)
		return unknown(c, name, e);
	if (def->flags & CONF_OLD)
		note_old(c, def, where);
	else if (def->flags & CONF_INERT)
		ignore(c, name);
	if (def->flags & CONF_PREFIX)
		return 0;
	rc = def->flags & CONF_INERT ? 0 : conf_check(def, value, e);
	if (rc < 0)
		return rc;
	v = &c->values[def - c->defs];
	if (source >= v->source)
		assign(v, value, source, where);
	return 0;
}

void conf_set_default(struct conf *c, const char *name, const char *value)
{
	struct conf_value *v = &c->values[conf_value(c, name) - c->values];

	if (v->source == CONF_FROM_DEFAULT)
		assign(v, str_of(value), CONF_FROM_DEFAULT, NULL);
}

int conf_override(struct conf *c, const char *assignment, struct err *e)
{
	const char *eq = strchr(assignment, '=');

	if (!eq || eq == assignment)
		return err_set(
			e, ERR_INVALID, "%.*s: an override is KEY=VALUE", NAME_SHOWN, assignment);
	return conf_set(c, (struct str){assignment, (size_t)(eq - assignment)}, str_of(eq + 1),
		CONF_FROM_OVERRIDE, "--override", e);
}

struct loading {
	struct conf *conf;
	const char *file;
	struct err first;
};

static void add_wrong(struct loading *l, const struct err *e)
{
	if (!l->first.code)
		l->first = *e;
	if (l->conf->n_wrong++ < CONF_WRONG_MAX)
		vec_push(&l->conf->wrong, xstrdup(e->msg));
}

/* Goes on behind what is wrong: whoever mends a file wants to see all of it. */
static int load_entry(void *arg, struct str key, struct str value, int line)
{
	struct loading *l = arg;
	struct err e = {0};
	char *where = xasprintf("%s:%d", l->file, line);

	if (conf_set(l->conf, key, value, CONF_FROM_FILE, where, &e) < 0) {
		err_wrap(&e, "%s", where);
		add_wrong(l, &e);
	}
	free(where);
	return 0;
}

/* rc, why: of the file as a whole. */
static int loaded(struct loading *l, int rc, const struct err *why, struct err *e)
{
	if (rc < 0)
		add_wrong(l, why);
	if (e && l->first.code)
		*e = l->first;
	return l->first.code;
}

int conf_read_text(struct conf *c, struct slice text, const char *file, struct err *e)
{
	struct loading l = {.conf = c, .file = file};
	struct err why = {0};
	int rc = properties_parse(text, file, load_entry, &l, &why);

	return loaded(&l, rc, &why, e);
}

int conf_read(struct conf *c, const char *path, struct err *e)
{
	struct loading l = {.conf = c, .file = path};
	struct err why = {0};
	int rc = properties_read(path, load_entry, &l, &why);

	return loaded(&l, rc, &why, e);
}

/* ---- getting ------------------------------------------------------------------------------- */

const char *conf_get_z(const struct conf *c, const char *name)
{
	return conf_value(c, name)->text;
}

struct str conf_get_str(const struct conf *c, const char *name)
{
	return str_of(conf_get_z(c, name));
}

bool conf_get_bool(const struct conf *c, const char *name)
{
	struct str text = conf_get_str(c, name);
	bool v = false;

	if (!str_is_null(text) && !conf_parse_bool(text, &v))
		assert(0 && "a boolean");
	return v;
}

int64_t conf_get_long(const struct conf *c, const char *name)
{
	struct str text = conf_get_str(c, name);
	int64_t v = 0;

	if (!str_is_null(text) && !conf_parse_long(text, &v))
		assert(0 && "a whole number");
	return v;
}

int32_t conf_get_int(const struct conf *c, const char *name)
{
	int64_t v = conf_get_long(c, name);

	assert(v >= INT32_MIN && v <= INT32_MAX);
	return (int32_t)v;
}

static void put_whole(void *to, size_t size, int64_t v)
{
	assert(size == sizeof(int16_t) || size == sizeof(int32_t) || size == sizeof(int64_t));
	if (size == sizeof(int16_t))
		*(int16_t *)to = (int16_t)v;
	else if (size == sizeof(int32_t))
		*(int32_t *)to = (int32_t)v;
	else
		*(int64_t *)to = v;
}

void conf_fill(const struct conf *c, void *out)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct conf_def *d = &c->defs[i];
		void *to = (char *)out + d->into.at;

		if (!d->into.size)
			continue;
		if (d->type == CONF_BOOL)
			*(bool *)to = conf_get_bool(c, d->name);
		else
			put_whole(to, d->into.size,
				conf_get_long(c, d->name) * (d->into.times ? d->into.times : 1));
	}
}

double conf_get_double(const struct conf *c, const char *name)
{
	struct str text = conf_get_str(c, name);
	double v = 0;

	if (!str_is_null(text) && !conf_parse_double(text, &v))
		assert(0 && "a number");
	return v;
}
