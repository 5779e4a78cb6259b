/* Heartbeat: v0-4. v3 instance id, v4 flexible. */
#include "api/group_call.h"

static void serve(struct coordinator *g, const struct group_caller *who, const void *request,
	struct group_reply reply)
{
	group_heartbeat(g, who, request, reply);
}

void api_heartbeat(struct call *c, const struct heartbeat_request *r)
{
	group_call(c, r, serve);
}
