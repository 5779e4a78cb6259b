/*
 * The terminal taken and given back: modes, descriptors, size, the question about widths. What is
 * drawn goes through paint.h, keys through key.h. What gives the terminal back after a crash is
 * prepared beforehand, because a signal handler may only write.
 */
#include "term/term.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "term/paint.h"
#include "term/rescue.h"

#define MODES_ON  "\033[?2004h"
#define MODES_OFF "\033[?2004l"
#define MOUSE_ON  "\033[?1000h\033[?1006h"
#define MOUSE_OFF "\033[?1006l\033[?1000l"

struct term {
	int in_fd, out_fd; /* in_fd: see own_input */
	struct rescue before;
	struct termios raw;
	struct caps caps;
	struct painter painter;
	struct grid grid;
	struct key_decoder keys;
	struct buf out;
	enum theme theme;
	bool mouse, suspended, ascii, symbols_changed;
	int64_t probe_until; /* 0: answered or over */
	int64_t escape_at;   /* when the lone escape came; 0: none */
};

/* What could not be sent leaves a screen that nobody knows. */
static void send_bytes(struct term *t, const void *p, size_t n)
{
	if (n && !rescue_write(t->out_fd, p, n))
		painter_anew(&t->painter);
}

static void send_z(struct term *t, const char *z)
{
	send_bytes(t, z, strlen(z));
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
		const char *z = caps_key(caps[i].cap);
		if (z)
			key_decoder_add(d, z, (struct key){caps[i].code, 0});
	}
}

/* ---- widths and symbols -------------------------------------------------------------------- */

/* The locale's name tells it, whether that locale is installed or not. */
static bool locale_is_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *z = getenv(names[i]);
		if (z && *z)
			return strcasestr(z, "utf-8") || strcasestr(z, "utf8");
	}
	return false;
}

/* Row 2, because an answer about row 1 looks like Shift-F3. The first frame paints it over. A
 * terminal that does not read UTF-8 may take the second byte for the beginning of a string: ESC \
 * ends it. */
static void ask_width(struct term *t)
{
	bool utf8 = locale_is_utf8();

	text_env_set((struct text_env){1, t->ascii, !utf8});
	send_z(t, "\033[2;1H\342\230\205");
	if (!utf8)
		send_z(t, "\033\\");
	send_z(t, "\033[6n\033[2;1H\033[K");
	t->probe_until = clock_mono_ms(&clock_system) + TERM_PROBE_MS;
}

/* One cell, two, or three bytes that were taken for three characters. */
static void take_width(struct term *t, int cells)
{
	struct text_env was = text_env(),
			now = {cells == 2 ? 2 : 1, t->ascii || cells == 2, cells < 1 || cells > 2};

	text_env_set(now);
	now = text_env();
	if (now.ambiguous == was.ambiguous && now.ascii == was.ascii &&
		now.only_ascii == was.only_ascii)
		return;
	t->symbols_changed = true;
	painter_anew(&t->painter);
}

/* ---- taking and giving back ---------------------------------------------------------------- */

/* The loop makes the descriptor it watches non-blocking, and that belongs to everybody who has the
 * terminal from the same opening: the shell, its other programs, our own output. So the terminal
 * is opened once more; where that cannot be, its flags are put back at the end. */
static int own_input(int fd)
{
	struct stat want, got;
	char name[128];
	int own = ttyname_r(fd, name, sizeof(name)) == 0 ? open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)
							 : -1;

	if (own >= 0 && fstat(fd, &want) == 0 && fstat(own, &got) == 0 &&
		want.st_rdev == got.st_rdev)
		return own;
	if (own >= 0)
		close(own);
	return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static void read_size(const struct term *t, int *cols, int *rows)
{
	struct winsize w = {0};
	bool told = ioctl(t->out_fd, TIOCGWINSZ, &w) == 0 && w.ws_col && w.ws_row;

	*cols = told ? w.ws_col : t->caps.cols > 0 ? t->caps.cols : 80;
	*rows = told ? w.ws_row : t->caps.rows > 0 ? t->caps.rows : 24;
	*cols = *cols < GRID_COLS_MAX ? *cols : GRID_COLS_MAX;
	*rows = *rows < GRID_ROWS_MAX ? *rows : GRID_ROWS_MAX;
}

