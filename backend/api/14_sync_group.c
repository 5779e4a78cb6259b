/* SyncGroup: v0-5. v3 instance id, v4 flexible, v5 protocol. */
#include "api/group_call.h"

static void serve(struct coordinator *g, const struct group_caller *who, const void *request,
	struct group_reply reply)
{
	group_sync(g, who, request, reply);
}

void api_sync_group(struct call *c, const struct sync_group_request *r)
{
	group_call(c, r, serve);
}
