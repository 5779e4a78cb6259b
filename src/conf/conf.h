/*
 * Settings by table: a program declares an array of `struct conf_def` under Kafka's own names, and
 * everything else follows from it: reading files and overrides, checks, messages, documentation.
 *
 * Values are kept as text, as Kafka keeps them, and were checked when they were set: a getter
 * cannot fail. Asking for a name that is not in the table, or for a number where there is none, is
 * a bug (assert).
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/vec.h"

/* Kafka's ConfigType numbers (DescribeConfigs v3). */
enum conf_type {
	CONF_BOOL = 1,
	CONF_STRING = 2,
	CONF_INT = 3,
	CONF_SHORT = 4,
	CONF_LONG = 5,
	CONF_DOUBLE = 6,
	CONF_LIST = 7, /* comma-separated */
	CONF_CLASS = 8,
	CONF_PASSWORD = 9, /* never printed */
};

enum conf_flag {
	CONF_LIVE = 1 << 0,       /* can be changed while running, for one broker or for all */
	CONF_PER_BROKER = 1 << 1, /* with CONF_LIVE: for one broker only */
	CONF_OWN = 1 << 2,        /* kdeck.*: Kafka does not know it */
	CONF_INERT = 1 << 3,      /* known to Kafka, without meaning here; reason may say more */
	CONF_DIFFERS = 1 << 4,    /* another default than Kafka's; reason says why */
	CONF_OLD = 1 << 5,        /* a name that Kafka has given up; reason says what to use */
	CONF_PREFIX = 1 << 6,     /* the name stands for all that begin with it; always inert */
	CONF_HIDDEN = 1 << 7,     /* accepted, but never listed */
};

struct conf_def;

/* Further rule for a value whose type and bounds are right. ERR_INVALID with what was expected. */
typedef int conf_check_fn(const struct conf_def *def, struct str value, struct err *e);

/* Where conf_fill puts a bool or a whole number. */
struct conf_into {
	size_t at, size; /* size 0: nowhere */
	int32_t times;   /* the value is multiplied by; 0 is 1 */
};

struct conf_def {
	const char *name;
	const char *alias; /* another accepted name, or NULL */
	const char *def;   /* as text; NULL: none (Kafka's null) */
	const char *doc;   /* one or more sentences, plain text */
	enum conf_type type;
	unsigned flags;        /* enum conf_flag */
	int64_t min, max;      /* of numbers; both 0: what the type holds */
	const char *values;    /* "a|b|c": what a string, or each item of a list, may be */
	const char *kafka_def; /* CONF_DIFFERS: Kafka's default, NULL: none there */
	const char *reason;    /* CONF_DIFFERS, CONF_INERT, CONF_OLD */
	conf_check_fn *check;
	struct conf_into into;
};

/* Where a value comes from; a later one beats an earlier one. */
enum conf_source { CONF_FROM_DEFAULT, CONF_FROM_FILE, CONF_FROM_OVERRIDE, CONF_FROM_DYNAMIC };

struct conf_value {
	char *text; /* NULL: null */
	enum conf_source source;
	char *where; /* "server.properties:12", "--override"; NULL for defaults */
};

#define CONF_WRONG_MAX 20

struct conf {
	const struct conf_def *defs; /* borrowed */
	size_t n;
	struct conf_value *values; /* one a def */
	struct map by_name;        /* names and aliases → def */
	VEC(char *) notes;         /* lines for the user: old names and the like */
	VEC(char *) ignored;       /* names of settings without meaning that were set */
	VEC(char *) wrong;         /* of files: "FILE:LINE: why", the first CONF_WRONG_MAX */
	size_t n_wrong;            /* all of them */
};

/* Everything at its default. defs must outlive c. */
void conf_init(struct conf *c, const struct conf_def *defs, size_t n);
void conf_fini(struct conf *c);

/* Reads a .properties file, or text that stands for one, to its end: an entry that is wrong goes to
 * c->wrong, all others are set. The first one is the result. ERR_NOT_FOUND: a name that nobody
 * knows (the message suggests the nearest); ERR_INVALID: a value that cannot be; both with
 * file:line. */
