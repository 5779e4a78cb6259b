/*
 * DescribeTopicPartitions: v0 (KIP-966). Topics by name in order, at most a page of partitions; the
 * cursor names where the next page begins.
 */
#include <stdlib.h>

#include "api/partitions.h"
#include "meta/topic_name.h"

struct page {
	struct call *c;
	const struct image *img;
	struct describe_topic_partitions_response *resp;
	int32_t left;
};

static void put_partition(struct page *p, const struct image_partition *ip, int32_t index,
	struct describe_topic_partitions_response_partitions *out)
{
	PUT_PARTITION(p->c, p->img, ip, index, out);
	/* Eligible leader replicas are not kept here. Java reads the lists without a check. */
	out->n_eligible_leader_replicas = 0;
	out->n_last_known_elr = 0;
}

/* False when the page is full: the cursor says where to go on. */
static bool put_topic(struct page *p, const struct image_topic *t, int32_t from)
{
	struct describe_topic_partitions_response *resp = p->resp;
	struct describe_topic_partitions_response_topics *out = &resp->topics[resp->n_topics];
	int32_t n = t->n_partitions - from;
	bool whole = n <= p->left;

	if (!whole)
		n = p->left;
	if (n > 0 || whole) {
		resp->n_topics++;
		out->name = t->name;
		out->topic_id = t->id;
		out->is_internal = t->internal;
		out->topic_authorized_operations = ALL_TOPIC_OPERATIONS;
		out->partitions =
			CALL_NEW(p->c, describe_topic_partitions_response_partitions, (size_t)n);
		out->n_partitions = n;
		for (int32_t i = 0; i < n; i++)
			put_partition(p, &t->partitions[from + i], from + i, &out->partitions[i]);
	}
	p->left -= n;
	if (!whole) {
		resp->next_cursor =
			CALL_NEW(p->c, describe_topic_partitions_response_next_cursor, 1);
		resp->next_cursor->topic_name = t->name;
		resp->next_cursor->partition_index = from + n;
	}
	return whole;
}

static int by_name(const void *a, const void *b)
{
	const struct str *x = a, *y = b;

	return str_cmp(*x, *y);
}

/* The names to describe, sorted, each once. */
static size_t names(
	struct page *p, const struct describe_topic_partitions_request *r, struct str **out)
{
	size_t n = r->n_topics > 0 ? (size_t)r->n_topics : p->img->topics.n;
	struct str *v = arena_array(&p->c->arena, n, sizeof(*v));
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		v[i] = r->n_topics > 0 ? r->topics[i].name : p->img->topics.v[i]->name;
	if (n > 1)
		qsort(v, n, sizeof(*v), by_name);
	for (size_t i = 0; i < n; i++)
		if (!kept || !str_eq(v[kept - 1], v[i]))
			v[kept++] = v[i];
	*out = v;
	return kept;
}

static void put_unknown(struct page *p, struct str name)
{
	struct describe_topic_partitions_response *resp = p->resp;
	struct describe_topic_partitions_response_topics *out = &resp->topics[resp->n_topics++];
	struct err e = {0};

	out->name = name;
	out->error_code = topic_name_check(name, &e) < 0 ? KERR_INVALID_TOPIC_EXCEPTION
							 : KERR_UNKNOWN_TOPIC_OR_PARTITION;
	out->topic_authorized_operations = ALL_TOPIC_OPERATIONS;
}

/* With topics given, the cursor must stand on one of them: it is where an answer to the same
 * question ended. Without, its topic may be gone by now. */
static bool bad_cursor(const struct describe_topic_partitions_request *r)
{
	if (!r->cursor)
		return false;
	if (r->cursor->partition_index < 0)
		return true;
	for (int32_t i = 0; i < r->n_topics; i++)
		if (str_eq(r->topics[i].name, r->cursor->topic_name))
			return false;
	return r->n_topics > 0;
}

static void refuse(struct page *p, const struct describe_topic_partitions_request *r)
{
	p->resp->topics =
		CALL_NEW(p->c, describe_topic_partitions_response_topics, (size_t)r->n_topics);
	p->resp->n_topics = r->n_topics;
	for (int32_t i = 0; i < r->n_topics; i++) {
		p->resp->topics[i].name = r->topics[i].name;
		p->resp->topics[i].error_code = KERR_INVALID_REQUEST;
	}
}

static void put_page(struct page *p, const struct describe_topic_partitions_request *r)
{
	struct str *v;
	size_t n = names(p, r, &v);

	p->resp->topics = CALL_NEW(p->c, describe_topic_partitions_response_topics, n);
	for (size_t i = 0; i < n; i++) {
		const struct image_topic *t = image_topic(p->img, v[i]);
		int32_t from = 0;

		if (r->cursor && str_cmp(v[i], r->cursor->topic_name) < 0)
			continue;
		if (r->cursor && str_eq(v[i], r->cursor->topic_name))
			from = (int32_t)min_i64(
				r->cursor->partition_index, t ? t->n_partitions : 0);
		if (!t)
			put_unknown(p, v[i]);
		else if (!put_topic(p, t, from))
			break;
	}
}

void api_describe_topic_partitions(
	struct call *c, const struct describe_topic_partitions_request *r)
{
	struct describe_topic_partitions_response resp;
	struct page p = {c, metalog_image(c->broker->metalog), &resp,
		(int32_t)max_i64(
			1, min_i64(r->response_partition_limit, c->broker->set.page_partitions))};

	msg_init(&describe_topic_partitions_response_desc, &resp);
	if (bad_cursor(r))
		refuse(&p, r);
	else
		put_page(&p, r);
	call_reply(c, &resp);
}
