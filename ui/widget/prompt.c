/* The line to type into. */
#include "widget/prompt.h"

#include "base/xalloc.h"

#define PROMPT_MAX 1000

void prompt_init(struct prompt *p, const char *label, prompt_complete_fn *complete, void *arg)
{
	*p = (struct prompt){.label = label, .complete = complete, .arg = arg};
	edit_init(&p->edit, PROMPT_MAX, false);
}

void prompt_fini(struct prompt *p)
{
	vec_foreach (line, &p->history)
		free(*line);
	vec_fini(&p->history);
	buf_fini(&p->draft);
	buf_fini(&p->stem);
	edit_fini(&p->edit);
}

void prompt_open(struct prompt *p, struct str text)
{
	edit_set(&p->edit, text);
	p->history_at = p->history.n;
	p->completion = 0;
	buf_clear(&p->draft);
}

/* A line is in the history once, where it was typed last. */
static void remember(struct prompt *p)
{
	struct str line = edit_get(&p->edit);

	if (line.n == 0)
		return;
	for (size_t i = 0; i < p->history.n; i++) {
		if (str_eqz(line, p->history.v[i])) {
			free(p->history.v[i]);
			vec_remove(&p->history, i);
			break;
		}
	}
	if (p->history.n == PROMPT_HISTORY) {
		free(p->history.v[0]);
		vec_remove(&p->history, 0);
	}
	vec_push(&p->history, str_dup(line));
	p->history_at = p->history.n;
}

static unsigned recall(struct prompt *p, int step)
{
	if (step < 0 ? p->history_at == 0 : p->history_at >= p->history.n)
		return WIDGET_HANDLED;
	if (p->history_at == p->history.n) {
		buf_clear(&p->draft);
		buf_put_str(&p->draft, edit_get(&p->edit));
	}
	p->history_at += step < 0 ? (size_t)-1 : 1;
	edit_set(&p->edit, p->history_at == p->history.n ? buf_str(&p->draft)
							 : str_of(p->history.v[p->history_at]));
	return WIDGET_HANDLED | WIDGET_CHANGED;
}

/* Each Tab the next completion of what was typed, after the last one that again. */
static unsigned complete(struct prompt *p)
{
	const char *found;

	if (!p->complete)
		return WIDGET_HANDLED;
	if (p->completion == 0) {
		buf_clear(&p->stem);
		buf_put_str(&p->stem, edit_get(&p->edit));
		p->completion = 1;
	}
	struct str stem = p->stem.n ? buf_str(&p->stem) : STR_LIT("");
	found = p->complete(p->arg, stem, p->completion - 1);
	if (!found && p->completion == 1)
		return WIDGET_HANDLED;
	p->completion = found ? p->completion + 1 : 1;
	edit_set(&p->edit, found ? str_of(found) : stem);
	return WIDGET_HANDLED | WIDGET_CHANGED;
}

unsigned prompt_event(struct prompt *p, const struct event *e)
{
	bool key = e->type == EVENT_KEY && e->key.mods == 0;
	unsigned effect;

	if (key && e->key.code == K_TAB)
		return complete(p);
	if (key && e->key.code == K_ESC)
		return WIDGET_HANDLED | WIDGET_CANCEL;
	if (key && e->key.code == K_ENTER) {
		remember(p);
		return WIDGET_HANDLED | WIDGET_SUBMIT;
	}
	p->completion = 0;
	if (key && (e->key.code == K_UP || e->key.code == K_DOWN))
		return recall(p, e->key.code == K_UP ? -1 : 1);
	effect = edit_event(&p->edit, e);
	if (effect & WIDGET_CHANGED)
		p->history_at = p->history.n;
	return effect;
}

void prompt_draw(struct prompt *p, const struct surface *s)
{
	struct surface row = surface_row(s, 0), field;
	int x;

	surface_clear(&row, STYLE_NORMAL);
	x = 1 + surface_puts(&row, 1, 0, STYLE_KEY, p->label);
	field = surface_sub(&row, x, 0, row.cols - x, 1);
	edit_draw(&p->edit, &field, STYLE_NORMAL, true);
}
