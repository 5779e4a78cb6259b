/* The text of quorum-state: a flat JSON object; a small scanner reads only what such a file has. */
#include "quorum/state.h"

#include "base/json.h"

void quorum_state_encode(const struct quorum_state *s, struct buf *out)
{
	struct json j;
	char dir[UUID_TEXT];

	uuid_format(&s->voted_dir, dir);
	json_init(&j, out);
	json_object(&j);
	json_kint(&j, "leaderId", s->leader_id);
	json_kint(&j, "leaderEpoch", s->leader_epoch);
	json_kint(&j, "votedId", s->voted_id);
	json_kz(&j, "votedDirectoryId", dir);
	json_kint(&j, "data_version", 1);
	json_object_end(&j);
}

/* What follows "key": in the text, blanks skipped; null when the key is not there. */
static struct str member(struct str text, const char *key)
{
	size_t n = strlen(key);

	for (size_t i = 0; i + n + 3 <= text.n; i++) {
		if (text.p[i] != '"' || memcmp(text.p + i + 1, key, n) || text.p[i + 1 + n] != '"')
			continue;
		for (i += n + 2; i < text.n; i++)
			if (text.p[i] != ' ' && text.p[i] != ':')
				return (struct str){text.p + i, text.n - i};
	}
	return STR_NULL;
}

static int number(struct str text, const char *key, int32_t *out, struct err *e)
{
	struct str s = member(text, key);
	size_t i = s.n > 0 && s.p[0] == '-';
	size_t digits = i;
	int64_t v = 0;

	for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9' && v <= INT32_MAX; i++)
		v = v * 10 + (s.p[i] - '0');
	if (i == digits || v > INT32_MAX)
		return err_set(e, ERR_INVALID, "quorum-state: %s is no 32-bit number", key);
	*out = (int32_t)(digits ? -v : v);
	return 0;
}

static int directory(struct str text, struct uuid *out, struct err *e)
{
	struct str s = member(text, "votedDirectoryId");

	if (str_is_null(s))
		return 0;
	if (s.n < UUID_TEXT + 1 || s.p[0] != '"' ||
		!uuid_parse((struct str){s.p + 1, UUID_TEXT - 1}, out))
		return err_set(e, ERR_INVALID, "quorum-state: votedDirectoryId is no uuid");
	return 0;
}

int quorum_state_parse(struct str text, struct quorum_state *out, struct err *e)
{
	int32_t version;
	int rc;

	*out = QUORUM_STATE_NONE;
	if (text.n < 2 || text.p[0] != '{' || !memchr(text.p, '}', text.n))
		return err_set(e, ERR_INVALID, "quorum-state: no JSON object");
	rc = number(text, "data_version", &version, e);
	if (rc == 0 && (version < 0 || version > 1))
		rc = err_set(e, ERR_VERSION, "quorum-state: data_version %d, known are 0 and 1",
			version);
	if (rc == 0)
		rc = number(text, "leaderId", &out->leader_id, e);
	if (rc == 0)
		rc = number(text, "leaderEpoch", &out->leader_epoch, e);
	if (rc == 0)
		rc = number(text, "votedId", &out->voted_id, e);
	return rc ? rc : directory(text, &out->voted_dir, e);
}
