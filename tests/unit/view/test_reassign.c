/* Screen 4: replicas moved to other brokers: chosen, asked for, watched, cancelled. */
#include "brokers_world.h"
#include "view/reassign_form.h"

struct test {
	struct brokers_world w; /* first: the source is the stage */
	struct buf sent, said;
	source_done_fn *done;
	source_moves_fn *moves;
	void *done_arg, *moves_arg;
	int64_t ids;
	int refreshed, cancelled;
};

static struct test *test_of(struct source *s)
{
	return (struct test *)(void *)s;
}

static int64_t fake_move(struct source *s, const char *topic, const struct replica_move *v,
	size_t n, source_done_fn *fn, void *arg)
{
	struct test *t = test_of(s);

	buf_clear(&t->sent);
	buf_puts(&t->sent, topic);
	for (size_t i = 0; i < n; i++) {
		buf_printf(&t->sent, " %d:", v[i].partition);
		for (int32_t k = 0; k < v[i].n; k++)
			buf_printf(&t->sent, "%s%d", k ? "," : "", v[i].replicas[k]);
	}
	t->done = fn;
	t->done_arg = arg;
	return ++t->ids;
}

static int64_t fake_list(struct source *s, const char *topic, source_moves_fn *fn, void *arg)
{
	struct test *t = test_of(s);

	assert_string_equal(topic, "orders");
	t->moves = fn;
	t->moves_arg = arg;
	return ++t->ids;
}

static void fake_cancel(struct source *s, int64_t id)
{
	struct test *t = test_of(s);

	assert_true(id > 0);
	t->cancelled++;
	t->done = NULL;
	t->moves = NULL;
}

static void fake_refresh(struct source *s)
{
	test_of(s)->refreshed++;
}

static const struct source_ops ops = {.want = stage_want,
	.refresh = fake_refresh,
	.cancel = fake_cancel,
	.move_replicas = fake_move,
	.list_moves = fake_list};

static void host_says(void *arg, enum message_kind kind, const char *text)
{
	struct test *t = arg;

	(void)kind;
	buf_clear(&t->said);
	buf_puts(&t->said, text);
}

static void host_redraws(void *arg)
{
	(void)arg;
}

static void host_command(void *arg, struct str command, struct buf *out)
{
	(void)arg;
	buf_put_str(out, command);
}

static const struct view_host host = {
	.message = host_says, .redraw = host_redraws, .command = host_command};

static struct test *begin(bool lost)
{
	struct test *t = calloc(1, sizeof(*t));

	world_init(&t->w);
	if (lost)
		world_lose(&t->w);
	t->w.s.source.ops = &ops;
	t->w.s.ctx.host = &host;
	t->w.s.ctx.host_arg = t;
	stage_open(&t->w.s, &view_topic, "orders");
	stage_shows(&t->w.s, 100, 26, "PART"); /* drawn once: the table knows its rows */
	return t;
}

static void end(struct test *t)
{
	world_fini(&t->w);
	buf_fini(&t->sent);
	buf_fini(&t->said);
	free(t);
}

static void open_form(struct test *t)
{
	struct buf reason = BUF_EMPTY;

	assert_true(t->w.s.ops->allowed(t->w.s.view, ACTION_TOPIC_MOVE, &reason));
	t->w.s.ops->action(t->w.s.view, ACTION_TOPIC_MOVE);
	assert_int_equal(t->w.s.ops->focus(t->w.s.view), VIEW_MODAL);
	buf_fini(&reason);
}

static bool is_open(struct test *t)
{
	return t->w.s.ops->focus(t->w.s.view) == VIEW_MODAL;
}

static void answer(struct test *t, const char *why)
{
	source_done_fn *fn = t->done;
	struct err e = {0};

	assert_non_null(fn);
	t->done = NULL;
	if (why)
		err_set(&e, ERR_INVALID, "%s", why);
	fn(t->done_arg, why ? &e : NULL);
}

static void tell(struct test *t, const struct moving *v, size_t n)
{
	source_moves_fn *fn = t->moves;

	assert_non_null(fn);
	t->moves = NULL;
	fn(t->moves_arg, NULL, v, n);
}

static const int32_t three[] = {1, 2, 3}, third[] = {3};
/* p0: 3 comes; world_lose has it 1,240 records behind. */
static const struct moving coming = {0, three, third, NULL, 3, 1, 0};
static const struct moving of_others = {5, three, third, NULL, 3, 1, 0};

