/* kdeck quorum: kafka-metadata-quorum.sh. Who keeps the cluster's metadata, and how far each is. */
#include "base/clock.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/impl.h"
#include <string.h>

static const struct cli_option options[] = {
	{"status", 0, CLI_FLAG, NULL, "Describe the quorum: leader, epoch, voters, observers",
		NULL},
	{"replication", 0, CLI_FLAG, NULL, "Describe how far each replica of the metadata is",
		NULL},
	{"human-readable", 0, CLI_FLAG, NULL, "With --replication: times as ages", NULL},
	{"bootstrap-controller", 0, CLI_REFUSED, "HOST:PORT",
		"brokers ask the controllers: name a broker with --bootstrap-server", NULL},
	{"controller-id", 'i', CLI_VALUE, "N", NULL, NULL},
	{"controller-directory-id", 'd', CLI_VALUE, "ID", NULL, NULL},
	{"dry-run", 0, CLI_FLAG, NULL, NULL, NULL},
	{NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

typedef struct describe_quorum_response_current_voters replica_state;

struct quorum {
	struct cli *c;
	const struct describe_quorum_response *r;
	const struct describe_quorum_response_partitions *p;
	const replica_state *leader;
	int64_t now_ms; /* wall clock */
};

static const replica_state *leader_of(const struct describe_quorum_response_partitions *p)
{
	for (int32_t i = 0; i < p->n_current_voters; i++)
		if (p->current_voters[i].replica_id == p->leader_id)
			return &p->current_voters[i];
	return NULL;
}

/* ---- --status ---- */

/* The voter that is furthest behind; the first of equals. */
static const replica_state *slowest_voter(const struct describe_quorum_response_partitions *p)
{
	const replica_state *slowest = &p->current_voters[0];

	for (int32_t i = 1; i < p->n_current_voters; i++)
		if (p->current_voters[i].log_end_offset < slowest->log_end_offset)
			slowest = &p->current_voters[i];
	return slowest;
}

static int64_t lag_time_ms(const struct quorum *q, const replica_state *slowest)
{
	if (slowest == q->leader)
		return 0;
	if (q->leader->last_caught_up_timestamp < 0 || slowest->last_caught_up_timestamp < 0)
		return -1;
	return q->leader->last_caught_up_timestamp - slowest->last_caught_up_timestamp;
}

static const struct describe_quorum_response_nodes *node_of(const struct quorum *q, int32_t id)
{
	for (int32_t i = 0; i < q->r->n_nodes; i++)
		if (q->r->nodes[i].node_id == id)
			return &q->r->nodes[i];
	return NULL;
}

static void put_url(struct buf *out, const struct describe_quorum_response_listeners *l)
{
	bool v6 = memchr(l->host.p, ':', l->host.n) != NULL;

	buf_printf(out, "%.*s://%s%.*s%s:%u", STR_ARG(l->name), v6 ? "[" : "", STR_ARG(l->host),
		v6 ? "]" : "", l->port);
}

static void put_node(struct buf *out, const struct quorum *q, const replica_state *s)
{
	const struct describe_quorum_response_nodes *n = node_of(q, s->replica_id);
	char id[UUID_TEXT];

	buf_printf(out, "{\"id\": %d", s->replica_id);
	if (!uuid_is_zero(&s->replica_directory_id)) {
		uuid_format(&s->replica_directory_id, id);
		buf_printf(out, ", \"directoryId\": \"%s\"", id);
	}
	for (int32_t i = 0; n && i < n->n_listeners; i++) {
		buf_puts(out, i ? "\", \"" : ", \"endpoints\": [\"");
		put_url(out, &n->listeners[i]);
	}
	buf_puts(out, n && n->n_listeners > 0 ? "\"]}" : "}");
}

static void put_nodes(struct buf *out, const struct quorum *q, const replica_state *all, int32_t n)
{
	buf_putc(out, '[');
	for (int32_t i = 0; i < n; i++) {
		buf_puts(out, i ? ", " : "");
		put_node(out, q, &all[i]);
	}
	buf_puts(out, "]\n");
}

static void print_status(const struct quorum *q)
{
	const struct describe_quorum_response_partitions *p = q->p;
	const replica_state *slowest = slowest_voter(p);
	const char *id = admin_metadata(q->c->admin)->cluster_id;
	struct buf *out = &q->c->out;

	buf_printf(out, "ClusterId:              %s\n", id ? id : "null");
	buf_printf(out, "LeaderId:               %d\n", p->leader_id);
	buf_printf(out, "LeaderEpoch:            %d\n", p->leader_epoch);
	buf_printf(out, "HighWatermark:          %lld\n", (long long)p->high_watermark);
	buf_printf(out, "MaxFollowerLag:         %lld\n",
		(long long)(q->leader->log_end_offset - slowest->log_end_offset));
	buf_printf(out, "MaxFollowerLagTimeMs:   %lld\n", (long long)lag_time_ms(q, slowest));
	buf_puts(out, "CurrentVoters:          ");
	put_nodes(out, q, p->current_voters, p->n_current_voters);
	buf_puts(out, "CurrentObservers:       ");
	put_nodes(out, q, p->observers, p->n_observers);
}

static void json_nodes(struct json *j, const char *key, const struct quorum *q,
	const replica_state *all, int32_t n)
{
	struct buf text = BUF_EMPTY;
	char id[UUID_TEXT];

	json_key(j, key);
	json_array(j);
	for (int32_t i = 0; i < n; i++) {
		const struct describe_quorum_response_nodes *node = node_of(q, all[i].replica_id);

		json_object(j);
		json_kint(j, "id", all[i].replica_id);
		if (!uuid_is_zero(&all[i].replica_directory_id)) {
			uuid_format(&all[i].replica_directory_id, id);
			json_kz(j, "directoryId", id);
		}
		json_key(j, "endpoints");
		json_array(j);
		for (int32_t k = 0; node && k < node->n_listeners; k++) {
			buf_clear(&text);
			put_url(&text, &node->listeners[k]);
			json_str(j, buf_str(&text));
		}
		json_array_end(j);
		json_object_end(j);
	}
	json_array_end(j);
	buf_fini(&text);
}

static void json_status(const struct quorum *q)
{
	const struct describe_quorum_response_partitions *p = q->p;
	const replica_state *slowest = slowest_voter(p);
	struct json j;

	json_list(&j, &q->c->out);
	json_object(&j);
	json_kz(&j, "clusterId", admin_metadata(q->c->admin)->cluster_id);
	json_kint(&j, "leaderId", p->leader_id);
	json_kint(&j, "leaderEpoch", p->leader_epoch);
	json_kint(&j, "highWatermark", p->high_watermark);
	json_kint(&j, "maxFollowerLag", q->leader->log_end_offset - slowest->log_end_offset);
	json_kint(&j, "maxFollowerLagTimeMs", lag_time_ms(q, slowest));
	json_nodes(&j, "currentVoters", q, p->current_voters, p->n_current_voters);
	json_nodes(&j, "currentObservers", q, p->observers, p->n_observers);
	json_object_end(&j);
	json_list_end(&j);
}

/* ---- --replication ---- */

enum { NODE, DIRECTORY, END, LAG, FETCHED, CAUGHT_UP, STATUS, COLUMNS };
static const char *const heads[COLUMNS] = {"NodeId", "DirectoryId", "LogEndOffset", "Lag",
	"LastFetchTimestamp", "LastCaughtUpTimestamp", "Status"};

typedef void row_fn(void *arg, const struct quorum *q, const replica_state *s, const char *status);

/* The leader, the other voters, the observers: in the order of Kafka's tool. */
static void each_replica(const struct quorum *q, row_fn *fn, void *arg)
{
	fn(arg, q, q->leader, "Leader");
	for (int32_t i = 0; i < q->p->n_current_voters; i++)
		if (&q->p->current_voters[i] != q->leader)
			fn(arg, q, &q->p->current_voters[i], "Follower");
	for (int32_t i = 0; i < q->p->n_observers; i++)
		fn(arg, q, &q->p->observers[i], "Observer");
}

struct rows {
	struct arena arena;
	VEC(const char *) cells; /* COLUMNS a row */
	size_t width[COLUMNS];
};

static void add_cell(struct rows *t, const char *z)
{
	size_t column = t->cells.n % COLUMNS;

	t->width[column] = max_size(t->width[column], strlen(z));
	vec_push(&t->cells, z);
}

static const char *moment(struct rows *t, const struct quorum *q, int64_t at_ms)
{
	/* Clocks of two machines: what lies ahead of ours is now. */
	if (at_ms >= 0 && cli_has(q->c, "human-readable"))
		return arena_printf(
			&t->arena, "%lld ms ago", (long long)max_i64(0, q->now_ms - at_ms));
	return arena_printf(&t->arena, "%lld", (long long)at_ms);
}

static void add_row(void *arg, const struct quorum *q, const replica_state *s, const char *status)
{
	struct rows *t = arg;
	char id[UUID_TEXT];

	uuid_format(&s->replica_directory_id, id);
	add_cell(t, arena_printf(&t->arena, "%d", s->replica_id));
	add_cell(t, arena_strdup(&t->arena, id));
	add_cell(t, arena_printf(&t->arena, "%lld", (long long)s->log_end_offset));
	add_cell(t, arena_printf(&t->arena, "%lld",
			    (long long)(q->leader->log_end_offset - s->log_end_offset)));
	add_cell(t, moment(t, q, s->last_fetch_timestamp));
	add_cell(t, moment(t, q, s->last_caught_up_timestamp));
	add_cell(t, status);
}

/* Every column as wide as its widest cell, with a tabulator behind it, also the last. */
static void print_replication(const struct quorum *q)
{
	struct rows t = {0};

	arena_init(&t.arena, 0);
	for (size_t i = 0; i < COLUMNS; i++)
		add_cell(&t, heads[i]);
	each_replica(q, add_row, &t);
	for (size_t i = 0; i < t.cells.n; i++) {
		buf_puts(&q->c->out, t.cells.v[i]);
		buf_fill(&q->c->out, ' ', t.width[i % COLUMNS] - strlen(t.cells.v[i]));
		buf_puts(&q->c->out, i % COLUMNS == COLUMNS - 1 ? "\t\n" : "\t");
	}
	vec_fini(&t.cells);
	arena_fini(&t.arena);
}

static void json_row(void *arg, const struct quorum *q, const replica_state *s, const char *status)
{
	struct json *j = arg;
	char id[UUID_TEXT];

	uuid_format(&s->replica_directory_id, id);
	json_object(j);
	json_kint(j, "nodeId", s->replica_id);
	json_kz(j, "directoryId", id);
	json_kint(j, "logEndOffset", s->log_end_offset);
	json_kint(j, "lag", q->leader->log_end_offset - s->log_end_offset);
	json_kint(j, "lastFetchTimestamp", s->last_fetch_timestamp);
	json_kint(j, "lastCaughtUpTimestamp", s->last_caught_up_timestamp);
	json_kz(j, "status", status);
	json_object_end(j);
}

static void json_replication(const struct quorum *q)
{
	struct json j;

	json_list(&j, &q->c->out);
	each_replica(q, json_row, &j);
	json_list_end(&j);
}

/* ---- the question ---- */

static int use(struct cli *c, void *arg, const void *response)
{
	struct quorum q = {.c = c, .r = response, .now_ms = clock_wall_ms(&clock_system)};
	bool status = *(bool *)arg;
	struct err e;

	if (admin_first_error(
		    API_DESCRIBE_QUORUM, api_find(API_DESCRIBE_QUORUM)->max, response, &e, NULL))
		return cli_fail(c, "%s", e.msg);
	if (q.r->n_topics < 1 || q.r->topics[0].n_partitions < 1)
		return cli_fail(c, "the answer tells nothing of the quorum");
	q.p = &q.r->topics[0].partitions[0];
	q.leader = leader_of(q.p);
	if (!q.leader)
		return cli_fail(c,
			"the quorum has no leader now (LeaderId %d, epoch %d): a majority of the "
			"voters must run",
			q.p->leader_id, q.p->leader_epoch);
	if (status && c->json)
		json_status(&q);
	else if (status)
		print_status(&q);
	else if (c->json)
		json_replication(&q);
	else
		print_replication(&q);
	return CLI_OK;
}

static int describe(struct cli *c)
{
	bool status = cli_has(c, "status");
	int r;

	if (status == cli_has(c, "replication"))
		return cli_usage(c, "describe needs one of --status and --replication");
	if (status && cli_has(c, "human-readable"))
		return cli_usage(c, "--human-readable goes with --replication");
	r = cli_open(c);
	if (r == CLI_OK && status)
		r = cli_refresh(c, &STR_NULL, 0); /* for the cluster's id */
	return r == CLI_OK ? cli_ask(c, API_DESCRIBE_QUORUM, NULL, NULL, use, &status) : r;
}

static int run(struct cli *c)
{
	const char *what = c->operands.n ? c->operands.v[0] : "";

	if (c->operands.n == 1 &&
		(!strcmp(what, "add-controller") || !strcmp(what, "remove-controller")))
		return cli_usage(c,
			"%s: the voters of a quorum are fixed when the cluster is made "
			"(controller.quorum.voters)",
			what);
	if (c->operands.n != 1 || strcmp(what, "describe") != 0)
		return cli_usage(c, "one word was expected: describe");
	if (cli_has(c, "controller-id") || cli_has(c, "controller-directory-id") ||
		cli_has(c, "dry-run"))
		return cli_usage(c, "describe takes --status, or --replication with "
				    "--human-readable");
	return describe(c);
}

const struct cli_command cli_quorum = {
	.name = "quorum",
	.script = "kafka-metadata-quorum.sh",
	.summary = "Show the quorum that keeps the cluster's metadata",
	.operands = "describe",
	.options = options,
	.run = run,
};
