/* Brokers come, lose their data, are fenced and leave; what that does to leaders and ISRs. */
#include <stdio.h>
#include <time.h>

#include "fixture.h"

static struct uuid number(uint8_t n)
{
	struct uuid u = {{0}};

	u.b[15] = n;
	return u;
}

/* Registers with this directory and incarnation; gives the error code. */
static int16_t enter(struct fixture *f, int32_t id, uint8_t incarnation, uint8_t dir)
{
	struct broker_registration_request_listeners l = {
		STR_LIT("PLAINTEXT"), STR_LIT("localhost"), 9092, 0};
	struct uuid dirs[] = {number(dir)};
	struct broker_registration_request q;
	struct broker_registration_response a;

	msg_init(&broker_registration_request_desc, &q);
	q.broker_id = id;
	q.cluster_id = STR_LIT("test");
	q.incarnation_id = number(incarnation);
	q.listeners = &l;
	q.n_listeners = 1;
	q.log_dirs = dirs;
	q.n_log_dirs = 1;
	assert_int_equal(control_register_broker(&f->env, &q, &a, &f->out), 0);
	fixture_apply(f);
	if (a.error_code == 0)
		assert_int_equal(a.broker_epoch, image_broker(&f->image, id)->epoch);
	return a.error_code;
}

/* One record has it all, and every node keeps it. */
static void test_registration_too_large(void **state)
{
	static char text[257];
	struct broker_registration_request_listeners l[65];
	struct uuid dirs[257] = {{{0}}};
	struct fixture f;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	fixture_init(&f, 0, NULL);
	for (int i = 0; i < 65; i++)
		l[i] = (struct broker_registration_request_listeners){
			STR_LIT("PLAINTEXT"), STR_LIT("localhost"), 9092, 0};
	for (int too_much = 0; too_much < 4; too_much++) {
		struct broker_registration_request q;
		struct broker_registration_response a;

		msg_init(&broker_registration_request_desc, &q);
		q.broker_id = 1;
		q.cluster_id = STR_LIT("test");
		q.incarnation_id = number(1);
		q.listeners = l;
		q.n_listeners = too_much == 1 ? 65 : 64;
		q.log_dirs = dirs;
		q.n_log_dirs = too_much == 2 ? 257 : 256;
		l[0].host = too_much == 3 ? str_of(text) : STR_LIT("localhost");
		assert_int_equal(control_register_broker(&f.env, &q, &a, &f.out), 0);
		assert_int_equal(a.error_code, too_much ? KERR_INVALID_REGISTRATION : KERR_NONE);
		assert_int_equal(f.out.records.list.n, too_much ? 0 : 1);
		f.out.records.list.n = 0;
	}
	fixture_fini(&f);
}

enum want { WANT_NOTHING, WANT_FENCE, WANT_SHUT_DOWN };

static struct broker_heartbeat_response beat(
	struct fixture *f, int32_t id, int64_t offset, enum want want)
{
	const struct image_broker *b = image_broker(&f->image, id);
	struct broker_heartbeat_request q;
	struct broker_heartbeat_response a;

	msg_init(&broker_heartbeat_request_desc, &q);
	q.broker_id = id;
	q.broker_epoch = b ? b->epoch : 0;
	q.current_metadata_offset = offset;
	q.want_fence = want == WANT_FENCE;
	q.want_shut_down = want == WANT_SHUT_DOWN;
	assert_int_equal(control_heartbeat(&f->env, &q, &a, &f->out), 0);
	fixture_apply(f);
	return a;
}

/* Three brokers that came in over registration, each with its own directory. */
static void setup(struct fixture *f, int32_t partitions)
{
	fixture_init(f, 0, NULL);
	for (int32_t id = 1; id <= 3; id++) {
		assert_int_equal(enter(f, id, (uint8_t)id, (uint8_t)(10 + id)), 0);
		assert_false(beat(f, id, f->offset, WANT_NOTHING).is_fenced);
	}
	assert_int_equal(fixture_topic(f, "t", partitions, 3), 0);
}

