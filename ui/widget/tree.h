/*
 * A value as a tree that folds: JSON is parsed into nodes that point into the text. What is no JSON
 * is one node with the text. Bounds: TREE_MAX_NODES nodes, TREE_MAX_DEPTH deep; beyond them the
 * rest is one node of raw text.
 */
#ifndef WIDGET_TREE_H
#define WIDGET_TREE_H

#include "base/vec.h"
#include "widget/widget.h"

#define TREE_MAX_NODES 20000
#define TREE_MAX_DEPTH 64

struct tree_node {
	char kind; /* '{' '[' 's'tring 'n'umber 'l'iteral 'r'aw */
	bool folded;
	short depth;
	struct str key;   /* raw, with quotes; null in arrays and at the root */
	struct str value; /* raw text of the whole value */
	size_t end;       /* index after the last descendant */
	size_t children;
};

struct tree {
	struct str text; /* borrowed */
	VEC(struct tree_node) nodes;
	size_t cursor, top; /* node indexes */
	int page;
	int drawn_y, drawn_x, drawn_cols; /* where on the grid, for the mouse */
};

void tree_init(struct tree *t);
void tree_fini(struct tree *t);
/* text must outlive the tree or the next set. True when it was JSON. */
bool tree_set(struct tree *t, struct str text);
/* Up Down j k PgUp PgDn Home End g G and the wheel move; Enter, Space and a click on the cursor's
 * row fold and unfold; Left folds or goes to the parent, Right unfolds or goes to the first child.
 * WIDGET_CHANGED when the cursor moved or something was folded. Enter and Space on what cannot fold
 * are left to the owner. */
unsigned tree_event(struct tree *t, const struct event *e);
/* A text that is no JSON is wrapped from its top. */
void tree_draw(struct tree *t, const struct surface *s);

#endif
