/* What can be done to a group: the form of a reset, its preview, the questions. */
#include "stage.h"

#include "view/group_actions.h"

/* The actions alone on a stage, with a source that is answered by hand. */
struct acts {
	struct stage s; /* first */
	struct group_actions *a;
	/* the source */
	int64_t ids, cancelled; /* the latest id; the one that was cancelled last */
	source_plan_fn *planned;
	source_done_fn *done;
	void *plan_arg, *done_arg;
	struct reset_spec spec;
	struct buf topic, sent; /* "reset payments t-00000-0=5 …", "delete a b" */
	/* the host */
	enum message_kind kind;
	struct buf said, asked, yes, typed;
	view_answer_fn *answer;
	void *answer_arg;
};

static struct acts *acts_of(struct source *s)
{
	return (struct acts *)(void *)s;
}

static void source_cancels(struct source *s, int64_t id)
{
	acts_of(s)->cancelled = id;
	acts_of(s)->planned = NULL;
}

static int64_t source_plans(
	struct source *s, const struct reset_spec *r, source_plan_fn *fn, void *arg)
{
	struct acts *t = acts_of(s);

	t->spec = *r;
	buf_clear(&t->topic);
	buf_puts(&t->topic, r->topic ? r->topic : "");
	t->planned = fn;
	t->plan_arg = arg;
	return ++t->ids;
}

static int64_t source_resets(struct source *s, const struct reset_spec *r,
	const struct reset_row *rows, size_t n, source_done_fn *fn, void *arg)
{
	struct acts *t = acts_of(s);

	buf_printf(&t->sent, "reset %s", r->group);
	for (size_t i = 0; i < n; i++)
		buf_printf(&t->sent, " %.*s-%d=%lld", STR_ARG(rows[i].topic), rows[i].partition,
			(long long)rows[i].to);
	t->done = fn;
	t->done_arg = arg;
	return ++t->ids;
}

static int64_t source_deletes(
	struct source *s, const char *const *names, size_t n, source_done_fn *fn, void *arg)
{
	struct acts *t = acts_of(s);

	buf_puts(&t->sent, "delete");
	for (size_t i = 0; i < n; i++)
		buf_printf(&t->sent, " %s", names[i]);
	t->done = fn;
	t->done_arg = arg;
	return ++t->ids;
}

static int64_t source_forgets(struct source *s, const char *group, const char *topic,
	int32_t partition, source_done_fn *fn, void *arg)
{
	struct acts *t = acts_of(s);

	buf_printf(&t->sent, "forget %s %s %d", group, topic, partition);
	t->done = fn;
	t->done_arg = arg;
	return ++t->ids;
}

static const struct source_ops sources = {.want = stage_want,
	.cancel = source_cancels,
	.plan_reset = source_plans,
	.reset_offsets = source_resets,
	.delete_groups = source_deletes,
	.delete_offsets = source_forgets};

static void put(struct buf *b, const char *z)
{
	buf_clear(b);
	buf_puts(b, z ? z : "");
}

static void host_says(void *arg, enum message_kind kind, const char *text)
{
	struct acts *t = arg;

	t->kind = kind;
	put(&t->said, text);
}

static void host_asks(void *arg, const char *title, const char *text, const char *yes_label,
	const char *type_name, bool destroys, view_answer_fn *fn, void *fn_arg)
{
	struct acts *t = arg;

	assert_true(destroys);
	assert_non_null(title);
	put(&t->asked, text);
	put(&t->yes, yes_label);
	put(&t->typed, type_name);
	t->answer = fn;
	t->answer_arg = fn_arg;
}

static void host_redraws(void *arg)
{
	(void)arg;
}

static const struct view_host host = {
	.message = host_says, .ask = host_asks, .redraw = host_redraws};

static void *acts_open(struct view_ctx *ctx, const char *arg, struct err *e)
{
	(void)arg;
	(void)e;
	return group_actions_new(ctx);
}

static void acts_close(void *view)
{
	group_actions_free(view);
}

