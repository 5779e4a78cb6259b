/*
 * JSON as tokens (RFC 8259), byte by byte:
 *
 *   VALUE --{--> FIRST_KEY --"--> COLON --:--> VALUE --> AFTER --,--> KEY or VALUE
 *   VALUE --[--> FIRST_ITEM ----------------------------> AFTER --] }--> AFTER … DONE
 */
#include "model/value.h"

enum expect { VALUE, FIRST_ITEM, FIRST_KEY, KEY, COLON, AFTER, DONE };
enum inside { NOTHING, STRING, NAME, NUMBER, WORD };
/* Inside a string: 0 text, 1 behind a backslash, 2 to 5 hex digits to come. Inside a number: */
enum number { MINUS, ZERO, INTEGER, POINT, FRACTION, EXP, EXP_SIGN, EXPONENT };

void jlex_init(struct jlex *j, jlex_fn *fn, void *arg)
{
	*j = (struct jlex){.fn = fn, .arg = arg};
}

static bool bad(struct jlex *j, const char *why)
{
	if (!j->why)
		j->why = why;
	return false;
}

static void emit(struct jlex *j, enum jlex_token t, struct str text, bool last)
{
	if (j->fn)
		j->fn(j->arg, t, text, last);
}

static bool in_object(const struct jlex *j)
{
	return j->depth && (j->objects[(j->depth - 1) / 8] >> ((j->depth - 1) % 8) & 1);
}

static void value_over(struct jlex *j)
{
	j->inside = NOTHING;
	j->expect = j->depth ? AFTER : DONE;
}

static bool open_level(struct jlex *j, bool object)
{
	uint8_t bit = (uint8_t)(1u << (j->depth % 8));

	if (j->depth == JLEX_DEPTH)
		return bad(j, "nested too deep");
	if (object)
		j->objects[j->depth / 8] |= bit;
	else
		j->objects[j->depth / 8] &= (uint8_t)~bit;
	j->depth++;
	j->expect = object ? FIRST_KEY : FIRST_ITEM;
	return true;
}

static bool close_level(struct jlex *j, char c)
{
	bool may = c == '}' ? j->expect == FIRST_KEY || j->expect == AFTER
			    : j->expect == FIRST_ITEM || j->expect == AFTER;

	if (!may || !j->depth || in_object(j) != (c == '}'))
		return bad(j, "a bracket that closes nothing");
	j->depth--;
	value_over(j);
	return true;
}

