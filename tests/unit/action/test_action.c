/* The table of actions: no key and no menu letter twice on a screen, a key means the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "action/action.h"

/* How many entries of a screen have the key. */
static int count_key(enum screen screen, const char *key, size_t n)
{
	int found = 0;

	for (int i = 0; i < ACTION_COUNT; i++) {
		for (const char *p = actions[i].keys; actions[i].screens & ON(screen) && *p;) {
			size_t len = strcspn(p, " ");
			found += len == n && memcmp(p, key, n) == 0;
			p += len;
			p += strspn(p, " ");
		}
	}
	return found;
}

static void keys_are_single(void **state)
{
	(void)state;
	for (int s = 0; s < SCREEN_COUNT; s++) {
		for (int i = 0; i < ACTION_COUNT; i++) {
			for (const char *p = actions[i].keys; actions[i].screens & ON(s) && *p;) {
				size_t len = strcspn(p, " ");
				assert_int_equal(count_key((enum screen)s, p, len), 1);
				p += len;
				p += strspn(p, " ");
			}
		}
		/* The keys that open screens belong to nobody else. */
		for (int t = 0; t < SCREEN_COUNT; t++)
			assert_int_equal(action_by_key((enum screen)s, screen_key((enum screen)t)),
				ACTION_COUNT);
	}
}

static void menu_letters_are_single(void **state)
{
	(void)state;
	for (int s = 0; s < SCREEN_COUNT; s++)
		for (int i = 0; i < ACTION_COUNT; i++)
			if (actions[i].menu && actions[i].screens & ON(s))
				assert_int_equal(
					action_by_menu((enum screen)s, actions[i].menu), i);
}

static void entries_are_whole(void **state)
{
	(void)state;
	for (int i = 0; i < ACTION_COUNT; i++) {
		assert_true(actions[i].keys[0] || actions[i].menu);
		assert_true(actions[i].label[0] && actions[i].help[0]);
		/* What this version lacks is on no screen; everything else is on one. */
		if (actions[i].flags & ACTION_LATER)
			assert_int_equal(actions[i].screens, 0);
		/* What destroys writes. */
		if (actions[i].flags & ACTION_DESTROYS)
			assert_true(actions[i].flags & ACTION_WRITES);
	}
}

/* Nothing is promised that is not there. */
static void man_page_has_what_is_there(void **state)
{
	struct buf man = BUF_EMPTY;

	(void)state;
	action_man(&man);
	assert_non_null(strstr(buf_z(&man), "Create a topic"));
	assert_null(strstr(buf_z(&man), actions[ACTION_BROKER_KILL].help));
	assert_null(strstr(buf_z(&man), actions[ACTION_GROUP_RESET].help));
	assert_null(strstr(buf_z(&man), "groups"));
	assert_int_equal(
		action_by_menu(SCREEN_BROKERS, actions[ACTION_BROKER_KILL].menu), ACTION_COUNT);
	buf_fini(&man);
}

static void commands_expand(void **state)
{
	struct buf b = BUF_EMPTY;
	const struct action_var vars[] = {{"topic", STR_LIT("it's")}};

	(void)state;
	action_expand(&b, "x --topic {topic} --group {group}", vars, 1);
	assert_string_equal(buf_z(&b), "x --topic 'it'\\''s' --group GROUP");
	buf_clear(&b);
	shell_quote(&b, STR_LIT(""));
	assert_string_equal(buf_z(&b), "''");
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_single),
		cmocka_unit_test(menu_letters_are_single),
		cmocka_unit_test(entries_are_whole),
		cmocka_unit_test(man_page_has_what_is_there),
		cmocka_unit_test(commands_expand),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