static void acts_draw(void *view, const struct surface *body)
{
	group_actions_draw(view, body);
}

static unsigned acts_event(void *view, const struct event *e)
{
	return group_actions_event(view, e);
}

static const struct view_ops acts_view = {
	.open = acts_open, .close = acts_close, .draw = acts_draw, .event = acts_event};

static struct acts *begin(void)
{
	struct acts *t = ALLOC(struct acts);

	stage_init(&t->s, 2, 2);
	stage_groups(&t->s);
	t->s.source.ops = &sources;
	t->s.ctx.host = &host;
	t->s.ctx.host_arg = t;
	stage_open(&t->s, &acts_view, NULL);
	t->a = t->s.view;
	return t;
}

static void end(struct acts *t)
{
	stage_fini(&t->s);
	buf_fini(&t->topic);
	buf_fini(&t->sent);
	buf_fini(&t->said);
	buf_fini(&t->asked);
	buf_fini(&t->yes);
	buf_fini(&t->typed);
	free(t);
}

static const struct group *group(const struct acts *t, const char *name)
{
	return lag_group(&t->s.w, name);
}

static void type(struct acts *t, const char *text)
{
	for (; *text; text++)
		stage_key(&t->s, (uint32_t)(unsigned char)*text);
}

/* From the first field to `to`, so many choices to the right, and into the last one. */
static void choose(struct acts *t, int right, const char *at)
{
	stage_key(&t->s, K_TAB);
	stage_key(&t->s, K_TAB);
	for (; right > 0; right--)
		stage_key(&t->s, K_RIGHT);
	stage_key(&t->s, K_TAB);
	type(t, at);
}

static struct reset_row row(const char *topic, int32_t partition, int64_t now, int64_t to)
{
	return (struct reset_row){.topic = str_of(topic),
		.partition = partition,
		.now = now,
		.to = to,
		.asked = to,
		.start = 10,
		.end = 5210,
		.by_time = -1};
}

static void answer_plan(struct acts *t, const struct err *e, const struct reset_row *rows, size_t n)
{
	source_plan_fn *fn = t->planned;

	assert_non_null(fn);
	t->planned = NULL;
	fn(t->plan_arg, e, rows, n);
}

static void preview(struct acts *t)
{
	const struct reset_row rows[] = {
		row("t-00000", 0, 1000, 10), row("t-00000", 1, 1001, 1001)};

	group_actions_reset(t->a, group(t, "audit"), NULL, -1);
	stage_key(&t->s, K_ENTER);
	answer_plan(t, NULL, rows, ARRAY_LEN(rows));
	assert_true(group_actions_open(t->a));
}

static void expect(const struct buf *b, const char *want)
{
	assert_string_equal(buf_z((struct buf *)(uintptr_t)b), want);
}

/* ---- the form ------------------------------------------------------------------------------- */

static void the_form(void **state)
{
	struct acts *t = begin();

	(void)state;
	assert_false(group_actions_open(t->a));
	group_actions_reset(t->a, group(t, "audit"), NULL, -1);
	assert_true(group_actions_open(t->a));
	stage_golden(&t->s, "reset-form", 80, 18);
	stage_golden(&t->s, "reset-form", 40, 8);
	stage_key(&t->s, K_BACKTAB);
	stage_shows(&t->s, 80, 18, "date-time: 2026-11-21 14:00 or 2026-11-21T05:00:00Z");
	stage_key(&t->s, K_TAB);
	choose(t, 5, "2 hours");
	stage_key(&t->s, K_ENTER);
	assert_null(t->planned);
	stage_golden(&t->s, "reset-form-wrong", 80, 18);
	end(t);
}

