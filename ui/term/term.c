/*
 * Curses draws, nothing more: a grid becomes one refresh. Input bypasses curses (key.h), so that
 * sequences curses does not know never turn into letters. What gives the terminal back after a
 * crash is prepared beforehand, because a signal handler may only write.
 */
#define NCURSES_WIDECHAR 1
#include "term/term.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "term/theme.h"

/* <term.h> has a struct term of its own. */
extern char *tigetstr(const char *name);

#define MODES_ON  "\033[?2004h"
#define MODES_OFF "\033[?2004l"
#define MOUSE_ON  "\033[?1000h\033[?1006h"
#define MOUSE_OFF "\033[?1006l\033[?1000l"

struct term {
	int in_fd, out_fd;
	FILE *out, *in;
	SCREEN *screen;
	struct grid grid;
	struct key_decoder keys;
	enum theme theme;
	attr_t attrs[STYLE_COUNT];
	short pairs[STYLE_COUNT];
	bool mouse, suspended, ascii, symbols_changed, repaint;
	int64_t probe_until; /* 0: answered or over */
	int64_t escape_at;   /* when the lone escape came; 0: none */
};

/* For the emergency: valid while `armed`. */
static struct {
	volatile sig_atomic_t armed;
	int fd;
	struct termios before;
	bool has_before;
	char bytes[512];
	size_t n;
} emergency;

static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
static struct sigaction old_actions[ARRAY_LEN(fatal)];

static void write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t did = write(fd, p, n);
		if (did < 0 && errno == EAGAIN) {
			struct pollfd w = {fd, POLLOUT, 0};
			if (poll(&w, 1, 1000) <= 0)
				return;
			continue;
		}
		if (did < 0 && errno == EINTR)
			continue;
		if (did <= 0)
			return;
		p += did;
		n -= (size_t)did;
	}
}

void term_emergency(void)
{
	int saved = errno;

	if (!emergency.armed)
		return;
	emergency.armed = 0;
	write_all(emergency.fd, emergency.bytes, emergency.n);
	if (emergency.has_before)
		tcsetattr(emergency.fd, TCSANOW, &emergency.before);
	errno = saved;
}

static void on_fatal(int sig)
{
	term_emergency();
	for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
		if (fatal[i] == sig)
			sigaction(sig, &old_actions[i], NULL);
	raise(sig);
}

static void add_string(const char *name)
{
	char *z = tigetstr(name);
	size_t n = z && z != (char *)-1 ? strlen(z) : 0;

	if (n && emergency.n + n < sizeof(emergency.bytes)) {
		memcpy(emergency.bytes + emergency.n, z, n);
		emergency.n += n;
	}
}

static void arm(int fd)
{
	static const char off[] = MOUSE_OFF MODES_OFF;
	struct sigaction sa = {.sa_handler = on_fatal};

	emergency.fd = fd;
	emergency.n = sizeof(off) - 1;
	memcpy(emergency.bytes, off, emergency.n);
	add_string("sgr0");
	add_string("rmkx");
	add_string("rmcup");
	add_string("cnorm");
	emergency.armed = 1;
	xalloc_on_exhaustion(term_emergency);
	for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
		sigaction(fatal[i], &sa, &old_actions[i]);
}

static void disarm(void)
{
	emergency.armed = 0;
	xalloc_on_exhaustion(NULL);
	for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
		sigaction(fatal[i], &old_actions[i], NULL);
}

static void use_utf8(void)
{
	setlocale(LC_CTYPE, "");
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0 && !setlocale(LC_CTYPE, "C.UTF-8"))
		setlocale(LC_CTYPE, "en_US.UTF-8");
}

int term_colors(const struct term *t)
{
	(void)t;
	return has_colors() ? COLORS : 0;
}

/* A look's foreground and background together number its pair. */
static void make_looks(struct term *t)
{
	for (int i = 0; i < STYLE_COUNT; i++) {
		struct look l = theme_look(t->theme, (enum style)i, term_colors(t));
		t->attrs[i] = (l.bold ? A_BOLD : 0) | (l.dim ? A_DIM : 0) |
			      (l.reverse ? A_REVERSE : 0) | (l.underline ? A_UNDERLINE : 0);
		t->pairs[i] = 0;
		if ((l.fg >= 0 || l.bg >= 0) && i + 1 < COLOR_PAIRS) {
			t->pairs[i] = (short)(i + 1);
			init_pair(t->pairs[i], l.fg, l.bg);
		}
	}
}

