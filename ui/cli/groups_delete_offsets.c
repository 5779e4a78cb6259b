/* kdeck groups --delete-offsets: what a group has committed in some topics is forgotten. */
#include "base/json.h"
#include "cli/groups.h"

static void put_deleted(struct cli *c, struct json *j, struct str topic, int32_t partition,
	int16_t error, size_t width)
{
	if (c->json) {
		json_object(j);
		json_place(j, topic, partition);
		json_kz(j, "error", kerr_name(error));
		json_object_end(j);
		return;
	}
	buf_putc(&c->out, '\n');
	put_column(&c->out, topic, width + 1);
	if (partition >= 0)
		buf_printf(&c->out, "%-10d ", partition);
	else
		buf_printf(&c->out, "%-10s ", "-");
	struct buf status = BUF_EMPTY;
	if (error)
		buf_printf(&status, "Error: %s: %s", kerr_name(error), kerr_text(error));
	else
		buf_puts(&status, "Successful");
	put_column(&c->out, buf_str(&status), 15);
	buf_fini(&status);
}

static int16_t error_of(const struct offset_delete_response *r, const struct group_place *p)
{
	for (int32_t t = 0; t < r->n_topics; t++)
		for (int32_t i = 0; i < r->topics[t].n_partitions; i++)
			if (str_eq(r->topics[t].name, p->topic) &&
				r->topics[t].partitions[i].partition_index == p->partition)
				return r->topics[t].partitions[i].error_code;
	return KERR_UNKNOWN_TOPIC_OR_PARTITION;
}

static int use_offsets_deleted(struct groups *g, const struct admin_group *answer, void *arg)
{
	const group_places *places = arg;
	struct cli *c = g->c;
	size_t width = 15, failed = 0;
	struct json j;

	vec_foreach (p, places) {
		width = max_size(width, column_width(p->topic));
		failed += error_of(answer->deleted_offsets, p) != 0;
	}
	json_init(&j, &c->out);
	if (c->json) {
		json_array(&j);
	} else {
		if (!failed)
			buf_printf(&c->out,
				"Request succeeded for deleting offsets from group %.*s.\n",
				STR_ARG(answer->group));
		buf_putc(&c->out, '\n');
		put_column(&c->out, STR_LIT("TOPIC"), width + 1);
		buf_printf(&c->out, "%-10s %-15s", "PARTITION", "STATUS");
	}
	vec_foreach (p, places)
		put_deleted(
			c, &j, p->topic, p->partition, error_of(answer->deleted_offsets, p), width);
	if (c->json)
		json_array_end(&j);
	buf_putc(&c->out, '\n');
	return failed ? cli_fail(c,
				"group %.*s: the offsets of %zu partitions could not be deleted: "
				"see the list",
				STR_ARG(answer->group), failed)
		      : CLI_OK;
}

static int64_t start_delete(
	struct admin *a, const void *request, int64_t timeout_ms, admin_groups_fn *fn, void *arg)
{
	return admin_delete_group_offsets(a, request, timeout_ms, fn, arg);
}

int groups_delete_offsets(struct cli *c)
{
	struct groups g;
	group_places places = {0};
	struct offset_delete_request q;
	struct offset_delete_request_topics *t = NULL;

	groups_init(&g, c);
	msg_init(&offset_delete_request_desc, &q);
	int status = cli_open(c);
	if (status == CLI_OK)
		status = cli_refresh(c, NULL, 0);
	if (status == CLI_OK)
		status = groups_take_topics(&g, &places);
	q.group_id = str_of(cli_get(c, "group"));
	q.topics = MSG_NEW(&g.arena, offset_delete_request_topics, places.n);
	for (size_t i = 0; i < places.n; i++) {
		const struct group_place *p = &places.v[i];

		if (p->partition < 0)
			continue;
		if (!t || !str_eq(t->name, p->topic)) {
			t = &q.topics[q.n_topics++];
			t->name = p->topic;
			t->partitions =
				MSG_NEW(&g.arena, offset_delete_request_partitions, places.n - i);
		}
		t->partitions[t->n_partitions++].partition_index = p->partition;
	}
	if (status == CLI_OK)
		status = groups_change(&g, start_delete, &q, use_offsets_deleted, &places);
	vec_fini(&places);
	groups_fini(&g);
	return status;
}
