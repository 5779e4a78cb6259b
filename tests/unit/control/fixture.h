/* A cluster to decide about: an image with brokers, settings, an arena, and short requests. */
#ifndef TEST_CONTROL_FIXTURE_H
#define TEST_CONTROL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/control.h"
#include "wire/kerr.h"

struct fixture {
	struct image image;
	struct control_settings set;
	struct rng rng;
	struct arena arena;
	struct control_env env;
	struct control_result out;
	int64_t offset;
};

/* n brokers with ids 1 … n, unfenced; racks: a letter each ("aab"), or NULL. */
static inline void fixture_init(struct fixture *f, int n, const char *racks)
{
	memset(f, 0, sizeof(*f));
	image_init(&f->image);
	rng_seed(&f->rng, 42);
	arena_init(&f->arena, 0);
	control_result_init(&f->out);
	f->set.cluster_id = STR_LIT("test");
	f->set.num_partitions = 1;
	f->set.default_replication_factor = 1;
	f->env = (struct control_env){&f->image, &f->set, &f->rng, &f->arena, 0};
	for (int i = 1; i <= n; i++) {
		struct register_broker_record r;
		struct metarec rec = {&register_broker_record_desc, 3, &r};
		struct err e;

		msg_init(rec.desc, &r);
		r.broker_id = i;
		r.broker_epoch = f->offset;
		r.fenced = false;
		if (racks)
			r.rack = (struct str){&racks[i - 1], 1};
		assert_int_equal(image_apply(&f->image, &rec, f->offset++, 1, &e), 0);
	}
}

static inline void fixture_fini(struct fixture *f)
{
	control_result_fini(&f->out);
	image_fini(&f->image);
	arena_fini(&f->arena);
}

/* What the records do to the image; each goes through its bytes. */
static inline void fixture_apply(struct fixture *f)
{
	vec_foreach (r, &f->out.records.list) {
		struct buf bytes = BUF_EMPTY;
		struct metarec back;
		struct err e = {0};

		assert_int_equal(metarec_encode(r->desc, r->version, r->body, &bytes), 0);
		assert_int_equal(metarec_decode(buf_slice(&bytes), &f->arena, &back), 0);
		if (image_apply(&f->image, &back, f->offset++, 1, &e) < 0)
			fail_msg("%s: %s", r->desc->name, e.msg);
		buf_fini(&bytes);
	}
	f->out.records.list.n = 0;
	f->env.next_offset = f->offset;
}

static inline bool contains(struct str s, const char *part)
{
	return s.p && memmem(s.p, s.n, part, strlen(part));
}

static inline void fixture_fence(struct fixture *f, int32_t id)
{
	image_broker(&f->image, id)->fenced = true;
}

/* Creates a topic and applies it; gives the error code. */
static inline int16_t fixture_topic(
	struct fixture *f, const char *name, int32_t partitions, int16_t replicas)
{
	struct create_topics_request_topics t;
	struct create_topics_request q;
	struct create_topics_response a;

	msg_init(&create_topics_request_desc, &q);
	msg_struct_init(&create_topics_request_topics_struct, &t);
	t.name = str_of(name);
	t.num_partitions = partitions;
	t.replication_factor = replicas;
	q.topics = &t;
	q.n_topics = 1;
	assert_int_equal(control_create_topics(&f->env, &q, &a, &f->out), 0);
	assert_int_equal(a.n_topics, 1);
	fixture_apply(f);
	return a.topics[0].error_code;
}

/* Of the topic "t". */
static inline struct image_partition *part(struct fixture *f, int32_t i)
{
	return image_partition(&f->image, STR_LIT("t"), i);
}

#endif
