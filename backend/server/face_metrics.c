/* GET /metrics: counters and gauges of this broker. What has a label by topic is bounded: the
 * topics with the largest logs here by name, the others together as "(others)", which no topic can
 * be called. */
#include <stdio.h>

#include "api/api.h"
#include "config.h"
#include "group/group.h"
#include "server/face_priv.h"
#include "server/metrics.h"

#define TOPICS_MAX 200
#define OTHERS     STR_LIT("(others)")

/* ---- requests -------------------------------------------------------------------------------- */

static struct str name_of(const struct api_handler *h)
{
	return str_of(api_find(h->key)->name);
}

static void put_histogram(struct metrics *m, struct str api, const struct api_stats *s)
{
	uint64_t sum = 0;

	for (int i = 0; i < API_TIME_STEPS; i++) {
		char le[24];
		sum += s->steps[i];
		snprintf(le, sizeof(le), "%g", (double)api_time_steps[i] / 1e6);
		metrics_part(m, "_bucket");
		metrics_label(m, "api", api);
		metrics_label(m, "le", str_of(le));
		metrics_value(m, (int64_t)sum);
	}
	metrics_label(m, "api", api);
	metrics_label(m, "le", STR_LIT("+Inf"));
	metrics_value(m, (int64_t)s->n);
	metrics_part(m, "_sum");
	metrics_label(m, "api", api);
	metrics_seconds(m, (int64_t)s->time_us);
	metrics_part(m, "_count");
	metrics_label(m, "api", api);
	metrics_value(m, (int64_t)s->n);
}

/* One of the plain counters of struct api_stats, by where it lies. */
static void put_counter(struct metrics *m, const struct broker *b, size_t at)
{
	const struct api_handler *all;
	size_t n = api_handlers(&all);

	for (size_t i = 0; i < n; i++) {
		const struct api_stats *s = api_stats(b, &all[i]);
		uint64_t v;
		if (!s->n && !s->bytes_in)
			continue;
		memcpy(&v, (const char *)s + at, sizeof(v));
		metrics_label(m, "api", name_of(&all[i]));
		metrics_value(m, (int64_t)v);
	}
}

static void put_requests(struct metrics *m, const struct broker *b)
{
	const struct api_handler *all;
	size_t n = api_handlers(&all);

	metrics_family(m, "kdeck_requests_total", "counter", "Requests answered, by API.");
	put_counter(m, b, offsetof(struct api_stats, n));
	metrics_family(m, "kdeck_request_bytes_total", "counter", "Bytes of requests, by API.");
	put_counter(m, b, offsetof(struct api_stats, bytes_in));
	metrics_family(m, "kdeck_response_bytes_total", "counter", "Bytes of answers, by API.");
	put_counter(m, b, offsetof(struct api_stats, bytes_out));
	metrics_family(m, "kdeck_request_duration_seconds", "histogram",
		"From a request to its answer, waiting included, by API.");
	for (size_t i = 0; i < n; i++)
		if (api_stats(b, &all[i])->n)
			put_histogram(m, name_of(&all[i]), api_stats(b, &all[i]));
}

/* ---- topics ---------------------------------------------------------------------------------- */

struct topic_sums {
	struct str name;
	int64_t partitions, log_bytes, segments;
	uint64_t records_in, bytes_in, bytes_out;
};

/* Partitions of this broker. */
struct partition_sums {
	int64_t all, led, under_replicated, under_min_isr, leaderless, offline;
};

static void add_topic(struct topic_sums *to, const struct topic_sums *s)
{
	to->partitions += s->partitions;
	to->log_bytes += s->log_bytes;
	to->segments += s->segments;
	to->records_in += s->records_in;
	to->bytes_in += s->bytes_in;
	to->bytes_out += s->bytes_out;
}

