/* Actions that change topics: each one question to the cluster, its answer as words, a line in the
 * model's changes with the shell command that does the same. --read-only ends here. */
#include "source/op.h"

#include "base/xalloc.h"

struct op *op_new(struct source *base, size_t size, int16_t api_key, source_done_fn *fn, void *arg)
{
	struct cluster_source *s = source_of(base);
	struct op *op = xcalloc(1, size);

	op->s = s;
	op->id = s->next_id++;
	op->api_key = api_key;
	op->broker = -1;
	op->fn = fn;
	op->arg = arg;
	list_push_back(&s->ops, &op->node);
	return op;
}

void op_free(struct op *op)
{
	list_remove(&op->node);
	loop_defer_cancel(&op->refused);
	if (op->question)
		admin_cancel(op->s->admin, op->question);
	if (op->drop)
		op->drop(op);
	buf_fini(&op->text);
	buf_fini(&op->command);
	free(op->topic);
	free(op->group);
	free(op);
}

static struct op *topic_op(
	struct source *base, int16_t api_key, const char *topic, source_done_fn *fn, void *arg)
{
	struct op *op = op_new(base, sizeof(*op), api_key, fn, arg);

	op->topic = xstrdup(topic);
	return op;
}

/* What the difference of two snapshots will tell, too. */
static enum change_kind effect_of(const struct op *op)
{
	if (op->takes_away)
		return op->in_order ? CHANGE_BROKER_STOPPED : CHANGE_BROKER_LOST;
	switch (op->api_key) {
	case API_CREATE_TOPICS:
		return CHANGE_TOPIC_CREATED;
	case API_DELETE_TOPICS:
		return CHANGE_TOPIC_DELETED;
	case API_CREATE_PARTITIONS:
		return CHANGE_PARTITIONS;
	case API_DELETE_GROUPS:
		return CHANGE_GROUP_GONE;
	default:
		return 0;
	}
}

void op_done(struct op *op, const struct err *e)
{
	struct cluster_source *s = op->s;
	source_done_fn *fn = op->fn;
	void *arg = op->arg;
	struct err kept = {0};

	if (e)
		kept = *e;
	feed_action(s->model, now_of(s), clock_wall_ms(loop_clock(s->loop)),
		&(struct feed_deed){.topic = op->topic,
			.group = op->group,
			.text = buf_z(&op->text),
			.command = buf_z(&op->command),
			.effect = effect_of(op),
			.to_broker = op->broker >= 0,
			.broker = op->broker},
		e ? &kept : NULL);
	op->question = 0;
	op_free(op);
	poll_now(s);
	if (fn)
		fn(arg, e ? &kept : NULL);
}

static void on_refused(void *arg)
{
	struct op *op = arg;

	op_done(op, &op->err);
}

void op_fail_later(struct op *op)
{
	loop_defer(op->s->loop, &op->refused, on_refused, op);
}

bool op_refused(struct op *op)
{
	if (!op->s->read_only)
		return false;
	err_set(&op->err, ERR_DENIED,
		"read-only: this console changes nothing (start it without --read-only)");
	op_fail_later(op);
	return true;
}

void op_not_there(struct op *op)
{
	err_set(&op->err, ERR_NOT_FOUND, "the cluster has no such topic or partition");
	op_fail_later(op);
}

void op_replied(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct op *op = arg;
	struct err said = {0};

	(void)arena;
	if (!e && admin_first_error(op->api_key, version, response, &said, NULL))
		e = &said;
	op_done(op, e);
}

static void put_create(struct buf *out, const struct topic_spec *t)
{
	buf_puts(out, "kdeck topics --create --topic ");
	buf_put_word(out, str_of(t->name));
	if (t->partitions > 0)
		buf_printf(out, " --partitions %d", t->partitions);
	if (t->replication > 0)
		buf_printf(out, " --replication-factor %d", t->replication);
	for (size_t i = 0; i < t->n_configs; i++) {
		buf_puts(out, " --config ");
		buf_put_word(out, str_of(t->configs[i].name));
		buf_putc(out, '=');
		buf_put_word(out, str_of(t->configs[i].value ? t->configs[i].value : ""));
	}
}

