/* "a=1,b=[x,y]" of --add-config, and "a,b" of --delete-config. */
#include "cli/impl.h"

/* The end of the part that begins at z: a comma outside brackets, or the end. */
static const char *part_end(const char *z)
{
	bool inside = false;
	for (; *z; z++) {
		if (*z == '[' && z[-1] == '=')
			inside = true;
		else if (*z == ']')
			inside = false;
		else if (*z == ',' && !inside)
			break;
	}
	return z;
}

static struct str trim(struct str s)
{
	while (s.n && s.p[0] == ' ')
		s.p++, s.n--;
	while (s.n && s.p[s.n - 1] == ' ')
		s.n--;
	return s;
}

static int one(struct str part, bool names_only, struct config_pair *out, struct err *e)
{
	const char *eq = memchr(part.p, '=', part.n);
	size_t n = eq ? (size_t)(eq - part.p) : part.n;
	*out = (struct config_pair){.name = trim((struct str){part.p, n})};
	if (!out->name.n || (eq != NULL) == names_only)
		return err_set(e, ERR_INVALID, "\"%.*s\": %s was expected", STR_ARG(part),
			names_only ? "the name of a setting" : "name=value");
	if (!eq)
		return 0;
	out->value = trim((struct str){eq + 1, part.n - n - 1});
	if (out->value.n >= 2 && out->value.p[0] == '[' && out->value.p[out->value.n - 1] == ']')
		out->value = (struct str){out->value.p + 1, out->value.n - 2};
	return 0;
}

int config_pairs(const char *z, bool names_only, struct config_pair *out, size_t max, size_t *n,
	struct err *e)
{
	*n = 0;
	while (*z) {
		/* A bracket needs a character before it: the first one has none to look at. */
		const char *end = *z == ',' ? z : part_end(z + 1);
		struct str part = trim((struct str){z, (size_t)(end - z)});
		if (part.n && *n == max)
			return err_set(e, ERR_TOO_BIG, "more than %zu settings at once", max);
		if (part.n) {
			int r = one(part, names_only, &out[*n], e);
			if (r < 0)
				return r;
			++*n;
		}
		z = *end ? end + 1 : end;
	}
	if (!*n)
		return err_set(e, ERR_INVALID, "no setting is named");
	return 0;
}
