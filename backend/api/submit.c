/* See submit.h. */
#define LOG_MODULE "api"
#include "api/submit.h"

#include "base/log.h"

/* What a client waits at least, for requests that do not say how long. */
#define PATIENCE_MS     5000
#define PATIENCE_MAX_MS 60000

/* ---- errors in any answer ------------------------------------------------------------------- */

enum put { PUT_SUCCESSES, PUT_ALL };

struct put_what {
	enum put which;
	int16_t code;
	struct str text;
	int16_t version; /* of the answer: what it has no place for is left alone */
};

static bool has_place(const struct msg_field *f, int16_t version)
{
	return version >= f->since && version <= f->until;
}

static void put_error(const struct msg_struct *s, uint8_t *at, const struct put_what *what);

static void put_error_in(const struct msg_field *f, uint8_t *at, const struct put_what *what)
{
	int32_t n = 1;

	if (f->shape == MSG_ARRAY)
		n = *(int32_t *)(void *)(at + f->count_offset);
	at += f->offset;
	if (f->shape != MSG_ONE)
		at = *(uint8_t **)(void *)at;
	for (int32_t i = 0; at && i < n; i++)
		put_error(f->elem, at + (size_t)i * f->elem->size, what);
}

/* Every success that the answer tells, or all that it tells, at any depth, becomes this error. */
static void put_error(const struct msg_struct *s, uint8_t *at, const struct put_what *what)
{
	bool failed = false;

	for (uint16_t i = 0; i < s->n_fields; i++) {
		const struct msg_field *f = &s->fields[i];

		if (!has_place(f, what->version))
			continue;
		if (f->type == MSG_STRUCT) {
			put_error_in(f, at, what);
		} else if (strcmp(f->name, "error_code") == 0) {
			int16_t *error = (int16_t *)(void *)(at + f->offset);
			failed = what->which == PUT_ALL || *error == KERR_NONE;
			*error = failed ? what->code : *error;
		} else if (failed && strcmp(f->name, "error_message") == 0) {
			*(struct str *)(void *)(at + f->offset) = what->text;
		}
	}
}

static bool has_error_in(const struct msg_field *f, const uint8_t *at, int16_t code)
{
	int32_t n = 1;

	if (f->shape == MSG_ARRAY)
		n = *(const int32_t *)(const void *)(at + f->count_offset);
	at += f->offset;
	if (f->shape != MSG_ONE)
		at = *(uint8_t *const *)(const void *)at;
	for (int32_t i = 0; at && i < n; i++)
		if (api_has_error(f->elem, at + (size_t)i * f->elem->size, code))
			return true;
	return false;
}

bool api_has_error(const struct msg_struct *s, const void *message, int16_t code)
{
	const uint8_t *at = message;

	for (uint16_t i = 0; i < s->n_fields; i++) {
		const struct msg_field *f = &s->fields[i];

		if (f->type == MSG_STRUCT && has_error_in(f, at, code))
			return true;
		if (strcmp(f->name, "error_code") == 0 &&
			*(const int16_t *)(const void *)(at + f->offset) == code)
			return true;
	}
	return false;
}

static const struct msg_field *field(const struct msg_struct *s, const char *name)
{
	for (uint16_t i = 0; i < s->n_fields; i++)
		if (strcmp(s->fields[i].name, name) == 0)
			return &s->fields[i];
	return NULL;
}

/* An answer without an error for the whole tells it for every item: their names come from deciding
 * on what is committed, without taking the records. */
static void name_items(struct submit *s)
{
	struct broker *b = s->call->broker;
	struct control_result unused;
	struct control_env env = {metalog_image(b->metalog), metalog_control_settings(b->metalog),
		&b->rng, &s->call->arena, 0};

	control_result_init(&unused);
	if (s->decide(s, &env, &unused) < 0)
		msg_init(s->desc, s->response);
	control_result_fini(&unused);
}

void api_submit_fail(struct submit *s, int16_t code, struct str text)
{
	const struct put_what all = {PUT_ALL, code, text, s->call->version};
	const struct msg_field *f = field(s->desc->body, "error_code");

	msg_init(s->desc, s->response);
	if (!f || !has_place(f, all.version))
		name_items(s);
	put_error(s->desc->body, s->response, &all);
	f = field(s->desc->body, "throttle_time_ms");
	if (f)
		*(int32_t *)(void *)((uint8_t *)s->response + f->offset) = 0;
	call_reply(s->call, s->response);
}

/* ---- on the way ----------------------------------------------------------------------------- */

/* The disk refused the decision: nothing of it is in the log. */
static void refuse(struct submit *s)
{
	log_warn("%s from %s: refused, the metadata log could not be written", s->call->api->name,
		net_slot_peer(s->call->slot));
	put_error(s->desc->body, s->response,
		&(struct put_what){PUT_SUCCESSES, KERR_KAFKA_STORAGE_ERROR,
			STR_LIT("The metadata log could not be written; is the disk full?"),
			s->call->version});
	call_reply(s->call, s->response);
}

/* This node is not the active controller, or is not any more. */
static void elsewhere(struct submit *s)
{
	struct broker *b = s->call->broker;

	if (b->forward && !broker_by_controller(b, s->call))
		b->forward(b, s);
	else
		api_submit_fail(
			s, KERR_NOT_CONTROLLER, STR_LIT("This node is not the active controller."));
}

static void done(struct metalog_op *op, int rc)
{
	struct submit *s = CONTAINER_OF(op, struct submit, op);

	if (rc == ERR_FULL)
		refuse(s);
	else if (rc == ERR_AGAIN)
		elsewhere(s);
	else if (rc < 0)
		call_drop(s->call, rc == ERR_NOMEM ? "an answer that would be too big"
						   : "the metadata log takes no records");
	else
		call_reply(s->call, s->response);
}

static int64_t patience(const struct call *c, const void *request)
{
	const struct msg_field *f = field(c->api->request->body, "timeout_ms");
	int32_t ms = 0;

	if (f && f->type == MSG_INT32)
		ms = *(const int32_t *)(const void *)((const uint8_t *)request + f->offset);
	return ms > 0 ? min_i64(ms, PATIENCE_MAX_MS) : PATIENCE_MS;
}

void api_submit(struct call *c, metalog_decide_fn *decide, const void *request,
	const struct msg_desc *response)
{
	struct submit *s = ARENA_NEW(&c->arena, struct submit);

	call_hold(c);
	s->call = c;
	s->decide = decide;
	s->request = request;
	s->desc = response;
	s->response = arena_alloc(&c->arena, response->body->size);
	s->deadline_ms = broker_now_ms(c->broker) + patience(c, request);
	s->op.done = done;
	msg_init(response, s->response);
	metalog_submit(c->broker->metalog, &s->op, &c->arena, decide, s);
}
