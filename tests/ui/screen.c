/* See screen.h. */
#include "screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vterm.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "base/xalloc.h"

struct screen {
	pid_t pid;
	int fd;
	int cols, rows;
	struct termios before;
	VTerm *vt;
	VTermScreen *vs;
	struct screen_modes modes;
	size_t bytes;
	struct buf raw; /* the latest of what was written, for what libvterm does not keep */
	bool ended;
};

#define RAW_MAX 65536

/* ---- the terminal ---------------------------------------------------------------------------- */

/* Answers of the terminal (where is the cursor?) go to the program like keys. */
static void on_output(const char *bytes, size_t n, void *arg)
{
	struct screen *s = arg;

	while (n > 0) {
		ssize_t did = write(s->fd, bytes, n);
		if (did < 0 && errno == EINTR)
			continue;
		if (did <= 0)
			return;
		bytes += did;
		n -= (size_t)did;
	}
}

static int on_property(VTermProp prop, VTermValue *value, void *arg)
{
	struct screen *s = arg;

	if (prop == VTERM_PROP_ALTSCREEN)
		s->modes.other_screen = value->boolean;
	else if (prop == VTERM_PROP_CURSORVISIBLE)
		s->modes.cursor_hidden = !value->boolean;
	else if (prop == VTERM_PROP_MOUSE)
		s->modes.mouse = value->number != VTERM_PROP_MOUSE_NONE;
	return 1;
}

static const VTermScreenCallbacks callbacks = {.settermprop = on_property};

static void make_terminal(struct screen *s)
{
	s->vt = vterm_new(s->rows, s->cols);
	vterm_set_utf8(s->vt, 1);
	vterm_output_set_callback(s->vt, on_output, s);
	s->vs = vterm_obtain_screen(s->vt);
	vterm_screen_set_callbacks(s->vs, &callbacks, s);
	vterm_screen_enable_altscreen(s->vs, 1);
	vterm_screen_reset(s->vs, 1);
}

/* ---- the program ----------------------------------------------------------------------------- */

static _Noreturn void run(const char *const *argv, const char *const *extra, const char *home)
{
	static const char *const unset[] = {"NO_COLOR", "COLORFGBG", "COLUMNS", "LINES", "TMUX",
		"KDECK_BROKER", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; i < ARRAY_LEN(unset); i++)
		unsetenv(unset[i]);
	setenv("TERM", "xterm-256color", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("HOME", home, 1);
	for (; extra && *extra; extra++)
		putenv((char *)(uintptr_t)*extra);
	if (chdir(home) == 0)
		execv(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

struct screen *screen_start(
	const char *const *argv, const char *const *extra, const char *home, int cols, int rows)
{
	struct screen *s = ALLOC(struct screen);
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};

	s->cols = cols;
	s->rows = rows;
	s->pid = forkpty(&s->fd, NULL, NULL, &size);
	if (s->pid == 0)
		run(argv, extra, home);
	assert_true(s->pid > 0);
	assert_int_equal(tcgetattr(s->fd, &s->before), 0);
	make_terminal(s);
	return s;
}

size_t screen_bytes(const struct screen *s)
{
	return s->bytes;
}

void screen_free(struct screen *s)
{
	if (!s)
		return;
	if (!s->ended) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, NULL, 0);
	}
	close(s->fd);
	vterm_free(s->vt);
	buf_fini(&s->raw);
	free(s);
}

bool screen_pump(struct screen *s, int ms)
{
	struct pollfd p = {s->fd, POLLIN, 0};
	char bytes[16384];
	ssize_t n;

	if (s->ended || poll(&p, 1, ms) <= 0)
		return false;
	n = read(s->fd, bytes, sizeof(bytes));
	s->bytes += n > 0 ? (size_t)n : 0;
	if (n > 0) {
		vterm_input_write(s->vt, bytes, (size_t)n);
		buf_put(&s->raw, bytes, (size_t)n);
		if (s->raw.n > RAW_MAX)
			buf_consume(&s->raw, s->raw.n - RAW_MAX);
	}
	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		s->ended = true; /* nobody holds the other side */
	return n > 0;
}

