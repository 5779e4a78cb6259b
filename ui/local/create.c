/* A new cluster: planned, checked, written; and starting all of one at once. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "io/child.h"
#include "io/loop.h"
#include "local/op.h"
#include "local/plan.h"

#define DEFAULT_BROKERS 3
#define SAID_MAX        16384

/* ---- settings that cannot be ------------------------------------------------------------------
 * The broker itself knows best: it checks the file, without anything of what is added here. */

struct check {
	struct child *child;
	bool done;
	int exit_code;
};

static void on_checked(void *arg, struct child *c, int exit_code, int term_signal)
{
	struct check *k = arg;

	(void)c;
	(void)term_signal;
	k->done = true;
	k->exit_code = exit_code;
}

static void read_all(int fd, struct buf *out)
{
	ssize_t n = 1;

	while (n > 0 && out->n < SAID_MAX) {
		n = read(fd, buf_reserve(out, 512), 512);
		if (n > 0)
			buf_extend(out, (size_t)n);
		else if (n < 0 && errno == EINTR)
			n = 1;
	}
	close(fd);
}

/* Its lines as one message, without the program's name before each. */
static int take_reason(const struct check *k, const char *file, struct err *e)
{
	static const char program[] = "kdeck-broker: ";
	struct buf said = BUF_EMPTY, text = BUF_EMPTY;
	struct str rest;
	int fd = child_take_stderr(k->child);

	if (fd >= 0)
		read_all(fd, &said);
	rest = buf_str(&said);
	while (rest.n) {
		const char *end = memchr(rest.p, '\n', rest.n);
		size_t n = end ? (size_t)(end - rest.p) : rest.n, skip = 0;
		if (str_starts(rest, program))
			skip = sizeof(program) - 1;
		buf_printf(&text, "%s%.*s", text.n ? "; " : "", (int)(n - skip), rest.p + skip);
		n += end ? 1 : 0;
		rest = (struct str){rest.p + n, rest.n - n};
	}
	err_set(e, ERR_INVALID, "%s", text.n ? buf_z(&text) : file);
	buf_fini(&text);
	buf_fini(&said);
	return e->code;
}

static int check_file(struct loop *l, const char *program, const char *file, struct err *e)
{
	const char *argv[] = {program, file, "--check-config", NULL};
	struct child_options opt = {
		.argv = argv, .out = {.to = CHILD_NULL}, .err = {.to = CHILD_PIPE}};
	struct check k = {0};
	int rc = 0;

	k.child = child_spawn(l, &opt, on_checked, &k, e);
	if (!k.child)
		return e->code;
	while (!k.done)
		loop_run_once(l, true);
	if (k.exit_code != 0)
		rc = take_reason(&k, file, e);
	child_free(k.child);
	return rc;
}

static int check_files(struct loop *l, const struct local_wish *w, struct err *e)
{
	struct buf program = BUF_EMPTY;
	int rc = local_find_program(&program, e);

	for (size_t i = 0; rc == 0 && i < w->n_files; i++)
		rc = check_file(l, buf_z(&program), w->files[i], e);
	buf_fini(&program);
	return rc;
}

/* ---- the folders ------------------------------------------------------------------------------
 */

static void say_what_changed(const struct plan *p, struct buf *said)
{
	size_t voters = 0, i = 0;

	if (!p->zookeeper || !p->voters)
		return;
	vec_foreach (n, &p->nodes)
		voters += n->votes;
	buf_printf(said,
		"zookeeper.connect=%s is not used: there is no ZooKeeper any more, broker%s",
		p->zookeeper, voters == 1 ? "" : "s");
	vec_foreach (n, &p->nodes)
		if (n->votes) {
			buf_printf(said, "%s %d",
				i == 0            ? ""
				: i + 1 == voters ? " and"
						  : ",",
				n->id);
			i++;
		}
	buf_printf(said, " decide%s instead (controller.quorum.voters=%s)",
		voters == 1 ? "s" : " together", p->voters);
}

static int create(struct loop *l, struct plan *p, const struct local_wish *w, struct err *e)
{
	size_t brokers = w->brokers ? w->brokers : w->n_files ? w->n_files : DEFAULT_BROKERS;
	int rc = plan_read_files(p, w->files, w->n_files, e);

	if (rc == 0)
		rc = check_files(l, w, e);
	if (rc == 0) {
		plan_fill(p, brokers);
		rc = plan_addresses(l, p, w, e);
	}
	if (rc == 0)
		rc = plan_check(l, p, e);
	return rc == 0 ? plan_write(p, e) : rc;
}

/* ---- starting all -----------------------------------------------------------------------------
 */

struct starting {
	VEC(struct local_op *) ops;
	size_t left;
	struct err *e;
	bool failed;
};

static void on_started(void *arg, const struct err *e)
{
	struct starting *s = arg;

	s->left--;
	if (!e || s->failed)
		return;
	s->failed = true;
	*s->e = *e;
}

static void on_ended(void *arg, const struct err *e)
{
	struct starting *s = arg;

	(void)e;
	s->left--;
}

static void forget(struct starting *s)
{
	vec_foreach (o, &s->ops)
		local_op_free(*o);
	vec_fini(&s->ops);
}

/* The others of those that were begun: nobody asked for half a cluster. */
static void end_again(struct loop *l, const char *dir, struct starting *s)
{
	struct starting ending = {0};
	struct err e = {0};

	vec_foreach (o, &s->ops) {
		struct local_op *kill = NULL;
		if (!local_op_abort(*o))
			kill = local_kill(l, dir, local_op_broker(*o), on_ended, &ending, &e);
		if (!kill)
			continue;
		vec_push(&ending.ops, kill);
		ending.left++;
	}
	while (s->left || ending.left)
		loop_run_once(l, true);
	forget(&ending);
}

int local_start_all(struct loop *l, const char *dir, struct err *e)
{
	struct starting s = {.e = e};
	struct local_cluster c;
	int rc = local_look(&c, dir, e);

	vec_foreach (b, &c.brokers) {
		struct local_op *o;
		if (rc < 0 || s.failed || b->state != LOCAL_STOPPED)
			continue;
		o = local_start(l, dir, b->id, on_started, &s, e);
		s.failed = !o;
		if (o) {
			vec_push(&s.ops, o);
			s.left++;
		}
	}
	while (s.left && !s.failed)
		loop_run_once(l, true);
	if (s.failed) {
		rc = e->code;
		end_again(l, dir, &s);
	}
	forget(&s);
	local_fini(&c);
	return rc;
}

/* ---- beginning ---------------------------------------------------------------------------------
 */

int local_begin(struct loop *l, const char *dir, const struct local_wish *w, struct buf *said,
	struct err *e)
{
	struct plan p = {.dir = dir, .faults = w->faults};
	int rc = create(l, &p, w, e);

	if (rc == 0) {
		say_what_changed(&p, said);
		rc = local_start_all(l, dir, e);
	}
	if (rc < 0)
		plan_take_back(&p);
	plan_fini(&p);
	return rc;
}
