/* OffsetCommit: v2-9. v5 no retention time, v6 leader epoch, v7 instance id, v8 flexible. */
#include "api/group_call.h"

static void serve(struct coordinator *g, const struct group_caller *who, const void *request,
	struct group_reply reply)
{
	group_offset_commit(g, who, request, reply);
}

void api_offset_commit(struct call *c, const struct offset_commit_request *r)
{
	group_call(c, r, serve);
}
