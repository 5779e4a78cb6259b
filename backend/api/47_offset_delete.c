/* OffsetDelete: v0. */
#include "api/group_call.h"

static void serve(struct coordinator *g, const struct group_caller *who, const void *request,
	struct group_reply reply)
{
	group_offset_delete(g, who, request, reply);
}

void api_offset_delete(struct call *c, const struct offset_delete_request *r)
{
	group_call(c, r, serve);
}
