/*
 * A terminal that is small enough to be trusted, for tests: takes what paint.h sends for
 * TERM=xterm-256color or linux and keeps the characters of each cell. It counts widths by its own
 * rule, as real ones do. Whatever it does not know fails the test.
 */
#ifndef TESTS_UNIT_TERM_TINY_H
#define TESTS_UNIT_TERM_TINY_H

#include "base/utf8.h"
#include "term/surface.h"
#include <stdlib.h>
#include <string.h>

#define TINY_COLS 60
#define TINY_ROWS 12

struct tiny {
	int cols, rows, x, y;
	uint32_t cp[TINY_ROWS][TINY_COLS]; /* 0: right half of the one before */
	int (*width)(uint32_t cp);
};

static inline void tiny_clear(struct tiny *t, int y, int x, int x1)
{
	for (; x < x1; x++)
		t->cp[y][x] = ' ';
}

/* One half of a wide character goes with the other. */
static inline void tiny_cell(struct tiny *t, int x, uint32_t cp)
{
	uint32_t *row = t->cp[t->y];

	if (row[x] == 0 && x > 0 && cp != 0)
		row[x - 1] = ' ';
	if (x + 1 < t->cols && row[x + 1] == 0)
		row[x + 1] = ' ';
	row[x] = cp;
}

static inline void tiny_char(struct tiny *t, uint32_t cp)
{
	int w = t->width(cp);

	if (w == 0)
		return;
	assert_true(t->x + 1 <= t->cols); /* nothing is drawn behind the last cell */
	if (t->x + w > t->cols)
		w = 1;
	tiny_cell(t, t->x, cp);
	if (w == 2) {
		tiny_cell(t, t->x + 1, ' ');
		t->cp[t->y][t->x + 1] = 0;
	}
	t->x += w;
}

static inline void tiny_csi(struct tiny *t, const int v[static 2], char final)
{
	if (final == 'H') {
		t->y = v[0] ? v[0] - 1 : 0;
		t->x = v[1] ? v[1] - 1 : 0;
		assert_in_range(t->y, 0, t->rows - 1);
		assert_in_range(t->x, 0, t->cols - 1);
	} else if (final == 'K') {
		tiny_clear(t, t->y, t->x < t->cols ? t->x : t->cols - 1, t->cols);
	} else if (final == 'J') {
		for (int y = 0; y < t->rows; y++)
			tiny_clear(t, y, 0, t->cols);
	} else {
		assert_non_null(strchr("mhlrc", final));
	}
}

/* Returns the bytes taken. */
static inline size_t tiny_escape(struct tiny *t, const char *z, size_t n)
{
	int v[2] = {0, 0}, at = 0;
	size_t i = 2;

	assert_true(n >= 2);
	if (z[1] == '(')
		return 3;
	if (z[1] != '[')
		return 2;
	for (; i < n && (z[i] < 0x40 || z[i] > 0x7e); i++) {
		if (z[i] == ';')
			at = 1;
		else if (z[i] >= '0' && z[i] <= '9')
			v[at] = v[at] * 10 + (z[i] - '0');
	}
	assert_true(i < n);
	tiny_csi(t, v, z[i]);
	return i + 1;
}

static inline void tiny_feed(struct tiny *t, const struct buf *b)
{
	for (size_t i = 0; i < b->n;) {
		uint32_t cp;
		size_t n;

		if (b->p[i] == 27) {
			i += tiny_escape(t, (const char *)b->p + i, b->n - i);
			continue;
		}
		n = utf8_decode(b->p + i, b->p + b->n, &cp);
		assert_true(n > 0);
		if (cp != 15) { /* sgr0 of some */
			assert_true(cp >= 0x20 && (cp < 0x7f || cp >= 0xa0));
			tiny_char(t, cp);
		}
		i += n;
	}
}

#endif
