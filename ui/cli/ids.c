/* Lists of broker ids. */
#include "cli/impl.h"

#include "base/json.h"

bool ids_equal(const struct ids *a, const struct ids *b)
{
	return a->n == b->n && (a->n <= 0 || !memcmp(a->v, b->v, (size_t)a->n * sizeof(*a->v)));
}

bool ids_have(const struct ids *ids, int32_t id)
{
	for (int32_t i = 0; i < ids->n; i++)
		if (ids->v[i] == id)
			return true;
	return false;
}

struct ids ids_copy(struct arena *a, const int32_t *v, int32_t n)
{
	int32_t *copy = n > 0 ? arena_array(a, (size_t)n, sizeof(*copy)) : NULL;

	if (n > 0)
		memcpy(copy, v, (size_t)n * sizeof(*copy));
	return (struct ids){copy, n};
}

void put_ids(struct buf *out, const struct ids *ids)
{
	for (int32_t i = 0; i < ids->n; i++)
		buf_printf(out, "%s%d", i ? "," : "", ids->v[i]);
}

void json_ids(struct json *j, const char *key, const struct ids *ids)
{
	json_key(j, key);
	if (ids->n < 0) {
		json_null(j);
		return;
	}
	json_array(j);
	for (int32_t i = 0; i < ids->n; i++)
		json_int(j, ids->v[i]);
	json_array_end(j);
}
