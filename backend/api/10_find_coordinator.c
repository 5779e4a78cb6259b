/* FindCoordinator: v0-5. v1 key type, v4 several keys. There is no coordinator in this version of
 * the broker; it is served because clients look for it before they compress with lz4. */
#include "api/api.h"

static const char text[] = "consumer groups are not served yet";

void api_find_coordinator(struct call *c, const struct find_coordinator_request *r)
{
	struct find_coordinator_response resp;
	int32_t n = c->version >= 4 ? r->n_coordinator_keys : 0;

	msg_init(&find_coordinator_response_desc, &resp);
	resp.node_id = -1;
	resp.port = -1;
	resp.host = STR_LIT("");
	if (c->version < 4) {
		resp.error_code = KERR_COORDINATOR_NOT_AVAILABLE;
		resp.error_message = str_of(text);
	}
	resp.coordinators = CALL_NEW(c, find_coordinator_response_coordinators, (size_t)n);
	resp.n_coordinators = n;
	for (int32_t i = 0; i < n; i++) {
		resp.coordinators[i].key = r->coordinator_keys[i];
		resp.coordinators[i].node_id = -1;
		resp.coordinators[i].port = -1;
		resp.coordinators[i].host = STR_LIT("");
		resp.coordinators[i].error_code = KERR_COORDINATOR_NOT_AVAILABLE;
		resp.coordinators[i].error_message = str_of(text);
	}
	call_reply(c, &resp);
}
