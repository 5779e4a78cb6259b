/*
 * kdeck-broker: reads its settings, runs a server until it is told to stop.
 *
 * Standard output gets one line, when clients are served; everything else goes to standard error.
 * SIGTERM and SIGINT stop in order, a second one at once.
 */
#define LOG_MODULE "main"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "config.h"
#include "httpd/face.h"
#include "io/loop.h"
#include "server/broker_config.h"
#include "server/daemon.h"
#include "server/face.h"
#include "server/server.h"

#define FEW_FILES 4096

struct program {
	struct conf conf;
	struct loop *loop;
	struct server *server;
	struct face *face; /* NULL: no HTTP */
	struct loop_signal *term, *intr, *hup;
	bool print_config, check_config, background;
	const char *link; /* of Kafka's start scripts, by which it was called; NULL: none */
	int rc;
};

static const char usage[] =
	"usage: kdeck-broker [FILE.properties] [--override KEY=VALUE …]\n"
	"                    [--print-config] [--check-config] [-daemon]\n"
	"\n"
	"A broker that speaks Apache Kafka's protocol. Without a file: node 0 on\n"
	"PLAINTEXT://127.0.0.1:9092, data under $XDG_DATA_HOME/kdeck/broker-0.\n"
	"\n"
	"  -daemon               go on in the background; ends when it is ready. The log goes to\n"
	"                        kdeck.log.file, else $LOG_DIR/server.log, else beside log.dirs\n"
	"  --override KEY=VALUE  a setting that beats the file; as often as needed\n"
	"  --print-config        print every setting that acts, with where it comes from\n"
	"  --check-config        check the settings and end\n"
	"  --version             print the version\n"
	"  --help                print this\n"
	"\n"
	"Settings have Kafka's names; kdeck-broker.properties(5) explains them.\n"
	"\n"
	"As kafka-server-start.sh and zookeeper-server-start.sh it wants a file. That of a\n"
	"ZooKeeper makes a controller at its clientPort; that of a broker with\n"
	"zookeeper.connect joins the controller there.\n"
	"\n"
	"Exit status:\n"
	"  0 stopped in order, 1 it could not run or go on, 2 wrong usage\n";

/* The exit status. */
static int print(const struct buf *out)
{
	if (fwrite(out->p, 1, out->n, stdout) == out->n && fflush(stdout) == 0)
		return 0;
	fprintf(stderr, "kdeck-broker: standard output: %s\n", strerror(errno));
	return 1;
}

static int print_text(const char *text)
{
	struct buf out = BUF_EMPTY;
	int rc;

	buf_puts(&out, text);
	rc = print(&out);
	buf_fini(&out);
	return rc;
}

static int print_man(void)
{
	int rc;

	struct buf out = BUF_EMPTY;
	size_t n;
	const struct conf_def *defs = broker_config_defs(&n);

	conf_print_man(defs, n, &out);
	rc = print(&out);
	buf_fini(&out);
	return rc;
}

/* ---- the command line ----------------------------------------------------------------------- */

static int wrong(const char *what, const char *arg)
{
	fprintf(stderr, "kdeck-broker: %s: %s\nTry kdeck-broker --help.\n", arg, what);
	return 2;
}

static int fail(const struct err *e)
{
	fprintf(stderr, "kdeck-broker: %s\n", e->msg);
	return 1;
}

/* Everything that is wrong in the settings file, not only the first of it. */
static int fail_file(const struct conf *c)
{
	vec_foreach (line, &c->wrong)
		fprintf(stderr, "kdeck-broker: %s\n", *line);
	if (c->n_wrong > c->wrong.n)
		fprintf(stderr, "kdeck-broker: and %zu more\n", c->n_wrong - c->wrong.n);
	return 1;
}