static void add_keys(struct key_decoder *d)
{
	static const struct {
		const char *cap;
		uint32_t code;
	} caps[] = {
		{"kcuu1", K_UP},
		{"kcud1", K_DOWN},
		{"kcub1", K_LEFT},
		{"kcuf1", K_RIGHT},
		{"khome", K_HOME},
		{"kend", K_END},
		{"kpp", K_PGUP},
		{"knp", K_PGDN},
		{"kdch1", K_DELETE},
		{"kich1", K_INSERT},
		{"kcbt", K_BACKTAB},
		{"kf1", K_F1},
		{"kf2", K_F1 + 1},
		{"kf3", K_F1 + 2},
		{"kf4", K_F1 + 3},
		{"kf5", K_F1 + 4},
		{"kf6", K_F1 + 5},
		{"kf7", K_F1 + 6},
		{"kf8", K_F1 + 7},
		{"kf9", K_F1 + 8},
		{"kf10", K_F1 + 9},
		{"kf11", K_F1 + 10},
		{"kf12", K_F1 + 11},
	};

	for (size_t i = 0; i < ARRAY_LEN(caps); i++) {
		char *z = tigetstr(caps[i].cap);
		if (z && z != (char *)-1)
			key_decoder_add(d, z, (struct key){caps[i].code, 0});
	}
}

/* Row 2, because an answer about row 1 looks like Shift-F3. The first frame paints it over. */
static void ask_width(struct term *t)
{
	static const char ask[] = "\033[2;1H\342\230\205\033[6n\033[2;1H\033[K";

	text_env_set((struct text_env){1, t->ascii});
	if (t->ascii)
		return;
	write_all(t->out_fd, ask, sizeof(ask) - 1);
	t->probe_until = clock_mono_ms(&clock_system) + TERM_PROBE_MS;
}

static void enter_modes(struct term *t)
{
	write_all(t->out_fd, MODES_ON, sizeof(MODES_ON) - 1);
	if (t->mouse)
		write_all(t->out_fd, MOUSE_ON, sizeof(MOUSE_ON) - 1);
}

static void leave_modes(struct term *t)
{
	static const char off[] = MOUSE_OFF MODES_OFF;

	write_all(t->out_fd, off, sizeof(off) - 1);
}

static FILE *open_copy(int fd, const char *mode)
{
	int copy = dup(fd);
	FILE *f = copy >= 0 ? fdopen(copy, mode) : NULL;

	if (!f && copy >= 0)
		close(copy);
	return f;
}

static void setup_curses(struct term *t)
{
	raw();
	noecho();
	nonl();
	typeahead(-1);
	leaveok(stdscr, FALSE);
	keypad(stdscr, TRUE);
	if (has_colors()) {
		start_color();
		use_default_colors();
	}
	make_looks(t);
	add_keys(&t->keys);
	grid_init(&t->grid, COLS, LINES);
}

int term_new(struct term **out, const struct term_opts *opts, struct err *e)
{
	const char *type = opts->type ? opts->type : getenv("TERM");
	struct term *t = ALLOC(struct term);

	*out = NULL;
	use_utf8();
	t->in_fd = opts->in_fd;
	t->out_fd = opts->out_fd;
	t->theme = opts->theme;
	t->mouse = opts->mouse;
	t->ascii = opts->ascii;
	key_decoder_init(&t->keys);
	emergency.has_before = tcgetattr(opts->out_fd, &emergency.before) == 0;
	t->in = open_copy(opts->in_fd, "r");
	t->out = open_copy(opts->out_fd, "w");
	if (!t->in || !t->out) {
		err_errno(e, ERR_IO, errno, "cannot open the terminal");
		goto fail;
	}
	t->screen = newterm(type ? type : "dumb", t->out, t->in);
	char *cup = t->screen ? tigetstr("cup") : NULL;
	if (!cup || cup == (char *)-1) {
		err_set(e, ERR_UNSUPPORTED, "terminal type %s cannot be drawn on (set TERM)",
			type ? type : "(none)");
		goto fail;
	}
	setup_curses(t);
	arm(t->out_fd);
	refresh();
	enter_modes(t);
	ask_width(t);
	t->repaint = true;
	*out = t;
	return 0;
fail:
	if (t->screen) {
		endwin();
		delscreen(t->screen);
	}
	if (t->in)
		fclose(t->in);
	if (t->out)
		fclose(t->out);
	key_decoder_fini(&t->keys);
	free(t);
	return e ? e->code : ERR_UNSUPPORTED;
}

void term_free(struct term *t)
{
	if (!t)
		return;
	term_suspend(t);
	disarm();
	delscreen(t->screen);
	fclose(t->in);
	fclose(t->out);
	key_decoder_fini(&t->keys);
	grid_fini(&t->grid);
	free(t);
}

void term_suspend(struct term *t)
{
	if (t->suspended)
		return;
	leave_modes(t);
	endwin();
	emergency.armed = 0;
	t->suspended = true;
}

void term_resume(struct term *t)
{
	if (!t->suspended)
		return;
	t->suspended = false;
	emergency.armed = 1;
	refresh();
	enter_modes(t);
	t->repaint = true;
}

bool term_resized(struct term *t)
{
	struct winsize w;

	if (ioctl(t->out_fd, TIOCGWINSZ, &w) < 0 || w.ws_col == 0 || w.ws_row == 0 ||
		(w.ws_col == t->grid.cols && w.ws_row == t->grid.rows))
		return false;
	resizeterm(w.ws_row, w.ws_col);
	grid_resize(&t->grid, w.ws_col, w.ws_row);
	t->repaint = true;
	return true;
}

