/* JSON as nodes, what is none, the bounds, and folding. */
#include "drawn.h"

#include "widget/tree.h"

static unsigned press(struct tree *t, uint32_t code)
{
	struct event e = key_of(code);

	return tree_event(t, &e);
}

static void draw(struct tree *t, struct grid *g)
{
	struct surface s = surface_of(g);

	grid_clear(g);
	tree_draw(t, &s);
}

#define MOVED (WIDGET_HANDLED | WIDGET_CHANGED)

#define ORDER "{\"id\": 7, \"who\": {\"name\": \"김\", \"tags\": [true, null]}, \"no\": []}"
static const struct str order = {ORDER, sizeof(ORDER) - 1};

static void drawn_and_folded(void **state)
{
	struct tree t;
	struct grid g;

	(void)state;
	tree_init(&t);
	grid_init(&g, 24, 9);
	assert_true(tree_set(&t, order));
	draw(&t, &g);
	assert_drawn(&g, ">- {3}\n"
			 "     \"id\": 7\n"
			 "   - \"who\": {2}\n"
			 "       \"name\": \"김\"\n"
			 "     - \"tags\": [2]\n"
			 "         true\n"
			 "         null\n"
			 "     \"no\": []\n");
	assert_int_equal(style_at(&g, 23, 0), STYLE_CURSOR);
	assert_int_equal(press(&t, 'j'), MOVED);
	assert_int_equal(press(&t, K_ENTER), WIDGET_IGNORED);
	assert_int_equal(press(&t, K_DOWN), MOVED);
	assert_int_equal(press(&t, K_LEFT), MOVED);
	draw(&t, &g);
	assert_drawn(&g, " - {3}\n"
			 "     \"id\": 7\n"
			 ">  + \"who\": {2}\n"
			 "     \"no\": []\n");
	assert_int_equal(press(&t, K_DOWN), MOVED);
	assert_int_equal(t.cursor, 7);
	assert_int_equal(press(&t, K_DOWN), WIDGET_HANDLED);
	assert_int_equal(press(&t, K_UP), MOVED);
	assert_int_equal(press(&t, K_RIGHT), MOVED);
	assert_int_equal(press(&t, K_RIGHT), MOVED);
	assert_int_equal(t.cursor, 3);
	assert_int_equal(press(&t, K_LEFT), MOVED);
	assert_int_equal(t.cursor, 2);
	assert_int_equal(press(&t, 'G'), MOVED);
	assert_int_equal(t.cursor, 7);
	assert_int_equal(press(&t, 'g'), MOVED);
	assert_int_equal(press(&t, ' '), MOVED);
	draw(&t, &g);
	assert_drawn(&g, ">+ {3}\n");
	struct event e = mouse_at(MOUSE_LEFT, 3, 0);
	assert_int_equal(tree_event(&t, &e), MOVED);
	draw(&t, &g);
	e = mouse_at(MOUSE_LEFT, 3, 2);
	assert_int_equal(tree_event(&t, &e), MOVED);
	assert_int_equal(t.cursor, 2);
	tree_fini(&t);
	grid_fini(&g);
}

static void scrolls(void **state)
{
	struct tree t;
	struct grid g;

	(void)state;
	tree_init(&t);
	grid_init(&g, 24, 3);
	assert_true(tree_set(&t, order));
	draw(&t, &g);
	assert_int_equal(press(&t, K_PGDN), MOVED);
	assert_int_equal(t.cursor, 3);
	assert_int_equal(t.top, 1);
	assert_int_equal(press(&t, K_END), MOVED);
	assert_int_equal(t.top, 5);
	assert_int_equal(press(&t, K_HOME), MOVED);
	assert_int_equal(t.top, 0);
	tree_fini(&t);
	grid_fini(&g);
}

