/*
 * Forms. A field is checked when it is left and, once that happened, at every change; all of them
 * on Enter. Lines of the form: the title, the fields (scrolled), the help or the reason at the
 * bottom.
 */
#include "widget/form.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define TEXT_MAX    4096
#define NUMBER_MAX  32
#define NUMBER_COLS 24
#define TALL        4 /* rows of a FIELD_LINES */

static bool is_text(const struct field *f)
{
	return f->def->type == FIELD_TEXT || f->def->type == FIELD_NUMBER ||
	       f->def->type == FIELD_LINES;
}

static int count_choices(const struct field *f)
{
	int n = 0;

	while (f->def->choices && f->def->choices[n])
		n++;
	return n;
}

static void set_value(struct field *f, struct str text)
{
	int n = count_choices(f);

	f->prefilled = is_text(f) && f->def->type != FIELD_LINES && text.n > 0;
	if (is_text(f))
		edit_set(&f->edit, text);
	else if (f->def->type == FIELD_TOGGLE)
		f->on = str_eqz(text, "yes");
	for (int i = 0; f->def->type == FIELD_CHOICE && i < n; i++)
		if (str_eqz(text, f->def->choices[i]))
			f->choice = i;
}

void form_init(struct form *f, const char *title, const struct field_def *defs, int n, void *arg)
{
	assert(n >= 0 && n <= FORM_MAX_FIELDS);
	*f = (struct form){.title = title, .n = n, .arg = arg};
	for (int i = 0; i < n; i++) {
		const struct field_def *d = &defs[i];
		size_t usual = d->type == FIELD_NUMBER ? NUMBER_MAX : TEXT_MAX;

		f->fields[i].def = d;
		edit_init(&f->fields[i].edit, d->max_bytes ? d->max_bytes : usual,
			d->type == FIELD_LINES);
		set_value(&f->fields[i], d->initial ? str_of(d->initial) : STR_LIT(""));
	}
}

void form_fini(struct form *f)
{
	for (int i = 0; i < f->n; i++) {
		edit_fini(&f->fields[i].edit);
		buf_fini(&f->fields[i].reason);
	}
	buf_fini(&f->note);
	*f = (struct form){0};
}

/* ---- values -------------------------------------------------------------------------------- */

int form_find(const struct form *f, const char *name)
{
	for (int i = 0; i < f->n; i++)
		if (strcmp(f->fields[i].def->name, name) == 0)
			return i;
	return -1;
}

static struct str value(const struct field *f)
{
	if (f->def->type == FIELD_TOGGLE)
		return f->on ? STR_LIT("yes") : STR_LIT("no");
	if (f->def->type == FIELD_CHOICE)
		return count_choices(f) ? str_of(f->def->choices[f->choice]) : STR_LIT("");
	return edit_get(&f->edit);
}

struct str form_text(const struct form *f, const char *name)
{
	int i = form_find(f, name);

	return i < 0 ? STR_LIT("") : value(&f->fields[i]);
}

/* A whole number with blanks around it and nothing else. */
static bool parse_number(struct str s, int64_t *out)
{
	char z[NUMBER_MAX + 1], *end;
	long long v;

	while (s.n > 0 && s.p[s.n - 1] == ' ')
		s.n--;
	for (; s.n > 0 && s.p[0] == ' '; s.n--)
		s.p++;
	if (s.n == 0 || s.n > NUMBER_MAX || (s.p[0] != '-' && (s.p[0] < '0' || s.p[0] > '9')))
		return false;
	memcpy(z, s.p, s.n);
	z[s.n] = 0;
	errno = 0;
	v = strtoll(z, &end, 10);
	if (errno != 0 || end != z + s.n || end == z)
		return false;
	*out = v;
	return true;
}

int64_t form_number(const struct form *f, const char *name, int64_t otherwise)
{
	int64_t v;

	return parse_number(form_text(f, name), &v) ? v : otherwise;
}

bool form_on(const struct form *f, const char *name)
{
	int i = form_find(f, name);

	return i >= 0 && f->fields[i].def->type == FIELD_TOGGLE && f->fields[i].on;
}

/* ---- checks -------------------------------------------------------------------------------- */