static void fence(struct fixture *f, int32_t id)
{
	assert_int_equal(control_fence_broker(&f->env, id, &f->out), 0);
	fixture_apply(f);
}

static void set_unclean(struct fixture *f, const char *value)
{
	struct config_record r;
	struct metarec rec = {&config_record_desc, 0, &r};
	struct err e;

	msg_init(rec.desc, &r);
	r.resource_type = META_RESOURCE_TOPIC;
	r.resource_name = STR_LIT("t");
	r.name = STR_LIT("unclean.leader.election.enable");
	r.value = str_of(value);
	assert_int_equal(image_apply(&f->image, &rec, f->offset++, 1, &e), 0);
	f->env.next_offset = f->offset;
}

static void test_comes_in(void **state)
{
	struct broker_heartbeat_response a;
	struct fixture f;
	int64_t epoch;

	(void)state;
	setup(&f, 3);
	assert_int_equal(enter(&f, 4, 4, 14), 0);
	epoch = image_broker(&f.image, 4)->epoch;
	a = beat(&f, 4, epoch - 1, WANT_NOTHING);
	assert_false(a.is_caught_up);
	assert_true(a.is_fenced);
	a = beat(&f, 4, epoch, WANT_FENCE);
	assert_true(a.is_caught_up && a.is_fenced);
	a = beat(&f, 4, epoch, WANT_NOTHING);
	assert_true(a.is_caught_up && !a.is_fenced);
	assert_false(image_broker(&f.image, 4)->fenced);
	a = beat(&f, 4, epoch, WANT_FENCE);
	assert_true(a.is_fenced && image_broker(&f.image, 4)->fenced);
	assert_int_equal(
		beat(&f, 5, epoch, WANT_NOTHING).error_code, KERR_BROKER_ID_NOT_REGISTERED);
	fixture_fini(&f);
}

/* The same folder again: the old process is gone, so it leaves every ISR and its leaders move, at
 * once; where it is the last one in sync, it stays and leads again in a later epoch. */
static void test_restart(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 3);
	assert_int_equal(enter(&f, 1, 21, 11), 0);
	assert_true(image_broker(&f.image, 1)->fenced);
	for (int32_t i = 0; i < 3; i++) {
		assert_int_equal(part(&f, i)->isr.n, 2);
		assert_int_not_equal(part(&f, i)->leader, 1);
	}
	fence(&f, 2);
	fence(&f, 3);
	for (int32_t i = 0; i < 3; i++) {
		assert_int_equal(part(&f, i)->leader, META_NO_LEADER);
		assert_int_equal(part(&f, i)->isr.n, 1);
		assert_int_equal(part(&f, i)->isr.v[0], 3);
	}
	beat(&f, 1, f.offset, WANT_NOTHING);
	assert_int_equal(part(&f, 0)->leader, META_NO_LEADER);
	assert_int_equal(enter(&f, 3, 23, 13), 0);
	assert_int_equal(part(&f, 0)->isr.n, 1);
	beat(&f, 3, f.offset, WANT_NOTHING);
	for (int32_t i = 0; i < 3; i++)
		assert_int_equal(part(&f, i)->leader, 3);
	fixture_fini(&f);
}

