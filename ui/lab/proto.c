/* See proto.h. */
#include "lab/proto.h"

#include <errno.h>
#include <stdlib.h>

#include "base/utf8.h"

/* Which fields follow a word. */
enum shape { ALONE, PLACE, PLACE_OFFSET, NUMBER, TEXT };

static const struct {
	const char *name;
	enum shape shape;
} words[PROTO_WORD_COUNT] = {
	[PROTO_READY] = {"ready", ALONE},
	[PROTO_OWN] = {"own", PLACE_OFFSET},
	[PROTO_BEGIN] = {"begin", PLACE_OFFSET},
	[PROTO_SHARED] = {"shared", NUMBER},
	[PROTO_DROP] = {"drop", PLACE},
	[PROTO_AT] = {"at", PLACE_OFFSET},
	[PROTO_COMMITTING] = {"committing", PLACE_OFFSET},
	[PROTO_COMMITTED] = {"committed", PLACE_OFFSET},
	[PROTO_DONE] = {"done", NUMBER},
	[PROTO_FAILED] = {"failed", NUMBER},
	[PROTO_OUT] = {"out", NUMBER},
	[PROTO_TROUBLE] = {"trouble", TEXT},
	[PROTO_FATAL] = {"fatal", TEXT},
};

/* ---- from a member ----------------------------------------------------------------------------
 */

/* The next word up to one blank; what is left after it. */
static struct str next(struct str *rest)
{
	const char *blank = rest->n ? memchr(rest->p, ' ', rest->n) : NULL;
	size_t n = blank ? (size_t)(blank - rest->p) : rest->n;
	struct str word = {rest->p, n};

	rest->p += blank ? n + 1 : n;
	rest->n -= blank ? n + 1 : n;
	return word;
}

static bool number_of(struct str s, int64_t min, int64_t max, int64_t *out)
{
	char z[24], *end;

	if (s.n == 0 || s.n >= sizeof(z) || (s.p[0] != '-' && (s.p[0] < '0' || s.p[0] > '9')))
		return false;
	memcpy(z, s.p, s.n);
	z[s.n] = 0;
	errno = 0;
	*out = strtoll(z, &end, 10);
	return !errno && *end == 0 && end == z + s.n && *out >= min && *out <= max;
}

static bool is_topic(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return s.n > 0 && s.n <= LAB_TOPIC_MAX;
}

static int parse_place(struct proto_line *out, struct str *rest)
{
	struct str topic = next(rest);
	int64_t partition;

	if (!is_topic(topic) || !number_of(next(rest), 0, INT32_MAX, &partition))
		return ERR_INVALID;
	memcpy(out->topic, topic.p, topic.n);
	out->partition = (int32_t)partition;
	return 0;
}

static bool unescape(char *text, size_t n, size_t *left)
{
	size_t to = 0;

	for (size_t i = 0; i < n; i++) {
		char c = text[i];
		if (c == 0)
			return false;
		if (c == '\\') {
			c = i + 1 < n ? text[++i] : 0;
			c = c == 'n' ? '\n' : c == 'r' ? '\r' : c == '\\' ? '\\' : 0;
			if (!c)
				return false;
		}
		text[to++] = c;
	}
	*left = to;
	return true;
}

static int parse_text(struct proto_line *out, struct str rest)
{
	if (rest.n > PROTO_TEXT_MAX)
		return ERR_INVALID;
	memcpy(out->text, rest.p, rest.n);
	if (!unescape(out->text, rest.n, &rest.n))
		return ERR_INVALID;
	out->text[rest.n] = 0;
	return utf8_valid(slice_of(out->text, rest.n)) ? 0 : ERR_INVALID;
}

