/* The decoder of key.h: bytes in, events out, whatever the slices. */
#include "term/key.h"

#include "base/utf8.h"
#include "base/xalloc.h"
#include "term/text.h"
#include <stdio.h>
#include <stdlib.h>

enum state { GROUND, ESCAPE, CSI, SS3, STRING, STRING_ESCAPE, PASTE };

#define PENDING_MAX   64
#define SEQUENCES_MAX 128

struct key_sequence {
	char *bytes;
	struct key key;
};

struct sink {
	event_fn *fn;
	void *arg;
};

void key_decoder_init(struct key_decoder *d)
{
	memset(d, 0, sizeof(*d));
}

void key_decoder_fini(struct key_decoder *d)
{
	for (size_t i = 0; i < d->n_sequences; i++)
		free(d->sequences[i].bytes);
	free(d->sequences);
	buf_fini(&d->pending);
	buf_fini(&d->paste);
	memset(d, 0, sizeof(*d));
}

void key_decoder_add(struct key_decoder *d, const char *sequence, struct key key)
{
	if (sequence[0] != 27 || !sequence[1] || strlen(sequence) > PENDING_MAX ||
		d->n_sequences >= SEQUENCES_MAX)
		return;
	d->sequences = xreallocarray(d->sequences, d->n_sequences + 1, sizeof(struct key_sequence));
	d->sequences[d->n_sequences++] = (struct key_sequence){xstrdup(sequence), key};
}

static void emit(struct sink *s, uint32_t code, unsigned mods)
{
	struct event e = {.type = EVENT_KEY, .key = {code, (uint8_t)mods}};

	s->fn(s->arg, &e);
}

static void emit_char(struct sink *s, uint32_t cp, unsigned mods)
{
	if (cp == '\r' || cp == '\n')
		emit(s, K_ENTER, mods);
	else if (cp == '\t')
		emit(s, K_TAB, mods);
	else if (cp == 0x7f || cp == 8)
		emit(s, K_BACKSPACE, mods);
	else if (cp == 27)
		emit(s, K_ESC, mods);
	else if (cp == 0)
		emit(s, ' ', mods | MOD_CTRL);
	else if (cp < 27)
		emit(s, cp - 1 + 'a', mods | MOD_CTRL);
	else if (cp < 32)
		emit(s, cp + 64, mods | MOD_CTRL);
	else
		emit(s, cp, mods);
}

static bool known_sequence(struct key_decoder *d, struct sink *s)
{
	for (size_t i = 0; i < d->n_sequences; i++) {
		const struct key_sequence *q = &d->sequences[i];
		if (strlen(q->bytes) == d->pending.n &&
			memcmp(q->bytes, d->pending.p, d->pending.n) == 0) {
			emit(s, q->key.code, q->key.mods);
			return true;
		}
	}
	return false;
}

/* xterm: 1 + bits shift, alt, ctrl. */
static unsigned xterm_mods(int n)
{
	unsigned bits = n > 1 ? (unsigned)n - 1 : 0;

	return (bits & 1 ? MOD_SHIFT : 0u) | (bits & 2 ? MOD_ALT : 0u) | (bits & 4 ? MOD_CTRL : 0u);
}

static uint32_t letter_key(char c)
{
	static const char letters[] = "ABCDHFPQRSZ";
	static const uint32_t codes[] = {K_UP, K_DOWN, K_RIGHT, K_LEFT, K_HOME, K_END, K_F1,
		K_F1 + 1, K_F1 + 2, K_F1 + 3, K_BACKTAB};
	const char *at = c ? strchr(letters, c) : NULL;

	return at ? codes[at - letters] : K_NONE;
}

static uint32_t tilde_key(int n)
{
	static const uint32_t codes[] = {K_NONE, K_HOME, K_INSERT, K_DELETE, K_END, K_PGUP, K_PGDN,
		K_HOME, K_END, K_NONE, K_NONE, K_F1, K_F1 + 1, K_F1 + 2, K_F1 + 3, K_F1 + 4, K_NONE,
		K_F1 + 5, K_F1 + 6, K_F1 + 7, K_F1 + 8, K_F1 + 9, K_NONE, K_F1 + 10, K_F1 + 11};

	return n >= 0 && n < (int)ARRAY_LEN(codes) ? codes[n] : K_NONE;
}

