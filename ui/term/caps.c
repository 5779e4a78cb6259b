/* See caps.h. <term.h> has a struct term of its own, so term/term.h stays out of here. */
#define NCURSES_WIDECHAR 1
#include "term/caps.h"

#include <curses.h>

#include <term.h>

#include "base/xalloc.h"
#include <stdlib.h>

static const char *string(const char *name)
{
	char *z = tigetstr((char *)(uintptr_t)name);

	return z && z != (char *)-1 ? z : NULL;
}

/* Without the pauses ($<5>) that lines of another age needed. */
static void put(struct buf *out, const char *z)
{
	while (z && *z) {
		const char *end = z[0] == '$' && z[1] == '<' ? strchr(z, '>') : NULL;
		if (end)
			z = end + 1;
		else
			buf_putc(out, *z++);
	}
}

static char *joined(const char *const *names, size_t n)
{
	struct buf b = BUF_EMPTY;

	for (size_t i = 0; i < n; i++)
		put(&b, string(names[i]));
	return buf_steal(&b);
}

static char *one(const char *name)
{
	return joined(&name, 1);
}

static void read_strings(struct caps *c)
{
	static const char *const enter[] = {"smcup", "smkx"};
	static const char *const leave[] = {"sgr0", "rmkx", "cnorm", "rmcup"};
	const char *cup = string("cup");

	c->enter = joined(enter, ARRAY_LEN(enter));
	c->leave = joined(leave, ARRAY_LEN(leave));
	c->clear = one("clear");
	c->to_right = one("el");
	c->hide = one("civis");
	c->show = one("cnorm");
	c->plain = one("sgr0");
	c->bold = one("bold");
	c->dim = one("dim");
	c->reverse = one("rev");
	c->underline = one("smul");
	c->ansi_move = cup && strcmp(cup, "\033[%i%p1%d;%p2%dH") == 0;
}

static void read_numbers(struct caps *c)
{
	int ncv = tigetnum((char *)(uintptr_t) "ncv"),
	    colors = tigetnum((char *)(uintptr_t) "colors");

	c->colors = string("setaf") && colors > 0 ? colors : 0;
	c->no_colour_with = ncv > 0 ? (unsigned)ncv : 0;
	c->cols = tigetnum((char *)(uintptr_t) "cols");
	c->rows = tigetnum((char *)(uintptr_t) "lines");
	c->corner_scrolls = tigetflag((char *)(uintptr_t) "am") > 0 &&
			    tigetflag((char *)(uintptr_t) "xenl") <= 0;
}

int caps_init(struct caps *c, const char *type, int fd, struct err *e)
{
	int status;

	*c = (struct caps){0};
	if (!type || !*type)
		return err_set(e, ERR_UNSUPPORTED, "the terminal's type is not set (set TERM)");
	use_env(FALSE); /* $COLUMNS is the shell's business */
	if (setupterm((char *)(uintptr_t)type, fd, &status) != OK)
		return err_set(
			e, ERR_UNSUPPORTED, "terminal type %s is not known here (set TERM)", type);
	if (!string("cup") || !string("clear")) {
		(void)del_curterm(cur_term);
		return err_set(
			e, ERR_UNSUPPORTED, "terminal type %s cannot be drawn on (set TERM)", type);
	}
	read_strings(c);
	read_numbers(c);
	return 0;
}

void caps_fini(struct caps *c)
{
	char *own[] = {c->enter, c->leave, c->clear, c->to_right, c->hide, c->show, c->plain,
		c->bold, c->dim, c->reverse, c->underline};

	if (c->clear)
		(void)del_curterm(cur_term);
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		free(own[i]);
	*c = (struct caps){0};
}

void caps_move(const struct caps *c, struct buf *out, int y, int x)
{
	if (c->ansi_move)
		buf_printf(out, "\033[%d;%dH", y + 1, x + 1);
	else
		put(out, tparm((char *)(uintptr_t)string("cup"), (long)y, (long)x, 0L, 0L, 0L, 0L,
				 0L, 0L, 0L));
}

static void put_colour(struct buf *out, const char *name, int colour)
{
	const char *z = colour >= 0 ? string(name) : NULL;

	if (z)
		put(out, tparm((char *)(uintptr_t)z, (long)colour, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L));
}

void caps_colour(const struct caps *c, struct buf *out, int fg, int bg)
{
	if (c->colors) {
		put_colour(out, "setaf", fg);
		put_colour(out, "setab", bg);
	}
}

const char *caps_key(const char *name)
{
	return string(name);
}
