/*
 * Requests to the group coordinator: what they have in common. The coordinator answers at once or
 * later; a call that waits keeps neither its request nor its arena.
 */
#ifndef API_GROUP_CALL_H
#define API_GROUP_CALL_H

#include "api/api.h"
#include "group/group.h"

typedef void group_serve_fn(struct coordinator *g, const struct group_caller *who,
	const void *request, struct group_reply reply);

/* Hands the request to serve; the answer goes out when the coordinator gives it. */
void group_call(struct call *c, const void *request, group_serve_fn *serve);

/* The whole handler of an API that the coordinator's function `fn` answers. */
#define GROUP_CALL(name, fn)                                                     \
	static void serve(struct coordinator *g, const struct group_caller *who, \
		const void *request, struct group_reply reply)                   \
	{                                                                        \
		fn(g, who, request, reply);                                      \
	}                                                                        \
	void api_##name(struct call *c, const struct name##_request *r)          \
	{                                                                        \
		group_call(c, r, serve);                                         \
	}

#endif