static void add_partition(
	const struct partition *p, struct topic_sums *t, struct partition_sums *all)
{
	all->all++;
	all->led += p->leads;
	all->offline += p->offline;
	all->leaderless += p->leader < 0;
	all->under_replicated += p->leads && p->n_isr < p->n_replicas;
	all->under_min_isr += p->leads && partition_check_isr(p) != 0;
	t->partitions++;
	t->records_in += p->records_in;
	t->bytes_in += p->bytes_in;
	t->bytes_out += p->bytes_out;
	if (!p->log)
		return;
	t->log_bytes += plog_size(p->log);
	t->segments += (int64_t)plog_segment_count(p->log);
}

static void sum_topic(
	const struct repl_topic *t, struct topic_sums *out, struct partition_sums *all)
{
	*out = (struct topic_sums){.name = t->name};
	for (int32_t i = 0; i < t->n_partitions; i++)
		if (t->partitions[i])
			add_partition(t->partitions[i], out, all);
}

struct all_topics {
	VEC(struct topic_sums) topics; /* at most TOPICS_MAX, then the others in one */
	struct topic_sums total;
	struct partition_sums partitions;
};

static int by_size(const void *a, const void *b)
{
	const struct topic_sums *x = a, *y = b;

	if (x->log_bytes != y->log_bytes)
		return x->log_bytes < y->log_bytes ? 1 : -1;
	return str_cmp(x->name, y->name);
}

static void collect_topics(const struct repl *r, struct all_topics *all)
{
	struct topic_sums one;
	const struct repl_topic *t;

	for (size_t i = 0; (t = repl_next(r, &i));) {
		sum_topic(t, &one, &all->partitions);
		if (!one.partitions)
			continue;
		add_topic(&all->total, &one);
		vec_push(&all->topics, one);
	}
	vec_sort(&all->topics, by_size);
	if (all->topics.n <= TOPICS_MAX)
		return;
	one = (struct topic_sums){.name = OTHERS};
	for (size_t i = TOPICS_MAX; i < all->topics.n; i++)
		add_topic(&one, &all->topics.v[i]);
	all->topics.v[TOPICS_MAX] = one;
	all->topics.n = TOPICS_MAX + 1;
}

#define PUT_BY_TOPIC(m, all, family, type, help, member)          \
	do {                                                      \
		metrics_family(m, family, type, help);            \
		vec_foreach (sums_, &(all)->topics) {             \
			metrics_label(m, "topic", sums_->name);   \
			metrics_value(m, (int64_t)sums_->member); \
		}                                                 \
	} while (0)

static void put_topics(struct metrics *m, const struct all_topics *all)
{
	PUT_BY_TOPIC(m, all, "kdeck_topic_records_in_total", "counter",
		"Records appended here as the leader, since the start, by topic.", records_in);
	PUT_BY_TOPIC(m, all, "kdeck_topic_bytes_in_total", "counter",
		"Bytes appended here, from producers and leaders, by topic.", bytes_in);
	PUT_BY_TOPIC(m, all, "kdeck_topic_bytes_out_total", "counter",
		"Bytes of records read from here, by consumers and followers, by topic.",
		bytes_out);
	PUT_BY_TOPIC(m, all, "kdeck_topic_log_bytes", "gauge",
		"Size of the logs of this broker, by topic.", log_bytes);
	metrics_one(m, "kdeck_log_bytes", "gauge", "Size of all logs of this broker.",
		all->total.log_bytes);
	metrics_one(m, "kdeck_log_segments", "gauge", "Segments of all logs of this broker.",
		all->total.segments);
}

static void put_partitions(struct metrics *m, const struct partition_sums *p)
{
	metrics_one(m, "kdeck_partitions", "gauge", "Replicas that this broker holds.", p->all);
	metrics_one(m, "kdeck_partitions_led", "gauge", "Partitions that it leads.", p->led);
	metrics_one(m, "kdeck_partitions_under_replicated", "gauge",
		"Partitions that it leads with fewer replicas in sync than there are.",
		p->under_replicated);
	metrics_one(m, "kdeck_partitions_under_min_isr", "gauge",
		"Partitions that it leads and that take no acks=all now.", p->under_min_isr);
	metrics_one(m, "kdeck_partitions_leaderless", "gauge",
		"Partitions with a replica here that have no leader.", p->leaderless);
	metrics_one(m, "kdeck_partitions_offline", "gauge",
		"Replicas here whose log cannot be opened or made.", p->offline);
}