/* Numbers of a sequence from `at`, bounded; missing ones are 0. */
static int parameters(const struct buf *b, size_t at, int out[static 4])
{
	int n = 0;

	memset(out, 0, 4 * sizeof(*out));
	for (; at < b->n && n < 4; at++) {
		uint8_t c = b->p[at];
		if (c >= '0' && c <= '9')
			out[n] = out[n] < 100000 ? out[n] * 10 + (c - '0') : out[n];
		else if (c == ';')
			n++;
		else
			break;
	}
	return n + 1;
}

static void mouse(struct key_decoder *d, struct sink *s, bool press)
{
	int p[4];
	struct event e = {.type = EVENT_MOUSE, .press = press};

	parameters(&d->pending, 3, p);
	if (p[0] & 32 || p[1] < 1 || p[2] < 1) /* moved while held */
		return;
	if (p[0] & 64) {
		if ((p[0] & 3) > 1)
			return;
		e.button = p[0] & 1 ? MOUSE_WHEEL_DOWN : MOUSE_WHEEL_UP;
	} else if ((p[0] & 3) == 3) {
		return;
	} else {
		e.button = (enum mouse_button)(p[0] & 3);
	}
	e.x = p[1] - 1;
	e.y = p[2] - 1;
	s->fn(s->arg, &e);
}

/* A whole CSI sequence lies in pending. Returns the state after it. */
static int csi_end(struct key_decoder *d, struct sink *s)
{
	const struct buf *b = &d->pending;
	char last = (char)b->p[b->n - 1];
	int p[4];
	int n = parameters(b, 2, p);
	uint32_t code = letter_key(last);

	if (b->p[2] == '<' && (last == 'M' || last == 'm')) {
		mouse(d, s, last == 'M');
	} else if (last == '~' && p[0] == 200) {
		buf_clear(&d->paste);
		d->paste_match = 0;
		d->paste_cut = false;
		return PASTE;
	} else if (last == 'R' && n == 2 && p[0] > 1) {
		struct event e = {.type = EVENT_CURSOR_AT, .x = p[1] - 1, .y = p[0] - 1};
		s->fn(s->arg, &e);
	} else if (known_sequence(d, s)) {
		return GROUND;
	} else if (last == '~') {
		code = tilde_key(p[0]);
		if (code != K_NONE)
			emit(s, code, xterm_mods(p[1]));
	} else if (code != K_NONE) {
		emit(s, code, xterm_mods(p[1]));
	}
	return GROUND;
}

static void paste_byte(struct key_decoder *d, uint8_t c, struct sink *s)
{
	static const char mark[] = "\033[201~";

	if (c == (uint8_t)mark[d->paste_match]) {
		if (mark[++d->paste_match])
			return;
		struct event e = {
			.type = EVENT_PASTE, .text = buf_str(&d->paste), .cut = d->paste_cut};
		d->state = GROUND;
		s->fn(s->arg, &e);
		buf_fini(&d->paste);
		buf_init(&d->paste);
		return;
	}
	if (d->paste.n + d->paste_match + 1 > KEY_PASTE_MAX) {
		d->paste_cut = true;
	} else {
		buf_put(&d->paste, mark, d->paste_match);
		if (c != 27)
			buf_putc(&d->paste, (char)c);
	}
	d->paste_match = c == 27;
}

static void ground(struct key_decoder *d, uint8_t c, struct sink *s, unsigned mods)
{
	uint32_t cp;

	if (d->pending.n == 0 && c == 27 && !mods) {
		buf_putc(&d->pending, (char)c);
		d->state = ESCAPE;
		return;
	}
	if (c < 0x80) {
		buf_clear(&d->pending);
		emit_char(s, c, mods);
		return;
	}
	buf_putc(&d->pending, (char)c);
	size_t n = utf8_decode(d->pending.p, d->pending.p + d->pending.n, &cp);
	if (n) {
		buf_clear(&d->pending);
		if (cp >= 0xa0)
			emit(s, cp, mods);
	} else if (d->pending.n >= 4 || (d->pending.n > 1 && (c & 0xc0) != 0x80)) {
		buf_clear(&d->pending); /* no UTF-8: such bytes are no key */
		if (c >= 0xc2)
			buf_putc(&d->pending, (char)c);
	}
}

static void escape(struct key_decoder *d, uint8_t c, struct sink *s)
{
	d->state = GROUND;
	if (c == '[' || c == 'O') {
		buf_putc(&d->pending, (char)c);
		d->state = c == '[' ? CSI : SS3;
	} else if (c == ']' || c == 'P' || c == '_' || c == '^') {
		buf_clear(&d->pending);
		d->state = STRING;
	} else if (c == 27) {
		emit(s, K_ESC, 0);
		d->state = ESCAPE;
	} else {
		buf_clear(&d->pending);
		if (c < 0x80)
			emit_char(s, c, MOD_ALT);
		else
			ground(d, c, s, 0);
	}
}

