/* The table of actions and what is looked up in it. */
#include "action/action.h"

#include <ctype.h>
#include <stdio.h>

const struct action actions[ACTION_COUNT] = {
#define ACTION(id, keys, menu, screens, flags, label, help, command) \
	{#id, keys, menu, (screens)&SCREENS_HERE, flags, label, help, command},
#include "action/action.def"
#undef ACTION
};

static bool has_key(const struct action *a, const char *key)
{
	size_t n = strlen(key);

	for (const char *p = a->keys; *p;) {
		size_t len = strcspn(p, " ");
		if (len == n && memcmp(p, key, n) == 0)
			return true;
		p += len;
		p += strspn(p, " ");
	}
	return false;
}

enum action_id action_by_key(enum screen screen, const char *key_name)
{
	for (int i = 0; key_name[0] && i < ACTION_COUNT; i++)
		if (actions[i].screens & ON(screen) && has_key(&actions[i], key_name))
			return (enum action_id)i;
	return ACTION_COUNT;
}

char action_menu_letter(const struct action *a)
{
	for (const char *p = a->keys; *p && !a->menu; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		if (n == 1)
			return *p;
		p += n;
	}
	return a->menu;
}

const char *action_key_cap(const char *key)
{
	return strcmp(key, "Backtab") == 0 ? "Shift-Tab" : key;
}

void action_first_key(const struct action *a, char out[static 24])
{
	snprintf(out, 24, "%.*s", (int)strcspn(a->keys, " "), a->keys);
}

void action_typing_key(const struct action *a, char out[static 24])
{
	out[0] = 0;
	for (const char *p = a->keys; *p && !out[0]; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		if (n > 1 && !str_eqz((struct str){p, n}, "Space"))
			snprintf(out, 24, "%.*s", (int)n, p);
		p += n;
	}
}

static const struct {
	const char *name, *key;
} screens[SCREEN_COUNT] = {
#define SCREEN(ID, name, key, kind) {#name, key},
#define LATER(ID, name, key)        {#name, key},
#include "action/screen.def"
};

const char *screen_name(enum screen screen)
{
	return screen < SCREEN_COUNT ? screens[screen].name : "";
}

const char *screen_key(enum screen screen)
{
	return screen < SCREEN_COUNT ? screens[screen].key : "";
}

void shell_quote(struct buf *out, struct str s)
{
	buf_put_word(out, s);
}

static void put_var(struct buf *out, struct str name, const struct action_var *vars, int n)
{
	for (int i = 0; i < n; i++) {
		if (str_eqz(name, vars[i].name)) {
			shell_quote(out, vars[i].value);
			return;
		}
	}
	for (size_t i = 0; i < name.n; i++)
		buf_putc(out, (char)toupper((unsigned char)name.p[i]));
}

void action_expand(struct buf *out, const char *command, const struct action_var *vars, int n)
{
	for (const char *p = command; *p;) {
		const char *end = *p == '{' ? strchr(p, '}') : NULL;
		if (end) {
			put_var(out, (struct str){p + 1, (size_t)(end - p - 1)}, vars, n);
			p = end + 1;
		} else {
			buf_putc(out, *p++);
		}
	}
}

/* The word at p, up to an unquoted blank, | or ;. */
static size_t shell_word(const char *p, size_t n)
{
	char quote = 0;
	size_t i = 0;

	for (; i < n && (quote || !strchr(" |;", p[i])); i++) {
		if (quote == '\'' ? p[i] == quote : !quote && p[i] == '\'')
			quote = quote ? 0 : '\'';
		else if (!quote && p[i] == '\\' && i + 1 < n)
			i++;
	}
	return i;
}

/* Words are quoted as shell_quote does: a | or ; outside quotes begins a command. */
void action_put_command(struct buf *out, struct str command, const char *address)
{
	const char *p = command.n ? command.p : "", *end = p + command.n;
	int word = 0;
	bool ours = false;

	while (p < end) {
		size_t n = shell_word(p, (size_t)(end - p));
		if (!n) {
			word = *p == ' ' ? word : 0;
			buf_putc(out, *p++);
			continue;
		}
		buf_put(out, p, n);
		ours = word == 0 ? str_eqz((struct str){p, n}, "kdeck") : ours;
		if (address && ours && word == 1) {
			buf_puts(out, " -b ");
			shell_quote(out, str_of(address));
		}
		word++;
		p += n;
	}
}

void action_help(struct buf *out, enum screen screen)
{
	for (int i = 0; i < ACTION_COUNT; i++) {
		const struct action *a = &actions[i];
		char key[24], menu[8] = "";
		if (!(a->screens & ON(screen)))
			continue;
		action_first_key(a, key);
		if (a->menu)
			snprintf(menu, sizeof(menu), "m %c", a->menu);
		buf_printf(out, "%-10s %-4s %s\n", action_key_cap(key), menu, a->help);
	}
}

/* A leading dot or quote would be a request, a backslash an escape. */
static void put_roff(struct buf *out, const char *z)
{
	if (*z == '.' || *z == '\'')
		buf_puts(out, "\\&");
	for (; *z; z++) {
		if (*z == '\\')
			buf_puts(out, "\\e");
		else if (*z == '-')
			buf_puts(out, "\\-");
		else
			buf_putc(out, *z);
	}
}

static void man_action(struct buf *out, const struct action *a)
{
	buf_puts(out, ".TP\n.B ");
	put_roff(out, action_key_cap(a->keys));
	if (a->menu)
		buf_printf(out, "%sm %c", a->keys[0] ? ", " : "", a->menu);
	buf_putc(out, '\n');
	put_roff(out, a->help);
	if (a->screens != SCREENS_HERE) {
		buf_puts(out, " (");
		for (int s = 0, first = 1; s < SCREEN_COUNT; s++) {
			if (!(a->screens & ON(s)))
				continue;
			buf_printf(out, "%s%s", first ? "" : ", ", screens[s].name);
			first = 0;
		}
		buf_putc(out, ')');
	}
	buf_puts(out, ".\n");
}

void action_man(struct buf *out)
{
	buf_puts(out, ".SH KEYS\n");
	for (int i = 0; i < ACTION_COUNT; i++)
		if (actions[i].screens)
			man_action(out, &actions[i]);
}
