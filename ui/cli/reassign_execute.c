/* kdeck reassign --execute and --generate: plans made, and begun. */
#include "cli/reassign.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

/* ---- --execute ---- */

static int check_active(struct reassign *x)
{
	if (cli_has(x->c, "additional") || !x->active.n)
		return CLI_OK;
	cli_fail(x->c,
		"Cannot execute because there is an existing partition assignment: "
		"%.*s-%d%s. --additional begins this one beside it, or changes its throttle",
		STR_ARG(x->active.v[0].at.topic), x->active.v[0].at.partition,
		x->active.n > 1 ? " and more" : "");
	return CLI_NO;
}

static int check_brokers(struct reassign *x)
{
	vec_foreach (m, &x->plan) {
		for (int32_t i = 0; i < m->replicas.n; i++)
			if (!admin_broker_find(x->c->admin, m->replicas.v[i]))
				return cli_fail(x->c, "partition %.*s-%d: Unknown broker id %d",
					STR_ARG(m->at.topic), m->at.partition, m->replicas.v[i]);
	}
	return CLI_OK;
}

/* Where the plan's partitions are now. */
static int find_current(struct reassign *x, moves *out)
{
	vec_foreach (m, &x->plan) {
		struct ids now = reassign_current(x, &m->at);

		if (!now.n && !admin_topic_find(x->c->admin, m->at.topic))
			return cli_fail(x->c, "Topic %.*s not found.", STR_ARG(m->at.topic));
		if (!now.n)
			return cli_fail(x->c, "Unable to find partition: %.*s-%d",
				STR_ARG(m->at.topic), m->at.partition);
		*vec_add(out) =
			(struct move){.at = m->at, .replicas = ids_copy(&x->arena, now.v, now.n)};
	}
	return CLI_OK;
}

static void print_current(struct reassign *x, const moves *current)
{
	struct buf *out = &x->c->out;

	if (x->c->json)
		return;
	buf_puts(out, "Current partition replica assignment\n\n");
	plan_put(out, current);
	buf_puts(out, "\n\nSave this to use as the --reassignment-json-file option during "
		      "rollback\n");
}

struct rates {
	int64_t brokers, dirs; /* bytes a second, -1: as they are */
};

static int throttle(
	struct reassign *x, const moves *current, const homes *wishes, const struct rates *r)
{
	int status = CLI_OK;

	if (r->brokers < 0 && r->dirs < 0)
		return CLI_OK;
	if (!x->c->json)
		buf_puts(&x->c->out,
			"Warning: You must run --verify periodically, until the "
			"reassignment completes, to ensure the throttle is removed.\n");
	if (r->brokers >= 0)
		status = reassign_set_throttle(x, current, r->brokers);
	if (status == CLI_OK && r->dirs >= 0)
		status = reassign_set_dir_throttle(x, wishes, r->dirs);
	return status;
}

static int begin(struct reassign *x, const moves *current, const struct rates *r)
{
	homes wishes = {0};
	int status;

	reassign_wishes(&x->plan, &wishes);
	status = throttle(x, current, &wishes, r);
	if (status == CLI_OK)
		status = reassign_alter(x, &x->plan, false, "Error reassigning partition(s):");
	if (status == CLI_OK && !x->c->json) {
		buf_printf(&x->c->out, "Successfully started partition reassignment%s for ",
			x->plan.n == 1 ? "" : "s");
		put_moves(&x->c->out, &x->plan);
		buf_putc(&x->c->out, '\n');
	}
	if (status == CLI_OK)
		status = reassign_move_dirs(x, &wishes);
	vec_fini(&wishes);
	return status;
}

int reassign_execute(struct reassign *x)
{
	moves current = {0};
	struct rates rates;
	int status = cli_number(x->c, "throttle", -1, INT64_MAX, -1, &rates.brokers);

	if (status == CLI_OK)
		status = cli_number(
			x->c, "replica-alter-log-dirs-throttle", -1, INT64_MAX, -1, &rates.dirs);
	if (status == CLI_OK)
		status = reassign_ask_active(x);
	if (status == CLI_OK)
		status = check_active(x);
	if (status == CLI_OK)
		status = reassign_refresh(x);
	if (status == CLI_OK)
		status = check_brokers(x);
	if (status == CLI_OK)
		status = find_current(x, &current);
	if (status == CLI_OK)
		status = reassign_find_homes(x, &current);
	if (status == CLI_OK) {
		reassign_take_homes(x, &current);
		print_current(x, &current);
		cli_flush(x->c); /* the way back is told before anything is changed */
		status = begin(x, &current, &rates);
	}
	vec_fini(&current);
	return status;
}

/* ---- --generate ---- */

typedef VEC(struct place_broker) broker_list;

