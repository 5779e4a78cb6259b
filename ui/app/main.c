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

static const struct cli_command *const commands[] = {
	CLI_KAFKA_COMMANDS,
	CLI_CLUSTER_COMMANDS,
	NULL,
};

static void print_help(void)
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
		       "SCREEN is overview, brokers, topic, records or events.\n"
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

static int run_console(struct cli *c)
{
	const char *lang = cli_get(c, "lang");
	struct console_options o = {.name = "",
		.bootstrap = c->bootstrap,
		.named = c->bootstrap != c->env->bootstrap,
		.properties = c->properties.v,
		.n_properties = c->properties.n,
		.screen = SCREEN_OVERVIEW,
		.read_only = cli_has(c, "read-only"),
		.once = cli_has(c, "once") || cli_has(c, "json"),
		.json = c->json};
	int rc;

	if (lang && strcmp(lang, "en") != 0)
		return cli_usage(c, "--lang %s: no such language in this version; en is", lang);
	for (size_t i = 0; i < c->operands.n; i++) {
		const char *word = c->operands.v[i];
		if (i == 0 && strcmp(word, "snapshot") == 0)
			o.once = true;
		else if (!screen_by_name(word, &o.screen))
			return cli_usage(c, "%s: neither a command nor a screen", word);
	}
	rc = console_run(&o);
	if (rc == CONSOLE_DEMO)
		return demo_run(0, NULL);
	if (rc && !o.named)
		fprintf(stderr,
			"kdeck demo starts a cluster to look at, kdeck up one that stays.\n");
	return rc;
}

static const struct cli_option console_options[] = {
	{"read-only", 0, CLI_FLAG, NULL, "Change nothing on the cluster", NULL},
	{"once", 0, CLI_FLAG, NULL, "Print one plain page, also on a terminal", NULL},
	{"lang", 0, CLI_VALUE, "en", "Language of the screens", NULL},
	{0},
};

/* What is no command is the console: `kdeck topics` is Kafka's script, `kdeck brokers` a screen. */
static const struct cli_command cli_console = {.name = "console",
	.summary = "The console, or with snapshot one plain page of it",
	.operands = "SCREEN",
	.options = console_options,
	.run = run_console};

static int run_screen(int argc, char **argv)
{
	static const struct cli_command *const only[] = {&cli_console, NULL};
	char *bootstrap = default_bootstrap();
	struct cli_env env = {.bootstrap = bootstrap};
	char **words = xcalloc((size_t)argc + 2, sizeof(*words));
	char name[] = "console";
	int rc;

	words[0] = argv[0];
	words[1] = name;
	for (int i = 1; i < argc; i++)
		words[i + 1] = argv[i];
	rc = cli_main(only, &env, argc + 1, words);
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
	rc = run_command(argc, argv);
	return rc >= 0 ? rc : run_screen(argc, argv);
}
