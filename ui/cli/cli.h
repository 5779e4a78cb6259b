/*
 * Commands of the shell, with the flags of Kafka's own scripts. A command is one row: its name, the
 * script it stands for, its options, and a function. --help and the man page are printed from the
 * row.
 *
 * Exit status: CLI_OK, CLI_NO (the cluster or the system said no), CLI_USAGE; 128 and the signal's
 * number when one ended a command that reads or writes records, after what was under way. Data goes
 * to standard output, errors to standard error, nothing else to either. Output that cannot be
 * written is CLI_NO, unless its reader has gone away (| head): then the command just ends.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "traffic/traffic.h"
#include <stdbool.h>

enum { CLI_OK = 0, CLI_NO = 1, CLI_USAGE = 2, CLI_SIGNAL = 128 };

enum cli_kind {
	CLI_FLAG,     /* --list */
	CLI_VALUE,    /* --topic NAME or --topic=NAME */
	CLI_OPTIONAL, /* --compression-codec [NAME]: the next word unless it begins with -- */
	CLI_IGNORED,  /* accepted with a value, without effect; help says what replaced it */
	CLI_REFUSED, /* Kafka's, not offered here: wrong usage; `help` says why, and is not shown */
};

struct cli_option {
	const char *name; /* "topic"; NULL ends a table */
	char letter;      /* 'b' for -b, 0: none */
	enum cli_kind kind;
	const char *value; /* "NAME", as --help writes it; NULL for a flag */
	const char *help;  /* one line; NULL: works, but is not shown */
	const char *same;  /* an old name of this option (which is shown in its place), or NULL */
};

struct cli;
/* Returns the exit status; has printed why when it is not CLI_OK. */
typedef int cli_run_fn(struct cli *c);

struct cli_command {
	const char *name;                 /* "topics"; "": the program itself */
	const char *script;               /* "kafka-topics.sh"; NULL: none */
	const char *summary;              /* one line */
	const char *operands;             /* "FILE.properties …"; NULL: none are taken */
	const struct cli_option *options; /* the command's own */
	bool local;                       /* takes no --bootstrap-server and the like */
	cli_run_fn *run;
};

/* The commands of this module, for a table of all: {CLI_KAFKA_COMMANDS, &more, NULL}. */
extern const struct cli_command cli_topics, cli_produce, cli_consume, cli_configs, cli_get_offsets,
	cli_delete_records, cli_groups, cli_elect, cli_reassign, cli_quorum;
#define CLI_KAFKA_COMMANDS                                                       \
	&cli_topics, &cli_produce, &cli_consume, &cli_configs, &cli_get_offsets, \
		&cli_delete_records, &cli_groups, &cli_elect, &cli_reassign, &cli_quorum

/* What a command gets from its program. All may be left 0. */
struct cli_env {
	/* Bootstrap addresses when none were named; NULL: 127.0.0.1:9092. */
	const char *bootstrap;
	/* Descriptors; -1 or 0 for all three: the process's own. */
	int in, out, err;
};

/* Runs the command that argv[0] (by a script's name) or the first argument names. commands ends
 * with NULL. argv is the program's own. Returns the exit status; -1 when neither names one, and
 * then nothing was printed. */
int cli_main(const struct cli_command *const *commands, const struct cli_env *env, int argc,
	char **argv);
/* By its name or its script's base name (with or without .sh); NULL. */
const struct cli_command *cli_find(const struct cli_command *const *commands, const char *name);
/* The one that a link to the program stands for, by the link's path; NULL: it is no script's. */
const struct cli_command *cli_by_link(const struct cli_command *const *commands, const char *path);

/* The help page of a command, under the name of the link it was called by (NULL: by none), and its
 * part of the man page (roff). */
void cli_print_help(const struct cli_command *cmd, const char *link, struct buf *out);
void cli_print_man(const struct cli_command *cmd, struct buf *out);
/* The OPTIONS section of the man page: those of cmd and those that it shares with others. */
void cli_print_man_options(const struct cli_command *cmd, struct buf *out);
/* One line a command, as `kdeck --help` shows them. */
void cli_print_list(const struct cli_command *const *commands, struct buf *out);

/* All of it to standard output. 0, also when the reader has gone away; ERR_IO. */
int cli_write(const struct buf *out, struct err *e) MUSTCHECK;

/* ---- for the commands themselves ---------------------------------------------------------- */

struct loop;
struct admin;