int64_t act_create_topic(
	struct source *base, const struct topic_spec *t, source_done_fn *fn, void *arg)
{
	struct op *op = topic_op(base, API_CREATE_TOPICS, t->name, fn, arg);
	struct create_topics_request r;
	struct create_topics_request_topics topic;
	struct create_topics_request_configs *configs = xcalloc(t->n_configs + 1, sizeof(*configs));
	int64_t id = op->id;

	for (size_t i = 0; i < t->n_configs; i++) {
		configs[i].name = str_of(t->configs[i].name);
		configs[i].value = str_of(t->configs[i].value);
	}
	buf_printf(&op->text, "create topic %s", t->name);
	put_create(&op->command, t);
	if (!op_refused(op)) {
		msg_init(&create_topics_request_desc, &r);
		msg_struct_init(&create_topics_request_topics_struct, &topic);
		topic.name = str_of(t->name);
		topic.num_partitions = t->partitions;
		topic.replication_factor = t->replication;
		topic.configs = configs;
		topic.n_configs = (int32_t)t->n_configs;
		r.topics = &topic;
		r.n_topics = 1;
		r.timeout_ms = CHANGE_MS;
		r.validate_only = t->validate_only;
		op->question = admin_create_topics(op->s->admin, &r, op_replied, op);
	}
	free(configs);
	return id;
}

int64_t act_delete_topics(
	struct source *base, const char *const *names, size_t n, source_done_fn *fn, void *arg)
{
	struct op *op = op_new(base, sizeof(*op), API_DELETE_TOPICS, fn, arg);
	struct delete_topics_request r;
	struct delete_topics_request_topics *topics = xcalloc(n + 1, sizeof(*topics));
	int64_t id = op->id;

	if (n == 1)
		op->topic = xstrdup(names[0]);
	buf_puts(&op->text, n == 1 ? "delete topic" : "delete topics");
	for (size_t i = 0; i < n; i++) {
		topics[i].name = str_of(names[i]);
		buf_printf(&op->text, " %s", names[i]);
		buf_printf(&op->command, "%skdeck topics --delete --topic ", i ? "; " : "");
		buf_put_word(&op->command, str_of(names[i]));
	}
	if (!op_refused(op)) {
		msg_init(&delete_topics_request_desc, &r);
		r.topics = topics;
		r.n_topics = (int32_t)n;
		r.timeout_ms = CHANGE_MS;
		op->question = admin_delete_topics(op->s->admin, &r, op_replied, op);
	}
	free(topics);
	return id;
}

int64_t act_add_partitions(
	struct source *base, const char *name, int32_t total, source_done_fn *fn, void *arg)
{
	struct op *op = topic_op(base, API_CREATE_PARTITIONS, name, fn, arg);
	struct create_partitions_request r;
	struct create_partitions_request_topics topic;

	buf_printf(&op->text, "topic %s: %d partitions", name, total);
	buf_puts(&op->command, "kdeck topics --alter --topic ");
	buf_put_word(&op->command, str_of(name));
	buf_printf(&op->command, " --partitions %d", total);
	if (op_refused(op))
		return op->id;
	msg_init(&create_partitions_request_desc, &r);
	msg_struct_init(&create_partitions_request_topics_struct, &topic);
	topic.name = str_of(name);
	topic.count = total;
	topic.assignments = NULL;
	topic.n_assignments = -1;
	r.topics = &topic;
	r.n_topics = 1;
	r.timeout_ms = CHANGE_MS;
	op->question = admin_create_partitions(op->s->admin, &r, op_replied, op);
	return op->id;
}