static void check_number(struct field *f, struct str text)
{
	const struct field_def *d = f->def;
	bool bound = d->min != 0 || d->max != 0;
	int64_t v;

	if (parse_number(text, &v) && (!bound || (v >= d->min && v <= d->max)))
		return;
	if (!bound)
		buf_puts(&f->reason, "must be a whole number");
	else if (d->max == INT64_MAX)
		buf_printf(&f->reason, "must be a whole number, %" PRId64 " or more", d->min);
	else
		buf_printf(&f->reason, "must be a whole number from %" PRId64 " to %" PRId64,
			d->min, d->max);
}

static bool check_field(struct form *form, int i)
{
	struct field *f = &form->fields[i];
	struct str text = value(f);

	buf_clear(&f->reason);
	if (f->def->required && text.n == 0)
		buf_puts(&f->reason, "must not be empty");
	else if (f->def->type == FIELD_NUMBER && text.n > 0)
		check_number(f, text);
	if (f->reason.n == 0 && f->def->check) {
		bool right = f->def->check(form->arg, form, i, &f->reason);
		if (right)
			buf_clear(&f->reason);
		else if (f->reason.n == 0)
			buf_puts(&f->reason, "is not right");
	}
	return f->reason.n == 0;
}

int form_check(struct form *f)
{
	int first = -1;

	for (int i = 0; i < f->n; i++) {
		f->fields[i].touched = true;
		if (!check_field(f, i) && first < 0)
			first = i;
	}
	return first;
}

/* A change may right or wrong other fields too: a check can look at all of them. */
static void recheck(struct form *f)
{
	for (int i = 0; i < f->n; i++)
		if (f->fields[i].touched)
			check_field(f, i);
}

void form_set(struct form *f, const char *name, struct str text)
{
	int i = form_find(f, name);

	if (i < 0)
		return;
	set_value(&f->fields[i], text);
	recheck(f);
}

void form_note(struct form *f, const char *text, bool refused)
{
	buf_clear(&f->note);
	buf_puts(&f->note, text);
	f->refused = refused;
}

/* ---- events -------------------------------------------------------------------------------- */

static unsigned focus_to(struct form *f, int to)
{
	to = to < 0 ? 0 : to >= f->n ? f->n - 1 : to;
	if (to != f->focus) {
		f->fields[f->focus].touched = true;
		check_field(f, f->focus);
		f->focus = to;
	}
	return WIDGET_HANDLED;
}

static unsigned submit(struct form *f)
{
	int wrong = form_check(f);

	if (wrong < 0)
		return WIDGET_HANDLED | WIDGET_SUBMIT;
	f->focus = wrong;
	return WIDGET_HANDLED;
}

static unsigned form_key(struct form *f, uint32_t code)
{
	switch (code) {
	case K_ESC:
		return WIDGET_HANDLED | WIDGET_CANCEL;
	case K_ENTER:
		return submit(f);
	case K_TAB:
		return focus_to(f, f->focus + 1 < f->n ? f->focus + 1 : 0);
	case K_BACKTAB:
		return focus_to(f, f->focus > 0 ? f->focus - 1 : f->n - 1);
	case K_UP:
		return focus_to(f, f->focus - 1);
	case K_DOWN:
		return focus_to(f, f->focus + 1);
	case K_PGUP:
		return focus_to(f, 0);
	case K_PGDN:
		return focus_to(f, f->n - 1);
	default:
		return WIDGET_IGNORED;
	}
}

static unsigned turn(struct field *f, int step)
{
	int n = count_choices(f);

	if (f->def->type == FIELD_TOGGLE) {
		f->on = !f->on;
		return WIDGET_HANDLED | WIDGET_CHANGED;
	}
	if (n < 2)
		return WIDGET_HANDLED;
	f->choice = (f->choice + n + step) % n;
	return WIDGET_HANDLED | WIDGET_CHANGED;
}

/* Letters do nothing here, yet they must not become keys of the screen. */
static unsigned turn_event(struct field *f, const struct event *e)
{
	if (e->type == EVENT_PASTE)
		return WIDGET_HANDLED;
	if (e->type != EVENT_KEY)
		return WIDGET_IGNORED;
	if (key_is(e->key, K_LEFT) || key_is(e->key, K_RIGHT))
		return turn(f, e->key.code == K_LEFT ? -1 : 1);
	if (key_is(e->key, ' '))
		return turn(f, 1);
	return key_is_text(e->key) ? WIDGET_HANDLED : WIDGET_IGNORED;
}

