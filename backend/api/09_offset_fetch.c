/* OffsetFetch: v1-9. v2 all topics, v5 leader epoch, v6 flexible, v7 stable only, v8 several
 * groups, v9 member. */
#include "api/group_call.h"

static void serve(struct coordinator *g, const struct group_caller *who, const void *request,
	struct group_reply reply)
{
	group_offset_fetch(g, who, request, reply);
}

void api_offset_fetch(struct call *c, const struct offset_fetch_request *r)
{
	group_call(c, r, serve);
}
