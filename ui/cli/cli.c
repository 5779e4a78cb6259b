/* Arguments by a command's table, wrong usage, output, and the choice of the command. */
#include "cli/cli.h"
#include "cli/impl.h"
#include "config.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_BOOTSTRAP "127.0.0.1:9092"

const struct cli_option cli_common[] = {
	{"bootstrap-server", 'b', CLI_VALUE, "HOST:PORT,…",
		"Brokers to ask first; without it those of kdeck up, else " DEFAULT_BOOTSTRAP,
		NULL},
	{"broker-list", 0, CLI_VALUE, "HOST:PORT,…", NULL, "bootstrap-server"},
	{"command-config", 0, CLI_VALUE, "FILE", "Client settings, as Java's client.properties",
		NULL},
	{"zookeeper", 0, CLI_IGNORED, "HOST:PORT",
		"Accepted, without effect: --bootstrap-server has replaced it", NULL},
	{"json", 0, CLI_FLAG, NULL, "Print JSON", NULL},
	{"help", 'h', CLI_FLAG, NULL, "Print this", NULL},
	{"version", 0, CLI_FLAG, NULL, "Print the version", NULL},
	{NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

static const struct cli_option cli_local[] = {
	{"json", 0, CLI_FLAG, NULL, "Print JSON", NULL},
	{"help", 'h', CLI_FLAG, NULL, "Print this", NULL},
	{"version", 0, CLI_FLAG, NULL, "Print the version", NULL},
	{NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

const struct cli_option *cli_shared(const struct cli_command *cmd)
{
	return cmd->local ? cli_local : cli_common;
}

static const struct cli_option *find_in(const struct cli_option *o, const char *name, size_t n)
{
	for (; o && o->name; o++)
		if (strlen(o->name) == n && !memcmp(o->name, name, n))
			return o;
	return NULL;
}

static const struct cli_option *find(const struct cli_command *cmd, const char *name, size_t n)
{
	const struct cli_option *o = find_in(cmd->options, name, n);
	return o ? o : find_in(cli_shared(cmd), name, n);
}

/* Edits between two names: insert, delete, change, each one. */
static size_t distance(const char *a, size_t an, const char *b)
{
	size_t bn = strlen(b), row[64];
	if (bn >= ARRAY_LEN(row) || an >= ARRAY_LEN(row))
		return SIZE_MAX;
	for (size_t j = 0; j <= bn; j++)
		row[j] = j;
	for (size_t i = 1; i <= an; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= bn; j++) {
			size_t change = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			row[j] = min_size(change, 1 + min_size(row[j], row[j - 1]));
		}
	}
	return row[bn];
}

static void nearest(
	const struct cli_option *o, const char *name, size_t n, const char **best, size_t *least)
{
	for (; o && o->name; o++) {
		size_t d = distance(name, n, o->name);
		if (o->help && o->kind != CLI_REFUSED && d < *least) {
			*least = d;
			*best = o->name;
		}
	}
}

static int unknown(const struct cli_command *cmd, const char *name, size_t n, struct err *e)
{
	const char *best = NULL;
	size_t least = n / 2 + 1;
	nearest(cmd->options, name, n, &best, &least);
	nearest(cli_shared(cmd), name, n, &best, &least);
	if (best)
		return err_set(e, ERR_INVALID, "unknown option --%.*s; did you mean --%s?", (int)n,
			name, best);
	return err_set(e, ERR_INVALID, "unknown option --%.*s", (int)n, name);
}

static const struct cli_option *by_letter(const struct cli_command *cmd, char letter)
{
	const struct cli_option *tables[] = {cmd->options, cli_shared(cmd)};
	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (const struct cli_option *o = tables[t]; o && o->name; o++)
			if (o->letter == letter)
				return o;
	return NULL;
}

/* An old name beside the new one leaves open which of the two counts. */
static int put(struct cli *c, const struct cli_option *o, const char *value, struct err *e)
{
	const struct cli_option *meant = o->same ? find(c->cmd, o->same, strlen(o->same)) : o;
	assert(meant);
	vec_foreach (g, &c->given)
		if (g->option == meant && g->written != o)
			return err_set(e, ERR_INVALID,
				"--%s and --%s are the same and cannot be used together",
				g->written->name, o->name);
	*vec_add(&c->given) = (struct cli_given){meant, value, o};
	return 0;
}

/* One option at argv[*i], whose name begins at `name`; `inline_value` follows a "=". */
static int take(struct cli *c, const struct cli_option *o, const char *inline_value, int argc,
	const char *const *argv, int *i, struct err *e)
{
	switch (o->kind) {
	case CLI_FLAG:
		if (inline_value)
			return err_set(e, ERR_INVALID, "--%s takes no value", o->name);
		return put(c, o, "", e);
	case CLI_OPTIONAL:
		if (!inline_value && *i + 1 < argc && argv[*i + 1][0] != '-')
			inline_value = argv[++*i];
		return put(c, o, inline_value, e);
	case CLI_REFUSED:
		return err_set(e, ERR_INVALID, "--%s: %s", o->name, o->help);
	default:
		if (!inline_value && *i + 1 < argc)
			inline_value = argv[++*i];
		if (!inline_value)
			return err_set(e, ERR_INVALID, "--%s needs a value: %s", o->name, o->value);
		return put(c, o, inline_value, e);
	}
}

int cli_parse(struct cli *c, int argc, const char *const *argv, struct err *e)
{
	int r = 0;
	bool only_operands = false;
	for (int i = 0; i < argc && r == 0; i++) {
		const char *word = argv[i];
		const struct cli_option *o;
		if (only_operands || word[0] != '-' || !word[1]) {
			if (!c->cmd->operands)
				return err_set(e, ERR_INVALID, "%s: an option was expected", word);
			vec_push(&c->operands, word);
		} else if (!strcmp(word, "--")) {
			only_operands = true;
		} else if (word[1] == '-') {
			const char *eq = strchr(word, '=');
			size_t n = eq ? (size_t)(eq - word) - 2 : strlen(word) - 2;
			o = find(c->cmd, word + 2, n);
			r = o ? take(c, o, eq ? eq + 1 : NULL, argc, argv, &i, e)
			      : unknown(c->cmd, word + 2, n, e);
		} else {
			o = by_letter(c->cmd, word[1]);
			r = o ? take(c, o, word[2] ? word + 2 : NULL, argc, argv, &i, e)
			      : err_set(e, ERR_INVALID, "unknown option -%c", word[1]);
		}
	}
	return r;
}

struct str cli_keep(struct cli *c, struct str s)
{
	char *kept = str_dup(s);

	vec_push(&c->kept, kept);
	return (struct str){kept, s.n};
}

void cli_fini(struct cli *c)
{
	vec_fini(&c->given);
	vec_fini(&c->operands);
	vec_fini(&c->properties);
	vec_foreach (z, &c->kept)
		free(*z);
	vec_fini(&c->kept);
	buf_fini(&c->out);
	cli_close(c);
}

const char *cli_nth(const struct cli *c, const char *name, size_t i)
{
	const struct cli_option *o = find(c->cmd, name, strlen(name));
	assert(o && !o->same);
	vec_foreach (g, &c->given)
		if (g->option == o && i-- == 0)
			return g->value;
	return NULL;
}

bool cli_has(const struct cli *c, const char *name)
{
	const struct cli_option *o = find(c->cmd, name, strlen(name));
	assert(o && !o->same);
	vec_foreach (g, &c->given)
		if (g->option == o)
			return true;
	return false;
}

const char *cli_get(const struct cli *c, const char *name)
{
	const char *last = NULL, *v;
	for (size_t i = 0; (v = cli_nth(c, name, i)); i++)
		last = v;
	return last;
}

int cli_number(
	struct cli *c, const char *name, int64_t lo, int64_t hi, int64_t fallback, int64_t *out)
{
	const char *z = cli_get(c, name);
	char *end;
	*out = fallback;
	if (!z)
		return CLI_OK;
	errno = 0;
	long long v = strtoll(z, &end, 10);
	if (errno || end == z || *end || v < lo || v > hi)
		return cli_usage(c, "--%s %s: a whole number from %lld to %lld was expected", name,
			z, (long long)lo, (long long)hi);
	*out = v;
	return CLI_OK;
}

static int prepare(struct cli *c)
{
	c->json = cli_has(c, "json");
	if (c->cmd->local)
		return CLI_OK;
	c->bootstrap = cli_get(c, "bootstrap-server");
	if (!c->bootstrap)
		c->bootstrap = c->env && c->env->bootstrap ? c->env->bootstrap : DEFAULT_BOOTSTRAP;
	if (cli_has(c, "zookeeper"))
		cli_warn(c,
			"--zookeeper has no effect: a Kafka cluster keeps its metadata itself now; "
			"name a broker with --bootstrap-server (here: %s)",
			c->bootstrap);
	return cli_read_config(c);
}

static int run(struct cli *c, int argc, const char *const *argv)
{
	struct err e = {0};
	int status;
	if (cli_parse(c, argc, argv, &e) < 0)
		return cli_usage(c, "%s", e.msg);
	if (cli_has(c, "help")) {
		cli_print_help(c->cmd, c->link, &c->out);
		status = CLI_OK;
	} else if (cli_has(c, "version")) {
		buf_printf(&c->out, "kdeck %s\n", PACKAGE_VERSION);
		status = CLI_OK;
	} else {
		status = prepare(c);
		if (status == CLI_OK)
			status = c->cmd->run(c);
	}
	cli_flush(c);
	if (c->signal)
		return CLI_SIGNAL + c->signal;
	return status == CLI_OK && c->lost ? CLI_NO : status;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

const struct cli_command *cli_find(const struct cli_command *const *commands, const char *name)
{
	const char *base = base_name(name);
	for (; *commands; commands++) {
		const char *script = (*commands)->script;
		if (!strcmp((*commands)->name, base))
			return *commands;
		if (script && (!strcmp(script, base) || (strlen(script) == strlen(base) + 3 &&
								str_starts(str_of(script), base))))
			return *commands;
	}
	return NULL;
}

const struct cli_command *cli_by_link(const struct cli_command *const *commands, const char *path)
{
	return str_starts(str_of(base_name(path)), "kafka-") ? cli_find(commands, path) : NULL;
}

/* A standard descriptor that is closed would be given to the next file that is opened: reads find
 * the end there, writes fail. */
static void hold_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)open("/dev/null", O_RDONLY);
}

int cli_main(
	const struct cli_command *const *commands, const struct cli_env *env, int argc, char **argv)
{
	struct cli c = {.env = env};
	int skip = 1;
	if (argc < 1)
		return -1;
	hold_descriptors();
	c.cmd = cli_by_link(commands, argv[0]);
	if (c.cmd)
		c.link = base_name(argv[0]);
	else if (argc > 1 && argv[1][0] != '-') {
		c.cmd = cli_find(commands, argv[1]);
		skip = 2;
	}
	if (!c.cmd)
		return -1;
	int status = run(&c, argc - skip, (const char *const *)argv + skip);
	cli_fini(&c);
	return status;
}
