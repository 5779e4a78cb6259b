/*
 * Every screen, declared once in screen.def, and every action, declared once in action.def: key
 * bar, help screen, menu and man page are printed from them. Keys are named as term/key.h names
 * them. A key means one thing on a screen (a test refuses two), and the same on every screen where
 * it is used.
 */
#ifndef ACTION_ACTION_H
#define ACTION_ACTION_H

#include "base/buf.h"

/* SCREEN_OVERVIEW …: the rows of screen.def. */
enum screen {
#define SCREEN(ID, name, key, kind) SCREEN_##ID,
#define LATER(ID, name, key)        SCREEN_##ID,
#include "action/screen.def"
	SCREEN_COUNT
};

enum screen_kind { SCREEN_PAGE, SCREEN_TABLE };

#define ON(screen) (1u << (screen))
#define ON_ALL     ((1u << SCREEN_COUNT) - 1)

/* Those that this version has, and those of them that are tables: ON(…) | … */
enum screens {
	SCREENS_HERE = 0
#define SCREEN(ID, name, key, kind) | ON(SCREEN_##ID)
#include "action/screen.def"
	,
	SCREENS_TABLES = 0
#define SCREEN(ID, name, key, kind) | (SCREEN_##kind == SCREEN_TABLE ? ON(SCREEN_##ID) : 0)
#include "action/screen.def"
};

enum action_flag {
	ACTION_WRITES = 1,   /* refused under --read-only */
	ACTION_DESTROYS = 2, /* asks first */
	ACTION_GLOBAL = 8,   /* handled by the app, not by the view */
	ACTION_BAR = 16,     /* offered in the key bar */
};

enum action_id {
#define ACTION(id, keys, menu, screens, flags, label, help, command) ACTION_##id,
#include "action/action.def"
#undef ACTION
	ACTION_COUNT
};

struct action {
	const char *id;   /* "RECORDS_OPEN" */
	const char *keys; /* "Enter", "Down j": separated by blanks; "" when only in the menu */
	char menu;        /* letter in the menu where no key is one character; 0: none */
	uint32_t screens; /* ON(…) | … of SCREENS_HERE; 0: not in this version */
	unsigned flags;
	const char *label; /* key bar and menu; N_()-marked */
	const char *help;  /* one line */
	/* Shell command with {topic}, {group} … filled in by action_command; NULL: none. */
	const char *command;
};

extern const struct action actions[ACTION_COUNT];

/* The action of a key on a screen, or ACTION_COUNT. */
enum action_id action_by_key(enum screen screen, const char *key_name);
/* What is typed in the menu for it: its key where that is one character, else its letter; 0: only
 * the keys that are longer. */
char action_menu_letter(const struct action *a);
/* What is written on the key: "Shift-Tab" for "Backtab"; all others are called by it. */
const char *action_key_cap(const char *key);
/* First key of an action: "Enter"; "" when it has none. */
void action_first_key(const struct action *a, char out[static 24]);
/* The first key that writes no text: what works while a field has the focus; "" when none does. */
void action_typing_key(const struct action *a, char out[static 24]);
/* "" | "down" … lower-case name of a screen, as typed after `:`. */
const char *screen_name(enum screen screen);
/* The key that opens it: "1" … "0", "L", "E", "v", "w". */
const char *screen_key(enum screen screen);

struct action_var {
	const char *name;
	struct str value;
};
/* The template with its {name}s replaced by shell-quoted values; appends. A name that vars does
 * not have stays as NAME in capitals, as a man page writes it. */
void action_expand(struct buf *out, const char *command, const struct action_var *vars, int n);
/* Appends a shell command with "-b ADDRESS" behind every kdeck and its subcommand, so that it means
 * this cluster wherever it is pasted; address NULL: as it is. The one place that does so. */
void action_put_command(struct buf *out, struct str command, const char *address);
/* Appends s quoted for a POSIX shell, plain where that is safe. */
void shell_quote(struct buf *out, struct str s);

/* Help of a screen as text: key, menu letter, help line. */
void action_help(struct buf *out, enum screen screen);
/* The KEYS section of the man page (roff). */
void action_man(struct buf *out);

#endif
