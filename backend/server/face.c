/* Which path is answered by what; health and events, which are short. */
#include "server/face.h"

#include <stdlib.h>

#include "server/face_priv.h"

struct route {
	const char *path;
	unsigned methods; /* bits of enum face_method */
	void (*serve)(struct server *s, const struct face_request *r, struct face_reply *out);
};

/* ---- health ---------------------------------------------------------------------------------- */

static const char *metadata_trouble(const struct server *s)
{
	const struct image *img = metalog_image(s->broker.metalog);
	const struct image_broker *self = image_broker(img, s->set.node_id);

	if (s->set.is_broker && !self)
		return "not registered: the controller does not know this broker";
	if (s->faults.stop_serving)
		return "told not to serve (faults: stop_serving)";
	if (s->set.is_broker && self->fenced)
		return "fenced: the controller does not hear this broker";
	if (metalog_quorum(s->broker.metalog)->leader < 0)
		return "no controller: topics and leaders cannot change";
	return NULL;
}

static const char *start_trouble(const struct server *s, struct buf *room)
{
	if (!s->broker.metalog || metalog_quorum(s->broker.metalog)->leader >= 0)
		return "starting";
	buf_puts(room, "starting: ");
	server_waits_for(s, room);
	return buf_z(room);
}

/* NULL: this broker serves. */
static const char *trouble(const struct server *s, struct buf *room)
{
	switch (s->state) {
	case SERVER_RUNNING:
		return metadata_trouble(s);
	case SERVER_LEAVING:
		return "stopping: leadership moves away";
	case SERVER_STOPPING:
	case SERVER_STOPPED:
		return "stopping";
	default:
		return start_trouble(s, room);
	}
}

static void serve_health(struct server *s, const struct face_request *r, struct face_reply *out)
{
	struct buf room = BUF_EMPTY;
	const char *why = trouble(s, &room);
	struct json j;

	(void)r;
	out->status = why ? 503 : 200;
	json_init(&j, &out->body);
	json_object(&j);
	json_kbool(&j, "healthy", !why);
	json_kint(&j, "node.id", s->set.node_id);
	json_kstr(&j, "cluster.id", s->broker.cluster_id);
	if (why)
		json_kz(&j, "reason", why);
	json_object_end(&j);
	buf_putc(&out->body, '\n');
	buf_fini(&room);
}

/* ---- events ---------------------------------------------------------------------------------- */

/* A whole number without sign. */
static bool parse_id(struct str text, int64_t *out)
{
	char digits[20];
	size_t n = text.n;

	if (n == 0 || n >= sizeof(digits))
		return false;
	memcpy(digits, text.p, n);
	digits[n] = 0;
	*out = strtoll(digits, NULL, 10);
	return strspn(digits, "0123456789") == n;
}

static void serve_events(struct server *s, const struct face_request *r, struct face_reply *out)
{
	int64_t after = 0;

	for (size_t i = 0; i < r->n_query; i++) {
		if (!str_eqz(r->query[i].name, "after")) {
			face_fail(out, 400, "no parameter '%.*s' here; after=ID is",
				(int)min_size(r->query[i].name.n, 100), r->query[i].name.p);
			return;
		}
		if (!parse_id(r->query[i].value, &after)) {
			face_fail(out, 400, "after=%.*s: expected the id of an event",
				(int)min_size(r->query[i].value.n, 100), r->query[i].value.p);
			return;
		}
	}
	events_write(s->events, after, &out->body);
}

/* ---- the door -------------------------------------------------------------------------------- */

static const struct route routes[] = {
	{"/health", FACE_GET, serve_health},
	{"/metrics", FACE_GET, server_face_metrics},
	{"/events", FACE_GET, serve_events},
	{"/faults", FACE_GET | FACE_PUT | FACE_DELETE, server_face_faults},
};

static const struct route *find_route(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		if (strcmp(path, routes[i].path) == 0)
			return &routes[i];
	return NULL;
}

static void not_found(const char *path, struct face_reply *out)
{
	struct buf there = BUF_EMPTY;

	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		buf_printf(&there, "%s%s", i ? ", " : "", routes[i].path);
	face_fail(out, 404, "nothing is at '%.100s'; there are %s", path, buf_z(&there));
	buf_fini(&there);
}

static void not_allowed(const struct route *route, struct face_reply *out)
{
	bool more = route->methods & (FACE_PUT | FACE_DELETE);

	out->allow = route->methods;
	face_fail(out, 405, "%s takes GET%s only", route->path, more ? ", PUT and DELETE" : "");
}

void server_face(struct server *s, const struct face_request *r, struct face_reply *out)
{
	const struct route *route = find_route(r->path);

	if (!route)
		not_found(r->path, out);
	else if (!(route->methods & r->method))
		not_allowed(route, out);
	else if (!s)
		face_fail(out, 503, "starting");
	else
		route->serve(s, r, out);
}
