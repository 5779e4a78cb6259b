/* DescribeGroups: v0-6. v4 instance id, v5 flexible, v6 an error for groups that are not there. */
#include "api/group_call.h"

static void serve(struct coordinator *g, const struct group_caller *who, const void *request,
	struct group_reply reply)
{
	group_describe(g, who, request, reply);
}

void api_describe_groups(struct call *c, const struct describe_groups_request *r)
{
	group_call(c, r, serve);
}
