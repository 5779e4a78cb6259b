/* Boxes over a screen, and text wrapped into them. */
#include "widget/widget.h"

struct surface box_center(const struct surface *s, int cols, int rows, struct str title)
{
	int w = cols < s->cols ? cols : s->cols, h = rows < s->rows ? rows : s->rows;
	struct surface box = surface_sub(s, (s->cols - w) / 2, (s->rows - h) / 2, w, h);

	s->grid->cursor_x = s->grid->cursor_y = -1;
	return surface_box(&box, title, STYLE_BOX);
}

static void draw_more(const struct surface *in, int y, uint32_t arrow)
{
	struct surface line = {in->grid, in->x, y, in->cols, 1};
	struct buf text = BUF_EMPTY;

	buf_putc(&text, ' ');
	put_symbol(&text, arrow);
	buf_puts(&text, " more ");
	surface_put_right(&line, line.cols, 0, STYLE_KEY, buf_str(&text));
	buf_fini(&text);
}

void more_draw(const struct surface *in, bool above, bool below)
{
	if (in->cols < 12 || in->rows < 1)
		return;
	if (above && in->y > 0)
		draw_more(in, in->y - 1, 0x2191);
	if (below && in->y + in->rows < in->grid->rows)
		draw_more(in, in->y + in->rows, 0x2193);
}

int wrap_draw(const struct surface *s, enum style style, struct str text, int from)
{
	struct str line;
	int n = 0;

	while (text.n > 0) {
		size_t used = text_wrap(text, s->cols, &line);
		surface_put(s, 0, n - from, style, line);
		text = (struct str){text.p + used, text.n - used};
		n++;
	}
	return n;
}

int button_cols(const char *label)
{
	return text_width(str_of(label)) + 4;
}

void button_draw(
	const struct surface *s, int x, int y, const char *label, enum style style, bool focus)
{
	int cols = button_cols(label) < s->cols - x ? button_cols(label) : s->cols - x;

	surface_puts(s, x, y, style, "[ ");
	surface_field(s, x + 2, y, cols - 4, ALIGN_LEFT, style, str_of(label));
	surface_puts(s, x + cols - 2, y, style, " ]");
	if (focus)
		surface_cursor(s, x + 2, y);
}