/* --add-config and --delete-config, each with all of its kind. */
static void put_config_flags(struct buf *out, const struct config_change *v, size_t n, bool set)
{
	struct buf list = BUF_EMPTY;

	for (size_t i = 0; i < n; i++) {
		if ((v[i].value != NULL) != set)
			continue;
		buf_printf(&list, "%s%s", list.n ? "," : "", v[i].name);
		if (set)
			buf_printf(&list, strchr(v[i].value, ',') ? "=[%s]" : "=%s", v[i].value);
	}
	if (list.n) {
		buf_puts(out, set ? " --add-config " : " --delete-config ");
		buf_put_word(out, buf_str(&list));
	}
	buf_fini(&list);
}

int64_t act_alter_configs(struct source *base, const char *name, const struct config_change *v,
	size_t n, source_done_fn *fn, void *arg)
{
	struct op *op = topic_op(base, API_INCREMENTAL_ALTER_CONFIGS, name, fn, arg);
	struct incremental_alter_configs_request r;
	struct incremental_alter_configs_request_resources res;
	struct incremental_alter_configs_request_configs *c = xcalloc(n + 1, sizeof(*c));
	int64_t id = op->id;

	buf_printf(&op->text, "topic %s: settings", name);
	for (size_t i = 0; i < n; i++) {
		buf_printf(&op->text, " %s", v[i].name);
		c[i].name = str_of(v[i].name);
		c[i].value = str_of(v[i].value);
		c[i].config_operation = v[i].value ? ADMIN_CONFIG_SET : ADMIN_CONFIG_DELETE;
	}
	buf_puts(&op->command, "kdeck configs --alter --entity-type topics --entity-name ");
	buf_put_word(&op->command, str_of(name));
	put_config_flags(&op->command, v, n, true);
	put_config_flags(&op->command, v, n, false);
	if (!op_refused(op)) {
		msg_init(&incremental_alter_configs_request_desc, &r);
		msg_struct_init(&incremental_alter_configs_request_resources_struct, &res);
		res.resource_type = ADMIN_RESOURCE_TOPIC;
		res.resource_name = str_of(name);
		res.configs = c;
		res.n_configs = (int32_t)n;
		r.resources = &res;
		r.n_resources = 1;
		op->question = admin_alter_configs(op->s->admin, &r, op_replied, op);
	}
	free(c);
	return id;
}

static void on_purged(
	void *arg, const struct admin_offset *all, size_t n, int32_t broker, size_t left)
{
	struct op *op = arg;
	struct err e = {0};

	(void)broker;
	if (left)
		return;
	for (size_t i = 0; i < n && !e.code; i++)
		if (all[i].error || !all[i].answered)
			admin_kerr(&e,
				all[i].answered ? all[i].error : (int16_t)KERR_REQUEST_TIMED_OUT,
				str_of(all[i].why), "%.*s-%d", STR_ARG(all[i].topic),
				all[i].partition);
	op_done(op, e.code ? &e : NULL);
}

int64_t act_purge(struct source *base, const struct purge_spec *p, source_done_fn *fn, void *arg)
{
	struct op *op = topic_op(base, API_DELETE_RECORDS, p->topic, fn, arg);
	const struct topic *t = cluster_topic(model_cluster(op->s->model), str_of(p->topic));
	VEC(struct admin_offset) ask = {0};
	int64_t id = op->id;

	buf_printf(&op->text, "purge topic %s", p->topic);
	buf_puts(&op->command, "kdeck delete-records --offset-json-file "
			       "<(echo '{\"version\":1,\"partitions\":[");
	for (int32_t i = 0; t && i < t->n_partitions; i++) {
		int32_t index = t->partitions[i].index;

		if (p->partition >= 0 && p->partition != index)
			continue;
		buf_printf(&op->command, "%s{\"topic\":\"%s\",\"partition\":%d,\"offset\":%lld}",
			ask.n ? "," : "", p->topic, index, (long long)p->before_offset);
		vec_push(&ask, ((struct admin_offset){.topic = t->name,
				       .partition = index,
				       .replica = -1,
				       .timestamp = p->before_offset}));
	}
	buf_puts(&op->command, "]}')");
	if (op_refused(op))
		;
	else if (!ask.n)
		op_not_there(op);
	else
		op->question =
			admin_delete_records(op->s->admin, ask.v, ask.n, CHANGE_MS, on_purged, op);
	vec_fini(&ask);
	return id;
}

