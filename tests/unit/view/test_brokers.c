/* Screen 2: brokers, and what is done to them: asked first, told to the source, greyed with why. */
#include "brokers_world.h"

struct bench {
	struct brokers_world w; /* first */
	/* what the source was told last */
	struct buf told;
	const char *refuses; /* why nothing can be done; NULL: it can */
	/* the question on the screen */
	char title[80], text[900], yes[80];
	view_answer_fn *answer;
	void *answer_arg;
	bool destroys;
	struct buf said;
};

static struct bench *bench_of(struct source *s)
{
	return (struct bench *)(void *)s;
}

static bool can(struct source *s, enum broker_op op, int32_t broker, struct buf *command,
	struct buf *reason)
{
	const struct bench *b = bench_of(s);

	if (b->refuses && reason)
		buf_puts(reason, b->refuses);
	if (!b->refuses && command && op == BROKER_KILL)
		buf_printf(command, "kill -9 %d", 4000 + broker);
	if (!b->refuses && command && op == BROKER_START)
		buf_printf(command, "kdeck-broker broker-%d/server.properties", broker);
	return !b->refuses;
}

static int64_t control(
	struct source *s, enum broker_op op, int32_t broker, source_done_fn *fn, void *arg)
{
	static const char *const names[] = {"stop", "kill", "pause", "continue", "start", "add"};

	(void)fn;
	(void)arg;
	buf_printf(&bench_of(s)->told, "%s %d;", names[op], broker);
	return 1;
}

static int64_t cut(
	struct source *s, int32_t a, int32_t other, bool on, source_done_fn *fn, void *arg)
{
	(void)fn;
	(void)arg;
	buf_printf(&bench_of(s)->told, "%s %d %d;", on ? "cut" : "join", a, other);
	return 1;
}

static int64_t slow(
	struct source *s, int32_t broker, int32_t delay_ms, source_done_fn *fn, void *arg)
{
	(void)fn;
	(void)arg;
	buf_printf(&bench_of(s)->told, "slow %d %d;", broker, delay_ms);
	return 1;
}

static int64_t elect(
	struct source *s, const char *topic, int32_t partition, source_done_fn *fn, void *arg)
{
	struct err e = {.code = ERR_INVALID, .msg = "not now"};

	buf_printf(&bench_of(s)->told, "elect %s %d;", topic ? topic : "all", partition);
	fn(arg, &e);
	return 1;
}

static const struct source_ops sources = {.want = stage_want,
	.broker_can = can,
	.broker_control = control,
	.cut = cut,
	.slow = slow,
	.elect = elect};

static void ask(void *arg, const char *title, const char *text, const char *yes_label,
	const char *type_name, bool destroys, view_answer_fn *fn, void *fn_arg)
{
	struct bench *b = arg;

	assert_null(type_name);
	snprintf(b->title, sizeof(b->title), "%s", title);
	snprintf(b->text, sizeof(b->text), "%s", text);
	snprintf(b->yes, sizeof(b->yes), "%s", yes_label);
	b->destroys = destroys;
	b->answer = fn;
	b->answer_arg = fn_arg;
}

static void say(void *arg, enum message_kind kind, const char *text)
{
	struct bench *b = arg;

	(void)kind;
	buf_clear(&b->said);
	buf_puts(&b->said, text);
}

static const struct view_host host = {
	.push = stage_go, .replace = stage_go, .message = say, .ask = ask};

static void begin(struct bench *b, const char *arg)
{
	memset(b, 0, sizeof(*b));
	world_init(&b->w);
	b->w.s.source.ops = &sources;
	b->w.s.ctx.host = &host;
	stage_open(&b->w.s, &view_brokers, arg);
	stage_shows(&b->w.s, 100, 20, "127.0.0.1:9092");
}

static void end(struct bench *b)
{
	world_fini(&b->w);
	buf_fini(&b->told);
	buf_fini(&b->said);
}

static void processes(struct bench *b, enum broker_process third)
{
	for (int32_t id = 1; id <= 4; id++)
		feed_broker_process(
			b->w.s.w.m, stage_now(&b->w.s), id, id == 3 ? third : PROCESS_RUNS);
	stage_publish(&b->w.s);
}

static void act(struct bench *b, enum action_id id)
{
	buf_clear(&b->told);
	assert_true(b->w.s.ops->action(b->w.s.view, id) & VIEW_HANDLED);
}

static void answered(struct bench *b, bool yes)
{
	assert_non_null(b->answer);
	b->answer(b->answer_arg, yes);
	b->answer = NULL;
}

