/* State is never told by colour alone: every style that matters has an attribute in mono too. */
#include "term/theme.h"

#include <stdlib.h>

enum { BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE };

struct look theme_look(enum theme theme, enum style style, int colors)
{
	static const struct look mono[STYLE_COUNT] = {
		[STYLE_NORMAL] = {.fg = -1, .bg = -1},
		[STYLE_DIM] = {.fg = -1, .bg = -1, .dim = true},
		[STYLE_TITLE] = {.fg = -1, .bg = -1, .bold = true},
		[STYLE_HEAD] = {.fg = -1, .bg = -1, .underline = true},
		[STYLE_KEY] = {.fg = -1, .bg = -1, .bold = true},
		[STYLE_OK] = {.fg = -1, .bg = -1},
		[STYLE_WARN] = {.fg = -1, .bg = -1, .bold = true},
		[STYLE_ERROR] = {.fg = -1, .bg = -1, .bold = true, .underline = true},
		[STYLE_RULE] = {.fg = -1, .bg = -1, .dim = true},
		[STYLE_CURSOR] = {.fg = -1, .bg = -1, .reverse = true},
		[STYLE_MARK] = {.fg = -1, .bg = -1, .bold = true, .underline = true},
		[STYLE_FIELD] = {.fg = -1, .bg = -1, .underline = true},
		[STYLE_FOCUS] = {.fg = -1, .bg = -1, .reverse = true},
		[STYLE_TAB] = {.fg = -1, .bg = -1, .bold = true},
		[STYLE_BOX] = {.fg = -1, .bg = -1},
	};
	struct look l = style < STYLE_COUNT ? mono[style] : mono[STYLE_NORMAL];
	bool light = theme == THEME_LIGHT, many = colors >= 256;

	if (theme == THEME_MONO || colors < 8)
		return l;
	switch (style) {
	case STYLE_KEY:
	case STYLE_TAB:
		l.fg = light ? BLUE : CYAN;
		break;
	case STYLE_CURSOR:
		l = (struct look){.fg = light ? WHITE : BLACK, .bg = light ? BLUE : CYAN};
		break;
	case STYLE_WARN:
		l = (struct look){.fg = light ? (short)(many ? 130 : MAGENTA) : YELLOW, .bg = -1};
		break;
	case STYLE_ERROR:
		l = (struct look){RED, -1, .bold = true};
		break;
	case STYLE_OK:
		l.fg = light && many ? 28 : GREEN;
		break;
	case STYLE_MARK:
		l = (struct look){MAGENTA, -1, .bold = true};
		break;
	case STYLE_DIM:
	case STYLE_RULE:
		if (many)
			l = (struct look){.fg = light ? 245 : 244, .bg = -1};
		break;
	case STYLE_FIELD:
		if (many)
			l = (struct look){.fg = -1, .bg = light ? 254 : 236};
		break;
	default:
		break;
	}
	return l;
}

enum theme term_default_theme(void)
{
	const char *no = getenv("NO_COLOR"), *fgbg = getenv("COLORFGBG");
	const char *bg = fgbg ? strrchr(fgbg, ';') : NULL;

	if (no && *no)
		return THEME_MONO;
	if (bg && (!strcmp(bg, ";7") || !strcmp(bg, ";15")))
		return THEME_LIGHT;
	return THEME_DARK;
}