/* Text into a field; what does not fit is told, not lost in silence. */
static unsigned text_event(struct form *f, struct field *field, const struct event *e)
{
	bool paste = e->type == EVENT_PASTE;
	unsigned effect;

	if (field->prefilled && (paste || (e->type == EVENT_KEY && key_is_text(e->key))))
		edit_set(&field->edit, STR_LIT(""));
	effect = edit_event(&field->edit, e);
	if (effect == WIDGET_IGNORED)
		return effect;
	field->prefilled = false;
	field->touched = field->touched || paste;
	if (effect & WIDGET_CHANGED)
		recheck(f);
	if (field->edit.cut) {
		buf_clear(&field->reason);
		buf_printf(&field->reason, "only the first %zu bytes fit", field->edit.max);
		field->edit.cut = false;
	}
	return effect;
}

/* The field first: inside several lines Up and Down are its own. */
unsigned form_event(struct form *f, const struct event *e)
{
	unsigned effect = WIDGET_IGNORED;

	if (f->n == 0)
		return e->type == EVENT_KEY && e->key.mods == 0 &&
				       (e->key.code == K_ESC || e->key.code == K_ENTER)
			       ? form_key(f, e->key.code)
			       : WIDGET_IGNORED;
	if (e->type == EVENT_MOUSE && e->button == MOUSE_WHEEL_UP)
		return focus_to(f, f->focus - 1);
	if (e->type == EVENT_MOUSE && e->button == MOUSE_WHEEL_DOWN)
		return focus_to(f, f->focus + 1);
	struct field *field = &f->fields[f->focus];
	effect = is_text(field) ? text_event(f, field, e) : turn_event(field, e);
	if (effect & WIDGET_CHANGED)
		form_note(f, "", false);
	if (effect & WIDGET_CHANGED && !is_text(field))
		recheck(f);
	if (effect == WIDGET_IGNORED && e->type == EVENT_KEY && e->key.mods == 0)
		effect = form_key(f, e->key.code);
	return effect;
}

/* ---- drawing ------------------------------------------------------------------------------- */

static int height(const struct field *f, int rows)
{
	return f->def->type != FIELD_LINES || rows < 1 ? 1 : rows < TALL ? rows : TALL;
}

static int row_of(const struct form *f, int field, int rows)
{
	int y = 0;

	for (int i = 0; i < field; i++)
		y += height(&f->fields[i], rows);
	return y;
}

static void scroll(struct form *f, int rows)
{
	int all = row_of(f, f->n, rows), y = row_of(f, f->focus, rows);
	int most = all > rows ? all - rows : 0;
	int end = y + (f->n ? height(&f->fields[f->focus], rows) : 0);

	f->top = f->top < most ? f->top : most;
	if (f->top < end - rows)
		f->top = end - rows;
	if (f->top > y)
		f->top = y;
}

static int label_cols(const struct form *f, int cols)
{
	int widest = 0;

	for (int i = 0; i < f->n; i++) {
		const struct field_def *d = f->fields[i].def;
		int w = text_width(str_of(d->label)) + (d->required ? 2 : 0);
		widest = w > widest ? w : widest;
	}
	return widest < cols * 2 / 5 ? widest : cols * 2 / 5;
}

static void draw_label(const struct field *f, const struct surface *s, int y, int cols, bool focus)
{
	struct buf b = BUF_EMPTY;

	buf_printf(&b, "%s%s", f->def->label, f->def->required ? " *" : "");
	if (f->reason.n)
		surface_puts(s, 0, y, STYLE_ERROR, "!");
	surface_field(s, 2, y, cols, ALIGN_LEFT, focus ? STYLE_TITLE : STYLE_NORMAL, buf_str(&b));
	buf_fini(&b);
}

/* What could be chosen instead, where it fits; else how many there are. */
static void draw_others(const struct field *f, const struct surface *s, int x)
{
	struct buf b = BUF_EMPTY;

	for (int i = 0; i < count_choices(f); i++)
		if (i != f->choice)
			buf_printf(&b, "%s%s", b.n ? "  " : "", f->def->choices[i]);
	if (x + text_width(buf_str(&b)) > s->cols) {
		buf_clear(&b);
		buf_printf(&b, "%d of %d", f->choice + 1, count_choices(f));
	}
	if (x + text_width(buf_str(&b)) <= s->cols)
		surface_put(s, x, 0, STYLE_DIM, buf_str(&b));
	buf_fini(&b);
}

