/* What the widget tests share: events, and a grid compared as text. Includes cmocka's header. */
#ifndef TESTS_WIDGET_DRAWN_H
#define TESTS_WIDGET_DRAWN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "widget/widget.h"

static inline struct event key_mod(uint32_t code, uint8_t mods)
{
	return (struct event){.type = EVENT_KEY, .key = {code, mods}};
}

static inline struct event key_of(uint32_t code)
{
	return key_mod(code, 0);
}

static inline struct event paste_of(const char *z)
{
	return (struct event){.type = EVENT_PASTE, .text = str_of(z)};
}

static inline struct event mouse_at(enum mouse_button button, int x, int y)
{
	return (struct event){.type = EVENT_MOUSE, .button = button, .press = true, .x = x, .y = y};
}

/* The grid as text is `expected` (rows end in \n); empty rows at the end do not count. */
static inline void assert_drawn(const struct grid *g, const char *expected)
{
	struct buf b = BUF_EMPTY;

	assert_int_equal(grid_check(g), -1);
	grid_text(g, &b);
	while (b.n > 1 && b.p[b.n - 1] == '\n' && b.p[b.n - 2] == '\n')
		b.p[--b.n] = 0;
	assert_string_equal(buf_z(&b), expected);
	buf_fini(&b);
}

static inline enum style style_at(const struct grid *g, int x, int y)
{
	return (enum style)g->cells[y * g->cols + x].style;
}

#endif