static void chosen_and_begun(void **state)
{
	struct test *t = begin(false);

	(void)state;
	open_form(t);
	tell(t, &of_others, 1); /* does not concern this partition */
	stage_golden(&t->w.s, "reassign-choose", 100, 26);
	/* From 1,2,3 to 4,1,2. */
	stage_key(&t->w.s, K_DOWN);
	stage_key(&t->w.s, K_DOWN);
	stage_key(&t->w.s, ' ');
	stage_key(&t->w.s, K_DOWN);
	stage_key(&t->w.s, '1');
	stage_golden(&t->w.s, "reassign-chosen", 100, 26);
	stage_golden(&t->w.s, "reassign-chosen", 80, 20);
	stage_golden(&t->w.s, "reassign-chosen", 40, 9);
	stage_key(&t->w.s, K_TAB);
	stage_key(&t->w.s, K_ENTER);
	assert_string_equal(buf_z(&t->sent), "orders 0:4,1,2");
	stage_shows(&t->w.s, 100, 26, "Asking the cluster");
	answer(t, "partition orders-0: INVALID_REPLICA_ASSIGNMENT: no broker 4");
	stage_shows(&t->w.s, 100, 26, "INVALID_REPLICA_ASSIGNMENT");
	stage_shows(&t->w.s, 100, 26, "[ Move replicas ]");
	stage_key(&t->w.s, K_ESC);
	assert_false(is_open(t));
	assert_null(t->done);
	end(t);
}

static void enter_does(struct test *t, const char *word)
{
	assert_string_equal(t->w.s.ops->enter_word(t->w.s.view), word);
}

static void esc_does(struct test *t, const char *word)
{
	const char *is = t->w.s.ops->esc_word(t->w.s.view);

	assert_string_equal(is ? is : "cancel", word);
}

/* It goes on to the button, whose Enter moves: the plan stays. */
static void enter_alone_moves_nothing(void **state)
{
	struct test *t = begin(false);

	(void)state;
	assert_null(t->w.s.ops->enter_word(t->w.s.view));
	open_form(t);
	stage_key(&t->w.s, ' ');
	enter_does(t, "go on to Move replicas");
	stage_key(&t->w.s, K_ENTER);
	assert_true(is_open(t));
	assert_int_equal(t->sent.n, 0);
	enter_does(t, "move the replicas");
	/* What is changed then is not moved by the next Enter either. */
	stage_key(&t->w.s, K_DOWN);
	enter_does(t, "go on to Move replicas");
	stage_key(&t->w.s, K_ENTER);
	stage_key(&t->w.s, '1');
	stage_key(&t->w.s, K_ENTER);
	assert_int_equal(t->sent.n, 0);
	esc_does(t, "cancel");
	stage_key(&t->w.s, K_ENTER);
	assert_string_equal(buf_z(&t->sent), "orders 0:2,3");
	enter_does(t, "close");
	end(t);
}

static void only_cancel_drops_the_plan(void **state)
{
	struct test *t = begin(false);

	(void)state;
	open_form(t);
	stage_key(&t->w.s, K_ESC);
	assert_false(is_open(t));
	assert_int_equal(t->cancelled, 1); /* the question what is under way */
	open_form(t);
	stage_key(&t->w.s, K_BACKTAB);
	enter_does(t, "cancel");
	stage_key(&t->w.s, K_TAB);
	enter_does(t, "go on to Move replicas");
	stage_key(&t->w.s, K_TAB);
	stage_key(&t->w.s, K_TAB);
	stage_key(&t->w.s, K_ENTER);
	assert_false(is_open(t));
	assert_int_equal(t->sent.n, 0);
	end(t);
}

static void no_replica_is_no_plan(void **state)
{
	struct test *t = begin(false);

	(void)state;
	open_form(t);
	for (int i = 0; i < 3; i++) {
		stage_key(&t->w.s, ' ');
		stage_key(&t->w.s, K_DOWN);
	}
	stage_shows(&t->w.s, 100, 26, "one replica at least");
	stage_key(&t->w.s, K_TAB);
	stage_key(&t->w.s, K_ENTER);
	assert_true(is_open(t));
	assert_int_equal(t->sent.n, 0);
	end(t);
}

static void marked_ones_share_the_brokers(void **state)
{
	struct test *t = begin(false);

	(void)state;
	stage_key(&t->w.s, ' ');
	stage_key(&t->w.s, ' ');
	stage_key(&t->w.s, ' ');
	open_form(t);
	stage_shows(&t->w.s, 100, 26, "partitions");
	stage_shows(&t->w.s, 100, 26, "/3");
	stage_key(&t->w.s, K_TAB);
	stage_key(&t->w.s, K_ENTER);
	/* The preferred leader is another one for each. */
	assert_string_equal(buf_z(&t->sent), "orders 0:1,2,3 1:2,3,1 2:3,1,2");
	end(t);
}

