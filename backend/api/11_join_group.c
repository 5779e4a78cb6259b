/* JoinGroup: v0-9. v1 rebalance time-out, v4 member id required, v5 instance id, v6 flexible, v9
 * skip. */
#include "api/group_call.h"

static void serve(struct coordinator *g, const struct group_caller *who, const void *request,
	struct group_reply reply)
{
	group_join(g, who, request, reply);
}

void api_join_group(struct call *c, const struct join_group_request *r)
{
	group_call(c, r, serve);
}