static bool allowed(struct bench *b, enum action_id id, const char *why)
{
	struct buf reason = BUF_EMPTY;
	bool yes = b->w.s.ops->allowed(b->w.s.view, id, &reason);

	assert_string_equal(buf_z(&reason), why);
	buf_fini(&reason);
	return yes;
}

static void test_drawn(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, NULL);
	processes(&b, PROCESS_RUNS);
	stage_golden(&b.w.s, "brokers", 100, 12);
	stage_golden(&b.w.s, "brokers", 80, 12);
	world_lose(&b.w);
	feed_broker_process(b.w.s.w.m, stage_now(&b.w.s), 4, PROCESS_ENDED);
	processes(&b, PROCESS_PAUSED);
	feed_broker_fault(b.w.s.w.m, 2, "cut off from 1");
	stage_publish(&b.w.s);
	stage_golden(&b.w.s, "brokers-lost", 100, 12);
	stage_key(&b.w.s, 'j');
	stage_shows(&b.w.s, 100, 12, "! broker 2: cut off from 1");
	stage_key(&b.w.s, 'j');
	stage_shows(&b.w.s, 100, 12, "! broker 3: its process is paused");
	end(&b);
}

static void test_kill_and_stop(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "2");
	act(&b, ACTION_BROKER_KILL);
	assert_string_equal(b.title, "Kill broker 2?");
	assert_string_equal(b.yes, "Kill broker 2");
	assert_true(b.destroys);
	assert_string_equal(b.text,
		"Broker 2 (127.0.0.1:9093) ends without warning. It leads 3 partitions: other "
		"replicas in sync take over. It is the controller: another one is elected.\n\n"
		"m t starts it again.\n\n$ kill -9 4002");
	answered(&b, false);
	assert_string_equal(buf_z(&b.told), "");
	act(&b, ACTION_BROKER_KILL);
	answered(&b, true);
	assert_string_equal(buf_z(&b.told), "kill 2;");
	assert_string_equal(buf_z(&b.said), "killing broker 2 …");
	act(&b, ACTION_BROKER_STOP);
	assert_non_null(strstr(b.text, "hands its leaderships over first"));
	answered(&b, true);
	assert_string_equal(buf_z(&b.told), "stop 2;");
	end(&b);
}

/* Three voters of four brokers; 1 has ended: without 2 nobody can be elected. */
static void test_last_majority(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "2");
	processes(&b, PROCESS_RUNS);
	for (int32_t id = 1; id <= 3; id++)
		feed_broker_votes(b.w.s.w.m, id, true);
	feed_voters(b.w.s.w.m, 3, 3);
	stage_publish(&b.w.s);
	act(&b, ACTION_BROKER_KILL);
	assert_non_null(strstr(b.text, "other replicas in sync take over. It is the controller: "
				       "another one is elected.\n"));
	feed_broker_process(b.w.s.w.m, stage_now(&b.w.s), 1, PROCESS_ENDED);
	feed_voters(b.w.s.w.m, 3, 2);
	stage_publish(&b.w.s);
	act(&b, ACTION_BROKER_KILL);
	assert_string_equal(b.text,
		"Broker 2 (127.0.0.1:9093) ends without warning. Of 3 voters 1 is left: no "
		"controller can be elected, so the 3 partitions it leads stay without a leader "
		"until a voter is back.\n\nm t starts it again.\n\n$ kill -9 4002");
	/* Ended in order, it gives away what it leads before. */
	act(&b, ACTION_BROKER_STOP);
	assert_string_equal(b.text,
		"Broker 2 (127.0.0.1:9093) is ended in order: it hands its leaderships over first. "
		"It leads 3 partitions: other replicas in sync take over. Of 3 voters 1 is left: "
		"no controller can be elected, so topics and leaders cannot change until a voter "
		"is back.\n\nm t starts it again.");
	feed_broker_process(b.w.s.w.m, stage_now(&b.w.s), 3, PROCESS_PAUSED);
	feed_voters(b.w.s.w.m, 3, 1);
	stage_publish(&b.w.s);
	act(&b, ACTION_BROKER_STOP);
	assert_string_equal(b.text,
		"Broker 2 (127.0.0.1:9093) is ended; no controller takes its leaderships over. No "
		"voter is left: no controller can be elected, so the 3 partitions it leads stay "
		"without a leader until a voter is back.\n\nm t starts it again.");
	end(&b);
}

