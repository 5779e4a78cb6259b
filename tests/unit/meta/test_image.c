/* Images by records: random histories, snapshots as records, copies, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "meta/image.h"
#include "meta/topic_name.h"

#define N_TOPICS  12
#define N_BROKERS 5
#define STEPS     400
#define HISTORIES 25

struct history {
	struct rng rng;
	struct arena arena;
	struct image image;
	int64_t offset;
	int applied, refused;
};

static int32_t below(struct history *h, int32_t n)
{
	return (int32_t)rng_below(&h->rng, (uint64_t)n);
}

static struct uuid topic_id(int32_t i)
{
	struct uuid u = {{0x40, (uint8_t)i, 7}};

	return u;
}

static struct str name_of(struct history *h, const char *what, int32_t i)
{
	return str_of(arena_printf(&h->arena, "%s-%d", what, i));
}

static int32_t *ids(struct history *h, int32_t *n)
{
	int32_t *v = arena_array(&h->arena, N_BROKERS, sizeof(*v));

	*n = 1 + below(h, N_BROKERS);
	for (int32_t i = 0; i < *n; i++)
		v[i] = below(h, N_BROKERS);
	return v;
}

static void *body(struct history *h, struct metarec *r, const struct msg_desc *d, int16_t version)
{
	*r = (struct metarec){
		.desc = d, .version = version, .body = arena_alloc(&h->arena, d->body->size)};
	msg_init(d, r->body);
	return r->body;
}

static void make_topic(struct history *h, struct metarec *r)
{
	struct topic_record *t = body(h, r, &topic_record_desc, 0);
	int32_t i = below(h, N_TOPICS);

	t->name = name_of(h, "topic", i);
	t->topic_id = topic_id(i);
}

static void make_partition(struct history *h, struct metarec *r)
{
	struct partition_record *p = body(h, r, &partition_record_desc, 1);

	p->topic_id = topic_id(below(h, N_TOPICS));
	p->partition_id = below(h, 4);
	p->replicas = ids(h, &p->n_replicas);
	p->isr = ids(h, &p->n_isr);
	p->leader = p->isr[0];
	p->leader_epoch = below(h, 9);
	p->partition_epoch = below(h, 9);
	p->leader_recovery_state = (int8_t)below(h, 2);
	if (rng_one_in(&h->rng, 2))
		p->adding_replicas = ids(h, &p->n_adding_replicas);
	if (rng_one_in(&h->rng, 2))
		p->removing_replicas = ids(h, &p->n_removing_replicas);
	if (rng_one_in(&h->rng, 2)) {
		p->n_directories = p->n_replicas;
		p->directories = arena_array(&h->arena, N_BROKERS, sizeof(*p->directories));
		rng_bytes(&h->rng, p->directories, N_BROKERS * sizeof(*p->directories));
	}
}

static void make_change(struct history *h, struct metarec *r)
{
	struct partition_change_record *p = body(h, r, &partition_change_record_desc, 1);

	p->topic_id = topic_id(below(h, N_TOPICS));
	p->partition_id = below(h, 4);
	if (rng_one_in(&h->rng, 2))
		p->isr = ids(h, &p->n_isr);
	if (rng_one_in(&h->rng, 3))
		p->leader = below(h, N_BROKERS + 1) - 1;
	if (rng_one_in(&h->rng, 4))
		p->replicas = ids(h, &p->n_replicas);
	if (rng_one_in(&h->rng, 4))
		p->leader_recovery_state = (int8_t)below(h, 2);
}

static void make_config(struct history *h, struct metarec *r)
{
	struct config_record *c = body(h, r, &config_record_desc, 0);

	c->resource_type = rng_one_in(&h->rng, 3) ? META_RESOURCE_BROKER : META_RESOURCE_TOPIC;
	c->resource_name = c->resource_type == META_RESOURCE_BROKER
				   ? (rng_one_in(&h->rng, 2) ? STR_LIT("") : STR_LIT("1"))
				   : name_of(h, "topic", below(h, N_TOPICS));
	c->name = name_of(h, "key", below(h, 6));
	c->value = rng_one_in(&h->rng, 3) ? STR_NULL : name_of(h, "v", below(h, 3));
	if (rng_one_in(&h->rng, 8))
		c->value = STR_LIT("");
}

static void make_register(struct history *h, struct metarec *r)
{
	struct register_broker_record *b = body(h, r, &register_broker_record_desc, 3);

	b->broker_id = below(h, N_BROKERS);
	b->broker_epoch = h->offset;
	rng_bytes(&h->rng, &b->incarnation_id, sizeof(b->incarnation_id));
	b->rack = rng_one_in(&h->rng, 2) ? STR_NULL : name_of(h, "rack", below(h, 3));
	b->n_log_dirs = below(h, 3);
	b->log_dirs = arena_array(&h->arena, 3, sizeof(*b->log_dirs));
	rng_bytes(&h->rng, b->log_dirs, 3 * sizeof(*b->log_dirs));
	b->n_end_points = 1 + below(h, 2);
	b->end_points = MSG_NEW(&h->arena, register_broker_record_end_points, 2);
	for (int i = 0; i < 2; i++) {
		b->end_points[i].name = name_of(h, "LISTENER", i);
		b->end_points[i].host = name_of(h, "host", below(h, 4));
		b->end_points[i].port = (uint16_t)below(h, 65536);
		b->end_points[i].security_protocol = (int16_t)below(h, 4);
	}
	b->n_features = below(h, 3);
	b->features = MSG_NEW(&h->arena, register_broker_record_features, 2);
	for (int i = 0; i < 2; i++) {
		b->features[i].name = name_of(h, "feature", i);
		b->features[i].max_supported_version = (int16_t)below(h, 20);
	}
}

static void make_broker_change(struct history *h, struct metarec *r)
{
	struct broker_registration_change_record *c =
		body(h, r, &broker_registration_change_record_desc, 2);
	const struct image_broker *b;

	c->broker_id = below(h, N_BROKERS);
	b = image_broker(&h->image, c->broker_id);
	c->broker_epoch = b && !rng_one_in(&h->rng, 5) ? b->epoch : 77777;
	c->fenced = (int8_t)(below(h, 3) - 1);
	c->in_controlled_shutdown = (int8_t)below(h, 2);
}

static void make_unregister(struct history *h, struct metarec *r)
{
	struct unregister_broker_record *u = body(h, r, &unregister_broker_record_desc, 0);
	const struct image_broker *b;

	u->broker_id = below(h, N_BROKERS);
	b = image_broker(&h->image, u->broker_id);
	u->broker_epoch = b ? b->epoch : 0;
}

static void make_small(struct history *h, struct metarec *r)
{
	struct remove_topic_record *gone;
	struct feature_level_record *level;
	struct producer_ids_record *pids;

	switch (below(h, 3)) {
	case 0:
		gone = body(h, r, &remove_topic_record_desc, 0);
		gone->topic_id = topic_id(below(h, N_TOPICS));
		break;
	case 1:
		level = body(h, r, &feature_level_record_desc, 0);
		level->name = name_of(h, "feature", below(h, 4));
		level->feature_level = (int16_t)below(h, 3);
		break;
	default:
		pids = body(h, r, &producer_ids_record_desc, 0);
		pids->next_producer_id = 1000 * (int64_t)below(h, 50);
	}
}

static void make(struct history *h, struct metarec *r)
{
	static void (*const makers[])(struct history *, struct metarec *) = {make_topic,
		make_partition, make_partition, make_partition, make_change, make_change,
		make_config, make_config, make_register, make_broker_change, make_unregister,
		make_small};

	makers[below(h, ARRAY_LEN(makers))](h, r);
}

/* A refused record changes nothing. */
static void step(struct history *h)
{
	struct image before;
	struct metarec r;
	struct err e = {0};

	make(h, &r);
	image_copy(&before, &h->image);
	assert_true(image_equal(&before, &h->image));
	if (image_apply(&h->image, &r, h->offset, 3, &e) == 0) {
		h->applied++;
		assert_int_equal(h->image.offset, h->offset);
	} else {
		h->refused++;
		assert_true(e.msg[0] != '\0');
		assert_true(image_equal(&before, &h->image));
	}
	h->offset++;
	image_fini(&before);
}

