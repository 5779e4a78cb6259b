/* Things of one line. */
#include "widget/line.h"

#include <math.h>

#define GAP          2
#define MESSAGE_ROWS 4

static int hint_cols(const struct key_hint *h)
{
	return text_width(str_of(h->key)) + 1 + text_width(str_of(h->label));
}

static void hint_draw(const struct surface *s, int x, int y, const struct key_hint *h)
{
	x += surface_puts(s, x, y, STYLE_KEY, h->key) + 1;
	surface_puts(s, x, y, STYLE_NORMAL, h->label);
}

int key_bar_draw(const struct surface *s, int y, const struct key_hint *hints, int n)
{
	int help = -1, drawn = 0, x = 1;

	for (int i = 0; i < n; i++)
		if (strcmp(hints[i].key, "?") == 0)
			help = i;
	int kept = 0;
	for (int i = help; i >= 0 && i < n; i++)
		kept += GAP + hint_cols(&hints[i]);
	for (int i = 0; i < n; i++) {
		int cols = hint_cols(&hints[i]);
		if (x + cols + (i < help ? kept : 0) > s->cols) {
			if (i >= help)
				break;
			i = help - 1;
			kept = 0;
			continue;
		}
		hint_draw(s, x, y, &hints[i]);
		x += cols + GAP;
		drawn++;
	}
	return drawn;
}

void message_set(struct message *m, enum message_kind kind, int64_t now_ms, const char *text)
{
	size_t n = strlen(text);

	m->kind = kind;
	m->until_ms = kind == MESSAGE_OK ? now_ms + MESSAGE_FADE_MS : INT64_MAX;
	if (n >= sizeof(m->text)) {
		n = sizeof(m->text) - 1;
		while (n > 0 && ((uint8_t)text[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(m->text, text, n);
	m->text[n] = 0;
}

static bool message_clear(struct message *m)
{
	m->kind = MESSAGE_NONE;
	m->text[0] = 0;
	return true;
}

bool message_tick(struct message *m, int64_t now_ms)
{
	return m->kind == MESSAGE_OK && now_ms >= m->until_ms && message_clear(m);
}

bool message_key(struct message *m)
{
	return m->kind == MESSAGE_ERROR && message_clear(m);
}

void message_draw(const struct message *m, const struct surface *s, int y)
{
	static const enum style styles[] = {STYLE_NORMAL, STYLE_OK, STYLE_NORMAL, STYLE_ERROR};

	struct surface part = {.cols = s->cols > 2 ? s->cols - 2 : 1};
	int n = m->kind == MESSAGE_ERROR ? wrap_draw(&part, STYLE_ERROR, str_of(m->text), 0) : 1;

	n = n < MESSAGE_ROWS ? n : MESSAGE_ROWS;
	if (n > 1 && y + 1 >= n) {
		part = surface_sub(s, 0, y + 1 - n, s->cols, n);
		surface_clear(&part, STYLE_NORMAL);
		part = surface_sub(s, 1, y + 1 - n, s->cols - 2, n);
		wrap_draw(&part, STYLE_ERROR, str_of(m->text), 0);
	} else if (m->kind != MESSAGE_NONE)
		surface_field(s, 1, y, s->cols - 2, ALIGN_LEFT, styles[m->kind], str_of(m->text));
}

int tabs_draw(const struct surface *s, int x, int y, const char *const *names, int n, int open)
{
	int at = x;

	for (int i = 0; i < n; i++) {
		at += i > 0 ? GAP : 0;
		if (i == open)
			at += surface_printf(s, at, y, STYLE_TAB, "[%s]", names[i]);
		else
			at += surface_puts(s, at, y, STYLE_NORMAL, names[i]);
	}
	return at - x;
}

int tabs_cols(const char *const *names, int n)
{
	int cols = 2;

	for (int i = 0; i < n; i++)
		cols += text_width(str_of(names[i])) + (i > 0 ? GAP : 0);
	return cols;
}

int tabs_hit(const char *const *names, int n, int open, int at)
{
	int x = 0;

	for (int i = 0; i < n; i++) {
		int cols = text_width(str_of(names[i])) + (i == open ? 2 : 0);
		if (at >= x && at < x + cols)
			return i;
		x += cols + GAP;
	}
	return -1;
}

static double own_max(const double *values, size_t n, double max)
{
	if (max > 0)
		return max;
	max = 0;
	for (size_t i = 0; i < n; i++)
		if (isfinite(values[i]) && values[i] > max)
			max = values[i];
	return max;
}

static uint32_t spark_cp(double v, double max)
{
	if (isnan(v) || v < 0)
		return ' ';
	double level = max > 0 ? v / max * 8 : 0;
	return 0x2581 + (uint32_t)(level >= 7 ? 7 : level);
}

void spark_draw(const struct surface *s, int x, int y, int cols, enum style style,
	const double *values, size_t n, double max)
{
	if (cols <= 0)
		return;
	size_t shown = n < (size_t)cols ? n : (size_t)cols;
	const double *v = values + (n - shown);
	int left = cols - (int)shown;

	max = own_max(v, shown, max);
	surface_fill_row(s, x, y, left, style, ' ');
	for (size_t i = 0; i < shown; i++)
		surface_fill_row(s, x + left + (int)i, y, 1, style, spark_cp(v[i], max));
}

void spark_text(struct buf *out, const double *values, size_t n, int cells, double max)
{
	if (cells <= 0)
		return;
	size_t shown = n < (size_t)cells ? n : (size_t)cells;
	const double *v = values + (n - shown);

	max = own_max(v, shown, max);
	buf_fill(out, ' ', (size_t)cells - shown);
	for (size_t i = 0; i < shown; i++)
		put_symbol(out, spark_cp(v[i], max));
}

void bar_draw(const struct surface *s, int x, int y, int cols, enum style style, double part)
{
	if (cols <= 0)
		return;
	double p = !(part > 0) ? 0 : part > 1 ? 1 : part;
	int at = (int)(p * (cols - 1) + 0.5);

	surface_fill_row(s, x, y, at, style, 0x2501);
	surface_fill_row(s, x + at, y, 1, style, 0x25c6);
	surface_fill_row(s, x + at + 1, y, cols - at - 1, STYLE_DIM, 0x2591);
}
