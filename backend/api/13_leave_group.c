/* LeaveGroup: v0-5. v3 several members, v4 flexible, v5 reason. */
#include "api/group_call.h"

static void serve(struct coordinator *g, const struct group_caller *who, const void *request,
	struct group_reply reply)
{
	group_leave(g, who, request, reply);
}

void api_leave_group(struct call *c, const struct leave_group_request *r)
{
	group_call(c, r, serve);
}