/* Through the bytes of the log, as a snapshot goes. */
static void replay(struct history *h, const struct meta_records *records, struct image *out)
{
	struct err e = {0};

	image_init(out);
	vec_foreach (r, &records->list) {
		struct buf bytes = BUF_EMPTY;
		struct metarec back;

		assert_int_equal(metarec_encode(r->desc, r->version, r->body, &bytes), 0);
		assert_int_equal(metarec_decode(buf_slice(&bytes), &h->arena, &back), 0);
		if (image_apply(out, &back, 1, 1, &e) < 0)
			fail_msg("%s: %s", r->desc->name, e.msg);
		buf_fini(&bytes);
	}
}

static void check_snapshot(struct history *h)
{
	struct meta_records records = {0};
	struct image again;

	assert_true(image_to_records(&h->image, &h->arena, &records));
	replay(h, &records, &again);
	assert_true(image_equal(&h->image, &again));
	assert_int_equal(again.n_partitions, h->image.n_partitions);
	image_fini(&again);
	vec_fini(&records.list);
}

static void begin(struct history *h, uint64_t seed)
{
	memset(h, 0, sizeof(*h));
	rng_seed(&h->rng, seed);
	arena_init(&h->arena, 0);
	image_init(&h->image);
}

static void end(struct history *h)
{
	image_fini(&h->image);
	arena_fini(&h->arena);
}