/* -1: go on; else the exit status. */
static int take_option(struct program *p, int argc, char **argv, int *i)
{
	struct err e = {0};
	const char *arg = argv[*i];
	const char *value = NULL;

	if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0)
		return print_text(usage);
	if (strcmp(arg, "--version") == 0)
		return print_text("kdeck-broker " PACKAGE_VERSION "\n");
	if (strcmp(arg, "--man") == 0)
		return print_man();
	if (strcmp(arg, "--print-config") == 0) {
		p->print_config = true;
		return -1;
	}
	if (strcmp(arg, "--check-config") == 0) {
		p->check_config = true;
		return -1;
	}
	if (strcmp(arg, "-daemon") == 0 || strcmp(arg, "--daemon") == 0) {
		p->background = true;
		return -1;
	}
	if (strncmp(arg, "--override=", 11) == 0)
		value = arg + 11;
	else if (strcmp(arg, "--override") == 0 && *i + 1 < argc)
		value = argv[++*i];
	else if (strcmp(arg, "--override") == 0)
		return wrong("needs KEY=VALUE", arg);
	else
		return wrong("unknown option", arg);
	if (value[0] == '=' || !strchr(value, '='))
		return wrong("--override needs KEY=VALUE", value);
	return conf_override(&p->conf, value, &e) < 0 ? fail(&e) : -1;
}

static int read_arguments(struct program *p, int argc, char **argv)
{
	struct err e = {0};
	const char *file = NULL;
	int rc;

	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-') {
			rc = take_option(p, argc, argv, &i);
			if (rc >= 0)
				return rc;
			continue;
		}
		if (file)
			return wrong("a second settings file; one is read", argv[i]);
		file = argv[i];
		if (conf_read(&p->conf, file, &e) < 0)
			return fail_file(&p->conf);
	}
	if (p->link && !file) {
		fprintf(stderr, "usage: %s [-daemon] FILE.properties [--override KEY=VALUE …]\n",
			p->link);
		return 2;
	}
	if (broker_config_settle(&p->conf, &e) < 0)
		return fail(&e);
	return -1;
}

/* ---- running -------------------------------------------------------------------------------- */

static void on_ready(void *arg)
{
	struct program *p = arg;
	struct buf line = BUF_EMPTY;

	buf_printf(&line, "ready node.id=%d listeners=", server_node_id(p->server));
	server_listeners_text(p->server, &line);
	if (p->face)
		buf_printf(&line, " http=%s", face_name(p->face));
	puts(buf_z(&line));
	fflush(stdout);
	buf_fini(&line);
	daemon_ready();
}

static void on_stopped(void *arg, int rc)
{
	struct program *p = arg;

	if (rc == 0)
		log_info("stopped in order");
	p->rc = rc < 0 ? 1 : 0;
	loop_stop(p->loop);
}

static void stop_listening(struct program *p)
{
	if (p->term)
		loop_signal_free(p->term);
	if (p->intr)
		loop_signal_free(p->intr);
	p->term = p->intr = NULL;
}

static void on_stop_signal(void *arg, int signum)
{
	struct program *p = arg;

	log_info("%s: stopping; a second signal ends at once",
		signum == SIGINT ? "SIGINT" : "SIGTERM");
	/* From here on the system's way of ending holds, also while the loop waits for the disk. */
	stop_listening(p);
	server_stop(p->server);
}

static void on_hangup(void *arg, int signum)
{
	struct err e = {0};

	(void)arg;
	(void)signum;
	if (log_reopen(&e) < 0)
		log_error("%s", e.msg);
	else
		log_info("SIGHUP: the log file was opened anew");
}

/* Each connection and each open segment is a descriptor. Segments get half of them at most: what is
 * closed can be opened again, a connection that is refused cannot. */
static void raise_file_limit(struct server_settings *set)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) < 0)
		return;
	if (lim.rlim_cur < lim.rlim_max) {
		rlim_t before = lim.rlim_cur;

		lim.rlim_cur = lim.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &lim) < 0)
			lim.rlim_cur = before;
	}
	if (lim.rlim_cur < FEW_FILES)
		log_warn("only %llu files can be open at once, connections included; raise the "
			 "limit (ulimit -n)",
			(unsigned long long)lim.rlim_cur);
	if (lim.rlim_cur / 2 < STORE_OPEN_FILES)
		set->max_open_files = (size_t)lim.rlim_cur / 2;
}

static bool listen_to_signals(struct program *p, struct err *e)
{
	p->term = loop_signal_new(p->loop, SIGTERM, on_stop_signal, p, e);
	if (p->term)
		p->intr = loop_signal_new(p->loop, SIGINT, on_stop_signal, p, e);
	if (p->intr)
		p->hup = loop_signal_new(p->loop, SIGHUP, on_hangup, p, e);
	return p->hup;
}