/* Another folder: refused while the old one lives, else its data is lost and it counts nowhere. */
static void test_lost_folder(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 3);
	assert_int_equal(enter(&f, 1, 21, 99), KERR_DUPLICATE_BROKER_REGISTRATION);
	assert_int_equal(part(&f, 0)->isr.n, 3);
	for (int32_t id = 1; id <= 3; id++)
		fence(&f, id);
	assert_int_equal(part(&f, 0)->isr.v[0], 3);
	assert_int_equal(enter(&f, 3, 23, 99), 0);
	for (int32_t i = 0; i < 3; i++) {
		assert_int_equal(part(&f, i)->isr.n, 0);
		assert_int_equal(part(&f, i)->leader, META_NO_LEADER);
	}
	beat(&f, 3, f.offset, WANT_NOTHING);
	beat(&f, 1, f.offset, WANT_NOTHING);
	assert_int_equal(part(&f, 0)->leader, META_NO_LEADER);
	/* The operator's choice. */
	set_unclean(&f, "true");
	assert_int_equal(control_elect_offline(&f.env, &f.out), 0);
	fixture_apply(&f);
	for (int32_t i = 0; i < 3; i++) {
		assert_true(part(&f, i)->leader == 1 || part(&f, i)->leader == 3);
		assert_int_equal(part(&f, i)->isr.n, 1);
		assert_int_equal(part(&f, i)->isr.v[0], part(&f, i)->leader);
		assert_int_equal(part(&f, i)->recovery, 1);
	}
	assert_int_equal(control_elect_offline(&f.env, &f.out), 0);
	assert_int_equal(f.out.records.list.n, 0);
	fixture_fini(&f);
}