static int parse_brokers(struct reassign *x, const char *z, broker_list *out)
{
	const char *all = z;

	for (;; z++) {
		char *end;
		long id = strtol(z, &end, 10);

		if (end == z || (*end && *end != ',') || id < 0 || id > INT32_MAX)
			return cli_usage(x->c,
				"--broker-list %s: ids with commas between were "
				"expected, as in 1,2,3",
				all);
		vec_foreach (b, out)
			if (b->id == (int32_t)id)
				return cli_usage(
					x->c, "--broker-list %s: %ld stands there twice", all, id);
		*vec_add(out) = (struct place_broker){.id = (int32_t)id};
		if (!*end)
			return CLI_OK;
		z = end;
	}
}

/* Those that live, with their racks. */
static int look_up_brokers(struct reassign *x, broker_list *v)
{
	bool racks = !cli_has(x->c, "disable-rack-aware");
	size_t n = 0, with = 0;

	for (size_t i = 0; i < v->n; i++) {
		const struct admin_broker *b = admin_broker_find(x->c->admin, v->v[i].id);

		if (!b) {
			cli_warn(x->c, "broker %d is not there and is left out", v->v[i].id);
			continue;
		}
		v->v[n].id = b->id;
		v->v[n].rack = racks && b->rack ? arena_str(&x->arena, str_of(b->rack)) : STR_NULL;
		with += v->v[n++].rack.p != NULL;
	}
	v->n = n;
	if (with && with < n)
		return cli_fail(x->c, "Not all brokers have rack information. Add "
				      "--disable-rack-aware in command line to make replica "
				      "assignment without rack information.");
	return CLI_OK;
}

static int place_topic(struct reassign *x, const broker_list *brokers, struct str name,
	size_t *start, moves *current, moves *proposed)
{
	const struct admin_topic *t = admin_topic_find(x->c->admin, name);
	size_t n = t ? (size_t)t->n_partitions : 0;
	struct ids *to = arena_array(&x->arena, n, sizeof(*to));

	if (!n)
		return cli_fail(x->c, "Topic %.*s not found.", STR_ARG(name));
	int32_t factor = t->partitions[0].n_replicas;
	if ((size_t)factor > brokers->n)
		return cli_fail(x->c,
			"topic %.*s: Replication factor: %d larger than available brokers: %zu.",
			STR_ARG(name), factor, brokers->n);
	place_replicas(brokers->v, brokers->n, factor, n, start, &x->arena, to);
	for (size_t i = 0; i < n; i++) {
		const struct admin_partition *p = &t->partitions[i];
		struct place at = {name, p->index};

		*vec_add(current) = (struct move){
			.at = at, .replicas = ids_copy(&x->arena, p->replicas, p->n_replicas)};
		*vec_add(proposed) = (struct move){.at = at, .replicas = to[i]};
	}
	return CLI_OK;
}

static void print_json(struct reassign *x, const moves *current, const moves *proposed)
{
	struct json j;

	json_list(&j, &x->c->out);
	for (size_t i = 0; i < current->n; i++) {
		json_object(&j);
		json_place(&j, current->v[i].at.topic, current->v[i].at.partition);
		json_ids(&j, "currentReplicas", &current->v[i].replicas);
		json_ids(&j, "replicas", &proposed->v[i].replicas);
		json_object_end(&j);
	}
	json_list_end(&j);
}

static void print_plans(struct reassign *x, const moves *current, const moves *proposed)
{
	struct buf *out = &x->c->out;

	if (x->c->json) {
		print_json(x, current, proposed);
		return;
	}
	buf_puts(out, "Current partition replica assignment\n");
	plan_put(out, current);
	buf_puts(out, "\n\nProposed partition reassignment configuration\n");
	plan_put(out, proposed);
	buf_putc(out, '\n');
}

static int propose(struct reassign *x, const topic_names *topics, broker_list *brokers)
{
	moves current = {0}, proposed = {0};
	size_t start = 0;
	int status = cli_refresh(x->c, topics->v, topics->n);

	if (status == CLI_OK)
		status = look_up_brokers(x, brokers);
	for (size_t i = 0; i < topics->n && status == CLI_OK; i++)
		status = place_topic(x, brokers, topics->v[i], &start, &current, &proposed);
	if (status == CLI_OK)
		status = reassign_find_homes(x, &current);
	if (status == CLI_OK) {
		reassign_take_homes(x, &current);
		print_plans(x, &current, &proposed);
	}
	vec_fini(&current);
	vec_fini(&proposed);
	return status;
}

int reassign_generate(struct reassign *x)
{
	const char *path = cli_get(x->c, "topics-to-move-json-file");
	struct buf text = BUF_EMPTY;
	broker_list brokers = {0};
	topic_names topics = {0};
	struct err e;
	int status = parse_brokers(x, cli_get(x->c, "broker-list"), &brokers);

	if (status == CLI_OK)
		status = cli_read_file(x->c, path, &text);
	if (status == CLI_OK && topics_parse(buf_str(&text), &x->tree, &topics, &e) < 0)
		status = cli_fail(x->c, "%s: %s", path, e.msg);
	if (status == CLI_OK)
		status = cli_open(x->c);
	if (status == CLI_OK)
		status = propose(x, &topics, &brokers);
	vec_fini(&topics);
	vec_fini(&brokers);
	buf_fini(&text);
	return status;
}
