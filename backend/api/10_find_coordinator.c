/*
 * FindCoordinator: v0-5. v1 key type, v4 several keys. A group's coordinator is the broker that
 * leads its partition of __consumer_offsets, which is made when somebody first asks. There are no
 * transactions in this version of the broker, so nobody coordinates them.
 */
#include "api/api.h"
#include "group/group.h"

enum key_type { KEY_GROUP = 0, KEY_TRANSACTION = 1 };

struct answer {
	int16_t error;
	const struct image_broker *node;
	const struct image_endpoint *at;
};

static struct answer refuse(int16_t error)
{
	return (struct answer){.error = error};
}

static struct answer find_group(struct call *c, struct str group)
{
	struct broker *b = c->broker;
	const struct image *img = metalog_image(b->metalog);
	const struct image_topic *t = image_topic(img, OFFSETS_TOPIC);
	struct answer a = {0};
	int32_t p = coordinator_partition(b->groups, group);

	if (!t) {
		b->topic_wanted(b, OFFSETS_TOPIC);
		return refuse(KERR_COORDINATOR_NOT_AVAILABLE);
	}
	if (p < t->n_partitions)
		a.node = image_broker(img, t->partitions[p].leader);
	if (a.node)
		a.at = image_endpoint(a.node, b->endpoints[net_slot_listener(c->slot)].name);
	return a.at ? a : refuse(KERR_COORDINATOR_NOT_AVAILABLE);
}

static struct answer find(struct call *c, int8_t type, struct str key)
{
	if (type == KEY_GROUP)
		return find_group(c, key);
	if (type == KEY_TRANSACTION)
		return refuse(KERR_COORDINATOR_NOT_AVAILABLE);
	return refuse(KERR_INVALID_REQUEST);
}

/* The answer of one key stands in the response itself, those of several in rows of it, under the
 * same names. What Kafka says where nothing is wrong differs between the two. */
#define PUT(a, out, fine)                                                                 \
	do {                                                                              \
		(out)->error_code = (a)->error;                                           \
		(out)->error_message = str_of((a)->error ? kerr_text((a)->error) : fine); \
		(out)->node_id = (a)->node ? (a)->node->id : -1;                          \
		(out)->host = (a)->at ? (a)->at->host : STR_LIT("");                      \
		(out)->port = (a)->at ? (a)->at->port : -1;                               \
	} while (0)

static void put_several(struct call *c, const struct find_coordinator_request *r,
	struct find_coordinator_response *out)
{
	int32_t n = r->n_coordinator_keys;

	out->coordinators = CALL_NEW(c, find_coordinator_response_coordinators, (size_t)n);
	for (; out->n_coordinators < n; out->n_coordinators++) {
		struct find_coordinator_response_coordinators *row =
			&out->coordinators[out->n_coordinators];
		struct answer a;

		row->key = r->coordinator_keys[out->n_coordinators];
		a = find(c, r->key_type, row->key);
		PUT(&a, row, "");
	}
}

void api_find_coordinator(struct call *c, const struct find_coordinator_request *r)
{
	struct find_coordinator_response resp;

	msg_init(&find_coordinator_response_desc, &resp);
	/* Each form has its own members: what a version lacks cannot be encoded in it. */
	if (c->version < 4) {
		struct answer a = find(c, r->key_type, r->key);

		PUT(&a, &resp, "NONE");
	} else {
		put_several(c, r, &resp);
	}
	call_reply(c, &resp);
}
