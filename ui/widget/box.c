/* Boxes over a screen, and text wrapped into them. */
#include "widget/widget.h"

struct surface box_center(const struct surface *s, int cols, int rows, struct str title)
{
	int w = cols < s->cols ? cols : s->cols, h = rows < s->rows ? rows : s->rows;
	struct surface box = surface_sub(s, (s->cols - w) / 2, (s->rows - h) / 2, w, h);

	s->grid->cursor_x = s->grid->cursor_y = -1;
	return surface_box(&box, title, STYLE_BOX);
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
