/* Results: lists of records whose bodies the arena holds. Helpers that several decisions need. */
#include "control/control.h"

#include <stdarg.h>
#include <stdio.h>

#include "control/impl.h"

void control_result_init(struct control_result *r)
{
	memset(r, 0, sizeof(*r));
}

void control_result_fini(struct control_result *r)
{
	vec_fini(&r->records.list);
}

void *control_record(const struct control_env *env, struct control_result *out,
	const struct msg_desc *d, int16_t version)
{
	void *body = arena_alloc(env->arena, d->body->size);
	struct metarec r = {.desc = d, .version = version, .body = body};

	if (!body)
		return NULL;
	msg_init(d, body);
	vec_push(&out->records.list, r);
	return body;
}

/* A text that finds no room in the arena is left out; the code says enough. */
int control_fail(
	const struct control_env *env, struct control_fault *f, int16_t code, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	f->code = code;
	f->text = arena_str(env->arena, str_of(text));
	return ERR_INVALID;
}

int control_fail_no_topic(const struct control_env *env, struct control_fault *f, struct str name)
{
	return control_fail(env, f, KERR_UNKNOWN_TOPIC_OR_PARTITION,
		"The topic '%.*s' does not exist. Check the name, or create it first.",
		STR_ARG(name));
}

int control_fail_too_many(const struct control_env *env, struct control_fault *f)
{
	return control_fail(env, f, KERR_POLICY_VIOLATION,
		"Excessively large number of partitions per request. One request may create %d "
		"at most: split it.",
		CONTROL_MAX_PARTITIONS_A_REQUEST);
}

int control_undo(struct control_result *out, size_t n)
{
	out->records.list.n = n;
	return ERR_NOMEM;
}

uint8_t *control_fates(
	const struct control_env *env, const struct slice *keys, int32_t n, int32_t *n_distinct)
{
	uint8_t *fates = arena_alloc(env->arena, n > 0 ? (size_t)n : 1);
	struct map seen;

	*n_distinct = 0;
	if (!fates)
		return NULL;
	map_init(&seen);
	for (int32_t i = 0; i < n; i++) {
		uint8_t *first = map_get(&seen, keys[i]);

		if (first) {
			*first = CONTROL_TWICE;
			fates[i] = CONTROL_AGAIN;
		} else {
			map_put(&seen, keys[i], &fates[i]);
			(*n_distinct)++;
		}
	}
	map_fini(&seen);
	return fates;
}

bool control_named_add(struct control_named *n, struct str topic, int32_t partition)
{
	buf_clear(&n->key);
	buf_put_be32(&n->key, (uint32_t)partition);
	buf_put_str(&n->key, topic);
	return !map_put(&n->seen, buf_slice(&n->key), n);
}

void control_named_fini(struct control_named *n)
{
	map_fini(&n->seen);
	buf_fini(&n->key);
}

static int each_one(const struct control_env *env, struct control_result *out, bool twice,
	int32_t i, int32_t at, const struct control_parts *parts)
{
	size_t n = out->records.list.n;
	struct control_fault f = {0};
	int rc = twice ? control_fail(env, &f, KERR_INVALID_REQUEST, "%s", parts->twice)
		       : parts->work(parts->arg, i, at, &f);

	if (rc < 0)
		out->records.list.n = n;
	if (rc < 0 && rc != ERR_INVALID)
		return rc;
	return parts->answer(parts->arg, i, at, &f);
}

int control_each(const struct control_env *env, struct control_result *out, int32_t n,
	const struct control_parts *parts)
{
	struct slice *keys = arena_array(env->arena, (size_t)n, sizeof(*keys));
	int32_t n_distinct, at = 0;
	uint8_t *fates;
	int rc;

	for (int32_t i = 0; keys && i < n; i++) {
		keys[i] = parts->key(parts->arg, i);
		if (!keys[i].p && keys[i].n)
			return ERR_NOMEM;
	}
	fates = keys ? control_fates(env, keys, n, &n_distinct) : NULL;
	rc = fates ? parts->begin(parts->arg, n_distinct) : ERR_NOMEM;
	for (int32_t i = 0; i < n && rc == 0; i++)
		if (fates[i] != CONTROL_AGAIN)
			rc = each_one(env, out, fates[i] == CONTROL_TWICE, i, at++, parts);
	return rc;
}

/* Version 4; no '-' at its start in text (62 in the first six bits), since tools take arguments. */
struct uuid control_new_id(const struct control_env *env)
{
	struct uuid u;

	do {
		rng_bytes(env->rng, u.b, sizeof(u.b));
		u.b[6] = (uint8_t)((u.b[6] & 0x0f) | 0x40);
		u.b[8] = (uint8_t)((u.b[8] & 0x3f) | 0x80);
	} while (u.b[0] >> 2 == 62 || image_topic_by_id(env->image, &u));
	return u;
}

bool control_live(const struct image *img, int32_t id)
{
	const struct image_broker *b = image_broker(img, id);

	return b && !b->fenced && !b->in_controlled_shutdown;
}
