/*
 * Wiring of the metadata log and its quorum: the controller's listener, the voters, the cluster's
 * id. The id is made by the first leader that any voter has, and written down before the first
 * record of its epoch; everybody else takes it from a leader, and writes it down before the first
 * record is fetched.
 */
#define LOG_MODULE "server"
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "io/listener.h"
#include "server/priv.h"

/* ---- the controller's listener --------------------------------------------------------------- */

int server_bind_controller(struct server *s, struct err *e)
{
	struct server_listener *l = &s->set.controller;
	struct broker_endpoint *at = &s->endpoints[SERVER_CONTROLLER_TAG];

	if (!s->set.is_controller)
		return 0;
	s->controller =
		net_listen(s->net, l->name, SERVER_CONTROLLER_TAG, l->host, l->port, NULL, e);
	if (!s->controller && s->set.controller_anywhere && e->code == ERR_IN_USE)
		s->controller =
			net_listen(s->net, l->name, SERVER_CONTROLLER_TAG, l->host, 0, NULL, e);
	if (!s->controller)
		return e->code;
	l->port = net_listener_port(s->controller);
	*at = (struct broker_endpoint){str_of(l->name), str_of(l->host), l->port};
	s->broker.controller_tag = SERVER_CONTROLLER_TAG;
	return 0;
}

/* ---- the voters ------------------------------------------------------------------------------ */

static void take_voters(struct server *s)
{
	for (int i = 0; i < s->set.n_voters; i++) {
		const struct server_voter *v = &s->set.voters[i];

		s->voters[i] = (struct broker_voter){v->id, str_of(v->host), v->port};
		peers_set_controller(s->peers, v->id, v->host, v->port);
	}
	s->broker.voters = s->voters;
	s->broker.n_voters = s->set.n_voters;
}

/* Only behind a translation of addresses can both be right. */
static void check_own_address(const struct server *s)
{
	for (int i = 0; s->set.is_controller && i < s->set.n_voters; i++) {
		const struct server_voter *v = &s->set.voters[i];

		if (v->id == s->set.node_id && v->port != s->set.controller.port)
			log_warn(
				"controller.quorum.voters says that node %d listens at %s:%u, and "
				"its controller's listener is %s:%u: others will not find it there",
				v->id, v->host, v->port, s->set.controller.host,
				s->set.controller.port);
	}
}

/* Who is named nowhere is a quorum of itself. */
static void vote_alone(struct server *s)
{
	struct server_voter *v = &s->set.voters[0];
	const struct server_listener *l = &s->set.controller;

	if (!s->set.is_controller || s->set.n_voters > 0)
		return;
	v->id = s->set.node_id;
	v->port = l->port;
	snprintf(v->host, sizeof(v->host), "%s",
		listener_everywhere(l->host) ? "127.0.0.1" : l->host);
	s->set.n_voters = 1;
}

static int voters_named(void *arg, const struct broker_voter *voters, int n)
{
	struct server *s = arg;
	int32_t ids[SERVER_VOTERS];
	struct err e = {0};

	if (n > SERVER_VOTERS)
		return err_set(&e, ERR_TOO_BIG, "too many voters");
	for (int i = 0; i < n; i++) {
		struct server_voter *v = &s->set.voters[i];

		ids[i] = v->id = voters[i].id;
		v->port = voters[i].port;
		snprintf(v->host, sizeof(v->host), "%.*s", STR_ARG(voters[i].host));
	}
	s->set.n_voters = n;
	take_voters(s);
	if (metalog_set_voters(s->broker.metalog, ids, n, &e) < 0)
		server_fail(s, e.msg);
	return e.code;
}

/* ---- the cluster's id ------------------------------------------------------------------------ */

static int name_cluster(struct server *s, const char *id)
{
	struct err e = {0};

	if (store_set_cluster_id(&s->store, id, &e) < 0) {
		s->store.meta.cluster_id[0] = 0;
		log_error("%s", e.msg);
		return e.code;
	}
	s->broker.cluster_id = str_of(s->store.meta.cluster_id);
	metalog_control_settings(s->broker.metalog)->cluster_id = s->broker.cluster_id;
	return 0;
}

static int cluster_named(struct broker *b, struct str id)
{
	struct server *s = b->owner;
	char text[sizeof(s->store.meta.cluster_id)];

	if (id.n >= sizeof(text))
		return ERR_TOO_BIG;
	snprintf(text, sizeof(text), "%.*s", STR_ARG(id));
	log_info("this node is of cluster %s from here on", text);
	return name_cluster(s, text);
}

static int elected(void *arg)
{
	struct server *s = arg;
	char text[UUID_TEXT];
	struct uuid id;

	if (s->broker.cluster_id.n)
		return 0;
	uuid_random(&id);
	uuid_format(&id, text);
	return name_cluster(s, text);
}

/* ---- events ---------------------------------------------------------------------------------- */