/* unclean.leader.election.enable: the topic's word, else that of all brokers. */
static void test_unclean(void **state)
{
	static const struct {
		bool brokers;
		const char *topic;
		bool unclean;
	} rows[] = {{false, NULL, false}, {true, NULL, true}, {false, "true", true},
		{true, "false", false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct image_partition *p;
		struct fixture f;
		int32_t last;

		setup(&f, 1);
		f.set.unclean_leader_election = rows[i].brokers;
		if (rows[i].topic)
			set_unclean(&f, rows[i].topic);
		p = part(&f, 0);
		last = p->replicas.v[2];
		fence(&f, p->replicas.v[0]);
		fence(&f, p->replicas.v[1]);
		assert_int_equal(p->leader, last);
		beat(&f, p->replicas.v[1], f.offset, WANT_NOTHING);
		fence(&f, last);
		assert_int_equal(p->leader, rows[i].unclean ? p->replicas.v[1] : META_NO_LEADER);
		assert_int_equal(p->isr.n, 1);
		assert_int_equal(p->isr.v[0], rows[i].unclean ? p->replicas.v[1] : last);
		assert_int_equal(p->recovery, rows[i].unclean);
		fixture_fini(&f);
	}
}

static void test_controlled_shutdown(void **state)
{
	struct broker_heartbeat_response a;
	struct fixture f;

	(void)state;
	setup(&f, 6);
	a = beat(&f, 2, f.offset, WANT_SHUT_DOWN);
	assert_false(a.should_shut_down || a.is_fenced);
	assert_true(image_broker(&f.image, 2)->in_controlled_shutdown);
	for (int32_t i = 0; i < 6; i++) {
		assert_true(part(&f, i)->leader == 1 || part(&f, i)->leader == 3);
		assert_int_equal(part(&f, i)->isr.n, 2);
	}
	a = beat(&f, 2, f.offset, WANT_SHUT_DOWN);
	assert_true(a.should_shut_down && a.is_fenced);
	assert_true(image_broker(&f.image, 2)->fenced);
	/* A late heartbeat of one that is going does not bring it back. */
	a = beat(&f, 2, f.offset, WANT_NOTHING);
	assert_true(a.is_fenced);
	assert_int_equal(enter(&f, 2, 22, 12), 0);
	assert_false(beat(&f, 2, f.offset, WANT_NOTHING).is_fenced);
	assert_false(image_broker(&f.image, 2)->in_controlled_shutdown);
	fixture_fini(&f);
}

static void test_unregister(void **state)
{
	struct unregister_broker_request q = {3};
	struct unregister_broker_response a;
	struct fixture f;

	(void)state;
	setup(&f, 3);
	assert_int_equal(control_unregister_broker(&f.env, &q, &a, &f.out), 0);
	assert_int_equal(a.error_code, 0);
	fixture_apply(&f);
	assert_null(image_broker(&f.image, 3));
	for (int32_t i = 0; i < 3; i++) {
		assert_int_equal(part(&f, i)->isr.n, 2);
		assert_int_equal(part(&f, i)->replicas.n, 3);
		assert_int_not_equal(part(&f, i)->leader, 3);
	}
	assert_int_equal(control_unregister_broker(&f.env, &q, &a, &f.out), 0);
	assert_int_equal(a.error_code, KERR_BROKER_ID_NOT_REGISTERED);
	assert_true(contains(a.error_message, "3"));
	fixture_fini(&f);
}

/* Every block begins where the one before ends, whoever gets it. */
static void test_producer_ids(void **state)
{
	struct allocate_producer_ids_request q = {0};
	struct allocate_producer_ids_response a;
	struct fixture f;
	int64_t next = 0;

	(void)state;
	setup(&f, 1);
	for (int32_t i = 0; i < 4; i++) {
		q.broker_id = 1 + i % 2;
		q.broker_epoch = image_broker(&f.image, q.broker_id)->epoch;
		assert_int_equal(control_allocate_producer_ids(&f.env, &q, &a, &f.out), 0);
		assert_int_equal(a.error_code, 0);
		assert_int_equal(a.producer_id_start, next);
		assert_true(a.producer_id_len > 0);
		next += a.producer_id_len;
		fixture_apply(&f);
	}
	q.broker_epoch--;
	assert_int_equal(control_allocate_producer_ids(&f.env, &q, &a, &f.out), 0);
	assert_int_equal(a.error_code, KERR_STALE_BROKER_EPOCH);
	fixture_fini(&f);
}

/* Leaders go home when a broker leads too few of those it is preferred for. */
static void test_balance(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 30);
	fence(&f, 1);
	beat(&f, 1, f.offset, WANT_NOTHING);
	assert_int_equal(control_balance_leaders(&f.env, 10, 1000, &f.out), 0);
	assert_int_equal(f.out.records.list.n, 0); /* not in sync yet */
	for (int32_t i = 0; i < 30; i++) {
		struct image_partition *p = part(&f, i);

		free(p->isr.v);
		p->isr.v = xmemdup(p->replicas.v, 3 * sizeof(*p->isr.v));
		p->isr.n = 3;
	}
	assert_int_equal(control_balance_leaders(&f.env, 100, 1000, &f.out), 0);
	assert_int_equal(f.out.records.list.n, 0);
	assert_int_equal(control_balance_leaders(&f.env, 10, 4, &f.out), 0);
	assert_int_equal(f.out.records.list.n, 4);
	fixture_apply(&f);
	assert_int_equal(control_balance_leaders(&f.env, 0, 1000, &f.out), 0);
	assert_int_equal(f.out.records.list.n, 6);
	fixture_apply(&f);
	for (int32_t i = 0; i < 30; i++)
		assert_int_equal(part(&f, i)->leader, part(&f, i)->replicas.v[0]);
	fixture_fini(&f);
}

/* 1,000 topics of 3 partitions: a broker's death is some thousand records, made in milliseconds. */
static void test_many(void **state)
{
	struct timespec a, b;
	struct fixture f;
	char name[32];

	(void)state;
	setup(&f, 1);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "many-%d", i);
		assert_int_equal(fixture_topic(&f, name, 3, 3), 0);
	}
	clock_gettime(CLOCK_MONOTONIC, &a);
	assert_int_equal(control_fence_broker(&f.env, 1, &f.out), 0);
	clock_gettime(CLOCK_MONOTONIC, &b);
	assert_int_equal(f.out.records.list.n, 3002);
	print_message("# %zu records in %ld us\n", f.out.records.list.n,
		(b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000);
	fixture_apply(&f);
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registration_too_large),
		cmocka_unit_test(test_comes_in),
		cmocka_unit_test(test_restart),
		cmocka_unit_test(test_lost_folder),
		cmocka_unit_test(test_unclean),
		cmocka_unit_test(test_controlled_shutdown),
		cmocka_unit_test(test_unregister),
		cmocka_unit_test(test_producer_ids),
		cmocka_unit_test(test_balance),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("brokers", tests, NULL, NULL);
}
