/* Topic names by Java's regular expressions, as far as they are also POSIX's. */
#include "cli/impl.h"

int name_pattern_init(struct name_pattern *p, const char *z, struct err *e)
{
	char why[200];
	struct buf b = BUF_EMPTY;
	*p = (struct name_pattern){.all = z == NULL};
	if (!z)
		return 0;
	buf_puts(&b, "^(");
	for (; *z; z++) {
		if (*z == '\\' && z[1] == 'd') {
			buf_puts(&b, "[0-9]");
			z++;
		} else if (*z == '\\' && z[1]) {
			buf_putc(&b, *z++);
			buf_putc(&b, *z);
		} else if (*z != ' ' && *z != '"' && *z != '\'') {
			buf_putc(&b, *z == ',' ? '|' : *z);
		}
	}
	buf_puts(&b, ")$");
	int r = regcomp(&p->regex, buf_z(&b), REG_EXTENDED | REG_NOSUB);
	if (r) {
		regerror(r, &p->regex, why, sizeof(why));
		p->all = true;
		r = err_set(e, ERR_INVALID, "not a regular expression: %s", why);
	}
	buf_fini(&b);
	return r;
}

void name_pattern_fini(struct name_pattern *p)
{
	if (!p->all)
		regfree(&p->regex);
	p->all = true;
}

bool name_pattern_match(const struct name_pattern *p, struct str name)
{
	if (p->all)
		return true;
	char *z = str_dup(name);
	bool yes = regexec(&p->regex, z, 0, NULL, 0) == 0;
	free(z);
	return yes;
}
