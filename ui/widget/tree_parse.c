/*
 * JSON (RFC 8259) into nodes that point into the text. Recursion is at most TREE_MAX_DEPTH deep:
 * what lies deeper is passed over by counting brackets and becomes a raw node.
 */
#include "widget/tree_impl.h"

struct parse {
	struct tree *tree;
	const char *p;
	size_t n, at;
	bool full; /* TREE_MAX_NODES: what followed went into the last node */
};

static bool value(struct parse *p, struct str key, int depth);

static void blanks(struct parse *p)
{
	while (p->at < p->n && memchr(" \t\r\n", p->p[p->at], 4))
		p->at++;
}

static bool take(struct parse *p, char c)
{
	if (p->at >= p->n || p->p[p->at] != c)
		return false;
	p->at++;
	return true;
}

static bool is_digit(const struct parse *p)
{
	return p->at < p->n && p->p[p->at] >= '0' && p->p[p->at] <= '9';
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* After a backslash. */
static bool escape(struct parse *p)
{
	if (p->at >= p->n)
		return false;
	char c = p->p[p->at++];
	if (c != 'u')
		return c && strchr("\"\\/bfnrt", c);
	for (int i = 0; i < 4; i++, p->at++)
		if (p->at >= p->n || !is_hex(p->p[p->at]))
			return false;
	return true;
}

static bool string(struct parse *p)
{
	if (!take(p, '"'))
		return false;
	while (p->at < p->n) {
		char c = p->p[p->at++];
		if (c == '"')
			return true;
		if ((uint8_t)c < 0x20 || (c == '\\' && !escape(p)))
			return false;
	}
	return false;
}

static bool digits(struct parse *p)
{
	size_t start = p->at;

	while (is_digit(p))
		p->at++;
	return p->at > start;
}

static bool number(struct parse *p)
{
	(void)take(p, '-');
	if (!take(p, '0') && !digits(p))
		return false;
	if (take(p, '.') && !digits(p))
		return false;
	if (!take(p, 'e') && !take(p, 'E'))
		return true;
	if (!take(p, '+'))
		(void)take(p, '-');
	return digits(p);
}

static bool literal(struct parse *p)
{
	static const char *const words[] = {"true", "false", "null"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t n = strlen(words[i]);
		if (p->n - p->at >= n && memcmp(p->p + p->at, words[i], n) == 0) {
			p->at += n;
			return true;
		}
	}
	return false;
}

/* Past a container that is too deep to be shown as nodes. */
static bool skip(struct parse *p)
{
	size_t nested = 0;

	while (p->at < p->n) {
		char c = p->p[p->at];
		if (c == '"') {
			if (!string(p))
				return false;
			continue;
		}
		p->at++;
		if (c == '{' || c == '[')
			nested++;
		else if ((c == '}' || c == ']') && --nested == 0)
			return true;
	}
	return false;
}

static size_t add(struct parse *p, char kind, struct str key, int depth)
{
	struct tree_node *n = vec_add(&p->tree->nodes);

	n->kind = kind;
	n->depth = (short)depth;
	n->key = key;
	n->value.p = p->p + p->at;
	return p->tree->nodes.n - 1;
}

static void close_node(struct parse *p, size_t i)
{
	struct tree_node *n = &p->tree->nodes.v[i];

	n->value.n = (size_t)(p->p + p->at - n->value.p);
	n->end = p->tree->nodes.n;
}

static bool member(struct parse *p, bool named, int depth)
{
	struct str key = {NULL, 0};

	blanks(p);
	if (named) {
		size_t start = p->at;
		if (!string(p))
			return false;
		key = (struct str){p->p + start, p->at - start};
		blanks(p);
		if (!take(p, ':'))
			return false;
	}
	return value(p, key, depth);
}

static bool container(struct parse *p, size_t node, int depth)
{
	bool named = take(p, '{');
	char close = named ? '}' : ']';

	if (!named)
		(void)take(p, '[');
	blanks(p);
	if (take(p, close))
		return true;
	do {
		if (!member(p, named, depth + 1))
			return false;
		p->tree->nodes.v[node].children++;
		if (p->full)
			return true;
		blanks(p);
	} while (take(p, ','));
	return take(p, close);
}

static bool scalar(struct parse *p, char kind)
{
	return kind == 's' ? string(p) : kind == 'l' ? literal(p) : number(p);
}

static bool value(struct parse *p, struct str key, int depth)
{
	blanks(p);
	if (p->at >= p->n)
		return false;
	char c = p->p[p->at];
	bool nests = c == '{' || c == '[', ok;
	char kind = nests ? c : c == '"' ? 's' : c && strchr("tfn", c) ? 'l' : 'n';

	p->full = p->tree->nodes.n + 1 >= TREE_MAX_NODES;
	bool raw = p->full || (nests && depth >= TREE_MAX_DEPTH);
	size_t node = add(p, raw ? 'r' : kind, key, depth);
	if (p->full) {
		p->at = p->n;
		ok = true;
	} else if (raw) {
		ok = skip(p);
	} else {
		ok = nests ? container(p, node, depth) : scalar(p, kind);
	}
	close_node(p, node);
	return ok;
}

bool tree_parse(struct tree *t)
{
	struct parse p = {.tree = t, .p = t->text.p, .n = t->text.n};

	if (!value(&p, (struct str){NULL, 0}, 0))
		return false;
	blanks(&p);
	return p.at == p.n;
}
