/* See submit.h. */
#define LOG_MODULE "api"
#include "api/submit.h"

#include "base/log.h"

static void put_error(const struct msg_struct *s, uint8_t *at, int16_t code, struct str text);

static void put_error_in(const struct msg_field *f, uint8_t *at, int16_t code, struct str text)
{
	int32_t n = 1;

	if (f->shape == MSG_ARRAY)
		n = *(int32_t *)(void *)(at + f->count_offset);
	at += f->offset;
	if (f->shape != MSG_ONE)
		at = *(uint8_t **)(void *)at;
	for (int32_t i = 0; at && i < n; i++)
		put_error(f->elem, at + (size_t)i * f->elem->size, code, text);
}

/* Every success that the answer tells, at any depth, becomes this error. */
static void put_error(const struct msg_struct *s, uint8_t *at, int16_t code, struct str text)
{
	bool failed = false;

	for (uint16_t i = 0; i < s->n_fields; i++) {
		const struct msg_field *f = &s->fields[i];

		if (f->type == MSG_STRUCT) {
			put_error_in(f, at, code, text);
		} else if (strcmp(f->name, "error_code") == 0) {
			int16_t *error = (int16_t *)(void *)(at + f->offset);
			failed = *error == KERR_NONE;
			*error = failed ? code : *error;
		} else if (failed && strcmp(f->name, "error_message") == 0) {
			*(struct str *)(void *)(at + f->offset) = text;
		}
	}
}

/* The disk refused the decision: nothing of it is in the log. */
static void refuse(struct submit *s)
{
	log_warn("%s from %s: refused, the metadata log could not be written", s->call->api->name,
		net_slot_peer(s->call->slot));
	put_error(s->desc->body, s->response, KERR_KAFKA_STORAGE_ERROR,
		STR_LIT("The metadata log could not be written; is the disk full?"));
	call_reply(s->call, s->response);
}

static void done(struct metalog_op *op, int rc)
{
	struct submit *s = CONTAINER_OF(op, struct submit, op);

	if (rc == ERR_FULL) {
		refuse(s);
		return;
	}
	if (rc < 0) {
		call_drop(s->call, rc == ERR_AGAIN ? "this node is not the controller now"
						   : "the metadata log takes no records");
		return;
	}
	call_reply(s->call, s->response);
}

void api_submit(struct call *c, metalog_decide_fn *decide, const void *request,
	const struct msg_desc *response)
{
	struct submit *s = ARENA_NEW(&c->arena, struct submit);

	call_hold(c);
	s->call = c;
	s->request = request;
	s->desc = response;
	s->response = arena_alloc(&c->arena, response->body->size);
	s->op.done = done;
	msg_init(response, s->response);
	metalog_submit(c->broker->metalog, &s->op, &c->arena, decide, s);
}
