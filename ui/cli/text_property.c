/* "name=value" into the fields of a reader or formatter, by a table of its properties. */
#include "cli/impl.h"
#include <strings.h>

static struct str trim(const char *z)
{
	size_t n = strlen(z);
	while (n && (*z == ' ' || *z == '\t'))
		z++, n--;
	while (n && (z[n - 1] == ' ' || z[n - 1] == '\t'))
		n--;
	return (struct str){z, n};
}

static bool is_word(struct str s, const char *word)
{
	return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

static int set(const struct text_property *p, const char *value, struct err *e)
{
	if (p->text) {
		if (p->filled && !*value)
			return err_set(e, ERR_INVALID, "%s=: a value was expected", p->name);
		*p->text = value;
		return 0;
	}
	bool yes = is_word(trim(value), "true");
	if (!yes && !is_word(trim(value), "false"))
		return err_set(e, ERR_INVALID, "%s=%s: true or false was expected", p->name, value);
	*p->flag = yes != p->inverted;
	return 0;
}

int text_property_set(
	const struct text_property *all, size_t n, const char *property, struct err *e)
{
	const char *eq = strchr(property, '=');
	size_t length = eq ? (size_t)(eq - property) : 0;
	if (!eq)
		return err_set(e, ERR_INVALID, "%s: name=value was expected", property);
	for (size_t i = 0; i < n; i++)
		if (str_eqz((struct str){property, length}, all[i].name))
			return set(&all[i], eq + 1, e);
	return err_set(e, ERR_NOT_FOUND, "unknown property %s", property);
}