int conf_read(struct conf *c, const char *path, struct err *e) MUSTCHECK;
int conf_read_text(struct conf *c, struct slice text, const char *file, struct err *e) MUSTCHECK;
/* "KEY=VALUE", of a command line. */
int conf_override(struct conf *c, const char *assignment, struct err *e) MUSTCHECK;
/* One value. A weaker source does not replace a stronger one. where is copied and may be NULL. */
int conf_set(struct conf *c, struct str name, struct str value, enum conf_source source,
	const char *where, struct err *e) MUSTCHECK;
/* Replaces a default that depends on other settings; value NULL is null. No effect on what was set
 * by somebody. */
void conf_set_default(struct conf *c, const char *name, const char *value);
/* Adds a line to c->notes. */
void conf_note(struct conf *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* By name or alias; NULL: not in the table. */
const struct conf_def *conf_find(const struct conf *c, struct str name);
const struct conf_value *conf_value(const struct conf *c, const char *name);
/* Set by a file, an override or while running. */
bool conf_is_set(const struct conf *c, const char *name);

/* Null is false, 0, null string. Numbers are within the bounds of their def. */
bool conf_get_bool(const struct conf *c, const char *name);
int32_t conf_get_int(const struct conf *c, const char *name);
int64_t conf_get_long(const struct conf *c, const char *name);
double conf_get_double(const struct conf *c, const char *name);
/* Of any type, as text; borrowed until the value changes. */
struct str conf_get_str(const struct conf *c, const char *name);
const char *conf_get_z(const struct conf *c, const char *name);

/* Sets the members of a struct that the table's rows name. A value that is null is 0. */
void conf_fill(const struct conf *c, void *out);

/* The items of a list, without blanks around them: struct str rest = value; while
 * (conf_list_next(&rest, &item)) … Empty items are skipped. */
bool conf_list_next(struct str *rest, struct str *item);
bool conf_list_has(struct str list, const char *item);

/* Parses as Kafka does (blanks around numbers and booleans are dropped). False: cannot be. */
bool conf_parse_bool(struct str text, bool *out);
bool conf_parse_long(struct str text, int64_t *out);
bool conf_parse_double(struct str text, double *out);

/* "HOST:PORT"; HOST may be empty, or in brackets, which go; PORT from 0 on. The parts point into
 * text. */
bool conf_parse_address(struct str text, struct str *host, uint16_t *port);
/* "NAME://HOST:PORT" */
bool conf_parse_listener(struct str text, struct str *name, struct str *host, uint16_t *port);

/* Does the value fit the def? ERR_INVALID; the message names key, value and what was expected, with
 * an example. value null fits only where the default is null. */
int conf_check(const struct conf_def *def, struct str value, struct err *e) MUSTCHECK;
/* "a number from 1 to 100", "one of: a, b", for messages and documentation. */
void conf_expected(const struct conf_def *def, struct buf *out);
/* "boolean", "int", "list" …, Kafka's words in lower case. */
const char *conf_type_name(enum conf_type type);

/* The name of the table nearest to what was typed (edit distance), or NULL when none is near. */
const char *conf_nearest(const struct conf_def *defs, size_t n, struct str name);
/* Edits (insert, delete, replace, swap of neighbours) from a to b; more than limit gives
 * limit + 1. */
size_t conf_distance(struct str a, struct str b, size_t limit);

/* The settings as a .properties file that would give the same values; a comment says where a value
 * comes from, and why where the default is not Kafka's. Settings without meaning are left out
 * unless they were set. Passwords are hidden. */
void conf_print_properties(const struct conf *c, struct buf *out);
/* The table as the body of a man page section (roff, man macros), and as markdown. */
void conf_print_man(const struct conf_def *defs, size_t n, struct buf *out);
void conf_print_markdown(const struct conf_def *defs, size_t n, struct buf *out);

#endif