static void progress_until_done(void **state)
{
	struct test *t = begin(true);
	unsigned effect;

	(void)state;
	open_form(t);
	stage_key(&t->w.s, K_TAB);
	stage_key(&t->w.s, K_ENTER);
	tell(t, NULL, 0); /* as it was before */
	answer(t, NULL);
	tell(t, &coming, 1);
	esc_does(t, "close");
	stage_golden(&t->w.s, "reassign-moving", 100, 26);
	stage_golden(&t->w.s, "reassign-moving", 80, 20);
	assert_null(t->moves);
	effect = t->w.s.ops->tick(t->w.s.view, stage_now(&t->w.s));
	assert_true(effect & VIEW_REDRAW);
	tell(t, NULL, 0);
	assert_int_equal(t->refreshed, 1);
	/* Where the replicas are is told by metadata of after the end only. */
	stage_shows(&t->w.s, 100, 26, "nothing moves any more.");
	t->w.s.ops->tick(t->w.s.view, stage_now(&t->w.s));
	assert_int_equal(t->refreshed, 2);
	clock_manual_advance_ms(&t->w.s.clock, 10);
	t->w.behind[3] = false;
	world_metadata(&t->w);
	stage_publish(&t->w.s);
	stage_shows(&t->w.s, 100, 26, "Partition 0 is on 1,2,3");
	t->w.s.ops->tick(t->w.s.view, stage_now(&t->w.s));
	assert_int_equal(t->refreshed, 2);
	stage_key(&t->w.s, K_ENTER);
	assert_false(is_open(t));
	end(t);
}

static void what_moves_already_is_shown_and_cancelled(void **state)
{
	struct test *t = begin(true);

	(void)state;
	open_form(t);
	tell(t, &coming, 1);
	stage_shows(&t->w.s, 100, 26, "[ Cancel the move ]");
	stage_key(&t->w.s, K_TAB);
	stage_key(&t->w.s, K_ENTER);
	assert_string_equal(buf_z(&t->sent), "orders 0:");
	answer(t, "NO_REASSIGNMENT_IN_PROGRESS");
	stage_shows(&t->w.s, 100, 26, "NO_REASSIGNMENT_IN_PROGRESS");
	tell(t, &coming, 1);
	stage_key(&t->w.s, K_TAB);
	stage_key(&t->w.s, K_ENTER);
	answer(t, NULL);
	assert_false(is_open(t));
	assert_non_null(strstr(buf_z(&t->said), "move cancelled"));
	end(t);
}

static void a_dead_broker_is_warned_of(void **state)
{
	struct test *t = begin(true);

	(void)state;
	open_form(t);
	for (int i = 0; i < 3; i++)
		stage_key(&t->w.s, K_DOWN);
	stage_key(&t->w.s, ' ');
	stage_shows(&t->w.s, 100, 26, "! broker 4 is down: the move waits for it");
	stage_key(&t->w.s, ' ');
	stage_key(&t->w.s, K_UP);
	stage_key(&t->w.s, ' ');
	stage_shows(&t->w.s, 100, 26, "! replication factor 3 > 2");
	/* What was chosen stays when the answer of what moves comes late. */
	tell(t, &coming, 1);
	stage_shows(&t->w.s, 100, 26, "[ Move replicas ]");
	end(t);
}

static void not_on_other_tabs(void **state)
{
	struct test *t = begin(false);
	struct buf reason = BUF_EMPTY;

	(void)state;
	t->w.s.ops->open_tab(t->w.s.view, 1);
	assert_false(t->w.s.ops->allowed(t->w.s.view, ACTION_TOPIC_MOVE, &reason));
	assert_non_null(strstr(buf_z(&reason), "Placement"));
	buf_fini(&reason);
	end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chosen_and_begun),
		cmocka_unit_test(enter_alone_moves_nothing),
		cmocka_unit_test(only_cancel_drops_the_plan),
		cmocka_unit_test(no_replica_is_no_plan),
		cmocka_unit_test(marked_ones_share_the_brokers),
		cmocka_unit_test(progress_until_done),
		cmocka_unit_test(what_moves_already_is_shown_and_cancelled),
		cmocka_unit_test(a_dead_broker_is_warned_of),
		cmocka_unit_test(not_on_other_tabs),
	};

	return cmocka_run_group_tests_name("reassign form", tests, NULL, NULL);
}
