/*
 * Quorum's view of the disk: the log's ends and epochs, the file quorum-state, the LeaderChange
 * record, the mark of a voter without a past. Messages to other voters go out by metalog_net.
 */
#define LOG_MODULE "metalog"
#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "metalog/priv.h"
#include "store/checkpoint.h"

#define STATE_MAX 4096

static char *state_path(const struct metalog *m)
{
	return xasprintf("%s/quorum-state", m->log->dir);
}

static int op_persist(void *arg, const struct quorum_state *s)
{
	struct metalog *m = arg;
	struct buf text = BUF_EMPTY;
	char *path = state_path(m);
	int rc;

	quorum_state_encode(s, &text);
	rc = checkpoint_replace(m->store->io, path, buf_slice(&text), true);
	if (rc < 0 && !m->state_refused)
		log_error(
			"%s cannot be written (%s): this node takes no part in votes until it can",
			path, err_name(rc));
	m->state_refused = rc < 0;
	free(path);
	buf_fini(&text);
	return rc;
}

static int64_t op_log_start(void *arg)
{
	return ((struct metalog *)arg)->log->log_start;
}

static int64_t op_log_end(void *arg)
{
	return ((struct metalog *)arg)->log->leo;
}

static int32_t op_last_epoch(void *arg)
{
	struct metalog *m = arg;
	int32_t epoch = epoch_cache_latest(&m->log->epochs);

	return epoch < 0 ? 0 : epoch;
}

static void op_epoch_end(void *arg, int32_t epoch, int32_t *found, int64_t *end)
{
	struct metalog *m = arg;

	epoch_cache_end(&m->log->epochs, epoch, m->log->leo, m->log->log_start, found, end);
}

static int op_truncate(void *arg, int64_t offset)
{
	struct metalog *m = arg;

	return plog_truncate_to(m->log, offset);
}

static int op_append_leader_change(void *arg, int32_t epoch, int32_t leader, const int32_t *voters,
	int n_voters, const int32_t *granting, int n_granting)
{
	struct metalog *m = arg;
	struct leader_change_message_voters all[QUORUM_MAX_VOTERS], yes[QUORUM_MAX_VOTERS];
	struct leader_change_message body = {.leader_id = leader,
		.voters = all,
		.n_voters = n_voters,
		.granting_voters = yes,
		.n_granting_voters = n_granting};
	struct batch_options opt = BATCH_OPTIONS_DEFAULT;
	struct slice batch;
	int rc = m->set.net.elected ? m->set.net.elected(m->set.net.arg) : 0;

	if (rc < 0)
		return rc;
	for (int i = 0; i < n_voters; i++)
		all[i] = (struct leader_change_message_voters){.voter_id = voters[i]};
	for (int i = 0; i < n_granting; i++)
		yes[i] = (struct leader_change_message_voters){.voter_id = granting[i]};
	buf_clear(&m->value);
	rc = msg_encode_buf(&leader_change_message_desc, 0, &body, &m->value);
	if (rc < 0)
		return rc;
	opt.control = true;
	batch_builder_begin(&m->builder, &opt);
	rc = batch_builder_add_control(&m->builder, clock_wall_ms(m->clock), CONTROL_LEADER_CHANGE,
		0, buf_slice(&m->value));
	if (rc == 0)
		rc = batch_builder_finish(&m->builder, &batch);
	if (rc == 0)
		rc = metalog_append(m, batch, epoch);
	/* Where there are other voters, one of them may have room. */
	if (rc == ERR_FULL && n_voters == 1)
		metalog_fail(m, "a new leader cannot write to it");
	return rc;
}

/* A quorum of one sends nothing: net's functions may be NULL there. */
static void op_send_vote(void *arg, int32_t to, const struct quorum_vote_request *r)
{
	const struct metalog_net *net = &((struct metalog *)arg)->set.net;

	net->send_vote(net->arg, to, r);
}

static void op_send_begin(void *arg, int32_t to, const struct quorum_begin_request *r)
{
	const struct metalog_net *net = &((struct metalog *)arg)->set.net;

	net->send_begin(net->arg, to, r);
}

static void op_send_end(void *arg, int32_t to, const struct quorum_end_request *r)
{
	const struct metalog_net *net = &((struct metalog *)arg)->set.net;

	net->send_end(net->arg, to, r);
}

static void op_send_fetch(void *arg, int32_t to, const struct quorum_fetch_request *r)
{
	const struct metalog_net *net = &((struct metalog *)arg)->set.net;

	net->send_fetch(net->arg, to, r);
}

static void op_changed(void *arg, enum quorum_role role, int32_t epoch, int32_t leader)
{
	struct metalog *m = arg;
	bool news = role == QUORUM_LEADER || role == QUORUM_RESIGNED || leader != m->told_leader ||
		    epoch != m->told_epoch;

	/* Who finds no majority asks again and again, maybe for hours. */
	log_line(news ? LOG_INFO : LOG_DEBUG, LOG_MODULE, "quorum: %s in epoch %d, leader %d",
		quorum_role_name(role), epoch, leader);
	m->told_leader = leader;
	m->told_epoch = epoch;
	m->ahead_valid = false;
	m->moved = true;
	metalog_touch(m);
}

static void op_committed(void *arg, int64_t hw)
{
	struct metalog *m = arg;

	m->committed = hw;
	metalog_touch(m);
}

