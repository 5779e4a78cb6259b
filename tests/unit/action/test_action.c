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

/* In the menu every key does what it does outside; its own letters are nobody's key. */
/* m s stops a broker and m c cuts it off: in that menu sorting and copying have no letter. */
static bool gives_way(int i)
{
	return i == ACTION_SORT || i == ACTION_COPY;
}

static bool yields_to(int k, int i)
{
	return (gives_way(k) && i >= ACTION_BROKER_STOP && i <= ACTION_BROKER_ELECT) ||
	       (gives_way(i) && k >= ACTION_BROKER_STOP && k <= ACTION_BROKER_ELECT);
}

static void menu_letters_are_single(void **state)
{
	(void)state;
	for (int s = 0; s < SCREEN_COUNT; s++) {
		for (int i = 0; i < ACTION_COUNT; i++) {
			char letter = action_menu_letter(&actions[i]), z[2] = {letter, 0};
			enum action_id by_key = action_by_key((enum screen)s, z);
			if (!letter || !(actions[i].screens & ON(s)))
				continue;
			for (int k = 0; k < ACTION_COUNT; k++)
				if (k != i && actions[k].screens & ON(s) && !yields_to(k, i))
					assert_int_not_equal(
						action_menu_letter(&actions[k]), letter);
			/* j and k move in a table; a menu is moved in by arrows. */
			assert_true(by_key == (enum action_id)i || by_key == ACTION_MOVE ||
				    by_key == ACTION_COUNT || yields_to((int)by_key, i));
			for (int t = 0; t < SCREEN_COUNT; t++)
				assert_string_not_equal(screen_key((enum screen)t), z);
		}
	}
	assert_int_equal(action_menu_letter(&actions[ACTION_EXPLAIN]), 'i');
	assert_int_equal(action_menu_letter(&actions[ACTION_TOPIC_DELETE]), 'D');
}

static void entries_are_whole(void **state)
{
	(void)state;
	for (int i = 0; i < ACTION_COUNT; i++) {
		assert_true(actions[i].keys[0] || actions[i].menu);
		assert_true(actions[i].label[0] && actions[i].help[0]);
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
	assert_non_null(strstr(buf_z(&man), actions[ACTION_BROKER_KILL].help));
	assert_non_null(strstr(buf_z(&man), actions[ACTION_GROUP_RESET].help));
	assert_null(strstr(buf_z(&man), actions[ACTION_CONTRAST_SEND].help));
	assert_null(strstr(buf_z(&man), "contrast"));
	assert_int_equal(actions[ACTION_CONTRAST_SEND].screens, 0);
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

static void check_command(const char *command, const char *address, const char *wanted)
{
	struct buf b = BUF_EMPTY;

	action_put_command(&b, str_of(command), address);
	assert_string_equal(buf_z(&b), wanted);
	buf_fini(&b);
}

static void commands_name_the_cluster(void **state)
{
	(void)state;
	check_command("kdeck topics --list", NULL, "kdeck topics --list");
	check_command("kdeck topics --list", "h:1,h:2", "kdeck topics -b h:1,h:2 --list");
	check_command("kdeck snapshot", "h:1", "kdeck snapshot -b h:1");
	check_command("echo '; kdeck x' | kdeck produce --topic t", "h:1",
		"echo '; kdeck x' | kdeck produce -b h:1 --topic t");
	check_command("echo 'it'\\''s|kdeck a' | kdeck produce", "a b",
		"echo 'it'\\''s|kdeck a' | kdeck produce -b 'a b'");
	check_command("kdeck topics --delete --topic a; kdeck topics --delete --topic kdeck", "h:1",
		"kdeck topics -b h:1 --delete --topic a; "
		"kdeck topics -b h:1 --delete --topic kdeck");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_single),
		cmocka_unit_test(menu_letters_are_single),
		cmocka_unit_test(entries_are_whole),
		cmocka_unit_test(man_page_has_what_is_there),
		cmocka_unit_test(commands_expand),
		cmocka_unit_test(commands_name_the_cluster),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
