/* Between the tree's halves: what parses (tree_parse.c) and what moves and draws (tree.c). */
#ifndef WIDGET_TREE_IMPL_H
#define WIDGET_TREE_IMPL_H

#include "widget/tree.h"

/* Fills the nodes from t->text; false when it is no JSON (the nodes are then of no use). */
bool tree_parse(struct tree *t);

#endif