/* ---- followers ------------------------------------------------------------------------------- */

struct follower_lag {
	int32_t broker;
	int64_t records, most;
};

struct all_lags {
	VEC(struct follower_lag) v;
};

static void add_lag(struct all_lags *lags, int32_t broker, int64_t lag)
{
	struct follower_lag *at = NULL;

	vec_foreach (l, &lags->v)
		if (l->broker == broker)
			at = l;
	if (!at) {
		at = vec_add(&lags->v);
		at->broker = broker;
	}
	at->records += lag;
	at->most = max_i64(at->most, lag);
}

static void add_lags_of(struct all_lags *lags, const struct partition *p)
{
	for (int32_t i = 0; i < p->replicas.n; i++) {
		const struct replica *r = &p->replicas.v[i];
		/* One that has not fetched yet lacks everything, as far as is known. */
		int64_t has = r->leo == REPLICA_UNKNOWN ? p->log->log_start : r->leo;
		add_lag(lags, r->id, max_i64(0, p->log->leo - has));
	}
}

static void put_lags(struct metrics *m, const struct repl *r)
{
	struct all_lags lags = {0};
	const struct repl_topic *t;

	for (size_t i = 0; (t = repl_next(r, &i));)
		for (int32_t k = 0; k < t->n_partitions; k++)
			if (t->partitions[k] && t->partitions[k]->leads && t->partitions[k]->log)
				add_lags_of(&lags, t->partitions[k]);
	metrics_family(m, "kdeck_follower_lag_records", "gauge",
		"Records that a follower lacks, of all partitions led here together.");
	vec_foreach (l, &lags.v) {
		metrics_label_int(m, "broker", l->broker);
		metrics_value(m, l->records);
	}
	metrics_family(m, "kdeck_follower_lag_records_max", "gauge",
		"Records that a follower lacks of the partition where it lacks most.");
	vec_foreach (l, &lags.v) {
		metrics_label_int(m, "broker", l->broker);
		metrics_value(m, l->most);
	}
	vec_fini(&lags.v);
}

/* ---- the cluster, groups, connections, the process ------------------------------------------- */

static void put_info(struct metrics *m, const struct server *s)
{
	metrics_family(m, "kdeck_info", "gauge", "Who this is; always 1.");
	metrics_label_int(m, "node_id", s->set.node_id);
	metrics_label(m, "cluster_id", s->broker.cluster_id);
	metrics_label(m, "version", STR_LIT(PACKAGE_VERSION));
	metrics_value(m, 1);
}

static void put_cluster(struct metrics *m, const struct server *s)
{
	const struct quorum *q = metalog_quorum(s->broker.metalog);
	const struct image *img = metalog_image(s->broker.metalog);
	struct events_counts counts = events_counts(s->events);
	int64_t fenced = 0;

	vec_foreach (b, &img->brokers)
		fenced += (*b)->fenced;
	metrics_one(m, "kdeck_controller_active", "gauge", "1 on the active controller.",
		quorum_leads(q));
	metrics_one(m, "kdeck_controller_id", "gauge", "The active controller, -1: none known.",
		q->leader);
	metrics_one(m, "kdeck_controller_epoch", "gauge", "Epoch of the metadata quorum.",
		quorum_epoch(q));
	metrics_one(m, "kdeck_metadata_offset", "gauge",
		"Last record of the metadata log that is applied here, -1: none.", img->offset);
	metrics_family(m, "kdeck_brokers", "gauge", "Brokers of the cluster, by state.");
	metrics_label(m, "state", STR_LIT("unfenced"));
	metrics_value(m, (int64_t)img->brokers.n - fenced);
	metrics_label(m, "state", STR_LIT("fenced"));
	metrics_value(m, fenced);
	metrics_one(m, "kdeck_leader_changes_total", "counter",
		"Partitions that got another leader or lost theirs, as seen here.",
		(int64_t)counts.elections);
	metrics_one(m, "kdeck_isr_shrinks_total", "counter",
		"Times that a set of in-sync replicas became smaller, as seen here.",
		(int64_t)counts.isr_shrinks);
	metrics_one(m, "kdeck_isr_expands_total", "counter",
		"Times that a set of in-sync replicas became larger, as seen here.",
		(int64_t)counts.isr_expands);
}