static const struct quorum_ops ops = {
	.persist = op_persist,
	.log_start = op_log_start,
	.log_end = op_log_end,
	.last_epoch = op_last_epoch,
	.epoch_end = op_epoch_end,
	.truncate = op_truncate,
	.append_leader_change = op_append_leader_change,
	.send_vote = op_send_vote,
	.send_begin = op_send_begin,
	.send_end = op_send_end,
	.send_fetch = op_send_fetch,
	.changed = op_changed,
	.committed = op_committed,
};

static int open_log(struct metalog *m, struct err *e)
{
	struct plog_config config = plog_config_default;
	struct store *s = m->store;
	char *dir = xasprintf("%s/" METALOG_TOPIC "-0", s->dir);
	struct store_stat st;
	struct plog_open_args args = {
		.io = s->io,
		.files = &s->files,
		.clock = s->clock,
		.dir = dir,
		.topic = str_of(METALOG_TOPIC),
		.config = &config,
		.trust = s->trust,
	};
	int rc;

	config.retention_ms = -1;
	if (s->io->stat(s->io, dir, &st) == 0)
		rc = plog_open(&args, &m->log, e);
	else
		rc = plog_create(&args, NULL, 0, &m->log, e);
	free(dir);
	return rc;
}

/* 1: *out is what the file says; 0: there is none. */
static int load_state(struct metalog *m, struct quorum_state *out, struct err *e)
{
	struct buf text = BUF_EMPTY;
	char *path = state_path(m);
	int rc = checkpoint_read(m->store->io, path, STATE_MAX, &text);

	if (rc == ERR_NOT_FOUND)
		rc = 0;
	else if (rc < 0)
		err_set(e, rc, "%s cannot be read", path);
	else if ((rc = quorum_state_parse(buf_str(&text), out, e)) < 0)
		err_wrap(e, "%s", path);
	else
		rc = 1;
	free(path);
	buf_fini(&text);
	return rc;
}

/* ---- a voter without a past ---------------------------------------------------------------- */

/* Says so for as long as it stands in the log's folder: what this voter has promised under its
 * name, in a folder that was lost, is not known. */
static char *mark_path(const struct metalog *m)
{
	return xasprintf("%s/fresh-voter", m->log->dir);
}

static int mark_fresh(struct metalog *m, bool has_state, struct err *e)
{
	static const char text[] = "This voter has yet to catch up with its cluster.\n";
	char *path = mark_path(m);
	struct store_stat st;
	int rc = 0;

	m->marked = m->store->io->stat(m->store->io, path, &st) == 0;
	if (!m->marked && !has_state) {
		rc = checkpoint_replace(m->store->io, path, slice_of(text, sizeof(text) - 1), true);
		m->marked = rc == 0;
		if (rc < 0)
			err_set(e, rc, "%s cannot be written", path);
	}
	m->set.quorum.new_voter = m->marked;
	free(path);
	return rc;
}

void metalog_unmark(struct metalog *m)
{
	char *path = mark_path(m);

	if (m->store->io->unlink(m->store->io, path) < 0)
		log_warn("%s cannot be removed", path);
	m->marked = false;
	free(path);
}

static bool votes(const struct quorum_settings *q)
{
	for (int i = 0; i < q->n_voters; i++)
		if (q->voters[i] == q->id)
			return q->n_voters > 1;
	return false;
}

/* ---- voters that disagree ------------------------------------------------------------------ */

static bool same_voters(const struct quorum *q, const struct leader_change_message *c)
{
	for (int32_t i = 0; i < c->n_voters; i++)
		if (!quorum_voter(q, c->voters[i].voter_id))
			return false;
	return c->n_voters == q->set.n_voters;
}

/* The voters are fixed when the cluster is made: with others, two majorities could be found that do
 * not know of each other. */
void metalog_check_voters(struct metalog *m, const struct record *r)
{
	struct leader_change_message c;
	struct buf why = BUF_EMPTY;

	if (control_key_parse(r->key) != CONTROL_LEADER_CHANGE)
		return;
	if (msg_decode(&leader_change_message_desc, 0, r->value, &m->arena, &c, NULL) < 0)
		log_error("offset %lld: a LeaderChange that cannot be read", (long long)r->offset);
	else if (!same_voters(&m->quorum, &c)) {
		buf_puts(&why, "the voters of this cluster are");
		for (int32_t i = 0; i < c.n_voters; i++)
			buf_printf(&why, "%s %d", i ? "," : "", c.voters[i].voter_id);
		buf_puts(&why, ", but controller.quorum.voters here comes to");
		for (int i = 0; i < m->quorum.set.n_voters; i++)
			buf_printf(&why, "%s %d", i ? "," : "", m->quorum.set.voters[i]);
		buf_puts(&why, "; they cannot be changed");
		metalog_fail(m, buf_z(&why));
	}
	buf_fini(&why);
	arena_reset(&m->arena);
}

int metalog_open(struct metalog *m, struct err *e)
{
	struct quorum_state state;
	int found, rc = open_log(m, e);

	if (rc < 0)
		return rc;
	found = load_state(m, &state, e);
	if (found < 0)
		return found;
	if (votes(&m->set.quorum))
		rc = mark_fresh(m, found, e);
	/* What a crash has left is there for this machine's memory only: it counts as synced from
	 * here on. */
	if (rc == 0 && m->log->recovery_point < m->log->leo && plog_flush(m->log) < 0)
		rc = err_set(e, ERR_IO, "%s: cannot be synced", m->log->dir);
	if (rc < 0)
		return rc;
	return quorum_init(&m->quorum, &m->set.quorum, &ops, m, found ? &state : NULL, random_u64(),
		loop_now_ms(m->loop), e);
}