static void on_http(void *arg, const struct face_request *r, struct face_reply *out)
{
	server_face(((struct program *)arg)->server, r, out);
}

/* Bound before the server touches the disk, as all listeners. */
static bool open_face(struct program *p, const struct server_settings *set, struct err *e)
{
	struct face_settings face = {set->http_host, set->http_port};

	if (!set->http)
		return true;
	p->face = face_new(p->loop, &face, on_http, p, e);
	if (!p->face)
		err_wrap(e, "kdeck.http.listener");
	return p->face;
}

/* By then nobody may hear any more what a process in the background says. */
static int fail_starting(const struct program *p, const struct err *e)
{
	if (p->background)
		log_error("%s", e->msg);
	return fail(e);
}

static int serve(struct program *p, const struct server_settings *set)
{
	struct server_events ev = {p, on_ready, on_stopped};
	struct err e = {0};

	p->loop = loop_new(&e);
	if (!p->loop)
		return fail(&e);
	if (listen_to_signals(p, &e) && open_face(p, set, &e))
		p->server = server_new(p->loop, set, &p->conf, &ev, &e);
	if (p->server)
		loop_run(p->loop);
	else
		p->rc = fail_starting(p, &e);
	face_free(p->face);
	server_free(p->server);
	stop_listening(p);
	if (p->hup)
		loop_signal_free(p->hup);
	loop_free(p->loop);
	return p->rc;
}

/* Where the lines of a process without a terminal go: where Kafka's script would put them, else
 * beside its data. */
static int choose_log(struct program *p, const char *dir, struct err *e)
{
	const char *file = conf_get_z(&p->conf, "kdeck.log.file"), *logs = getenv("LOG_DIR");
	struct buf text = BUF_EMPTY;
	int rc;

	if (file && file[0])
		return 0;
	if (logs && logs[0])
		buf_printf(&text, "%s/server.log", logs);
	else
		buf_printf(&text, "%s.log", dir);
	rc = conf_set(&p->conf, STR_LIT("kdeck.log.file"), buf_str(&text), CONF_FROM_OVERRIDE,
		"-daemon", e);
	buf_fini(&text);
	return rc;
}

static int go_to_background(struct program *p, const char *dir, struct err *e)
{
	int rc = p->background ? choose_log(p, dir, e) : 0;

	return p->background && rc == 0 ? daemon_begin(e) : rc;
}

/* Notes of the settings go where the log goes. */
static int start_log(struct program *p, struct err *e)
{
	const char *file = conf_get_z(&p->conf, "kdeck.log.file");
	enum log_level level;

	if (file && file[0] && log_to_file(file, e) < 0)
		return e->code;
	if (log_level_parse(conf_get_z(&p->conf, "kdeck.log.level"), &level))
		log_set_level(level);
	vec_foreach (note, &p->conf.notes)
		log_warn("%s", *note);
	return 0;
}

static int run(struct program *p)
{
	struct server_settings *set = calloc(1, sizeof(*set));
	struct buf out = BUF_EMPTY;
	struct err e = {0};
	int rc = 0;

	if (!set || server_settings_read(&p->conf, set, &e) < 0) {
		rc = fail(&e);
	} else if (p->print_config) {
		conf_print_properties(&p->conf, &out);
		rc = print(&out);
	} else if (!p->check_config) {
		rc = go_to_background(p, set->dir, &e);
		if (rc == 0)
			rc = start_log(p, &e);
		raise_file_limit(set);
		rc = rc < 0 ? fail(&e) : serve(p, set);
	}
	buf_fini(&out);
	free(set);
	return rc;
}

/* The name of one of Kafka's start scripts, which links to this program have. */
static const char *script_of(const char *path)
{
	static const char *const scripts[] = {"kafka-server-start", "zookeeper-server-start"};
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	for (size_t i = 0; i < ARRAY_LEN(scripts); i++)
		if (str_starts(str_of(name), scripts[i]))
			return name;
	return NULL;
}

int main(int argc, char **argv)
{
	struct program p = {.link = script_of(argc > 0 ? argv[0] : "")};
	int rc;

	broker_config_init(&p.conf);
	rc = read_arguments(&p, argc, argv);
	if (rc < 0)
		rc = run(&p);
	conf_fini(&p.conf);
	return rc;
}
