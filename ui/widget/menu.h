/* A menu of items with letters, keys and, for a grey item, the reason why. */
#ifndef WIDGET_MENU_H
#define WIDGET_MENU_H

#include "base/vec.h"
#include "widget/widget.h"

struct menu_item {
	int id;
	char letter;      /* 0: none, or an item before it has it */
	const char *key;  /* keys outside the menu, blanks between; "" when none; borrowed */
	const char *text; /* borrowed */
	char *reason;     /* NULL: can be done; else owned by the menu */
};

struct menu {
	char *title;
	VEC(struct menu_item) items;
	int cursor, top;
	int x, y, cols, rows; /* where the items were drawn last, for the mouse */
};

/* title is copied. */
void menu_init(struct menu *m, const char *title);
void menu_fini(struct menu *m);
/* reason is copied. */
void menu_add(
	struct menu *m, int id, char letter, const char *key, const char *text, const char *reason);
/* A letter or a key of an item chooses it, else j k g G and the arrows move, Enter or a click
 * chooses; Hangul counts as its QWERTY keys. Choosing a grey item only goes to it, so that its
 * reason is read. WIDGET_SUBMIT: items.v[cursor] was chosen (never a grey one); WIDGET_CANCEL on
 * Esc, m, q. */
unsigned menu_event(struct menu *m, const struct event *e);
void menu_draw(struct menu *m, const struct surface *s);

#endif