static bool begin_scalar(struct jlex *j, char c)
{
	static const char *const words[] = {"true", "false", "null"};

	j->sub = 0;
	if (c == '"') {
		j->inside = STRING;
		return true;
	}
	if (c == '-' || (c >= '0' && c <= '9')) {
		j->inside = NUMBER;
		j->sub = c == '-' ? MINUS : c == '0' ? ZERO : INTEGER;
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (c == words[i][0]) {
			j->inside = WORD;
			j->word = words[i] + 1;
			return true;
		}
	return bad(j, "not a value");
}

/* The first byte of a token. */
static bool begin(struct jlex *j, const char *at)
{
	struct str one = {at, 1};
	bool object = *at == '{';

	switch (*at) {
	case '{':
	case '[':
		if (j->expect != VALUE && j->expect != FIRST_ITEM)
			return bad(j, "a bracket where none may be");
		emit(j, JLEX_OPEN, one, true);
		return open_level(j, object);
	case '}':
	case ']':
		if (!close_level(j, *at))
			return false;
		emit(j, JLEX_CLOSE, one, true);
		return true;
	case ':':
		if (j->expect != COLON)
			return bad(j, "a colon where none may be");
		j->expect = VALUE;
		emit(j, JLEX_COLON, one, true);
		return true;
	case ',':
		if (j->expect != AFTER)
			return bad(j, "a comma where none may be");
		j->expect = in_object(j) ? KEY : VALUE;
		emit(j, JLEX_COMMA, one, true);
		return true;
	default:
		break;
	}
	if (j->expect == FIRST_KEY || j->expect == KEY) {
		if (*at != '"')
			return bad(j, "a key must be a string");
		j->inside = NAME;
		j->sub = 0;
		return true;
	}
	if (j->expect != VALUE && j->expect != FIRST_ITEM)
		return bad(
			j, j->expect == DONE ? "something behind the value" : "a value too many");
	return begin_scalar(j, *at);
}

/* 1: the string ended with this byte; 0: it goes on; -1: wrong. */
static int string_byte(struct jlex *j, char c)
{
	bool hex = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f');

	if (j->sub >= 2) {
		if (!hex)
			return -1;
		j->sub = j->sub == 5 ? 0 : (uint8_t)(j->sub + 1);
		return 0;
	}
	if (j->sub == 1) {
		if (!c || !strchr("\"\\/bfnrtu", c))
			return -1;
		j->sub = c == 'u' ? 2 : 0;
		return 0;
	}
	if (c == '"')
		return 1;
	if (c == '\\')
		j->sub = 1;
	return (unsigned char)c < 0x20 ? -1 : 0;
}

/* False when the byte is not of the number any more. */
static bool number_byte(struct jlex *j, char c)
{
	bool digit = c >= '0' && c <= '9';
	int to = -1;

	switch ((enum number)j->sub) {
	case MINUS:
		to = c == '0' ? ZERO : digit ? INTEGER : -1;
		break;
	case ZERO:
	case INTEGER:
		to = digit && j->sub == INTEGER ? INTEGER
		     : c == '.'                 ? POINT
		     : (c | 32) == 'e'          ? EXP
						: -1;
		break;
	case POINT:
		to = digit ? FRACTION : -1;
		break;
	case FRACTION:
		to = digit ? FRACTION : (c | 32) == 'e' ? EXP : -1;
		break;
	case EXP:
		to = digit ? EXPONENT : c == '+' || c == '-' ? EXP_SIGN : -1;
		break;
	case EXP_SIGN:
	case EXPONENT:
		to = digit ? EXPONENT : -1;
		break;
	}
	if (to >= 0)
		j->sub = (uint8_t)to;
	return to >= 0;
}

static bool number_whole(const struct jlex *j)
{
	return j->sub == ZERO || j->sub == INTEGER || j->sub == FRACTION || j->sub == EXPONENT;
}

static enum jlex_token token_of(const struct jlex *j)
{
	static const enum jlex_token tokens[] = {[STRING] = JLEX_STRING,
		[NAME] = JLEX_KEY,
		[NUMBER] = JLEX_NUMBER,
		[WORD] = JLEX_WORD};

	return tokens[j->inside];
}

/* One byte of the token under way: 0 it goes on, 1 it ended with it, 2 it ended before it. */
static int inside_byte(struct jlex *j, char c)
{
	int rc;

	if (j->inside == STRING || j->inside == NAME) {
		rc = string_byte(j, c);
		return rc < 0 ? (int)bad(j, "wrong in a string") - 1 : rc;
	}
	if (j->inside == WORD) {
		if (c != *j->word)
			return (int)bad(j, "no such word") - 1;
		j->word++;
		return *j->word == '\0';
	}
	if (number_byte(j, c))
		return 0;
	return number_whole(j) ? 2 : (int)bad(j, "not a number") - 1;
}

static void token_over(struct jlex *j)
{
	if (j->inside == NAME) {
		j->inside = NOTHING;
		j->expect = COLON;
	} else {
		value_over(j);
	}
}

bool jlex_feed(struct jlex *j, struct slice piece)
{
	const char *p = (const char *)piece.p;
	size_t from = 0;
	int rc;

	for (size_t i = 0; i < piece.n && !j->why; i++, j->at++) {
		if (j->inside == NOTHING) {
			if (p[i] == ' ' || p[i] == '\t' || p[i] == '\n' || p[i] == '\r')
				continue;
			from = i;
			(void)begin(j, p + i);
			continue;
		}
		rc = inside_byte(j, p[i]);
		if (rc <= 0)
			continue;
		emit(j, token_of(j), (struct str){p + from, i + (rc == 1) - from}, true);
		token_over(j);
		if (rc == 2) {
			i--;
			j->at--;
		}
	}
	if (!j->why && j->inside != NOTHING && piece.n > from)
		emit(j, token_of(j), (struct str){p + from, piece.n - from}, false);
	return !j->why;
}

bool jlex_end(struct jlex *j)
{
	if (j->why)
		return false;
	if (j->inside == NUMBER && number_whole(j)) {
		emit(j, JLEX_NUMBER, (struct str){"", 0}, true);
		token_over(j);
	}
	return j->inside == NOTHING && j->expect == DONE;
}
