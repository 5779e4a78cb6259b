/* Any keys into every widget that takes them, drawn after each on a grid that must stay whole. */
#include <stdlib.h>

#include "widget/dialog.h"
#include "widget/form.h"
#include "widget/menu.h"
#include "widget/prompt.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

struct all {
	struct edit edit;
	struct prompt prompt;
	struct form form;
	struct dialog dialog;
	struct menu menu;
	struct grid grid;
};

static const char *const choices[] = {"none", "gzip", "한글", NULL};
static const struct field_def defs[] = {
	{.name = "t", .label = "text", .type = FIELD_TEXT, .required = true, .max_bytes = 40},
	{.name = "n", .label = "number", .type = FIELD_NUMBER, .min = 1, .max = 9},
	{.name = "c", .label = "choice", .type = FIELD_CHOICE, .choices = choices},
	{.name = "b", .label = "toggle", .type = FIELD_TOGGLE},
	{.name = "l", .label = "여러 줄", .type = FIELD_LINES, .help = "several lines"},
};

static void drawn(const struct all *a)
{
	if (grid_check(&a->grid) != -1)
		abort();
}

static void feed(void *arg, const struct event *e)
{
	struct all *a = arg;
	struct surface s = surface_of(&a->grid);

	edit_event(&a->edit, e);
	edit_draw(&a->edit, &s, STYLE_FIELD, true);
	drawn(a);
	prompt_event(&a->prompt, e);
	prompt_draw(&a->prompt, &s);
	drawn(a);
	if ((form_event(&a->form, e) & WIDGET_SUBMIT) && form_check(&a->form) >= 0)
		abort();
	form_draw(&a->form, &s);
	drawn(a);
	dialog_event(&a->dialog, e);
	dialog_draw(&a->dialog, &s);
	drawn(a);
	if ((menu_event(&a->menu, e) & WIDGET_SUBMIT) && a->menu.items.v[a->menu.cursor].reason)
		abort();
	menu_draw(&a->menu, &s);
	drawn(a);
}

/* Two bytes are the size, the rest is what a terminal would send. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct key_decoder keys;
	struct all a;

	if (n < 2)
		return 0;
	grid_init(&a.grid, p[0] % 100, p[1] % 30);
	edit_init(&a.edit, 200, true);
	prompt_init(&a.prompt, ":", NULL, NULL);
	form_init(&a.form, "form", defs, ARRAY_LEN(defs), NULL);
	dialog_init(&a.dialog, "delete", "Topic 주문 goes.", "Delete", "주문", true);
	menu_init(&a.menu, "menu");
	menu_add(&a.menu, 0, 'n', "n", "create", NULL);
	menu_add(&a.menu, 1, 'd', "Ctrl-D", "삭제", "read-only");
	menu_add(&a.menu, 2, 0, "", "export", NULL);
	key_decoder_init(&keys);
	key_decoder_feed(&keys, p + 2, n - 2, feed, &a);
	key_decoder_flush(&keys, feed, &a);
	key_decoder_fini(&keys);
	menu_fini(&a.menu);
	dialog_fini(&a.dialog);
	form_fini(&a.form);
	prompt_fini(&a.prompt);
	edit_fini(&a.edit);
	grid_fini(&a.grid);
	return 0;
}
