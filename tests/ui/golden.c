/* See golden.h. */
#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define QUIET_MS 400

/* ---- what differs from run to run ------------------------------------------------------------ */

static size_t clock_time(const char *p)
{
	static const char shape[] = "dd:dd:dd";

	for (size_t i = 0; shape[i]; i++)
		if (shape[i] == 'd' ? !isdigit((unsigned char)p[i]) : p[i] != shape[i])
			return 0;
	return sizeof(shape) - 1;
}

static size_t address(const char *p)
{
	static const char host[] = "127.0.0.1:";

	return strncmp(p, host, sizeof(host) - 1) == 0 ? sizeof(host) - 1 : 0;
}

/* "1.5 MB", "12 s", "0 rec/s": a figure that has a unit. */
static size_t figure(const char *p)
{
	static const char *const units[] = {
		"rec/s", "KB/s", "MB/s", "GB/s", "B/s", "KB", "MB", "GB", "B", "ms", "s", "m", "h"};
	size_t n = strspn(p, "0123456789.,");

	if (!n || p[n++] != ' ')
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		size_t unit = strlen(units[i]);
		if (strncmp(p + n, units[i], unit) == 0 && !isalnum((unsigned char)p[n + unit]) &&
			p[n + unit] != '/')
			return n + unit;
	}
	return 0;
}

/* U+2581 to U+2588. */
static bool is_spark(const char *p)
{
	return strncmp(p, "\342\226", 2) == 0 && (uint8_t)p[2] >= 0x81 && (uint8_t)p[2] <= 0x88;
}

static void put_right(struct buf *out, size_t n)
{
	while (out->n && out->p[out->n - 1] == ' ') {
		out->n--;
		n++;
	}
	buf_fill(out, ' ', n - 1);
	buf_putc(out, '#');
}

static void normalise_line(const char *p, struct buf *out)
{
	size_t start = out->n, n;
	bool word = false;

	while (*p) {
		if ((n = clock_time(p)) > 0) {
			buf_puts(out, "hh:mm:ss");
		} else if ((n = address(p)) > 0) {
			buf_put(out, p, n);
			for (; isdigit((unsigned char)p[n]); n++)
				buf_putc(out, 'p');
		} else if (!word && (n = figure(p)) > 0) {
			put_right(out, n);
		} else if (is_spark(p)) {
			n = 3;
			buf_putc(out, ' ');
		} else {
			n = 1;
			buf_putc(out, *p);
		}
		p += n;
		word = isalnum((unsigned char)p[-1]);
	}
	while (out->n > start && out->p[out->n - 1] == ' ')
		out->n--;
}

/* What stands under PID: digits that end at that cell. */
static void hide_pid(char *line, size_t end)
{
	size_t i = end;

	if (!end || strlen(line) < end || !isdigit((unsigned char)line[end - 1]))
		return;
	while (i > 0 && isdigit((unsigned char)line[i - 1]))
		i--;
	if (i == 0 || line[i - 1] != ' ' || (line[end] && line[end] != ' '))
		return;
	memset(line + i, ' ', end - i);
	line[end - 1] = '#';
}

void golden_normalise(struct str screen, struct buf *out)
{
	char *text = str_dup(screen);
	size_t pid = 0;

	for (char *line = text; line && *line;) {
		char *end = strchr(line, '\n');
		if (end)
			*end = 0;
		hide_pid(line, pid);
		if (strstr(line, " PID "))
			pid = (size_t)(strstr(line, " PID ") - line) + 4;
		normalise_line(line, out);
		buf_putc(out, '\n');
		line = end ? end + 1 : NULL;
	}
	free(text);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void read_all(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "re");
	char bytes[4096];
	size_t n;

	if (!f)
		return;
	while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		buf_put(out, bytes, n);
	fclose(f);
}

static void rewrite(struct screen *s, const char *path)
{
	struct buf raw = BUF_EMPTY, text = BUF_EMPTY;
	FILE *f;

	while (screen_pump(s, QUIET_MS))
		;
	screen_dump(s, &raw);
	golden_normalise(buf_str(&raw), &text);
	f = fopen(path, "we");
	assert_non_null(f);
	fwrite(text.p, 1, text.n, f);
	assert_int_equal(fclose(f), 0);
	buf_fini(&raw);
	buf_fini(&text);
}

static bool same(struct screen *s, const struct buf *golden)
{
	struct buf raw = BUF_EMPTY, text = BUF_EMPTY;
	bool is;

	screen_dump(s, &raw);
	golden_normalise(buf_str(&raw), &text);
	is = str_eq(buf_str(&text), buf_str(golden));
	buf_fini(&raw);
	buf_fini(&text);
	return is;
}

struct wanted {
	const char *path;
	struct buf text;
};

static bool is_golden(void *arg, struct screen *s)
{
	return same(s, &((struct wanted *)arg)->text);
}

void golden_wait(struct screen *s, const char *name)
{
	const char *top = getenv("top_srcdir");
	const char *update = getenv("KDECK_UPDATE_GOLDEN");
	char path[4096], what[4200];
	struct wanted wanted = {.path = path};

	snprintf(path, sizeof(path), "%s/tests/ui/golden/%s.%dx%d.txt", top ? top : ".", name,
		screen_cols(s), screen_rows(s));
	if (update && *update) {
		rewrite(s, path);
		return;
	}
	read_all(path, &wanted.text);
	snprintf(what, sizeof(what), "the screen of %s (make update-golden writes it anew)", path);
	screen_until(s, is_golden, &wanted, what);
	buf_fini(&wanted.text);
}