static int parse_fields(struct proto_line *out, enum shape shape, struct str *rest)
{
	if ((shape == PLACE || shape == PLACE_OFFSET) && parse_place(out, rest) < 0)
		return ERR_INVALID;
	if (shape == PLACE_OFFSET && !number_of(next(rest), -2, INT64_MAX, &out->number))
		return ERR_INVALID;
	if (shape == NUMBER && !number_of(next(rest), 0, INT64_MAX, &out->number))
		return ERR_INVALID;
	if (shape == TEXT)
		return parse_text(out, *rest);
	return rest->n ? ERR_INVALID : 0;
}

int proto_parse(struct proto_line *out, struct str line)
{
	struct str rest = line, word;

	*out = (struct proto_line){0};
	if (!line.n)
		return ERR_INVALID;
	word = next(&rest);
	for (int i = 0; i < PROTO_WORD_COUNT; i++) {
		if (!str_eqz(word, words[i].name))
			continue;
		out->word = (enum proto_word)i;
		/* A blank that nothing follows is none of ours, except before an empty text. */
		if (words[i].shape != TEXT && line.p[line.n - 1] == ' ')
			return ERR_INVALID;
		return parse_fields(out, words[i].shape, &rest);
	}
	return ERR_INVALID;
}

static void put_escaped(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n')
			buf_puts(out, "\\n");
		else if (s.p[i] == '\r')
			buf_puts(out, "\\r");
		else if (s.p[i] == '\\')
			buf_puts(out, "\\\\");
		else if (s.p[i])
			buf_putc(out, s.p[i]);
	}
}

/* What a broker has said may be any bytes and of any length. */
static void put_text(struct buf *out, const char *text)
{
	struct buf shown = BUF_EMPTY;
	size_t begin = out->n;

	utf8_put_visible(&shown, str_of(text));
	for (size_t at = 0, n; at < shown.n; at += n) {
		const uint8_t *p = shown.p + at;
		uint32_t cp;

		n = utf8_decode(p, shown.p + shown.n, &cp);
		if (!n || out->n - begin + 2 * n > PROTO_TEXT_MAX)
			break;
		put_escaped(out, (struct str){(const char *)p, n});
	}
	buf_fini(&shown);
}

void proto_put(struct buf *out, const struct proto_line *l)
{
	enum shape shape = words[l->word].shape;

	buf_puts(out, words[l->word].name);
	if (shape == PLACE || shape == PLACE_OFFSET)
		buf_printf(out, " %s %d", l->topic, l->partition);
	if (shape == PLACE_OFFSET || shape == NUMBER)
		buf_printf(out, " %lld", (long long)l->number);
	if (shape == TEXT) {
		buf_putc(out, ' ');
		put_text(out, l->text);
	}
	buf_putc(out, '\n');
}

/* ---- to a member ------------------------------------------------------------------------------
 */

void proto_put_setting(struct buf *out, const char *word, struct str value)
{
	buf_puts(out, word);
	if (value.n) {
		buf_putc(out, ' ');
		put_escaped(out, value);
	}
	buf_putc(out, '\n');
}

static void proto_put_number(struct buf *out, const char *word, int64_t value)
{
	buf_printf(out, "%s %lld\n", word, (long long)value);
}

void proto_put_edit(struct buf *out, const struct lab_spec *s)
{
	if (s->kind == LAB_PRODUCER) {
		proto_put_number(out, "rate", s->rate);
		proto_put_number(out, "keys", s->keys);
		proto_put_number(out, "hot", s->hot_percent);
		proto_put_number(out, "size", s->size);
	} else {
		proto_put_number(out, "process", s->process_ms);
		proto_put_setting(out, "commit", str_of(lab_commit_name(s->commit)));
	}
}

void proto_put_spec(struct buf *out, const struct lab_spec *s)
{
	proto_put_setting(
		out, "kind", s->kind == LAB_PRODUCER ? STR_LIT("producer") : STR_LIT("consumer"));
	proto_put_setting(out, "name", str_of(s->name));
	proto_put_setting(out, "topic", str_of(s->topic));
	if (s->kind == LAB_CONSUMER) {
		proto_put_setting(out, "group", str_of(s->group));
		proto_put_setting(out, "assignor", str_of(lab_assignor_name(s->assignor)));
		proto_put_number(out, "session", s->session_ms);
		proto_put_setting(out, "from", s->from_end ? STR_LIT("end") : STR_LIT("start"));
		proto_put_number(out, "stop-after", s->stop_after);
	}
	proto_put_edit(out, s);
}

