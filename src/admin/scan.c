/*
 * Error codes in any response, found by the tables of the messages: a field error_code belongs to
 * the struct it stands in; topic, partition or resource are named there or in a struct around it.
 */
#include "admin/admin_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "wire/msg_impl.h"

/* Names gathered on the way down. */
struct place {
	struct str name;
	int32_t partition; /* -1: none */
	int resource;      /* -1: none */
	bool item;         /* inside an array */
};

struct walk {
	int16_t version;
	bool change;
	struct scan *out;
};

static bool is_one_of(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(name, *list) == 0)
			return true;
	return false;
}

static void note_place(const struct msg_field *f, const void *base, struct place *p)
{
	static const char *const names[] = {"name", "topic", "topic_name", "resource_name", NULL};
	static const char *const parts[] = {"partition_index", "partition", "partition_id", NULL};

	if (f->type == MSG_STRING && is_one_of(f->name, names))
		p->name = *(const struct str *)field_of(f, base);
	else if (f->type == MSG_INT32 && is_one_of(f->name, parts))
		p->partition = *(const int32_t *)field_of(f, base);
	else if (f->type == MSG_INT8 && strcmp(f->name, "resource_type") == 0)
		p->resource = *(const int8_t *)field_of(f, base);
}

static void item_text(const struct place *p, char *out, size_t size)
{
	out[0] = '\0';
	if (p->resource == ADMIN_RESOURCE_BROKER)
		snprintf(out, size, "broker %.*s", STR_ARG(p->name));
	else if (p->name.n && p->partition >= 0)
		snprintf(out, size, "partition %.*s-%d", STR_ARG(p->name), p->partition);
	else if (p->name.n)
		snprintf(out, size, "topic %.*s", STR_ARG(p->name));
}

/* With nothing done, a change too may be tried again. */
static bool passes(int16_t code, bool change)
{
	switch (code) {
	case KERR_NOT_CONTROLLER:
	case KERR_NOT_LEADER_OR_FOLLOWER:
	case KERR_LEADER_NOT_AVAILABLE:
	case KERR_COORDINATOR_LOAD_IN_PROGRESS:
	case KERR_COORDINATOR_NOT_AVAILABLE:
	case KERR_NOT_COORDINATOR:
		return true;
	case KERR_UNKNOWN_TOPIC_OR_PARTITION:
	case KERR_UNKNOWN_TOPIC_ID:
		return false;
	default:
		return !change && kerr_retriable(code);
	}
}

static void note_code(const struct walk *w, const struct place *p, int16_t code, struct str said)
{
	struct scan *s = w->out;

	if (code == KERR_NONE) {
		s->fine += p->item;
		return;
	}
	if (!s->errors++) {
		s->first = code;
		s->first_said = said;
		item_text(p, s->first_item, sizeof(s->first_item));
	}
	s->passing += passes(code, w->change);
}

static void walk_struct(
	const struct walk *w, const struct msg_struct *s, const void *base, struct place p);

static void walk_children(
	const struct walk *w, const struct msg_field *f, const void *base, struct place p)
{
	const uint8_t *at;
	int32_t n;

	if (f->shape == MSG_ONE) {
		walk_struct(w, f->elem, field_of(f, base), p);
		return;
	}
	at = field_target(f, base);
	n = f->shape == MSG_ARRAY ? field_count_of(f, base) : at != NULL;
	p.item |= f->shape == MSG_ARRAY;
	for (int32_t i = 0; at && i < n; i++)
		walk_struct(w, f->elem, at + (size_t)i * f->elem->size, p);
}

static void walk_struct(
	const struct walk *w, const struct msg_struct *s, const void *base, struct place p)
{
	const struct msg_field *code = NULL;
	struct str said = STR_NULL;

	for (size_t i = 0; i < s->n_fields; i++) {
		const struct msg_field *f = &s->fields[i];
		if (f->shape != MSG_ONE || !field_in(f, w->version))
			continue;
		note_place(f, base, &p);
		if (strcmp(f->name, "error_code") == 0)
			code = f;
		else if (strcmp(f->name, "error_message") == 0)
			said = *(const struct str *)field_of(f, base);
	}
	if (code)
		note_code(w, &p, *(const int16_t *)field_of(code, base), said);
	for (size_t i = 0; i < s->n_fields; i++)
		if (s->fields[i].type == MSG_STRUCT && field_in(&s->fields[i], w->version))
			walk_children(w, &s->fields[i], base, p);
}

void scan_response(
	const struct api *api, int16_t version, const void *response, bool change, struct scan *s)
{
	struct walk w = {version, change, s};

	*s = (struct scan){0};
	walk_struct(&w, api->response->body, response, (struct place){STR_NULL, -1, -1, false});
}

int16_t admin_first_error(
	int16_t api_key, int16_t version, const void *response, struct err *e, size_t *count)
{
	const struct api *api = api_find(api_key);
	struct scan s = {0};

	if (api)
		scan_response(api, version, response, false, &s);
	if (count)
		*count = s.errors;
	if (s.errors)
		admin_kerr(
			e, s.first, s.first_said, "%s", *s.first_item ? s.first_item : api->name);
	return s.first;
}

static int code_of(int16_t code)
{
	switch (code) {
	case KERR_TOPIC_AUTHORIZATION_FAILED:
	case KERR_GROUP_AUTHORIZATION_FAILED:
	case KERR_CLUSTER_AUTHORIZATION_FAILED:
	case KERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
	case KERR_SASL_AUTHENTICATION_FAILED:
	case KERR_POLICY_VIOLATION:
		return ERR_DENIED;
	case KERR_UNKNOWN_TOPIC_OR_PARTITION:
	case KERR_UNKNOWN_TOPIC_ID:
	case KERR_RESOURCE_NOT_FOUND:
	case KERR_GROUP_ID_NOT_FOUND:
	case KERR_LOG_DIR_NOT_FOUND:
		return ERR_NOT_FOUND;
	case KERR_TOPIC_ALREADY_EXISTS:
		return ERR_EXISTS;
	case KERR_UNSUPPORTED_VERSION:
		return ERR_UNSUPPORTED;
	default:
		return kerr_retriable(code) ? ERR_AGAIN : ERR_INVALID;
	}
}

int admin_kerr(struct err *e, int16_t code, struct str said, const char *fmt, ...)
{
	char what[320];
	va_list ap;
	bool tells = said.n > 0 && !str_eqz(said, kerr_name(code));

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (!kerr_known(code))
		return err_set(e, code_of(code),
			"%s: Kafka's error %d, which is not known here%s%.*s", what, code,
			tells ? ": " : "", STR_ARG(tells ? said : STR_NULL));
	/* What the broker says is about this very thing: it stands before what holds for all. */
	if (tells)
		return err_set(e, code_of(code), "%s: %s: %.*s (%s)", what, kerr_name(code),
			STR_ARG(said), kerr_text(code));
	return err_set(e, code_of(code), "%s: %s: %s", what, kerr_name(code), kerr_text(code));
}

const char *partition_why(struct arena *a, struct str topic, int32_t partition, int16_t code)
{
	return arena_printf(a, "partition %.*s-%d: %s: %s", STR_ARG(topic), partition,
		kerr_name(code), kerr_text(code));
}