struct cli_given {
	const struct cli_option *option;
	const char *value;                /* "" for a flag, NULL for CLI_OPTIONAL without one */
	const struct cli_option *written; /* as it was written: maybe an old name */
};

typedef VEC(struct traffic_property) property_list;

struct cli {
	const struct cli_command *cmd;
	const char *link; /* "kafka-topics.sh" it was called by; NULL: as kdeck */
	const struct cli_env *env;
	VEC(struct cli_given) given;
	VEC(const char *) operands;
	const char *bootstrap;
	const char *where;        /* "FILE:LINE" that is being read, for messages; NULL: none */
	property_list properties; /* of --command-config; in kept */
	VEC(char *) kept;         /* strings that others point at; owned */
	struct buf out;           /* standard output, written by cli_flush */
	bool json;
	bool broken; /* standard output takes no more: stop */
	bool lost;   /* and that is an error: it was not just closed */
	/* Of a question, and of one attempt; 0: the client's own. */
	int64_t timeout_ms, attempt_ms;
	int signal;                /* that ended the command; 0: none */
	struct loop_signal *on[2]; /* by cli_watch_signals */
	bool *stop;
	struct loop *loop;   /* by cli_open */
	struct admin *admin; /* by cli_open; connects when it is first asked */
};

/* Splits argv (without the command's name) by the command's table; e: a line of wrong usage. */
int cli_parse(struct cli *c, int argc, const char *const *argv, struct err *e) MUSTCHECK;
void cli_fini(struct cli *c);

/* The option's table has it (assert): was it given; its last value, or NULL; the i-th, or NULL. */
bool cli_has(const struct cli *c, const char *name);
const char *cli_get(const struct cli *c, const char *name);
const char *cli_nth(const struct cli *c, const char *name, size_t i);
/* A whole number in [lo, hi]; fallback when it was not given. CLI_USAGE (printed) or CLI_OK. */
int cli_number(struct cli *c, const char *name, int64_t lo, int64_t hi, int64_t fallback,
	int64_t *out) MUSTCHECK;
/* Prints "kdeck topics: …" and where help is; returns CLI_USAGE. */
int cli_usage(struct cli *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Prints the line; returns CLI_NO. */
int cli_fail(struct cli *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A question that the cluster did not answer; and what to do where nobody listens at an address
 * that nobody named. */
int cli_fail_asking(struct cli *c, const struct err *e);
/* A remark on standard error, with the command's name in front. */
void cli_warn(struct cli *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The same without. */
void cli_note(struct cli *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Is standard output a terminal? */
bool cli_on_terminal(const struct cli *c);
/* A copy that lives as long as c. */
struct str cli_keep(struct cli *c, struct str s);
/* Writes c->out; sets broken when that cannot be. */
void cli_flush(struct cli *c);
/* Every property of a file goes to fn, "name=value", which prints why one cannot be: CLI_USAGE ends
 * it there, after CLI_NO the others are looked at too (up to twenty are told), and that is the
 * result. CLI_NO (printed) when the file cannot be read. */
typedef int cli_line_fn(void *arg, const char *property);
int cli_property_file(
	struct cli *c, const char *option, const char *path, cli_line_fn *fn, void *arg) MUSTCHECK;

/* Loop and admin client for c->bootstrap. CLI_OK or CLI_NO (printed). */
int cli_open(struct cli *c) MUSTCHECK;
/* Turns the loop until *done. False when the command's deadline (a minute more than any question
 * has) went by. */
bool cli_await(struct cli *c, const bool *done) MUSTCHECK;
/* SIGINT and SIGTERM set *stop and c->signal from now on, and no longer end the process. */
void cli_watch_signals(struct cli *c, bool *stop);
/* One question: `use` gets the answer while it lives and returns an exit status. A question that
 * failed is printed, CLI_NO. */
typedef int cli_use_fn(struct cli *c, void *arg, const void *response);
struct admin_target;
int cli_ask(struct cli *c, int16_t api_key, const void *request, const struct admin_target *to,
	cli_use_fn *use, void *arg) MUSTCHECK;
/* The same, but a question that failed is told by e (code 0: it did not fail), not printed. */
int cli_try(struct cli *c, int16_t api_key, const void *request, const struct admin_target *to,
	cli_use_fn *use, void *arg, struct err *e) MUSTCHECK;
/* All of the cluster's metadata anew, or that of some topics. */
struct str;
int cli_refresh(struct cli *c, const struct str *topics, size_t n) MUSTCHECK;

#endif
