/* Any keys into every widget that takes them, drawn after each on a grid that must stay whole. */
#include <stdlib.h>

#include "widget/dialog.h"
#include "widget/form.h"
#include "widget/menu.h"
#include "widget/prompt.h"
#include "widget/table.h"
#include "widget/tree.h"
#include "widget/viewer.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

struct all {
	struct edit edit;
	struct prompt prompt;
	struct form form;
	struct dialog dialog;
	struct menu menu;
	struct table table;
	struct tree tree;
	struct buf tree_text; /* the tree points into it */
	struct viewer viewer;
	struct grid grid;
	unsigned events;
};

static const char *const choices[] = {"none", "gzip", "한글", NULL};
static const struct field_def defs[] = {
	{.name = "t", .label = "text", .type = FIELD_TEXT, .required = true, .max_bytes = 40},
	{.name = "n", .label = "number", .type = FIELD_NUMBER, .min = 1, .max = 9},
	{.name = "c", .label = "choice", .type = FIELD_CHOICE, .choices = choices},
	{.name = "b", .label = "toggle", .type = FIELD_TOGGLE},
	{.name = "l", .label = "여러 줄", .type = FIELD_LINES, .help = "several lines"},
};

static const struct table_col cols[] = {
	{"NAME", 8, 20, 0, 0, ALIGN_LEFT},
	{"개수", 4, 8, 10, 2, ALIGN_RIGHT},
	{"SIZE", 6, 8, 10, 1, ALIGN_RIGHT},
};

/* Rows of every kind; what brokers may say stands in the cells. */
static void cell(void *arg, size_t row, int col, struct buf *text, enum style *style)
{
	static const char *const texts[] = {
		"orders", "주문", "a\x1b[2J", "\xff\xc2\x9b", "e\xcc\x81", "👩‍👧"};

	(void)arg;
	*style = (enum style)(row % STYLE_COUNT);
	buf_printf(text, "%s %zu", texts[(row + (size_t)col) % ARRAY_LEN(texts)], row);
}

static uint64_t row_id(void *arg, size_t row)
{
	(void)arg;
	return row % 5 == 3 ? 0 : row + 1;
}

static enum table_row_kind row_kind(void *arg, size_t row, enum style *style)
{
	(void)arg;
	*style = STYLE_NORMAL;
	return row % 5 == 3 ? TABLE_ROW_HEADING : row % 11 == 7 ? TABLE_ROW_NOTE : TABLE_ROW;
}

static const struct table_ops table_ops = {cell, row_id, row_kind};
static const char json[] = "{\"a\":[1,2,{\"b\":null}],\"\\u001b[2J\":\"\\ud83d\\ude00 주문\",\"c\":"
			   "{\"d\":{\"e\":[[[[]]]]}}}";
static const char prose[] = "one \x1b[31mtwo\n\n셋셋셋셋셋셋셋셋셋셋 four\tfive\xff\n";

static void drawn(const struct all *a)
{
	if (grid_check(&a->grid) != -1)
		abort();
}

/* The data and the window change under the widgets, too. */
static void change(struct all *a, const struct event *e)
{
	a->events++;
	if (a->events % 7 == 0)
		grid_resize(&a->grid, (int)(e->key.code % 90), (int)(e->key.code % 31));
	if (a->events % 5 == 0)
		table_set_rows(&a->table, e->key.code % 60);
	if (a->events % 11 == 0)
		table_sort_next(&a->table);
	if (a->events % 13 == 0) {
		buf_clear(&a->tree_text);
		buf_put_str(&a->tree_text, edit_get(&a->edit));
		(void)tree_set(&a->tree, buf_str(&a->tree_text));
	}
	if (a->events % 26 == 0)
		(void)tree_set(&a->tree, (struct str){json, sizeof(json) - 1 - e->key.code % 40});
	if (a->events % 17 == 0)
		viewer_set(&a->viewer, edit_get(&a->edit));
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
	(void)table_event(&a->table, e);
	table_draw(&a->table, &s);
	drawn(a);
	if (a->table.n_rows && a->table.cursor >= a->table.n_rows)
		abort();
	(void)tree_event(&a->tree, e);
	tree_draw(&a->tree, &s);
	drawn(a);
	(void)viewer_event(&a->viewer, e);
	viewer_draw(&a->viewer, &s);
	drawn(a);
	change(a, e);
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
	table_init(&a.table, cols, ARRAY_LEN(cols), &table_ops, NULL);
	table_set_rows(&a.table, 40);
	tree_init(&a.tree);
	(void)tree_set(&a.tree, (struct str){json, sizeof(json) - 1});
	viewer_init(&a.viewer, p[0] & 1);
	viewer_set(&a.viewer, (struct str){prose, sizeof(prose) - 1});
	a.events = 0;
	buf_init(&a.tree_text);
	key_decoder_init(&keys);
	key_decoder_feed(&keys, p + 2, n - 2, feed, &a);
	key_decoder_flush(&keys, feed, &a);
	key_decoder_fini(&keys);
	viewer_fini(&a.viewer);
	tree_fini(&a.tree);
	buf_fini(&a.tree_text);
	table_fini(&a.table);
	menu_fini(&a.menu);
	dialog_fini(&a.dialog);
	form_fini(&a.form);
	prompt_fini(&a.prompt);
	edit_fini(&a.edit);
	grid_fini(&a.grid);
	return 0;
}
