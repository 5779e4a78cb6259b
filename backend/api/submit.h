/*
 * Requests that change the cluster's metadata: the controller decides, the records are committed
 * and applied, then the answer goes out.
 *
 *   by a client's listener:
 *     api_submit --the controller is here--> decide --committed--> answer
 *         |                                     |
 *         +--it is elsewhere--> forward <--not any more
 *   by the controller's listener: decide, or NOT_CONTROLLER
 */
#ifndef API_SUBMIT_H
#define API_SUBMIT_H

#include "api/api.h"

struct submit {
	struct metalog_op op;
	struct call *call;
	metalog_decide_fn *decide; /* its arg is this struct */
	const void *request;
	const struct msg_desc *desc; /* of the response */
	void *response;              /* of the call's arena, at its defaults */
	int64_t deadline_ms;         /* of the loop's clock: what the request's time-out leaves */
};

/* The call is held and answered later: by what was decided, here or by the active controller; by
 * KAFKA_STORAGE_ERROR when the disk refused it; dropped only when the metadata log has failed. */
void api_submit(struct call *c, metalog_decide_fn *decide, const void *request,
	const struct msg_desc *response);

/* The whole handler of an API that the controller's function `fn` decides. */
#define SUBMIT(name, fn)                                                                        \
	static int decide(void *arg, const struct control_env *env, struct control_result *out) \
	{                                                                                       \
		struct submit *s = arg;                                                         \
		return fn(env, s->request, s->response, out);                                   \
	}                                                                                       \
	void api_##name(struct call *c, const struct name##_request *r)                         \
	{                                                                                       \
		api_submit(c, decide, r, &name##_response_desc);                                \
	}

/* The answer with this error for all that was asked for; the call is void afterwards. */
void api_submit_fail(struct submit *s, int16_t code, struct str text);

/* True when an error_code of the message, at any depth, is this one. */
bool api_has_error(const struct msg_struct *s, const void *message, int16_t code);

#endif