int screen_wait_exit(struct screen *s)
{
	int64_t end = clock_mono_ms(&clock_system) + SCREEN_DEADLINE_MS;
	struct termios after;
	int status = 0;

	while (!s->ended && clock_mono_ms(&clock_system) < end)
		screen_pump(s, 100);
	if (!s->ended)
		screen_fail(s, "the program does not end");
	s->modes.raw = tcgetattr(s->fd, &after) != 0 || after.c_lflag != s->before.c_lflag ||
		       after.c_iflag != s->before.c_iflag || after.c_oflag != s->before.c_oflag;
	waitpid(s->pid, &status, 0);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

struct screen_modes screen_modes(const struct screen *s)
{
	return s->modes;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void put_line_from(struct screen *s, int row, int from, struct buf *out)
{
	size_t end = out->n;
	VTermScreenCell cell;

	for (int col = from; col<s->cols; col += cell.width> 1 ? cell.width : 1) {
		vterm_screen_get_cell(s->vs, (VTermPos){.row = row, .col = col}, &cell);
		if (!cell.chars[0] || cell.chars[0] == ' ') {
			buf_putc(out, ' ');
			continue;
		}
		for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++) {
			char utf8[4];
			buf_put(out, utf8, utf8_encode(cell.chars[i], utf8));
		}
		end = out->n;
	}
	out->n = end;
}

static void put_line(struct screen *s, int row, struct buf *out)
{
	put_line_from(s, row, 0, out);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static const struct {
	const char *name, *bytes;
} keys[] = {
	{"Enter", "\r"},
	{"Esc", "\033"},
	{"Tab", "\t"},
	{"Backtab", "\033[Z"},
	{"Backspace", "\177"},
	{"Delete", "\033[3~"},
	{"Space", " "},
	{"Up", "\033OA"},
	{"Down", "\033OB"},
	{"Right", "\033OC"},
	{"Left", "\033OD"},
	{"Home", "\033OH"},
	{"End", "\033OF"},
	{"PgUp", "\033[5~"},
	{"PgDn", "\033[6~"},
	{"F1", "\033OP"},
	{"F10", "\033[21~"},
	{"Alt-Enter", "\033\r"},
};

static void press(struct screen *s, const char *name, size_t n)
{
	char ctrl;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (strlen(keys[i].name) == n && memcmp(keys[i].name, name, n) == 0) {
			on_output(keys[i].bytes, strlen(keys[i].bytes), s);
			return;
		}
	}
	if (n == 6 && memcmp(name, "Ctrl-", 5) == 0) {
		ctrl = (char)(name[5] & 0x1f);
		on_output(&ctrl, 1, s);
	} else {
		on_output(name, n, s);
	}
}

void screen_press(struct screen *s, const char *names)
{
	while (*names) {
		size_t n = strcspn(names, " ");
		press(s, names, n);
		names += n;
		names += strspn(names, " ");
	}
}

void screen_type(struct screen *s, const char *text)
{
	on_output(text, strlen(text), s);
}

void screen_mouse(struct screen *s, int button, int x, int y)
{
	char text[64];

	snprintf(text, sizeof(text), "\033[<%d;%d;%dM", button, x + 1, y + 1);
	on_output(text, strlen(text), s);
	if (button < 64) {
		snprintf(text, sizeof(text), "\033[<%d;%d;%dm", button, x + 1, y + 1);
		on_output(text, strlen(text), s);
	}
}

void screen_click(struct screen *s, int button, const char *text)
{
	for (int row = 0; row < s->rows; row++) {
		for (int col = 0; col < s->cols; col++) {
			struct buf line = BUF_EMPTY;
			bool here;
			put_line_from(s, row, col, &line);
			here = strncmp(buf_z(&line), text, strlen(text)) == 0;
			buf_fini(&line);
			if (here) {
				screen_mouse(s, button, col, row);
				return;
			}
		}
	}
	screen_fail(s, "nothing to click: %s", text);
}

const char *screen_copied(struct screen *s)
{
	static const char mark[] = "\033]52;c;";
	const char *found = NULL;

	for (char *p = (char *)(uintptr_t)buf_z(&s->raw); (p = strstr(p, mark)); p++)
		found = p;
	return found ? found + sizeof(mark) - 1 : NULL;
}

void screen_cursor(struct screen *s, int *x, int *y)
{
	VTermPos at;

	vterm_state_get_cursorpos(vterm_obtain_state(s->vt), &at);
	*x = at.col;
	*y = at.row;
}

void screen_resize(struct screen *s, int cols, int rows)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};

	s->cols = cols;
	s->rows = rows;
	vterm_set_size(s->vt, rows, cols);
	assert_int_equal(ioctl(s->fd, TIOCSWINSZ, &size), 0);
}