static void json_or_not(void **state)
{
	static const struct {
		const char *text;
		bool json;
		size_t nodes;
	} cases[] = {
		{"1", true, 1},
		{" -0.5e+10 ", true, 1},
		{"\"\\u00e9\\n\"", true, 1},
		{"[]", true, 1},
		{"[1, {\"a\": \"]\"}]", true, 4},
		{"true", true, 1},
		{"", false, 1},
		{"[", false, 1},
		{"[1,]", false, 1},
		{"[1 2]", false, 1},
		{"[1}", false, 1},
		{"{\"a\"}", false, 1},
		{"{\"a\":}", false, 1},
		{"{a:1}", false, 1},
		{"{,}", false, 1},
		{"01", false, 1},
		{"1.", false, 1},
		{"-", false, 1},
		{"1e", false, 1},
		{"tru", false, 1},
		{"nullx", false, 1},
		{"\"a", false, 1},
		{"\"\\x\"", false, 1},
		{"\"\\u12g4\"", false, 1},
		{"\"\t\"", false, 1},
		{"{} {}", false, 1},
		{"hello", false, 1},
	};
	struct tree t;

	(void)state;
	tree_init(&t);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool json = tree_set(&t, str_of(cases[i].text));
		if (json != cases[i].json || t.nodes.n != cases[i].nodes)
			fail_msg("%s: %d, %zu nodes", cases[i].text, json, t.nodes.n);
		if (!json)
			assert_int_equal(t.nodes.v[0].kind, 'r');
	}
	tree_fini(&t);
}

static void every_beginning(void **state)
{
	struct tree t;
	struct grid g;

	(void)state;
	tree_init(&t);
	grid_init(&g, 12, 4);
	for (size_t n = 0; n < order.n; n++) {
		/* Its own memory, so that a read beyond the end is seen. */
		char *copy = malloc(n + (n == 0));
		assert_non_null(copy);
		memcpy(copy, order.p, n);
		assert_false(tree_set(&t, (struct str){copy, n}));
		draw(&t, &g);
		assert_int_equal(grid_check(&g), -1);
		free(copy);
	}
	tree_fini(&t);
	grid_fini(&g);
}

static void too_deep(void **state)
{
	struct buf b = BUF_EMPTY;
	struct tree t;

	(void)state;
	tree_init(&t);
	buf_fill(&b, '[', 100000);
	assert_false(tree_set(&t, buf_str(&b)));
	assert_int_equal(t.nodes.n, 1);
	buf_fill(&b, ']', 100000);
	assert_true(tree_set(&t, buf_str(&b)));
	assert_int_equal(t.nodes.n, TREE_MAX_DEPTH + 1);
	assert_int_equal(vec_last(&t.nodes)->kind, 'r');
	assert_int_equal(vec_last(&t.nodes)->value.n, 200000 - 2 * TREE_MAX_DEPTH);
	buf_fini(&b);
	tree_fini(&t);
}

static void too_many(void **state)
{
	struct buf b = BUF_EMPTY;
	struct tree t;
	struct grid g;

	(void)state;
	tree_init(&t);
	grid_init(&g, 40, 5);
	buf_putc(&b, '[');
	for (int i = 0; i < 2 * TREE_MAX_NODES; i++)
		buf_puts(&b, "1,");
	buf_puts(&b, "1]");
	assert_true(tree_set(&t, buf_str(&b)));
	assert_int_equal(t.nodes.n, TREE_MAX_NODES);
	assert_int_equal(t.nodes.v[0].end, TREE_MAX_NODES);
	const struct tree_node *last = vec_last(&t.nodes);
	assert_int_equal(last->kind, 'r');
	assert_ptr_equal(last->value.p + last->value.n, b.p + b.n);
	draw(&t, &g);
	assert_int_equal(press(&t, K_END), MOVED);
	draw(&t, &g);
	assert_int_equal(grid_check(&g), -1);
	buf_fini(&b);
	tree_fini(&t);
	grid_fini(&g);
}

static void plain_text(void **state)
{
	struct tree t;
	struct grid g;

	(void)state;
	tree_init(&t);
	grid_init(&g, 10, 3);
	assert_false(tree_set(&t, STR_LIT("hello there\nyou")));
	draw(&t, &g);
	assert_drawn(&g, " hello\n there\n you\n");
	assert_int_equal(press(&t, K_RIGHT), WIDGET_HANDLED);
	tree_fini(&t);
	grid_fini(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drawn_and_folded),
		cmocka_unit_test(scrolls),
		cmocka_unit_test(json_or_not),
		cmocka_unit_test(every_beginning),
		cmocka_unit_test(too_deep),
		cmocka_unit_test(too_many),
		cmocka_unit_test(plain_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
