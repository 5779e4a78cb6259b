/* FindCoordinator: v0-5. v1 key type, v4 several keys. There is no coordinator in this version of
 * the broker; it is served because clients look for it before they compress with lz4. */
#include "api/api.h"

static const char text[] = "The coordinator is not available.";

/* Groups (0) and transactions (1); share groups (2) are not served. */
static int16_t error_of(const struct find_coordinator_request *r)
{
	return r->key_type == 0 || r->key_type == 1 ? KERR_COORDINATOR_NOT_AVAILABLE
						    : KERR_INVALID_REQUEST;
}

static void put_one(
	struct find_coordinator_response *resp, const struct find_coordinator_request *r)
{
	resp->error_code = error_of(r);
	resp->error_message = str_of(text);
	resp->node_id = -1;
	resp->host = STR_LIT("");
	resp->port = -1;
}

static void put_several(struct call *c, struct find_coordinator_response *resp,
	const struct find_coordinator_request *r)
{
	resp->coordinators =
		CALL_NEW(c, find_coordinator_response_coordinators, (size_t)r->n_coordinator_keys);
	resp->n_coordinators = r->n_coordinator_keys;
	for (int32_t i = 0; i < r->n_coordinator_keys; i++) {
		struct find_coordinator_response_coordinators *out = &resp->coordinators[i];

		out->key = r->coordinator_keys[i];
		out->node_id = -1;
		out->host = STR_LIT("");
		out->port = -1;
		out->error_code = error_of(r);
		out->error_message = str_of(text);
	}
}

void api_find_coordinator(struct call *c, const struct find_coordinator_request *r)
{
	struct find_coordinator_response resp;

	msg_init(&find_coordinator_response_desc, &resp);
	/* Each form has its own members: what a version lacks cannot be encoded in it. */
	if (c->version < 4)
		put_one(&resp, r);
	else
		put_several(c, &resp, r);
	call_reply(c, &resp);
}