static void put_groups(struct metrics *m, const struct coordinator *c)
{
	struct group_counts n = coordinator_counts(c);
	const struct {
		struct str state;
		int32_t n;
	} rows[] = {{STR_LIT("Empty"), n.empty}, {STR_LIT("PreparingRebalance"), n.preparing},
		{STR_LIT("CompletingRebalance"), n.completing}, {STR_LIT("Stable"), n.stable}};

	metrics_family(
		m, "kdeck_groups", "gauge", "Consumer groups that are coordinated here, by state.");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		metrics_label(m, "state", rows[i].state);
		metrics_value(m, rows[i].n);
	}
}

static void put_net(struct metrics *m, const struct net *n)
{
	struct net_stats st;

	net_stats(n, &st);
	metrics_one(m, "kdeck_connections", "gauge", "Connections that are open.", st.connections);
	metrics_one(m, "kdeck_connections_accepted_total", "counter", "Connections accepted.",
		(int64_t)st.accepted);
	metrics_one(m, "kdeck_connections_refused_total", "counter",
		"Connections refused because there were too many.", (int64_t)st.refused);
	metrics_one(m, "kdeck_network_in_bytes_total", "counter", "Bytes received.",
		(int64_t)st.bytes_in);
	metrics_one(m, "kdeck_network_out_bytes_total", "counter", "Bytes sent.",
		(int64_t)st.bytes_out);
	metrics_one(m, "kdeck_request_memory_bytes", "gauge",
		"Memory that requests hold, against kdeck.request.memory.bytes.",
		(int64_t)st.memory_used);
	metrics_one(m, "kdeck_connections_waiting", "gauge",
		"Connections that wait for memory before more is read from them.", st.waiting);
}

static void put_known(struct metrics *m, const char *name, const char *help, int64_t v)
{
	if (v >= 0)
		metrics_one(m, name, "gauge", help, v);
}

static void put_process(struct metrics *m, const struct server *s)
{
	struct face_process p;

	face_process(&p);
	metrics_family(m, "process_start_time_seconds", "gauge",
		"Start of the process, in seconds since 1970.");
	metrics_seconds(m, s->started_ms * 1000);
	if (p.cpu_us >= 0) {
		metrics_family(m, "process_cpu_seconds_total", "counter", "Processor time used.");
		metrics_seconds(m, p.cpu_us);
	}
	put_known(m, "process_resident_memory_bytes", "Memory, shared included.", p.resident);
	put_known(m, "kdeck_anonymous_memory_bytes", "Memory of its own (RssAnon).", p.anonymous);
	put_known(m, "process_open_fds", "Open files and sockets.", p.open_files);
	metrics_one(m, "kdeck_log_files_open", "gauge", "Open files of logs.",
		(int64_t)s->store.files.n_open);
}

void server_face_metrics(struct server *s, const struct face_request *r, struct face_reply *out)
{
	struct metrics m = {.out = &out->body};
	struct all_topics all = {0};

	(void)r;
	if (s->state >= SERVER_STOPPED || !s->broker.metalog) {
		face_fail(out, 503, "stopping");
		return;
	}
	out->type = METRICS_TYPE;
	put_info(&m, s);
	put_requests(&m, &s->broker);
	if (s->broker.repl) {
		collect_topics(s->broker.repl, &all);
		put_topics(&m, &all);
		put_partitions(&m, &all.partitions);
		put_lags(&m, s->broker.repl);
	}
	put_cluster(&m, s);
	if (s->broker.groups)
		put_groups(&m, s->broker.groups);
	put_net(&m, s->net);
	put_process(&m, s);
	vec_fini(&all.topics);
}
