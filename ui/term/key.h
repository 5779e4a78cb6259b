/*
 * Keys and mouse as events, decoded from the terminal's bytes. A state machine fed in any slices;
 * it never blocks: an escape that may begin a sequence waits until key_decoder_flush (the caller's
 * timer, KEY_ESCAPE_MS). Unknown sequences are swallowed whole, never taken for letters.
 *
 *   GROUND ─ESC→ ESCAPE ─[→ CSI ─final→ GROUND     ESCAPE ─O→ SS3 ─any→ GROUND
 *   CSI 200~ → PASTE ─CSI 201~→ GROUND              ESCAPE ─] P _ ^→ STRING ─BEL, ST→ GROUND
 */
#ifndef TERM_KEY_H
#define TERM_KEY_H

#include "base/buf.h"

#define KEY_ESCAPE_MS 30
#define KEY_PASTE_MAX (1 << 20)

/* Above Unicode; below it a key is its character. */
enum key_code {
	K_ENTER = 0x110000,
	K_ESC,
	K_TAB,
	K_BACKTAB,
	K_BACKSPACE,
	K_DELETE,
	K_INSERT,
	K_UP,
	K_DOWN,
	K_LEFT,
	K_RIGHT,
	K_HOME,
	K_END,
	K_PGUP,
	K_PGDN,
	K_F1,
	K_F12 = K_F1 + 11,
	K_NONE
};

enum key_mod { MOD_CTRL = 1, MOD_ALT = 2, MOD_SHIFT = 4 };

struct key {
	uint32_t code; /* character (Ctrl-D: 'd' with MOD_CTRL) or enum key_code */
	uint8_t mods;  /* MOD_SHIFT only with enum key_code */
};

enum mouse_button { MOUSE_LEFT, MOUSE_MIDDLE, MOUSE_RIGHT, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN };

enum event_type { EVENT_KEY, EVENT_PASTE, EVENT_MOUSE, EVENT_CURSOR_AT };

struct event {
	enum event_type type;
	struct key key;           /* EVENT_KEY */
	struct str text;          /* EVENT_PASTE: borrowed for the call; may hold anything */
	bool cut;                 /* EVENT_PASTE: was longer than KEY_PASTE_MAX */
	enum mouse_button button; /* EVENT_MOUSE */
	bool press;               /* EVENT_MOUSE: false when let go */
	int x, y;                 /* EVENT_MOUSE, EVENT_CURSOR_AT: from 0 */
};

typedef void event_fn(void *arg, const struct event *e);

struct key_sequence;

struct key_decoder {
	int state;
	struct buf pending; /* the sequence or character so far; at most 64 bytes */
	struct buf paste;
	size_t paste_match; /* bytes of the end mark seen */
	bool paste_cut;
	struct key_sequence *sequences; /* of this terminal, beside the usual ones */
	size_t n_sequences;
};

void key_decoder_init(struct key_decoder *d);
void key_decoder_fini(struct key_decoder *d);
/* A key string of the terminal's description (terminfo). */
void key_decoder_add(struct key_decoder *d, const char *sequence, struct key key);
void key_decoder_feed(struct key_decoder *d, const void *bytes, size_t n, event_fn *fn, void *arg);
/* Something waits for more bytes: call key_decoder_flush after KEY_ESCAPE_MS. */
bool key_decoder_waiting(const struct key_decoder *d);
void key_decoder_flush(struct key_decoder *d, event_fn *fn, void *arg);

static inline bool key_is(struct key k, uint32_t code)
{
	return k.code == code && k.mods == 0;
}
/* A character to insert: printable, no Ctrl or Alt. */
bool key_is_text(struct key k);

/* "j", "Ctrl-D", "Alt-Enter", "F1", "Space", "PgUp"; the names that action.def uses. */
#define KEY_NAME_MAX 32
void key_spell(struct key k, char out[static KEY_NAME_MAX]);

/* QWERTY letters of a Hangul character on the two-set layout: ㅓ → j, 저 → wj, ㅘ → hk.
 * Returns how many (0 when cp is no Hangul). */
int key_hangul(uint32_t cp, char out[static 8]);

#endif