int proto_split(char *line, size_t n, char **word, char **value)
{
	char *blank = memchr(line, ' ', n);
	size_t at = blank ? (size_t)(blank - line) : n, left;

	if (memchr(line, 0, at))
		return ERR_INVALID;
	*word = line;
	*value = blank ? blank + 1 : line + n;
	if (!unescape(*value, n - (size_t)(*value - line), &left))
		return ERR_INVALID;
	(*value)[left] = 0;
	line[at] = 0;
	return 0;
}

static int take_name(char *to, size_t max, const char *value)
{
	size_t n = strlen(value);

	if (n == 0 || n > max || !utf8_valid(slice_of(value, n)))
		return ERR_INVALID;
	memcpy(to, value, n + 1);
	return 0;
}

static int take_i32(int32_t *to, const char *value, int64_t max)
{
	int64_t v;

	if (!number_of(str_of(value), 0, max, &v))
		return ERR_INVALID;
	*to = (int32_t)v;
	return 0;
}

/* Which of the names (NULL-ended) the value is. */
static int take_word(const char *const *names, const char *value, int *at)
{
	for (*at = 0; names[*at]; ++*at)
		if (strcmp(names[*at], value) == 0)
			return 0;
	return ERR_INVALID;
}

static int take_words(struct lab_spec *s, const char *word, const char *value)
{
	static const char *const kinds[] = {"producer", "consumer", NULL},
				 *const commits[] = {"after", "before", NULL},
				 *const froms[] = {"start", "end", NULL},
				 *const assignors[] = {
					 "range", "roundrobin", "cooperative-sticky", NULL};
	int at, rc = ERR_NOT_FOUND;

	if (strcmp(word, "kind") == 0 && (rc = take_word(kinds, value, &at)) == 0)
		s->kind = (enum lab_kind)at;
	else if (strcmp(word, "commit") == 0 && (rc = take_word(commits, value, &at)) == 0)
		s->commit = (enum lab_commit)at;
	else if (strcmp(word, "from") == 0 && (rc = take_word(froms, value, &at)) == 0)
		s->from_end = at == 1;
	else if (strcmp(word, "assignor") == 0 && (rc = take_word(assignors, value, &at)) == 0)
		s->assignor = (enum lab_assignor)at;
	return rc;
}

int proto_take(struct lab_spec *s, const char *word, const char *value)
{
	const struct {
		const char *word;
		int32_t *to;
		int64_t max;
	} numbers[] = {
		{"rate", &s->rate, LAB_RATE_MAX},
		{"keys", &s->keys, LAB_KEYS_MAX},
		{"hot", &s->hot_percent, 100},
		{"size", &s->size, LAB_SIZE_MAX},
		{"process", &s->process_ms, LAB_PROCESS_MAX_MS},
		{"session", &s->session_ms, LAB_SESSION_MAX_MS},
	};

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (strcmp(word, numbers[i].word) == 0)
			return take_i32(numbers[i].to, value, numbers[i].max);
	if (strcmp(word, "name") == 0)
		return take_name(s->name, LAB_NAME_MAX, value);
	if (strcmp(word, "topic") == 0)
		return take_name(s->topic, LAB_TOPICS_MAX, value);
	if (strcmp(word, "group") == 0)
		return take_name(s->group, LAB_GROUP_MAX, value);
	if (strcmp(word, "stop-after") == 0)
		return number_of(str_of(value), 0, INT64_MAX, &s->stop_after) ? 0 : ERR_INVALID;
	return take_words(s, word, value);
}