/* ---- what is seen ---------------------------------------------------------------------------- */

void screen_dump(struct screen *s, struct buf *out)
{
	for (int row = 0; row < s->rows; row++) {
		put_line(s, row, out);
		buf_putc(out, '\n');
	}
}

int screen_count(struct screen *s, const char *text)
{
	struct buf line = BUF_EMPTY;
	int n = 0;

	for (int row = 0; row < s->rows; row++) {
		buf_clear(&line);
		put_line(s, row, &line);
		n += strstr(buf_z(&line), text) != NULL;
	}
	buf_fini(&line);
	return n;
}

bool screen_has(struct screen *s, const char *text)
{
	return screen_count(s, text) > 0;
}

pid_t screen_pid(const struct screen *s)
{
	return s->pid;
}

int screen_cols(const struct screen *s)
{
	return s->cols;
}

int screen_rows(const struct screen *s)
{
	return s->rows;
}

int screen_coloured(struct screen *s)
{
	VTermScreenCell cell;
	int n = 0;

	for (int row = 0; row < s->rows; row++) {
		for (int col = 0; col < s->cols; col++) {
			vterm_screen_get_cell(s->vs, (VTermPos){.row = row, .col = col}, &cell);
			n += !VTERM_COLOR_IS_DEFAULT_FG(&cell.fg) ||
			     !VTERM_COLOR_IS_DEFAULT_BG(&cell.bg);
		}
	}
	return n;
}

/* ---- waiting --------------------------------------------------------------------------------- */

void screen_fail(struct screen *s, const char *fmt, ...)
{
	struct buf out = BUF_EMPTY;
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&out, fmt, ap);
	va_end(ap);
	buf_puts(&out, s->ended ? "; the program has ended\n" : "\n");
	screen_dump(s, &out);
	/* Written at once: the framework cuts long messages. */
	for (const char *line = buf_z(&out); *line;) {
		size_t n = strcspn(line, "\n");
		fprintf(stdout, "# %.*s\n", (int)n, line);
		line += n + (line[n] == '\n');
	}
	fflush(stdout);
	buf_fini(&out);
	fail();
	abort();
}

void screen_until(struct screen *s, screen_fn *fn, void *arg, const char *what)
{
	int64_t end = clock_mono_ms(&clock_system) + SCREEN_DEADLINE_MS;

	while (!fn(arg, s)) {
		if (s->ended || clock_mono_ms(&clock_system) > end)
			screen_fail(s, "waited in vain: %s", what);
		screen_pump(s, 100);
	}
}

static bool text_there(void *arg, struct screen *s)
{
	return screen_has(s, arg);
}

static bool text_gone(void *arg, struct screen *s)
{
	return !screen_has(s, arg);
}

void screen_wait(struct screen *s, const char *text)
{
	screen_until(s, text_there, (void *)(uintptr_t)text, text);
}

void screen_wait_gone(struct screen *s, const char *text)
{
	screen_until(s, text_gone, (void *)(uintptr_t)text, text);
}

void screen_go(struct screen *s, const char *names, const char *text)
{
	screen_press(s, names);
	screen_wait(s, text);
}

void screen_leave(struct screen *s, const char *names, const char *text)
{
	screen_press(s, names);
	screen_wait_gone(s, text);
}