struct grid *term_grid(struct term *t)
{
	return &t->grid;
}

void term_flush(struct term *t)
{
	const struct grid *g = &t->grid;

	if (t->suspended)
		return;
	for (int i = 0; i < g->cols * g->rows; i++) {
		const struct cell *c = &g->cells[i];
		wchar_t text[5] = {0};
		cchar_t cc;
		if (!c->cp[0])
			continue;
		for (int k = 0; k < 4; k++)
			text[k] = (wchar_t)c->cp[k];
		setcchar(&cc, text, t->attrs[c->style], t->pairs[c->style], NULL);
		mvadd_wch(i / g->cols, i % g->cols, &cc);
	}
	if (t->repaint)
		clearok(stdscr, TRUE);
	t->repaint = false;
	curs_set(g->cursor_x >= 0);
	if (g->cursor_x >= 0)
		move(g->cursor_y, g->cursor_x);
	refresh();
}

void term_repaint(struct term *t)
{
	t->repaint = true;
}

struct filter {
	struct term *t;
	event_fn *fn;
	void *arg;
};

static void filter_event(void *arg, const struct event *e)
{
	struct filter *f = arg;

	if (e->type != EVENT_CURSOR_AT) {
		f->fn(f->arg, e);
		return;
	}
	if (!f->t->probe_until || e->y != 1)
		return;
	f->t->probe_until = 0;
	if (e->x >= 2) {
		text_env_set((struct text_env){2, true});
		f->t->symbols_changed = f->t->repaint = true;
	}
}

int term_read(struct term *t, event_fn *fn, void *arg)
{
	struct filter f = {t, fn, arg};
	struct pollfd p = {t->in_fd, POLLIN, 0};
	char bytes[4096];

	while (poll(&p, 1, 0) > 0) {
		ssize_t n = read(t->in_fd, bytes, sizeof(bytes));
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			break;
		if (n <= 0)
			return ERR_CLOSED;
		key_decoder_feed(&t->keys, bytes, (size_t)n, filter_event, &f);
		if (n < (ssize_t)sizeof(bytes))
			break;
	}
	t->escape_at = key_decoder_waiting(&t->keys) ? clock_mono_ms(&clock_system) : 0;
	return 0;
}

int term_fd(const struct term *t)
{
	return t->in_fd;
}

int term_timeout_ms(const struct term *t, int64_t now_ms)
{
	int64_t at = t->escape_at ? t->escape_at + KEY_ESCAPE_MS : INT64_MAX;

	if (t->probe_until)
		at = min_i64(at, t->probe_until);
	return at == INT64_MAX ? -1 : at <= now_ms ? 0 : (int)(at - now_ms);
}

void term_timeout(struct term *t, int64_t now_ms, event_fn *fn, void *arg)
{
	struct filter f = {t, fn, arg};

	if (t->probe_until && now_ms >= t->probe_until)
		t->probe_until = 0;
	if (t->escape_at && now_ms >= t->escape_at + KEY_ESCAPE_MS) {
		t->escape_at = 0;
		key_decoder_flush(&t->keys, filter_event, &f);
	}
}

bool term_symbols_changed(struct term *t)
{
	bool changed = t->symbols_changed;

	t->symbols_changed = false;
	return changed;
}

void term_set_theme(struct term *t, enum theme theme)
{
	t->theme = theme;
	make_looks(t);
	t->repaint = true;
}

enum theme term_theme(const struct term *t)
{
	return t->theme;
}

void term_set_mouse(struct term *t, bool on)
{
	t->mouse = on;
	write_all(t->out_fd, on ? MOUSE_ON : MOUSE_OFF,
		on ? sizeof(MOUSE_ON) - 1 : sizeof(MOUSE_OFF) - 1);
}

static void put_base64(struct buf *out, struct str s)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < s.n; i += 3) {
		uint32_t v = (uint32_t)(uint8_t)s.p[i] << 16;
		if (i + 1 < s.n)
			v |= (uint32_t)(uint8_t)s.p[i + 1] << 8;
		if (i + 2 < s.n)
			v |= (uint8_t)s.p[i + 2];
		buf_putc(out, digits[v >> 18]);
		buf_putc(out, digits[v >> 12 & 63]);
		buf_putc(out, i + 1 < s.n ? digits[v >> 6 & 63] : '=');
		buf_putc(out, i + 2 < s.n ? digits[v & 63] : '=');
	}
}

int term_copy(struct term *t, struct str text, struct err *e)
{
	struct buf b = BUF_EMPTY;

	if (text.n > TERM_COPY_MAX)
		return err_set(e, ERR_TOO_BIG, "%zu bytes are too many for the clipboard (%d)",
			text.n, TERM_COPY_MAX);
	buf_puts(&b, "\033]52;c;");
	put_base64(&b, text);
	buf_putc(&b, 7);
	write_all(t->out_fd, (const char *)b.p, b.n);
	buf_fini(&b);
	return 0;
}
