/* kdeck: the console, and the same actions as shell commands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/console.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "cli/cluster.h"
#include "cli/local.h"
#include "config.h"

static const struct cli_command *const commands[] = {
	CLI_KAFKA_COMMANDS,
	CLI_CLUSTER_COMMANDS,
	NULL,
};

static void print_help(void)
{
	struct buf out = BUF_EMPTY;

	buf_puts(&out, "usage: kdeck [-b HOST:PORT,…] [--read-only] [SCREEN]    the console\n"
		       "       kdeck demo [--once]                              a throw-away "
		       "cluster with\n"
		       "                                                        sample traffic, "
		       "and the console\n"
		       "       kdeck snapshot [-b HOST:PORT,…] [--json]         one plain page for "
		       "a pipe\n"
		       "       kdeck COMMAND …                                  see below; --help "
		       "with each\n"
		       "\n"
		       "Without -b: the cluster of kdeck up where one runs, else 127.0.0.1:9092.\n"
		       "SCREEN is overview, brokers, topics, topic, records, produce or events.\n"
		       "\n");
	cli_print_list(commands, &out);
	fwrite(out.p, 1, out.n, stdout);
	buf_fini(&out);
}

/* The parts of kdeck(1) that the tables know: commands and keys. */
static void print_man(void)
{
	struct buf out = BUF_EMPTY;

	for (int i = 0; commands[i]; i++)
		cli_print_man(commands[i], &out);
	action_man(&out);
	fwrite(out.p, 1, out.n, stdout);
	buf_fini(&out);
}

/* The cluster of kdeck up, when it runs; heap. */
static char *default_bootstrap(void)
{
	char *dir = local_default_dir();
	struct local_cluster k;
	struct err e = {0};
	struct buf text = BUF_EMPTY;
	bool up = false;

	if (local_look(&k, dir, &e) == 0)
		vec_foreach (b, &k.brokers)
			up = up || b->running;
	if (up)
		local_bootstrap(&k, &text);
	else
		buf_puts(&text, "127.0.0.1:9092");
	local_fini(&k);
	free(dir);
	return buf_steal(&text);
}

static int wrong(const char *arg, const char *what)
{
	fprintf(stderr, "kdeck: %s: %s\nTry kdeck --help.\n", arg, what);
	return 2;
}

static bool screen_by_name(const char *name, enum screen *out)
{
	for (int s = 0; s < SCREEN_COUNT; s++) {
		if (strcmp(screen_name((enum screen)s), name) == 0) {
			*out = (enum screen)s;
			return true;
		}
	}
	return false;
}

/* -1: go on with the console; else the exit status. */
static int take_arguments(int argc, char **argv, struct console_options *o)
{
	for (int i = 1; i < argc; i++) {
		const char *arg = argv[i];
		bool value = strcmp(arg, "-b") == 0 || strcmp(arg, "--bootstrap-server") == 0 ||
			     strcmp(arg, "--lang") == 0;

		if (value && i + 1 == argc)
			return wrong(arg, "needs a value");
		if (strcmp(arg, "--lang") == 0 && strcmp(argv[i + 1], "en") != 0)
			return wrong(argv[i + 1], "no such language in this version; en is");
		if (value && strcmp(arg, "--lang") != 0)
			o->bootstrap = argv[i + 1];
		if (value)
			i++;
		else if (strncmp(arg, "--bootstrap-server=", 19) == 0)
			o->bootstrap = arg + 19;
		else if (strcmp(arg, "--read-only") == 0)
			o->read_only = true;
		else if (strcmp(arg, "--once") == 0 || strcmp(arg, "snapshot") == 0)
			o->once = true;
		else if (strcmp(arg, "--json") == 0 && o->once)
			o->json = true;
		else if (arg[0] == '-')
			return wrong(arg, "unknown option");
		else if (!screen_by_name(arg, &o->screen))
			return wrong(arg, "neither a command nor a screen");
	}
	return -1;
}

static int run_console(int argc, char **argv, bool snapshot)
{
	struct console_options o = {.name = "", .screen = SCREEN_OVERVIEW, .once = snapshot};
	char *found = NULL;
	int rc = take_arguments(argc, argv, &o);

	if (rc >= 0)
		return rc;
	if (!o.bootstrap)
		o.bootstrap = found = default_bootstrap();
	rc = console_run(&o);
	if (rc && found)
		fprintf(stderr,
			"kdeck demo starts a cluster to look at, kdeck up one that stays.\n");
	free(found);
	return rc;
}

static int run_command(int argc, char **argv)
{
	char *bootstrap = default_bootstrap();
	struct cli_env env = {.bootstrap = bootstrap};
	int rc = cli_main(commands, &env, argc, argv);

	free(bootstrap);
	return rc;
}

int main(int argc, char **argv)
{
	const char *first = argc > 1 ? argv[1] : "";
	int rc;

	if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0) {
		print_help();
		return 0;
	}
	if (strcmp(first, "--version") == 0)
		return printf("kdeck %s\n", PACKAGE_VERSION) < 0;
	if (strcmp(first, "--man") == 0) {
		print_man();
		return 0;
	}
	if (strcmp(first, "--keeper") == 0)
		return keeper_run(argc - 2, argv + 2);
	if (strcmp(first, "demo") == 0)
		return demo_run(argc - 2, argv + 2);
	if (strcmp(first, "snapshot") == 0)
		return run_console(argc - 1, argv + 1, true);
	rc = run_command(argc, argv);
	return rc >= 0 ? rc : run_console(argc, argv, false);
}
