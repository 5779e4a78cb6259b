/* DeleteGroups: v0-2. v2 flexible. */
#include "api/group_call.h"

static void serve(struct coordinator *g, const struct group_caller *who, const void *request,
	struct group_reply reply)
{
	group_delete(g, who, request, reply);
}

void api_delete_groups(struct call *c, const struct delete_groups_request *r)
{
	group_call(c, r, serve);
}
