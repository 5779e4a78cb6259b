/* Partitions by name, as files and answers tell them. */
#include "cli/impl.h"

#include "base/json.h"

int place_order(const struct place *a, const struct place *b)
{
	int order = str_cmp(a->topic, b->topic);

	return order ? order : (a->partition > b->partition) - (a->partition < b->partition);
}

bool place_read(const struct json_value *v, struct place *out)
{
	const struct json_value *topic = json_tree_get(v, "topic");
	const struct json_value *partition = json_tree_get(v, "partition");

	if (!topic || topic->kind != JSON_STRING || !topic->string.n || !partition ||
		!partition->is_integer || partition->integer < 0 || partition->integer > INT32_MAX)
		return false;
	*out = (struct place){topic->string, (int32_t)partition->integer};
	return true;
}

void put_place(struct buf *out, const struct place *p)
{
	buf_printf(out, "%.*s-%d", STR_ARG(p->topic), p->partition);
}

void json_place(struct json *j, struct str topic, int32_t partition)
{
	json_kstr(j, "topic", topic);
	json_kint(j, "partition", partition);
}
