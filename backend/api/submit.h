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
	const struct msg_desc *desc; /* of the response */
	void *response;              /* of the call's arena, at its defaults */
};

/* The call is held and answered later: by what was decided, by KAFKA_STORAGE_ERROR when the disk
 * refused it; or dropped when this node is not the controller or the metadata log has failed. */
void api_submit(struct call *c, metalog_decide_fn *decide, const void *request,
	const struct msg_desc *response);

#endif
