/* kdeck groups: kafka-consumer-groups.sh. What its options mean, --list and --delete. */
#include "cli/groups.h"
#include "base/json.h"
#include "base/utf8.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

static const struct cli_option options[] = {
	{"list", 0, CLI_FLAG, NULL, "List the consumer groups", NULL},
	{"describe", 0, CLI_FLAG, NULL, "Show how far groups have read, and who reads", NULL},
	{"delete", 0, CLI_FLAG, NULL, "Delete groups without members, with their offsets", NULL},
	{"delete-offsets", 0, CLI_FLAG, NULL, "Delete a group's offsets of topics", NULL},
	{"reset-offsets", 0, CLI_FLAG, NULL,
		"Set where groups without members go on reading; needs one of --to-earliest, "
		"--to-latest, --to-offset, --shift-by, --by-duration, --to-datetime, "
		"--to-current, --from-file",
		NULL},
	{"group", 0, CLI_VALUE, "GROUP", "The group; may be repeated", NULL},
	{"all-groups", 0, CLI_FLAG, NULL, "All consumer groups", NULL},
	{"topic", 0, CLI_VALUE, "NAME[:0,1,…]",
		"The topic, or some of its partitions; may be repeated", NULL},
	{"all-topics", 0, CLI_FLAG, NULL, "All topics the group has offsets of", NULL},
	{"offsets", 0, CLI_FLAG, NULL, "Describe offsets and lag (the default)", NULL},
	{"members", 0, CLI_FLAG, NULL, "Describe the members", NULL},
	{"state", 0, CLI_OPTIONAL, "STATE,…",
		"Describe the state; with --list: show it, of groups in these states", NULL},
	{"type", 0, CLI_OPTIONAL, "TYPE,…", "With --list: show the type, of groups of these types",
		NULL},
	{"verbose", 0, CLI_FLAG, NULL, "Describe more: assignments, leader epochs", NULL},
	{"to-earliest", 0, CLI_FLAG, NULL, "Reset to the earliest record", NULL},
	{"to-latest", 0, CLI_FLAG, NULL, "Reset behind the last record", NULL},
	{"to-current", 0, CLI_FLAG, NULL, "Reset to what is committed now; else to the latest",
		NULL},
	{"to-offset", 0, CLI_VALUE, "N", "Reset to an offset", NULL},
	{"shift-by", 0, CLI_VALUE, "N", "Reset N records on, or back where N is negative", NULL},
	{"by-duration", 0, CLI_VALUE, "PnDTnHnMnS", "Reset to the first record of that time ago",
		NULL},
	{"to-datetime", 0, CLI_VALUE, "YYYY-MM-DDThh:mm:ss.sss",
		"Reset to the first record from then on; UTC unless a zone follows", NULL},
	{"dry-run", 0, CLI_FLAG, NULL, "Show what --reset-offsets would do (the default)", NULL},
	{"execute", 0, CLI_FLAG, NULL, "Do it", NULL},
	{"timeout", 0, CLI_VALUE, "MS", "Wait so long for the cluster (30000)", NULL},
	{"from-file", 0, CLI_VALUE, "FILE",
		"Reset to the offsets of a file as --export prints it: topic,partition,offset, "
		"with the group before them where several are asked for",
		NULL},
	{"export", 0, CLI_FLAG, NULL, "Print what --reset-offsets would set as CSV", NULL},
	{"validate-regex", 0, CLI_REFUSED, "REGEX",
		"patterns that the broker matches are not offered here: leave it away", NULL},
	{NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

enum { LIST = 1, DESCRIBE = 2, DELETE = 4, DELETE_OFFSETS = 8, RESET = 16 };

static const struct {
	const char *name;
	int action;
} actions[] = {{"list", LIST}, {"describe", DESCRIBE}, {"delete", DELETE},
	{"delete-offsets", DELETE_OFFSETS}, {"reset-offsets", RESET}};

/* What an option goes with. */
static const struct {
	const char *option;
	int actions;
} rules[] = {
	{"group", DESCRIBE | DELETE | DELETE_OFFSETS | RESET},
	{"all-groups", DESCRIBE | DELETE | RESET},
	{"topic", DELETE_OFFSETS | RESET},
	{"all-topics", RESET},
	{"offsets", DESCRIBE},
	{"members", DESCRIBE},
	{"state", LIST | DESCRIBE},
	{"type", LIST},
	{"verbose", DESCRIBE},
	{"to-earliest", RESET},
	{"to-latest", RESET},
	{"to-current", RESET},
	{"to-offset", RESET},
	{"shift-by", RESET},
	{"by-duration", RESET},
	{"to-datetime", RESET},
	{"from-file", RESET},
	{"export", RESET},
	{"dry-run", RESET},
	{"execute", RESET},
};

static int check_action(struct cli *c, int *action, const char **name)
{
	*action = 0;
	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		if (!cli_has(c, actions[i].name))
			continue;
		if (*action)
			return cli_usage(
				c, "--%s and --%s cannot be used together", *name, actions[i].name);
		*action = actions[i].action;
		*name = actions[i].name;
	}
	if (!*action)
		return cli_usage(c,
			"one of --list, --describe, --delete, --delete-offsets and --reset-offsets "
			"was expected");
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (cli_has(c, rules[i].option) && !(rules[i].actions & *action))
			return cli_usage(
				c, "--%s cannot be used with --%s", rules[i].option, *name);
	return CLI_OK;
}

static int check_group(struct cli *c, int action, const char *name)
{
	bool one = cli_has(c, "group"), all = cli_has(c, "all-groups");

	if (action == LIST)
		return CLI_OK;
	if (one && all)
		return cli_usage(c, "--group and --all-groups cannot be used together");
	if (!one && !all)
		return cli_usage(c, "--%s needs --group%s", name,
			action == DELETE_OFFSETS ? "" : " or --all-groups");
	if (action == DELETE_OFFSETS && !cli_has(c, "topic"))
		return cli_usage(c, "--delete-offsets needs --topic");
	if (action == DELETE_OFFSETS && cli_nth(c, "group", 1))
		return cli_usage(c, "--delete-offsets takes one --group");
	if (action == DESCRIBE &&
		cli_has(c, "members") + cli_has(c, "offsets") + cli_has(c, "state") > 1)
		return cli_usage(c, "one of --offsets, --members and --state was expected");
	if (action == DESCRIBE && cli_get(c, "state"))
		return cli_usage(c, "--state takes no value with --describe");
	return CLI_OK;
}

/* ---- --list ---- */

static const char *const states[] = {"PreparingRebalance", "CompletingRebalance", "Stable", "Dead",
	"Empty", "Assigning", "Reconciling", NULL};
static const char *const types[] = {"Classic", "Consumer", NULL};

/* The names of a list in any case, as Kafka writes them. */
static int read_names(struct cli *c, const char *option, const char *const *known, bool lower,
	struct arena *a, struct str **out, size_t *n)
{
	const char *z = cli_get(c, option);

	*n = 0;
	*out = arena_array(a, z ? strlen(z) + 1 : 0, sizeof(**out));
	while (z && *z) {
		size_t len = strcspn(z, ","), i = 0;
		struct str s = {z, len};

		for (; s.n && isspace((unsigned char)*s.p); s.p++)
			s.n--;
		while (s.n && isspace((unsigned char)s.p[s.n - 1]))
			s.n--;
		while (known[i] &&
			(strlen(known[i]) != s.n || strncasecmp(known[i], s.p, s.n) != 0))
			i++;
		if (!known[i])
			return cli_usage(c, "--%s %s: %s was expected", option, cli_get(c, option),
				lower ? "classic or consumer"
				      : "a list of PreparingRebalance, CompletingRebalance, "
					"Stable, "
					"Dead, Empty, Assigning and Reconciling");
		char *name = arena_strdup(a, known[i]);
		if (lower)
			*name = (char)tolower((unsigned char)*name);
		(*out)[(*n)++] = str_of(name);
		z += len + (z[len] == ',');
	}
	return CLI_OK;
}

struct listing {
	struct cli *c;
	struct arena arena;
	listed_groups v;
	int status;
	bool done;
};

static struct str shown(struct arena *a, struct str s)
{
	if (!s.n)
		return STR_LIT("Unknown");
	char *z = arena_printf(a, "%.*s", STR_ARG(s));
	*z = (char)toupper((unsigned char)*z);
	return str_of(z);
}

static void on_listed(void *arg, int32_t broker, const struct err *e, int16_t version,
	const void *response, size_t left)
{
	const struct list_groups_response *r = response;
	struct listing *l = arg;
	struct err why = {0};

	if (!e && admin_first_error(API_LIST_GROUPS, version, response, &why, NULL))
		e = &why;
	if (e)
		l->status = broker < 0 ? cli_fail_asking(l->c, e)
				       : cli_fail(l->c, "broker %d: %s", broker, e->msg);
	for (int32_t i = 0; !e && i < r->n_groups; i++) {
		const struct list_groups_response_groups *g = &r->groups[i];
		struct str type = shown(&l->arena, g->group_type);

		/* Groups of other programs, and those that are read in another way. */
		if ((g->protocol_type.n && !str_eqz(g->protocol_type, "consumer")) ||
			str_eqz(type, "Share") || str_eqz(type, "Streams"))
			continue;
		*vec_add(&l->v) = (struct listed){arena_str(&l->arena, g->group_id),
			arena_str(&l->arena, g->protocol_type), shown(&l->arena, g->group_state),
			type};
	}
	l->done = left == 0;
}

static int listed_cmp(const void *a, const void *b)
{
	return str_cmp(((const struct listed *)a)->group, ((const struct listed *)b)->group);
}

void listed_groups_unique(listed_groups *v)
{
	size_t n = 0;

	vec_sort(v, listed_cmp);
	for (size_t i = 0; i < v->n; i++)
		if (!n || !str_eq(v->v[n - 1].group, v->v[i].group))
			v->v[n++] = v->v[i];
	v->n = n;
}

static void print_list_json(struct listing *l)
{
	struct json j;

	json_list(&j, &l->c->out);
	vec_foreach (g, &l->v) {
		json_object(&j);
		json_kstr(&j, "groupId", g->group);
		json_kstr(&j, "type", g->type);
		json_kstr(&j, "protocol", g->protocol);
		json_kstr(&j, "groupState", g->state);
		json_object_end(&j);
	}
	json_list_end(&j);
}

static void put_listed(struct buf *out, const struct listed *g, size_t width, bool type, bool state)
{
	put_column(out, g->group, width);
	if (type) {
		buf_putc(out, ' ');
		put_column(out, g->type, 20);
	}
	if (state) {
		buf_putc(out, ' ');
		put_column(out, g->state, 20);
	}
	buf_putc(out, '\n');
}

/* A program gets the name as it is; a terminal must not obey it. */
static void put_name(struct cli *c, struct str name)
{
	if (cli_on_terminal(c))
		utf8_put_visible(&c->out, name);
	else
		buf_put_str(&c->out, name);
	buf_putc(&c->out, '\n');
}

static void print_list(struct listing *l)
{
	struct cli *c = l->c;
	bool type = cli_has(c, "type"), state = cli_has(c, "state");
	const struct listed head = {STR_LIT("GROUP"), STR_NULL, STR_LIT("STATE"), STR_LIT("TYPE")};
	size_t width = 15;

	if (!type && !state) {
		vec_foreach (g, &l->v)
			put_name(c, g->group);
		return;
	}
	vec_foreach (g, &l->v)
		width = max_size(width, column_width(g->group));
	put_listed(&c->out, &head, width + 10, type, state);
	vec_foreach (g, &l->v)
		put_listed(&c->out, g, width + 10, type, state);
}

static int list(struct cli *c)
{
	struct listing l = {.c = c};
	struct str *in_states, *of_types;
	size_t n_states, n_types;

	arena_init(&l.arena, 0);
	int status = read_names(c, "state", states, false, &l.arena, &in_states, &n_states);
	if (status == CLI_OK)
		status = read_names(c, "type", types, true, &l.arena, &of_types, &n_types);
	if (status == CLI_OK)
		status = cli_open(c);
	if (status == CLI_OK) {
		int64_t id = admin_list_groups(
			c->admin, in_states, n_states, of_types, n_types, 0, on_listed, &l);
		bool done = cli_await(c, &l.done);

		if (!done)
			admin_cancel(c->admin, id);
		status = done ? l.status : cli_fail(c, "%s: no answer", c->bootstrap);
		listed_groups_unique(&l.v);
		if (c->json)
			print_list_json(&l);
		else
			print_list(&l);
	}
	vec_fini(&l.v);
	arena_fini(&l.arena);
	return status;
}

/* ---- --delete ---- */

static void put_quoted(struct buf *out, const struct admin_group *all, size_t n)
{
	const char *comma = "";

	for (size_t i = 0; i < n; i++) {
		if (all[i].error)
			continue;
		buf_printf(out, "%s'", comma);
		put_column(out, all[i].group, 0);
		buf_putc(out, '\'');
		comma = ", ";
	}
}

static void print_deleted_json(struct cli *c, const struct admin_group *all, size_t n)
{
	struct json j;

	json_list(&j, &c->out);
	for (size_t i = 0; i < n; i++) {
		json_object(&j);
		json_kstr(&j, "groupId", all[i].group);
		json_kz(&j, "error", kerr_name(all[i].error));
		json_object_end(&j);
	}
	json_list_end(&j);
}

static void on_deleted(
	void *arg, const struct admin_group *all, size_t n, int32_t broker, size_t left)
{
	struct groups *g = arg;
	struct cli *c = g->c;
	size_t failed = 0;

	(void)broker;
	if (left)
		return;
	for (size_t i = 0; i < n; i++) {
		if (!all[i].error)
			continue;
		g->status = cli_fail(c, "%s", all[i].why);
		failed++;
	}
	if (c->json) {
		print_deleted_json(c, all, n);
	} else if (!failed) {
		buf_puts(&c->out, "Deletion of requested consumer groups (");
		put_quoted(&c->out, all, n);
		buf_puts(&c->out, ") was successful.\n");
	} else if (failed < n) {
		buf_puts(&c->out, "\nThese consumer groups were deleted successfully: ");
		put_quoted(&c->out, all, n);
		buf_putc(&c->out, '\n');
	}
	g->done = true;
}

static int delete (struct cli *c)
{
	struct groups g;

	groups_init(&g, c);
	int status = cli_open(c);
	if (status == CLI_OK)
		status = groups_choose(&g);
	if (status == CLI_OK) {
		struct str *names = arena_array(&g.arena, g.v.n, sizeof(*names));

		for (size_t i = 0; i < g.v.n; i++)
			names[i] = g.v.v[i].group;
		int64_t id = admin_delete_groups(c->admin, names, g.v.n, 0, on_deleted, &g);
		bool done = cli_await(c, &g.done);
		if (!done)
			admin_cancel(c->admin, id);
		status = done ? g.status : cli_fail(c, "%s: no answer", c->bootstrap);
	}
	groups_fini(&g);
	return status;
}

static int run(struct cli *c)
{
	const char *name = NULL;
	int action;
	int64_t timeout;
	int status = check_action(c, &action, &name);

	if (status == CLI_OK)
		status = check_group(c, action, name);
	if (status == CLI_OK)
		status = cli_number(c, "timeout", 1, INT32_MAX, 0, &timeout);
	if (status != CLI_OK)
		return status;
	if (timeout)
		c->timeout_ms = timeout;
	switch (action) {
	case LIST:
		return list(c);
	case DESCRIBE:
		return groups_describe(c);
	case DELETE:
		return delete (c);
	case DELETE_OFFSETS:
		return groups_delete_offsets(c);
	default:
		return groups_reset(c);
	}
}

const struct cli_command cli_groups = {
	.name = "groups",
	.script = "kafka-consumer-groups.sh",
	.summary = "List, describe, delete consumer groups; reset their offsets",
	.options = options,
	.run = run,
};