static void test_histories(void **state)
{
	int applied = 0, refused = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
		struct history h;

		begin(&h, seed);
		for (int i = 0; i < STEPS; i++) {
			step(&h);
			if (i % 40 == 39) {
				check_snapshot(&h);
				arena_reset(&h.arena);
			}
		}
		applied += h.applied;
		refused += h.refused;
		end(&h);
	}
	assert_true(applied > HISTORIES * STEPS / 3);
	assert_true(refused > HISTORIES * STEPS / 100);
}

static void grow_image(struct history *h)
{
	struct metarec r;
	struct err e;

	for (int i = 0; i < STEPS || h->image.n_partitions == 0 || h->image.configs.n == 0 ||
			h->image.brokers.n == 0 || h->image.features.n == 0;
		i++) {
		make(h, &r);
		if (image_apply(&h->image, &r, h->offset++, 1, &e) < 0)
			continue;
	}
}

static struct image_partition *some_partition(struct image *img)
{
	vec_foreach (t, &img->topics)
		if ((*t)->n_partitions)
			return &(*t)->partitions[0];
	return NULL;
}

/* What a comparison must notice, one field after the other. */
static void test_equal_notices(void **state)
{
	struct history h;
	struct image c;

	(void)state;
	begin(&h, 99);
	grow_image(&h);
#define NOTICES(field)                                   \
	do {                                             \
		image_copy(&c, &h.image);                \
		(field)++;                               \
		assert_false(image_equal(&c, &h.image)); \
		(field)--;                               \
		assert_true(image_equal(&c, &h.image));  \
		image_fini(&c);                          \
	} while (0)
	NOTICES(some_partition(&c)->leader);
	NOTICES(some_partition(&c)->leader_epoch);
	NOTICES(some_partition(&c)->partition_epoch);
	NOTICES(some_partition(&c)->recovery);
	NOTICES(some_partition(&c)->isr.v[0]);
	NOTICES(some_partition(&c)->replicas.v[0]);
	NOTICES(c.brokers.v[0]->epoch);
	NOTICES(c.brokers.v[0]->endpoints[0].port);
	NOTICES(c.configs.v[0]->type);
	NOTICES(c.features.v[0].level);
	NOTICES(c.next_producer_id);
	NOTICES(c.topics.v[0]->id.b[3]);
	end(&h);
}

/* A snapshot that does not fit leaves the list as it was. */
static void test_arena_limit(void **state)
{
	struct meta_records records = {0};
	struct history h;
	struct arena small;

	(void)state;
	begin(&h, 5);
	grow_image(&h);
	arena_init(&small, 512);
	vec_push(&records.list, (struct metarec){0});
	assert_false(image_to_records(&h.image, &small, &records));
	assert_int_equal(records.list.n, 1);
	vec_fini(&records.list);
	arena_fini(&small);
	end(&h);
}

static void test_topic_names(void **state)
{
	static const struct {
		const char *name;
		bool legal;
	} rows[] = {
		{"orders", true},
		{"a.b_c-D9", true},
		{"...", true},
		{"-", true},
		{"", false},
		{".", false},
		{"..", false},
		{"a/b", false},
		{"a b", false},
		{"caf\xc3\xa9", false},
		{"a\n", false},
		{"../etc", false},
	};
	char longest[TOPIC_NAME_MAX + 1], shown[7];
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(topic_name_check(str_of(rows[i].name), &e) == 0, rows[i].legal);
	memset(longest, 'a', sizeof(longest));
	assert_int_equal(topic_name_check((struct str){longest, TOPIC_NAME_MAX}, &e), 0);
	assert_int_equal(
		topic_name_check((struct str){longest, TOPIC_NAME_MAX + 1}, &e), ERR_INVALID);
	topic_name_canonical(STR_LIT("a.b_c-d"), shown);
	assert_memory_equal(shown, "a_b_c-d", sizeof(shown));
	assert_true(topic_name_internal(STR_LIT("__consumer_offsets")));
	assert_false(topic_name_internal(STR_LIT("_consumer_offsets")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_histories),
		cmocka_unit_test(test_equal_notices),
		cmocka_unit_test(test_arena_limit),
		cmocka_unit_test(test_topic_names),
	};

	return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
