/* See here.h. That the folder's cluster is the one that answers is seen by its id, which each data
 * folder has in meta.properties. */
#include "source/impl.h"

#include "base/xalloc.h"
#include "conf/properties.h"

void here_init(struct here *h, const char *dir)
{
	*h = (struct here){.dir = dir ? xstrdup(dir) : NULL};
}

void here_fini(struct here *h)
{
	local_fini(&h->now);
	free(h->dir);
}

static int take_id(void *arg, struct str key, struct str value, int line)
{
	char **out = arg;

	(void)line;
	if (str_eqz(key, "cluster.id")) {
		free(*out);
		*out = str_dup(value);
	}
	return 0;
}

/* The id that a data folder was formatted with is the cluster's. */
static bool has_id(const struct local_broker *b, const char *id)
{
	char *path = xasprintf("%s/meta.properties", b->data);
	char *found = NULL;
	struct err e = {0};
	bool same =
		properties_read(path, take_id, &found, &e) == 0 && found && strcmp(found, id) == 0;

	free(found);
	free(path);
	return same;
}

static bool is_ours(const struct here *h, const struct cluster *c)
{
	vec_foreach (b, &h->now.brokers)
		if (has_id(b, c->id))
			return true;
	return false;
}

static enum broker_process process_of(const struct local_broker *b)
{
	switch (b->state) {
	case LOCAL_RUNNING:
		return PROCESS_RUNS;
	case LOCAL_PAUSED:
		return PROCESS_PAUSED;
	case LOCAL_STOPPED:
		break;
	}
	return PROCESS_ENDED;
}

static void tell_voters(struct cluster_source *s)
{
	const struct here *h = &s->here;
	int32_t n = 0, running = 0;

	if (h->ours)
		vec_foreach (b, &h->now.brokers) {
			feed_broker_votes(s->model, b->id, b->votes);
			n += b->votes;
			running += b->votes && b->state == LOCAL_RUNNING;
		}
	feed_voters(s->model, n, running);
}

static void look(struct cluster_source *s)
{
	struct here *h = &s->here;
	const struct cluster *c = model_cluster(s->model);
	struct err e = {0};

	local_fini(&h->now);
	if (local_look(&h->now, h->dir, &e) < 0)
		h->ours = false;
	else if (!h->ours || strcmp(h->id, c->id) != 0)
		h->ours = is_ours(h, c);
	memcpy(h->id, c->id, sizeof(h->id));
	for (size_t i = 0; i < c->n_brokers; i++) {
		if (c->brokers[i].process == PROCESS_ELSEWHERE || here_find(h, c->brokers[i].id))
			continue;
		feed_broker_process(s->model, now_of(s), c->brokers[i].id, PROCESS_ELSEWHERE);
		feed_broker_votes(s->model, c->brokers[i].id, false);
	}
	vec_foreach (b, &h->now.brokers)
		if (here_find(h, b->id))
			feed_broker_process(s->model, now_of(s), b->id, process_of(b));
	tell_voters(s);
}

int64_t here_run(struct cluster_source *s)
{
	struct here *h = &s->here;
	const char *id = model_cluster(s->model)->id;

	if (!h->dir || !id[0]) /* of an unknown cluster nothing here can be a part */
		return now_of(s) + HERE_EVERY_MS;
	if (h->due_ms <= now_of(s) || strcmp(h->id, id) != 0) {
		h->due_ms = now_of(s) + HERE_EVERY_MS;
		look(s);
		poll_publish_soon(s);
	}
	return h->due_ms;
}

const struct local_broker *here_find(const struct here *h, int32_t broker)
{
	const struct local_broker *b = h->ours ? local_find(&h->now, broker) : NULL;

	return b && b->is_broker ? b : NULL;
}
