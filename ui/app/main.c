/* kdeck: the console, and the same actions as shell commands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/console.h"
#include "app/start.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "cli/cluster.h"
#include "config.h"
#include "lab/child.h"

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

/* console_run by what the command line says, and the demo when that was chosen there. */
static int run_on(struct cli *c, struct console_options *o)
{
	const char *lang = cli_get(c, "lang");
	int rc;

	if (lang && strcmp(lang, "en") != 0)
		return cli_usage(c, "--lang %s: no such language in this version; en is", lang);
	o->name = "";
	o->bootstrap = c->bootstrap;
	o->named = c->bootstrap != c->env->bootstrap;
	o->advice = o->named ? NULL
			     : "kdeck demo starts a cluster to look at, kdeck up one that stays.";
	o->properties = c->properties.v;
	o->n_properties = c->properties.n;
	o->read_only = cli_has(c, "read-only");
	o->json = c->json;
	rc = console_run(o);
	return rc == CONSOLE_DEMO ? demo_run(0, false, false) : rc;
}

static int run_console(struct cli *c)
{
	struct console_options o = {
		.screen = SCREEN_OVERVIEW, .once = cli_has(c, "once") || cli_has(c, "json")};

	for (size_t i = 0; i < c->operands.n; i++) {
		const char *word = c->operands.v[i];
		if (i == 0 && strcmp(word, "snapshot") == 0)
			o.once = true;
		else if (!screen_by_name(word, &o.screen))
			return cli_usage(c, "%s: neither a command nor a screen", word);
	}
	return run_on(c, &o);
}

static int run_snapshot(struct cli *c)
{
	struct console_options o = {
		.command = "kdeck snapshot", .screen = SCREEN_OVERVIEW, .once = true};

	return run_on(c, &o);
}

static const struct cli_option console_options[] = {
	{"read-only", 0, CLI_FLAG, NULL, "Change nothing on the cluster", NULL},
	{"once", 0, CLI_FLAG, NULL, "Print one plain page, also on a terminal", NULL},
	{"lang", 0, CLI_VALUE, "en", "Language of the screens", NULL},
	{0},
};

/* What is no command is the console: `kdeck topics` is Kafka's script, `kdeck brokers` a screen. */
static const struct cli_command cli_console = {.name = "",
	.summary = "The console",
	.operands = "[SCREEN]",
	.options = console_options,
	.run = run_console};

static const struct cli_option snapshot_options[] = {
	{"lang", 0, CLI_VALUE, "en", "Language of the page", NULL},
	{"read-only", 0, CLI_FLAG, NULL, NULL, NULL},
	{"once", 0, CLI_FLAG, NULL, NULL, NULL},
	{0},
};

static const struct cli_command cli_snapshot = {.name = "snapshot",
	.summary = "One plain page of the cluster, its groups and their lag, for a pipe",
	.options = snapshot_options,
	.run = run_snapshot};

static const struct cli_command *const commands[] = {
	CLI_KAFKA_COMMANDS,
	CLI_CLUSTER_COMMANDS,
	&cli_demo,
	&cli_snapshot,
	NULL,
};

/* ---- what is printed ------------------------------------------------------------------------- */

/* Ends out; the exit status. */
static int print(struct buf *out)
{
	struct err e = {0};
	int rc = cli_write(out, &e);

	buf_fini(out);
	if (rc < 0)
		fprintf(stderr, "kdeck: %s\n", e.msg);
	return rc < 0 ? CLI_NO : CLI_OK;
}

static int print_version(void)
{
	struct buf out = BUF_EMPTY;

	buf_puts(&out, "kdeck " PACKAGE_VERSION "\n");
	return print(&out);
}

/* "overview, brokers … or events": those whose name no command has. */
static void put_screens(struct buf *out)
{
	const char *last = NULL;

	for (int s = 0; s < SCREEN_COUNT; s++) {
		const char *name = screen_name((enum screen)s);
		if (!(SCREENS_HERE & ON(s)) || cli_find(commands, name))
			continue;
		if (last)
			buf_printf(out, "%s, ", last);
		last = name;
	}
	/* The overview is always one of them. */
	out->n -= 2;
	buf_printf(out, " or %s", last);
}

static int print_help(void)
{
	struct buf out = BUF_EMPTY;

	buf_puts(&out, "usage: kdeck [-b HOST:PORT,…] [--read-only] [SCREEN]    the console\n"
		       "             [--command-config FILE.properties]         client "
		       "settings, as Java's\n"
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
		       "SCREEN is ");
	put_screens(&out);
	buf_puts(&out, ".\n\n");
	cli_print_list(commands, &out);
	return print(&out);
}

/* The parts of kdeck(1) that the tables know: options, commands and keys. */
static int print_man(void)
{
	struct buf out = BUF_EMPTY;

	cli_print_man_options(&cli_console, &out);
	buf_puts(&out, ".SH COMMANDS\nEach has \\-\\-help and \\-\\-version; those that ask a "
		       "cluster also have \\-b, \\-\\-command\\-config and \\-\\-json.\n");
	for (int i = 0; commands[i]; i++)
		cli_print_man(commands[i], &out);
	action_man(&out);
	buf_puts(&out,
		".SH EXIT STATUS\n"
		".TP\n.B 0\nDone.\n"
		".TP\n.B 1\nThe cluster or the system said no, or the output cannot be "
		"written.\n"
		".TP\n.B 2\nWrong usage.\n"
		".TP\n.B 128 and more\nA signal of the number above 128 ended a command that "
		"reads or writes records.\n");
	return print(&out);
}

/* ---- the program ------------------------------------------------------------------------------
 */

/* "kdeck -b HOST topics --list": a command behind what belongs to the console; NULL: none. A word
 * behind an option may be its value, and without options of its own it may be a screen. */
static const char *misplaced(int argc, char **argv)
{
	for (int i = 2; i < argc; i++)
		if (argv[i - 1][0] != '-' && cli_find(commands, argv[i]))
			return argv[i];
	return NULL;
}

static int run_screen(int argc, char **argv)
{
	static const struct cli_command *const only[] = {&cli_console, NULL};
	const char *command = misplaced(argc, argv);
	struct cli_env env = {0};
	char **words, *bootstrap;
	char name[] = "";
	int rc;

	bootstrap = default_bootstrap();
	env.bootstrap = bootstrap;
	words = xcalloc((size_t)argc + 2, sizeof(*words));
	words[0] = argv[0];
	words[1] = name;
	for (int i = 1; i < argc; i++)
		words[i + 1] = argv[i];
	rc = cli_main(only, &env, argc + 1, words);
	if (rc == CLI_USAGE && command)
		fprintf(stderr, "kdeck: a command comes first: kdeck %s …\n", command);
	free(words);
	free(bootstrap);
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
	/* A link named like Kafka's script has that command's options, not the program's. */
	const char *first = argc > 1 && !cli_by_link(commands, argv[0]) ? argv[1] : "";
	int rc;

	if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0)
		return print_help();
	if (strcmp(first, "--version") == 0)
		return print_version();
	if (strcmp(first, "--man") == 0)
		return print_man();
	if (strcmp(first, "--keeper") == 0)
		return keeper_run(argc - 2, argv + 2);
	if (strcmp(first, "--lab-member") == 0)
		return lab_child_run();
	rc = run_command(argc, argv);
	return rc >= 0 ? rc : run_screen(argc, argv);
}