static void csi(struct key_decoder *d, uint8_t c, struct sink *s)
{
	if (c == 27 || c >= 0x7f) { /* cut short */
		buf_clear(&d->pending);
		d->state = GROUND;
		ground(d, c, s, 0);
		return;
	}
	if (d->pending.n < PENDING_MAX)
		buf_putc(&d->pending, (char)c);
	else if (c >= 0x40)
		d->pending.p[PENDING_MAX - 1] = 0; /* too long: swallowed */
	if (c >= 0x40 && !(c == '[' && d->pending.n == 3)) {
		d->state = csi_end(d, s);
		buf_clear(&d->pending);
	}
}

static void ss3(struct key_decoder *d, uint8_t c, struct sink *s)
{
	uint32_t code = letter_key((char)c);

	buf_putc(&d->pending, (char)c);
	d->state = GROUND;
	if (!known_sequence(d, s)) {
		if (code != K_NONE)
			emit(s, code, 0);
		else if (c == 'M')
			emit(s, K_ENTER, 0);
	}
	buf_clear(&d->pending);
}

static void feed_byte(struct key_decoder *d, uint8_t c, struct sink *s)
{
	switch ((enum state)d->state) {
	case GROUND:
		ground(d, c, s, 0);
		break;
	case ESCAPE:
		escape(d, c, s);
		break;
	case CSI:
		csi(d, c, s);
		break;
	case SS3:
		ss3(d, c, s);
		break;
	case STRING:
		d->state = c == 7 ? GROUND : c == 27 ? STRING_ESCAPE : STRING;
		break;
	case STRING_ESCAPE:
		d->state = c == '\\' || c == 7 ? GROUND : c == 27 ? STRING_ESCAPE : STRING;
		break;
	case PASTE:
		paste_byte(d, c, s);
		break;
	}
}

void key_decoder_feed(struct key_decoder *d, const void *bytes, size_t n, event_fn *fn, void *arg)
{
	struct sink s = {fn, arg};

	for (size_t i = 0; i < n; i++)
		feed_byte(d, ((const uint8_t *)bytes)[i], &s);
}

bool key_decoder_waiting(const struct key_decoder *d)
{
	return d->state != GROUND && d->state != PASTE;
}

void key_decoder_flush(struct key_decoder *d, event_fn *fn, void *arg)
{
	struct sink s = {fn, arg};
	int state = d->state;

	if (!key_decoder_waiting(d))
		return;
	d->state = GROUND;
	if (state == ESCAPE)
		emit(&s, K_ESC, 0);
	else if ((state == CSI || state == SS3) && d->pending.n == 2)
		emit(&s, state == CSI ? '[' : 'O', MOD_ALT);
	buf_clear(&d->pending);
}

bool key_is_text(struct key k)
{
	return k.mods == 0 && k.code >= 0x20 && k.code < K_ENTER && text_cp_width(k.code) >= 0;
}

void key_spell(struct key k, char out[static KEY_NAME_MAX])
{
	static const char *const names[] = {"Enter", "Esc", "Tab", "Backtab", "Backspace", "Delete",
		"Insert", "Up", "Down", "Left", "Right", "Home", "End", "PgUp", "PgDn"};
	const char *ctrl = k.mods & MOD_CTRL ? "Ctrl-" : "";
	const char *alt = k.mods & MOD_ALT ? "Alt-" : "";
	const char *shift = k.mods & MOD_SHIFT ? "Shift-" : "";
	char base[12] = "";

	if (k.code >= K_F1 && k.code <= K_F12)
		snprintf(base, sizeof(base), "F%u", k.code - K_F1 + 1);
	else if (k.code >= K_ENTER && k.code < K_F1)
		snprintf(base, sizeof(base), "%s", names[k.code - K_ENTER]);
	else if (k.code == ' ')
		snprintf(base, sizeof(base), "Space");
	else if (k.mods & MOD_CTRL && k.code >= 'a' && k.code <= 'z')
		base[0] = (char)(k.code - 'a' + 'A');
	else if (k.code < K_ENTER && (k.code < 0xd800 || k.code > 0xdfff))
		utf8_encode(k.code, base);
	snprintf(out, KEY_NAME_MAX, "%s%s%s%s", ctrl, alt, shift, base);
}