static void on_caught_up(void *arg)
{
	struct server *s = arg;

	if (s->state != SERVER_STARTING)
		return;
	if (s->set.is_broker) {
		s->state = SERVER_REGISTERING;
		lifecycle_begin(s->lifecycle);
	} else {
		server_serve(s);
	}
}

static void on_changed(void *arg)
{
	struct server *s = arg;

	controller_look(s->control);
	asks_look(s->asks);
	lifecycle_look(s->lifecycle);
}

static void on_applied(void *arg, UNUSED int64_t offset)
{
	lifecycle_applied(((struct server *)arg)->lifecycle);
}

static void on_failed(void *arg, const char *why)
{
	server_fail(arg, why);
}

/* ---- making ---------------------------------------------------------------------------------- */

static void make_net(struct server *s)
{
	struct quorum_net_settings net = {
		.request_timeout_ms = s->set.quorum.request_timeout_ms,
		.n_bootstrap = s->set.n_bootstrap,
		.arg = s,
		.voters_named = voters_named,
		.elected = elected,
		.misplaced = on_failed,
	};

	for (int i = 0; i < s->set.n_bootstrap; i++)
		net.bootstrap[i] = (struct broker_voter){
			-1, str_of(s->set.bootstrap[i].host), s->set.bootstrap[i].port};
	s->peers = peers_new(s->loop, s->set.node_id);
	s->quorum = quorum_net_new(s->loop, &s->broker, s->peers, &net);
}

static int make_metalog(struct server *s, struct err *e)
{
	struct metalog_events ev = {.arg = s,
		.caught_up = on_caught_up,
		.changed = on_changed,
		.applied = on_applied,
		.failed = on_failed};
	struct metalog_settings set = {.quorum = s->set.quorum,
		.control = {.cluster_id = s->broker.cluster_id,
			.num_partitions = s->set.api.num_partitions,
			.default_replication_factor = s->set.api.default_replication_factor,
			.topic_deletion_disabled = !s->set.topic_deletion},
		.sync = s->sync};

	set.quorum.id = s->set.node_id;
	set.quorum.n_voters = s->set.n_voters;
	for (int i = 0; i < s->set.n_voters; i++)
		set.quorum.voters[i] = s->set.voters[i].id;
	if (!uuid_parse(str_of(s->store.meta.directory_id), &set.quorum.dir))
		return err_set(
			e, ERR_INVALID, "%s/meta.properties: directory.id is no id", s->set.dir);
	configs_control_ops(s->configs, &set.control.configs);
	quorum_net_ops(s->quorum, &set.net);
	s->broker.metalog = metalog_new(s->loop, &s->store, &set, &ev, e);
	return s->broker.metalog ? 0 : e->code;
}

int server_open_quorum(struct server *s, struct err *e)
{
	int rc;

	s->broker.cluster_id = str_of(s->store.meta.cluster_id);
	s->broker.cluster_named = cluster_named;
	s->broker.controller_name =
		s->set.controller.name[0] ? str_of(s->set.controller.name) : STR_LIT("CONTROLLER");
	vote_alone(s);
	make_net(s);
	take_voters(s);
	check_own_address(s);
	rc = make_metalog(s, e);
	if (rc < 0)
		return rc;
	configs_set_image(s->configs, metalog_image(s->broker.metalog));
	return 0;
}

/* ---- waiting for others ---------------------------------------------------------------------- */

#define PATIENCE_MS 3000
#define REMIND_MS   30000

void server_waits_for(const struct server *s, struct buf *out)
{
	const struct quorum *q = metalog_quorum(s->broker.metalog);
	const char *sep = "; a voter without a past needs every other, and there is no answer of ";

	buf_puts(out, "no controller is known");
	if (!s->set.is_controller) {
		buf_puts(out, "; this node has no vote and looks for those who have");
		return;
	}
	for (int i = 0; i < q->set.n_voters; i++) {
		const struct server_voter *v = &s->set.voters[i];

		if (!quorum_waits_for(q, i))
			continue;
		buf_printf(out, "%snode %d (%s:%u)", sep, v->id, v->host, v->port);
		sep = ", ";
	}
	if (*sep == ';')
		buf_printf(out, "; a majority of %d voters has to run", q->set.n_voters);
}

static void on_patience(void *arg)
{
	struct server *s = arg;
	struct buf text = BUF_EMPTY;

	if (s->state != SERVER_STARTING || metalog_quorum(s->broker.metalog)->leader >= 0)
		return;
	server_waits_for(s, &text);
	log_warn("waiting: %s", buf_z(&text));
	buf_fini(&text);
	io_timer_start(&s->patience, REMIND_MS, 0);
}

void server_init_quorum(struct server *s)
{
	io_timer_init(&s->patience, s->loop, on_patience, s);
}

void server_start_quorum(struct server *s)
{
	io_timer_start(&s->patience, PATIENCE_MS, 0);
	quorum_net_start(s->quorum);
	metalog_start(s->broker.metalog);
	if (!s->controller)
		return;
	net_listener_accept(s->controller);
	log_info("listening for other nodes at %s:%u, as a controller", s->set.controller.host,
		s->set.controller.port);
}