static void draw_turned(const struct field *f, const struct surface *s, bool focus)
{
	struct str text = value(f);
	struct buf b = BUF_EMPTY;

	if (f->def->type == FIELD_TOGGLE)
		buf_printf(&b, "[%c] %s", f->on ? 'x' : ' ', f->on ? "yes" : "no");
	else
		buf_printf(&b, "< %.*s >", STR_ARG(text));
	int cols = text_width(buf_str(&b)) < s->cols ? text_width(buf_str(&b)) : s->cols;
	surface_field(s, 0, 0, cols, ALIGN_LEFT, focus ? STYLE_FOCUS : STYLE_FIELD, buf_str(&b));
	if (focus)
		surface_cursor(s, f->def->type == FIELD_TOGGLE ? 1 : 2, 0);
	buf_fini(&b);
	if (f->def->type == FIELD_CHOICE)
		draw_others(f, s, cols + 2);
}

static void draw_field(
	struct field *f, const struct surface *s, int y, int label, int rows, bool focus)
{
	int x = 2 + label + 2, cols = s->cols - x - 1;
	struct surface part;

	if (f->def->type == FIELD_NUMBER && cols > NUMBER_COLS)
		cols = NUMBER_COLS;
	part = surface_sub(s, x, y, cols, height(f, rows));
	draw_label(f, s, y, label, focus);
	if (!is_text(f)) {
		draw_turned(f, &part, focus);
		return;
	}
	edit_draw(&f->edit, &part, focus ? STYLE_FOCUS : STYLE_FIELD, focus);
	if (f->prefilled && focus)
		surface_restyle(&part, 0, 0, text_width(value(f)), STYLE_CURSOR);
}

static void draw_fields(struct form *f, const struct surface *s)
{
	int label = label_cols(f, s->cols), rows = s->rows, y;

	scroll(f, rows);
	y = -f->top;
	for (int i = 0; i < f->n; i++) {
		int high = height(&f->fields[i], rows);
		if (y + high > 0 && y < rows)
			draw_field(&f->fields[i], s, y, label, rows, i == f->focus);
		y += high;
	}
	if (f->top > 0)
		surface_puts(s, s->cols - 1, 0, STYLE_KEY, "^");
	if (y > rows)
		surface_puts(s, s->cols - 1, rows - 1, STYLE_KEY, "v");
}

static void draw_help(const struct form *f, const struct surface *s)
{
	const struct field *field = &f->fields[f->focus];
	struct surface part = surface_sub(s, 2, 0, s->cols - 3, s->rows);
	struct buf b = BUF_EMPTY;

	if (f->note.n) {
		wrap_draw(&part, f->refused ? STYLE_ERROR : STYLE_DIM, buf_str(&f->note), 0);
		return;
	}
	if (field->reason.n)
		buf_printf(&b, "%s: %.*s", field->def->label, STR_ARG(buf_str(&field->reason)));
	else
		buf_puts(&b, field->def->help ? field->def->help : "");
	wrap_draw(&part, field->reason.n ? STYLE_ERROR : STYLE_DIM, buf_str(&b), 0);
	buf_fini(&b);
}

/* Rows that the note takes, at most what leaves two fields to be seen. */
static int note_rows(const struct form *f, const struct surface *s)
{
	struct surface none = {.cols = s->cols > 4 ? s->cols - 3 : 1};
	int rows = f->note.n ? wrap_draw(&none, STYLE_DIM, buf_str(&f->note), 0) : 0;

	return rows < s->rows - 5 ? rows : s->rows - 5;
}

/* The rows of the help stay the same whatever it says: nothing jumps while one moves; only what a
 * cluster answers takes as many as it needs. */
void form_draw(struct form *f, const struct surface *s)
{
	int head = s->rows >= 4 ? 2 : 0, foot = s->rows >= 10 ? 3 : s->rows >= 3 ? 1 : 0;
	struct surface body, bottom;

	if (foot < note_rows(f, s) + 1)
		foot = note_rows(f, s) + 1;
	surface_clear(s, STYLE_NORMAL);
	s->grid->cursor_x = s->grid->cursor_y = -1;
	if (head)
		surface_rule(s, 0, str_of(f->title));
	body = surface_sub(s, 0, head, s->cols, s->rows - head - foot);
	draw_fields(f, &body);
	/* The upper of several is a gap. */
	bottom = surface_sub(
		s, 0, s->rows - (foot > 1 ? foot - 1 : foot), s->cols, foot > 1 ? foot - 1 : foot);
	if (f->n > 0)
		draw_help(f, &bottom);
}