static void every_place(void **state)
{
	static const struct {
		const char *at;
		int64_t want;
	} all[RESET_TO_COUNT] = {{"", 0}, {"", 0}, {"", 0}, {"1200", 1200}, {"-100", -100},
		{"2h30m", 9000000}, {"2026-11-21T05:00:00Z", 1795237200000}};

	(void)state;
	for (int to = 0; to < RESET_TO_COUNT; to++) {
		struct acts *t = begin();

		group_actions_reset(t->a, group(t, "audit"), "t-00000", 1);
		choose(t, to, all[to].at);
		stage_key(&t->s, K_ENTER);
		if (!t->planned)
			fail_msg("place %d is not taken", to);
		assert_string_equal(t->spec.group, "audit");
		expect(&t->topic, "t-00000");
		assert_int_equal(t->spec.partition, 1);
		assert_int_equal(t->spec.to, to);
		assert_int_equal(t->spec.at, all[to].want);
		end(t);
	}
}

static void wrong_places(void **state)
{
	static const struct {
		int to;
		const char *at, *why;
	} all[] = {{3, "", "an offset, 0 or more"}, {3, "-1", "an offset, 0 or more"},
		{3, "99999999999999999999", "an offset, 0 or more"},
		{4, "x", "how many records on"}, {4, "1.5", "how many records on"},
		{5, "", "a time such as 2h30m"}, {5, "-PT1H", "a time back, 0 or more"},
		{6, "yesterday", "a time such as 2026-11-21 14:00"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct acts *t = begin();

		group_actions_reset(t->a, group(t, "audit"), NULL, -1);
		choose(t, all[i].to, all[i].at);
		stage_key(&t->s, K_ENTER);
		assert_null(t->planned);
		stage_shows(&t->s, 100, 20, all[i].why);
		end(t);
	}
}

static void wrong_partitions(void **state)
{
	struct acts *t = begin();

	(void)state;
	group_actions_reset(t->a, group(t, "audit"), "t-00000", 7);
	stage_key(&t->s, K_ENTER);
	assert_null(t->planned);
	stage_shows(&t->s, 80, 18, "all, or a number from 0 to 1");
	group_actions_reset(t->a, group(t, "audit"), "", 1);
	stage_key(&t->s, K_ENTER);
	stage_shows(&t->s, 80, 18, "one of them can be chosen where a topic is named");
	group_actions_reset(t->a, group(t, "audit"), "nope", -1);
	stage_key(&t->s, K_ENTER);
	stage_shows(&t->s, 80, 18, "the cluster has no such topic");
	assert_null(t->planned);
	/* With no name it is all that the group has committed in. */
	group_actions_reset(t->a, group(t, "audit"), "", -1);
	stage_key(&t->s, K_ENTER);
	assert_non_null(t->planned);
	assert_null(t->spec.topic);
	end(t);
}

/* What it has committed may not be known yet: the plan will tell. */
static void a_group_that_was_just_listed(void **state)
{
	struct acts *t = begin();

	(void)state;
	feed_groups_begin(t->s.w.m, 1);
	feed_group_listed(t->s.w.m, stage_now(&t->s), 1, STR_LIT("fresh"), STR_LIT("Empty"),
		STR_LIT("consumer"), STR_LIT("classic"));
	feed_groups_end(t->s.w.m, stage_now(&t->s), 1, 1000);
	stage_publish(&t->s);
	group_actions_reset(t->a, group(t, "fresh"), NULL, -1);
	stage_key(&t->s, K_ENTER);
	assert_non_null(t->planned);
	stage_key(&t->s, K_ESC);
	feed_commits_begin(t->s.w.m, STR_LIT("fresh"));
	feed_commits_end(t->s.w.m, stage_now(&t->s), STR_LIT("fresh"), true, 1000);
	stage_publish(&t->s);
	group_actions_reset(t->a, group(t, "fresh"), NULL, -1);
	stage_key(&t->s, K_ENTER);
	assert_null(t->planned);
	stage_shows(&t->s, 100, 18, "a topic must be named");
	end(t);
}

static void names_are_completed(void **state)
{
	struct acts *t = begin();

	(void)state;
	group_actions_reset(t->a, group(t, "audit"), NULL, -1);
	/* What stands there goes, and the names come one after the other. */
	type(t, "t");
	stage_key(&t->s, K_RIGHT);
	stage_shows(&t->s, 80, 18, "t-00000");
	stage_key(&t->s, K_RIGHT);
	stage_shows(&t->s, 80, 18, "t-00001");
	stage_key(&t->s, K_ENTER);
	expect(&t->topic, "t-00001");
	stage_key(&t->s, K_ESC);
	group_actions_reset(t->a, group(t, "audit"), NULL, -1);
	type(t, "x");
	stage_key(&t->s, K_RIGHT);
	stage_key(&t->s, K_RIGHT);
	stage_key(&t->s, K_ENTER);
	assert_null(t->planned);
	stage_shows(&t->s, 80, 18, "the cluster has no such topic");
	end(t);
}

static void members_forbid_it(void **state)
{
	struct acts *t = begin();
	struct buf why = BUF_EMPTY;

	(void)state;
	group_actions_reset(t->a, group(t, "payments"), NULL, -1);
	assert_false(group_actions_open(t->a));
	assert_int_equal(t->kind, MESSAGE_ERROR);
	expect(&t->said, "group payments has 2 members (c-0, c-1): stop them first");
	assert_false(group_action_allowed(ACTION_GROUP_DELETE, group(t, "mail"), &why));
	expect(&why, "group mail has 3 members (c-0, c-1, c-2): stop them first");
	buf_clear(&why);
	assert_false(group_action_allowed(ACTION_GROUP_RESET, NULL, &why));
	expect(&why, "there is no group under the cursor");
	assert_true(group_action_allowed(ACTION_GROUP_DESCRIBE, group(t, "mail"), &why));
	assert_true(group_action_allowed(ACTION_GROUP_RESET, group(t, "audit"), &why));
	assert_true(group_action_allowed(ACTION_SORT, NULL, &why));
	t->s.ctx.read_only = true;
	group_actions_reset(t->a, group(t, "audit"), NULL, -1);
	assert_false(group_actions_open(t->a));
	expect(&t->said, "read-only: nothing can be changed here");
	buf_fini(&why);
	end(t);
}

/* ---- the plan ------------------------------------------------------------------------------- */

static void a_refused_plan_stays_in_the_form(void **state)
{
	const struct err e = {ERR_IN_USE, "group audit has 1 member (c-9): stop it first"};
	struct acts *t = begin();

	(void)state;
	group_actions_reset(t->a, group(t, "audit"), NULL, -1);
	stage_key(&t->s, K_ENTER);
	stage_shows(&t->s, 80, 18, "Asking the cluster what would move … Esc gives it up");
	answer_plan(t, &e, NULL, 0);
	assert_true(group_actions_open(t->a));
	stage_shows(&t->s, 80, 18, "group audit has 1 member (c-9): stop it first");
	/* It can be asked again as it stands. */
	stage_key(&t->s, K_ENTER);
	assert_non_null(t->planned);
	assert_int_equal(t->ids, 2);
	end(t);
}

static void esc_leaves_nothing_behind(void **state)
{
	struct acts *t = begin();

	(void)state;
	group_actions_reset(t->a, group(t, "audit"), NULL, -1);
	stage_key(&t->s, K_ESC);
	assert_false(group_actions_open(t->a));
	assert_int_equal(t->ids, 0);
	group_actions_reset(t->a, group(t, "audit"), NULL, -1);
	stage_key(&t->s, K_ENTER);
	stage_key(&t->s, K_ESC);
	assert_false(group_actions_open(t->a));
	assert_int_equal(t->cancelled, 1);
	preview(t);
	stage_key(&t->s, K_ESC);
	assert_false(group_actions_open(t->a));
	assert_int_equal(t->sent.n, 0);
	assert_int_equal(t->said.n, 0);
	assert_int_equal(
		group_actions_event(t->a, &(struct event){.type = EVENT_KEY}), VIEW_IGNORED);
	end(t);
}

/* The view goes in the middle of it: nothing of it is called any more. */
static void going_in_the_middle(void **state)
{
	struct acts *t = begin();

	(void)state;
	group_actions_reset(t->a, group(t, "audit"), NULL, -1);
	stage_key(&t->s, K_ENTER);
	stage_close(&t->s);
	assert_int_equal(t->cancelled, 1);
	end(t);
	t = begin();
	preview(t);
	stage_close(&t->s);
	end(t);
	t = begin();
	preview(t);
	stage_key(&t->s, K_RIGHT);
	stage_key(&t->s, K_ENTER);
	stage_close(&t->s);
	t->done(t->done_arg, NULL);
	expect(&t->said, "offsets reset");
	end(t);
	t = begin();
	group_actions_delete(t->a, &(const struct group *){group(t, "audit")}, 1);
	t->answer(t->answer_arg, false); /* as the app does before it closes a view */
	stage_close(&t->s);
	end(t);
}

/* ---- the preview ---------------------------------------------------------------------------- */

static void the_preview(void **state)
{
	struct reset_row rows[] = {row("orders", 0, 1000, 900), row("orders", 1, 4000, 4100),
		row("orders", 2, -1, 900), row("payments of the last year", 11, 5000, 5210)};
	struct acts *t = begin();

	(void)state;
	rows[3].clamp = RESET_TOO_HIGH;
	rows[3].asked = 9000;
	group_actions_reset(t->a, group(t, "audit"), NULL, -1);
	choose(t, 3, "900");
	stage_key(&t->s, K_ENTER);
	answer_plan(t, NULL, rows, ARRAY_LEN(rows));
	stage_golden(&t->s, "reset-preview", 80, 18);
	stage_golden(&t->s, "reset-preview", 40, 8);
	stage_golden(&t->s, "reset-preview", 120, 30);
	stage_key(&t->s, 'G');
	stage_shows(&t->s, 120, 30,
		"! payments of the last year-11: offset 9000 is higher than the end of the log");
	end(t);
}

static void many_rows_scroll(void **state)
{
	VEC(struct reset_row) rows = {0};
	struct acts *t = begin();

	(void)state;
	for (int32_t i = 0; i < 1000; i++)
		vec_push(&rows, row("orders", i, 20, 10));
	group_actions_reset(t->a, group(t, "audit"), NULL, -1);
	stage_key(&t->s, K_ENTER);
	answer_plan(t, NULL, rows.v, rows.n);
	stage_shows(&t->s, 80, 18, "1,000 partitions: 10,000 records to be read again, 0 skipped");
	stage_key(&t->s, 'G');
	stage_shows(&t->s, 80, 18, "999");
	stage_key(&t->s, K_PGUP);
	stage_shows(&t->s, 80, 18, "[ Cancel ]");
	assert_true(group_actions_open(t->a));
	vec_fini(&rows);
	end(t);
}

static void cancel_has_the_focus(void **state)
{
	struct acts *t = begin();

	(void)state;
	preview(t);
	stage_key(&t->s, K_ENTER);
	assert_false(group_actions_open(t->a));
	assert_int_equal(t->sent.n, 0);
	preview(t);
	stage_key(&t->s, K_TAB);
	stage_key(&t->s, K_LEFT);
	stage_key(&t->s, K_ENTER);
	assert_int_equal(t->sent.n, 0);
	end(t);
}

static void confirmed_rows_are_sent(void **state)
{
	const struct err e = {ERR_IN_USE, "group audit has members again"};
	struct acts *t = begin();

	(void)state;
	preview(t);
	stage_key(&t->s, K_RIGHT);
	stage_key(&t->s, K_ENTER);
	assert_false(group_actions_open(t->a));
	expect(&t->sent, "reset audit t-00000-0=10 t-00000-1=1001");
	assert_int_equal(t->kind, MESSAGE_PROGRESS);
	t->done(t->done_arg, NULL);
	assert_int_equal(t->kind, MESSAGE_OK);
	expect(&t->said, "offsets reset");
	preview(t);
	stage_key(&t->s, K_TAB);
	stage_key(&t->s, K_ENTER);
	t->done(t->done_arg, &e);
	assert_int_equal(t->kind, MESSAGE_ERROR);
	expect(&t->said, "group audit has members again");
	end(t);
}

/* ---- deletions ------------------------------------------------------------------------------ */

static void one_group_is_deleted(void **state)
{
	struct acts *t = begin();
	const struct group *g = group(t, "audit");

	(void)state;
	group_actions_delete(t->a, &g, 1);
	expect(&t->asked, "Group audit and what it has committed, in 2 partitions, will be "
			  "deleted. Type its name to go on.");
	expect(&t->typed, "audit");
	t->answer(t->answer_arg, false);
	assert_int_equal(t->sent.n, 0);
	group_actions_delete(t->a, &g, 1);
	t->answer(t->answer_arg, true);
	expect(&t->sent, "delete audit");
	t->done(t->done_arg, NULL);
	expect(&t->said, "group deleted");
	end(t);
}

static void several_groups_are_deleted(void **state)
{
	struct acts *t = begin();
	const struct group *v[] = {group(t, "audit"), group(t, "audit"), group(t, "mail")};

	(void)state;
	group_actions_delete(t->a, v, 3);
	assert_null(t->answer);
	expect(&t->said, "group mail has 3 members (c-0, c-1, c-2): stop them first");
	group_actions_delete(t->a, v, 2);
	expect(&t->asked, "2 groups and what they have committed will be deleted:\n"
			  "  audit\n  audit\n");
	expect(&t->typed, "2 groups");
	t->answer(t->answer_arg, true);
	expect(&t->sent, "delete audit audit");
	t->done(t->done_arg, NULL);
	expect(&t->said, "groups deleted");
	end(t);
}

static void offsets_are_deleted(void **state)
{
	struct acts *t = begin();

	(void)state;
	group_actions_delete_offsets(t->a, group(t, "audit"), "t-00000", 1);
	expect(&t->asked, "What group audit has committed in topic t-00000, partition 1, will be "
			  "deleted. Whoever reads there next begins where its setting "
			  "auto.offset.reset says.");
	expect(&t->yes, "Delete offsets");
	t->answer(t->answer_arg, true);
	expect(&t->sent, "forget audit t-00000 1");
	t->done(t->done_arg, NULL);
	expect(&t->said, "offsets deleted");
	end(t);
}

static void commands_of_a_group(void **state)
{
	struct acts *t = begin();
	struct buf b = BUF_EMPTY;

	(void)state;
	group_command(ACTION_COUNT, group(t, "audit"), &b);
	expect(&b, "kdeck groups --describe --group audit");
	buf_clear(&b);
	group_command(ACTION_GROUP_DELETE, group(t, "audit"), &b);
	expect(&b, "kdeck groups --delete --group audit");
	buf_clear(&b);
	group_command(ACTION_COUNT, NULL, &b);
	expect(&b, "kdeck groups --list");
	buf_fini(&b);
	end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_form),
		cmocka_unit_test(every_place),
		cmocka_unit_test(wrong_places),
		cmocka_unit_test(wrong_partitions),
		cmocka_unit_test(a_group_that_was_just_listed),
		cmocka_unit_test(names_are_completed),
		cmocka_unit_test(members_forbid_it),
		cmocka_unit_test(a_refused_plan_stays_in_the_form),
		cmocka_unit_test(esc_leaves_nothing_behind),
		cmocka_unit_test(going_in_the_middle),
		cmocka_unit_test(the_preview),
		cmocka_unit_test(many_rows_scroll),
		cmocka_unit_test(cancel_has_the_focus),
		cmocka_unit_test(confirmed_rows_are_sent),
		cmocka_unit_test(one_group_is_deleted),
		cmocka_unit_test(several_groups_are_deleted),
		cmocka_unit_test(offsets_are_deleted),
		cmocka_unit_test(commands_of_a_group),
	};

	return cmocka_run_group_tests_name("group_actions", tests, NULL, NULL);
}