/* That a partition is led as it should be is no failure. */
static void on_elected(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	const struct elect_leaders_response *r = response;
	struct op *op = arg;
	struct err said = {0};

	if (e || r->error_code) {
		op_replied(arg, e, version, response, arena);
		return;
	}
	for (int32_t i = 0; i < r->n_replica_election_results; i++) {
		const struct elect_leaders_response_replica_election_results *t =
			&r->replica_election_results[i];

		for (int32_t k = 0; k < t->n_partition_result && !said.code; k++) {
			const struct elect_leaders_response_partition_result *p =
				&t->partition_result[k];

			if (p->error_code && p->error_code != KERR_ELECTION_NOT_NEEDED)
				admin_kerr(&said, p->error_code, p->error_message,
					"partition %.*s-%d", STR_ARG(t->topic), p->partition_id);
		}
	}
	op_done(op, said.code ? &said : NULL);
}

static void say_elect(struct op *op, const char *topic, int32_t partition)
{
	buf_puts(&op->text, "elect preferred leaders");
	buf_puts(&op->command, "kdeck elect --election-type preferred");
	if (topic) {
		op->topic = xstrdup(topic);
		buf_printf(&op->text, " of %s", topic);
		buf_puts(&op->command, " --topic ");
		buf_put_word(&op->command, str_of(topic));
		if (partition >= 0)
			buf_printf(&op->command, " --partition %d", partition);
	} else {
		buf_puts(&op->command, " --all-topic-partitions");
	}
}

int64_t act_elect(
	struct source *base, const char *topic, int32_t partition, source_done_fn *fn, void *arg)
{
	struct op *op = op_new(base, sizeof(*op), API_ELECT_LEADERS, fn, arg);
	const struct topic *t =
		topic ? cluster_topic(model_cluster(op->s->model), str_of(topic)) : NULL;
	struct elect_leaders_request r;
	struct elect_leaders_request_topic_partitions tp;
	VEC(int32_t) indexes = {0};
	int64_t id = op->id;

	say_elect(op, topic, partition);
	for (int32_t i = 0; t && i < t->n_partitions; i++)
		if (partition < 0 || t->partitions[i].index == partition)
			vec_push(&indexes, t->partitions[i].index);
	msg_init(&elect_leaders_request_desc, &r);
	msg_struct_init(&elect_leaders_request_topic_partitions_struct, &tp);
	tp.topic = str_of(topic);
	tp.partitions = indexes.v;
	tp.n_partitions = (int32_t)indexes.n;
	r.topic_partitions = topic ? &tp : NULL;
	r.n_topic_partitions = topic ? 1 : -1;
	r.timeout_ms = CHANGE_MS;
	if (op_refused(op))
		;
	else if (topic && !indexes.n)
		op_not_there(op);
	else
		op->question = admin_elect_leaders(op->s->admin, &r, on_elected, op);
	vec_fini(&indexes);
	return id;
}

bool act_cancel(struct cluster_source *s, int64_t id)
{
	list_foreach (n, &s->ops) {
		struct op *op = CONTAINER_OF(n, struct op, node);

		if (op->id != id)
			continue;
		op_free(op);
		return true;
	}
	return false;
}

void act_stop(struct cluster_source *s)
{
	while (!list_empty(&s->ops))
		(void)act_cancel(s, CONTAINER_OF(list_first(&s->ops), struct op, node)->id);
}