/* One without a vote is no loss for them; one that leads nothing leaves nothing. */
static void test_no_vote(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "4");
	processes(&b, PROCESS_RUNS);
	feed_voters(b.w.s.w.m, 3, 2);
	stage_publish(&b.w.s);
	act(&b, ACTION_BROKER_KILL);
	assert_null(strstr(b.text, "voter"));
	for (int i = 0; i < WORLD_PARTITIONS; i++)
		b.w.leaders[i] = 1;
	world_metadata(&b.w);
	feed_voters(b.w.s.w.m, 3, 1);
	stage_publish(&b.w.s);
	act(&b, ACTION_BROKER_KILL);
	assert_non_null(strstr(b.text, "Of 3 voters 1 is left: no controller can be elected, so "
				       "topics and leaders cannot change until a voter is back."));
	end(&b);
}

/* What nobody else could lead is said before it is lost. */
static void test_last_replica(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "1");
	b.w.lost[2] = b.w.lost[3] = b.w.lost[4] = true;
	for (int i = 0; i < WORLD_PARTITIONS; i++)
		b.w.leaders[i] = i == 1 ? -1 : 1;
	world_metadata(&b.w);
	stage_publish(&b.w.s);
	act(&b, ACTION_BROKER_KILL);
	assert_non_null(strstr(b.text,
		"It leads 5 partitions. 5 partitions will have no leader until it is back: no "
		"other replica is in sync."));
	end(&b);
}

/* The question goes to the broker it was asked about, wherever the cursor is by then. */
static void test_cursor_moves_meanwhile(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "3");
	act(&b, ACTION_BROKER_KILL);
	stage_key(&b.w.s, 'j');
	answered(&b, true);
	assert_string_equal(buf_z(&b.told), "kill 3;");
	end(&b);
}

static void test_start_and_continue(void **state)
{
	struct bench b;
	struct buf command = BUF_EMPTY;

	(void)state;
	begin(&b, "3");
	act(&b, ACTION_BROKER_PAUSE);
	assert_string_equal(buf_z(&b.told), "pause 3;");
	processes(&b, PROCESS_PAUSED);
	act(&b, ACTION_BROKER_START);
	assert_string_equal(buf_z(&b.told), "continue 3;");
	processes(&b, PROCESS_ENDED);
	b.w.s.ops->command(b.w.s.view, ACTION_COUNT, &command);
	assert_string_equal(buf_z(&command), "kdeck-broker broker-3/server.properties");
	act(&b, ACTION_BROKER_START);
	assert_string_equal(buf_z(&b.told), "start 3;");
	processes(&b, PROCESS_RUNS);
	feed_broker_fault(b.w.s.w.m, 3, "cut off from 1");
	stage_publish(&b.w.s);
	assert_true(allowed(&b, ACTION_BROKER_START, ""));
	act(&b, ACTION_BROKER_START);
	assert_string_equal(buf_z(&b.told), "join 3 -1;");
	act(&b, ACTION_BROKER_ADD);
	assert_string_equal(buf_z(&b.told), "add -1;");
	buf_fini(&command);
	end(&b);
}

static void subject(struct bench *b, const char *is)
{
	struct buf text = BUF_EMPTY;

	b->w.s.ops->subject(b->w.s.view, &text);
	assert_string_equal(buf_z(&text), is);
	buf_fini(&text);
}

/* The menu names whom its actions act upon. */
static void test_subject(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "3");
	subject(&b, "broker 3");
	stage_key(&b.w.s, 'j');
	subject(&b, "broker 4");
	end(&b);
}

static void cut_all(struct bench *b)
{
	act(b, ACTION_BROKER_CUT);
	stage_key(&b->w.s, K_ENTER);
}

static void voters(struct bench *b, int32_t running)
{
	processes(b, PROCESS_RUNS);
	for (int32_t id = 1; id <= 3; id++)
		feed_broker_votes(b->w.s.w.m, id, true);
	feed_voters(b->w.s.w.m, 3, running);
	stage_publish(&b->w.s);
}

