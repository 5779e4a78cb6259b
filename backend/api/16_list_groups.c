/* ListGroups: v0-5. v3 flexible, v4 states, v5 types. */
#include "api/group_call.h"

static void serve(struct coordinator *g, const struct group_caller *who, const void *request,
	struct group_reply reply)
{
	group_list(g, who, request, reply);
}

void api_list_groups(struct call *c, const struct list_groups_request *r)
{
	group_call(c, r, serve);
}
