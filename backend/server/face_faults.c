/* GET, PUT and DELETE /faults: what is asked for, made to act on links, connections and disk. */
#define LOG_MODULE "faults"
#include "server/face_priv.h"

#include "base/log.h"
#include "conf/conf.h"

/* Listeners of clients and followers; the controller's has a tag beyond them. */
#define CLIENT_TAGS ((1u << SERVER_LISTENERS) - 1)

/* ---- acting ---------------------------------------------------------------------------------- */

static void act_on_links(struct server *s, const struct faults *was)
{
	const struct faults *f = &s->faults;

	for (size_t i = 0; i < was->n_cut; i++)
		if (!faults_cuts(f, was->cut[i]))
			peers_cut(s->peers, was->cut[i], false);
	for (size_t i = 0; i < f->n_cut; i++) {
		if (faults_cuts(was, f->cut[i]))
			continue;
		peers_cut(s->peers, f->cut[i], true);
		net_close_marked(s->net, f->cut[i]);
	}
}

static void tell(struct server *s)
{
	struct buf line = BUF_EMPTY;
	struct json j, *event;

	json_init(&j, &line);
	json_object(&j);
	faults_write(&s->faults, &j);
	json_object_end(&j);
	log_warn("faults on purpose: %s", faults_any(&s->faults) ? buf_z(&line) : "none any more");
	buf_fini(&line);
	event = events_open(s->events, "faults");
	if (event)
		faults_write(&s->faults, event);
	events_close(s->events);
}

/* Returns how many connections were dropped. */
static int32_t act(struct server *s, const struct faults *f)
{
	struct faults was = s->faults;

	s->faults = *f;
	s->faults.drop_connections = false;
	act_on_links(s, &was);
	net_set_delay(s->net, f->delay_ms);
	net_set_deaf(s->net, f->stop_serving ? CLIENT_TAGS : 0);
	faulty_disk_set(s->faulty, f->slow_disk_ms, f->full_disk);
	tell(s);
	return f->drop_connections ? net_close_tags(s->net, CLIENT_TAGS) : 0;
}

void server_heal(struct server *s)
{
	const struct faults none = {0};

	if (s->faulty && faults_any(&s->faults))
		act(s, &none);
}

/* Nodes name themselves by their client id. */
bool server_lets_in(struct broker *b, struct net_slot *slot, struct str client_id)
{
	struct server *s = b->owner;
	int64_t id;

	if (!str_starts(client_id, "broker-") ||
		!conf_parse_long((struct str){client_id.p + 7, client_id.n - 7}, &id) || id < 0 ||
		id > INT32_MAX)
		return true;
	net_slot_mark(slot, (int32_t)id);
	return !faults_cuts(&s->faults, (int32_t)id);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static int check_cut(const struct server *s, const struct faults *f, struct err *e)
{
	const struct image *img = metalog_image(s->broker.metalog);

	for (size_t i = 0; i < f->n_cut; i++) {
		int32_t id = f->cut[i];
		if (id == s->set.node_id)
			return err_set(e, ERR_INVALID, "cut: %d is this node itself", id);
		if (!image_broker(img, id) && !broker_voter(&s->broker, id) &&
			!faults_cuts(&s->faults, id))
			return err_set(e, ERR_INVALID, "cut: there is no node %d", id);
	}
	return 0;
}

static void answer(const struct server *s, int32_t dropped, struct face_reply *out)
{
	struct json j;

	json_init(&j, &out->body);
	json_object(&j);
	faults_write(&s->faults, &j);
	if (dropped >= 0)
		json_kint(&j, "dropped", dropped);
	json_object_end(&j);
	buf_putc(&out->body, '\n');
}

static void put(struct server *s, const struct face_request *r, struct face_reply *out)
{
	struct faults f = s->faults;
	struct err e = {0};
	int rc = faults_read(&f, str_slice(r->body), &e);

	if (rc == 0)
		rc = check_cut(s, &f, &e);
	if (rc < 0)
		face_fail(out, 400, "%s", e.msg);
	else
		answer(s, act(s, &f), out);
}

void server_face_faults(struct server *s, const struct face_request *r, struct face_reply *out)
{
	if (!s->faulty) {
		face_fail(out, 403,
			"faults are off; start this broker with kdeck.faults.enable=true to allow "
			"them");
		return;
	}
	if (s->state >= SERVER_LEAVING) {
		face_fail(out, 503, "stopping");
		return;
	}
	if (r->method == FACE_PUT) {
		put(s, r, out);
		return;
	}
	if (r->method == FACE_DELETE)
		server_heal(s);
	answer(s, -1, out);
}