/* Broker 2 is the controller. What becomes of leaders and writes stands there before. */
static void test_cut_effects(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "2");
	voters(&b, 3);
	cut_all(&b);
	assert_string_equal(b.title, "Cut off broker 2?");
	assert_string_equal(b.text,
		"Broker 2 (127.0.0.1:9093) and all others do not reach each other any more; "
		"clients still reach it. It is the controller: the others elect another one, "
		"which takes it for lost. It leads 3 partitions: other replicas in sync take over. "
		"Writes with acks=all that still go to it wait.\n\nm t joins it again.");
	voters(&b, 2);
	cut_all(&b);
	assert_string_equal(b.text,
		"Broker 2 (127.0.0.1:9093) and all others do not reach each other any more; "
		"clients still reach it. Neither side has a majority of the 3 voters then: no "
		"controller can be "
		"elected, so topics, leaders and in-sync replicas cannot change, and writes with "
		"acks=all wait, until they are joined again.\n\nm t joins it again.");
	act(&b, ACTION_BROKER_CUT);
	stage_key(&b.w.s, K_RIGHT);
	stage_key(&b.w.s, K_ENTER);
	assert_string_equal(b.title, "Cut broker 2 off from broker 1?");
	assert_non_null(strstr(b.text, "no controller can be elected"));
	voters(&b, 3);
	act(&b, ACTION_BROKER_CUT);
	stage_key(&b.w.s, K_RIGHT);
	stage_key(&b.w.s, K_ENTER);
	assert_non_null(strstr(b.text, "both. Broker 1 is lost to the controller. It leads "));
	end(&b);
	/* Neither is the controller: nobody is lost, and the in-sync replicas shrink late. */
	begin(&b, "3");
	voters(&b, 3);
	act(&b, ACTION_BROKER_CUT);
	stage_key(&b.w.s, K_RIGHT);
	stage_key(&b.w.s, K_ENTER);
	assert_non_null(strstr(b.text, "reach both. Neither can copy what the other leads: writes "
				       "with acks=all wait there until it is out of the in-sync "
				       "replicas (replica.lag.time.max.ms, 30 s unless set)."));
	end(&b);
}

static void test_cut_and_slow(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "3");
	act(&b, ACTION_BROKER_CUT);
	assert_int_equal(b.w.s.ops->focus(b.w.s.view), VIEW_MODAL);
	stage_shows(&b.w.s, 80, 20, "< all others >  broker 1  broker 2  broker 4");
	stage_key(&b.w.s, K_RIGHT);
	stage_key(&b.w.s, K_RIGHT);
	stage_key(&b.w.s, K_ENTER);
	assert_string_equal(b.title, "Cut broker 3 off from broker 2?");
	assert_non_null(strstr(b.text, "and broker 2 do not reach each other any more"));
	answered(&b, true);
	assert_string_equal(buf_z(&b.told), "cut 3 2;");
	act(&b, ACTION_BROKER_CUT);
	stage_key(&b.w.s, K_ENTER);
	answered(&b, true);
	assert_string_equal(buf_z(&b.told), "cut 3 -1;");
	act(&b, ACTION_BROKER_SLOW);
	stage_shows(&b.w.s, 80, 20, "Delay in ms");
	stage_key(&b.w.s, K_ENTER);
	assert_string_equal(buf_z(&b.told), "slow 3 200;");
	act(&b, ACTION_BROKER_SLOW);
	stage_key(&b.w.s, K_ESC);
	assert_string_equal(buf_z(&b.told), "");
	assert_int_equal(b.w.s.ops->focus(b.w.s.view), VIEW_KEYS);
	end(&b);
}

static void test_elsewhere(void **state)
{
	static const enum action_id acts[] = {ACTION_BROKER_STOP, ACTION_BROKER_KILL,
		ACTION_BROKER_PAUSE, ACTION_BROKER_CUT, ACTION_BROKER_SLOW, ACTION_BROKER_START,
		ACTION_BROKER_ADD};
	struct bench b;

	(void)state;
	begin(&b, NULL);
	b.refuses = "not here";
	for (size_t i = 0; i < ARRAY_LEN(acts); i++)
		assert_false(allowed(&b, acts[i], "not here"));
	/* Any cluster elects. */
	assert_true(allowed(&b, ACTION_BROKER_ELECT, ""));
	act(&b, ACTION_BROKER_ELECT);
	assert_string_equal(buf_z(&b.told), "elect all -1;");
	assert_string_equal(buf_z(&b.said), "not now");
	end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drawn),
		cmocka_unit_test(test_kill_and_stop),
		cmocka_unit_test(test_last_majority),
		cmocka_unit_test(test_no_vote),
		cmocka_unit_test(test_last_replica),
		cmocka_unit_test(test_cursor_moves_meanwhile),
		cmocka_unit_test(test_start_and_continue),
		cmocka_unit_test(test_subject),
		cmocka_unit_test(test_cut_effects),
		cmocka_unit_test(test_cut_and_slow),
		cmocka_unit_test(test_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