/* Keys come as they are struck, ^C and ^Z among them; output as it is written. */
static void prepare_modes(struct term *t, int in_fd)
{
	t->before.in_fd = in_fd;
	t->before.out_fd = t->out_fd;
	t->before.flags = fcntl(in_fd, F_GETFL);
	t->before.has_modes = tcgetattr(in_fd, &t->before.modes) == 0;
	t->before.n = (unsigned)snprintf(t->before.bytes, sizeof(t->before.bytes), "%s%s",
		MOUSE_OFF MODES_OFF, t->caps.leave);
	if (t->before.n >= sizeof(t->before.bytes))
		t->before.n = sizeof(t->before.bytes) - 1;
	t->raw = t->before.modes;
	cfmakeraw(&t->raw);
}

static void take(struct term *t)
{
	if (t->before.has_modes)
		while (tcsetattr(t->before.in_fd, TCSANOW, &t->raw) < 0 && errno == EINTR)
			;
	send_z(t, t->caps.enter);
	send_z(t, MODES_ON);
	if (t->mouse)
		send_z(t, MOUSE_ON);
	painter_anew(&t->painter);
}

static void give_back(struct term *t)
{
	send_bytes(t, t->before.bytes, t->before.n);
	if (t->before.has_modes)
		tcsetattr(t->before.in_fd, TCSANOW, &t->before.modes);
	if (t->before.flags >= 0)
		(void)fcntl(t->before.in_fd, F_SETFL, t->before.flags);
}

int term_new(struct term **out, const struct term_opts *opts, struct err *e)
{
	struct term *t = ALLOC(struct term);
	int cols, rows, rc;

	*out = NULL;
	t->out_fd = opts->out_fd;
	t->theme = opts->theme;
	t->mouse = opts->mouse;
	t->ascii = opts->ascii;
	rc = caps_init(&t->caps, opts->type ? opts->type : getenv("TERM"), opts->out_fd, e);
	if (rc < 0) {
		free(t);
		return rc;
	}
	prepare_modes(t, opts->in_fd);
	t->in_fd = own_input(opts->in_fd);
	if (t->in_fd < 0) {
		rc = err_errno(e, ERR_IO, errno, "cannot open the terminal");
		caps_fini(&t->caps);
		free(t);
		return rc;
	}
	painter_init(&t->painter, &t->caps, t->theme);
	key_decoder_init(&t->keys);
	add_keys(&t->keys);
	read_size(t, &cols, &rows);
	grid_init(&t->grid, cols, rows);
	rescue_arm(&t->before);
	take(t);
	ask_width(t);
	*out = t;
	return 0;
}

void term_free(struct term *t)
{
	if (!t)
		return;
	term_suspend(t);
	rescue_disarm();
	close(t->in_fd);
	painter_fini(&t->painter);
	caps_fini(&t->caps);
	key_decoder_fini(&t->keys);
	grid_fini(&t->grid);
	buf_fini(&t->out);
	free(t);
}

void term_suspend(struct term *t)
{
	if (t->suspended)
		return;
	give_back(t);
	rescue_hold(false);
	t->suspended = true;
}

void term_resume(struct term *t)
{
	if (!t->suspended)
		return;
	t->suspended = false;
	rescue_hold(true);
	take(t);
	(void)term_resized(t);
}

bool term_resized(struct term *t)
{
	int cols, rows;

	read_size(t, &cols, &rows);
	if (cols == t->grid.cols && rows == t->grid.rows)
		return false;
	grid_resize(&t->grid, cols, rows);
	painter_anew(&t->painter);
	return true;
}

/* ---- drawing ------------------------------------------------------------------------------- */

struct grid *term_grid(struct term *t)
{
	return &t->grid;
}

void term_flush(struct term *t)
{
	if (t->suspended)
		return;
	buf_clear(&t->out);
	painter_frame(&t->painter, &t->grid, &t->out);
	send_bytes(t, t->out.p, t->out.n);
}

void term_repaint(struct term *t)
{
	painter_anew(&t->painter);
}

/* ---- input --------------------------------------------------------------------------------- */

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
	take_width(f->t, e->x);
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
	painter_set_theme(&t->painter, theme);
}

enum theme term_theme(const struct term *t)
{
	return t->theme;
}

void term_set_mouse(struct term *t, bool on)
{
	t->mouse = on;
	if (!t->suspended)
		send_z(t, on ? MOUSE_ON : MOUSE_OFF);
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
	send_bytes(t, b.p, b.n);
	buf_fini(&b);
	return 0;
}
