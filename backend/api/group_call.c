/* See group_call.h. */
#include "api/group_call.h"

#include <stdlib.h>

#include "base/xalloc.h"

/* Between the coordinator, which knows no calls, and the call, which is void once it is answered.
 */
struct waiting {
	struct call *call; /* NULL: answered */
	bool in_handler;
};

static void answered(void *arg, const void *response)
{
	struct waiting *w = arg;

	call_reply(w->call, response);
	w->call = NULL;
	if (!w->in_handler)
		free(w);
}

/* "/127.0.0.1", as Kafka writes addresses; the port of "127.0.0.1:50312" goes. */
static struct str host_of(struct call *c)
{
	const char *peer = net_slot_peer(c->slot), *colon = strrchr(peer, ':');
	int n = (int)(colon ? (size_t)(colon - peer) : strlen(peer));

	return str_of(arena_printf(&c->arena, "/%.*s", n, peer));
}

void group_call(struct call *c, const void *request, group_serve_fn *serve)
{
	struct group_caller who = {
		.version = c->version, .client_id = c->header.client_id, .client_host = host_of(c)};
	struct waiting *w = ALLOC(struct waiting);

	w->call = c;
	w->in_handler = true;
	serve(c->broker->groups, &who, request, (struct group_reply){answered, w});
	w->in_handler = false;
	if (w->call)
		call_park(w->call);
	else
		free(w);
}
