/*
 * Requests that change the cluster's metadata: the controller decides, the records are committed
 * and applied, then the answer goes out.
 */
#ifndef API_SUBMIT_H
#define API_SUBMIT_H

#include "api/api.h"

struct submit {
	struct metalog_op op;
	struct call *call;
	const void *request;
	void *response; /* of the call's arena, at its defaults */
};

/* The call is held and answered later, or dropped when the metadata log cannot take it. */
void api_submit(struct call *c, metalog_decide_fn *decide, const void *request,
	const struct msg_desc *response);

#endif
