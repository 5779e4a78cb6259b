/*
 * The console on a cluster: model, source and screens on one loop; on a terminal the app, else one
 * plain snapshot. The demo is the same on a cluster of its own.
 */
#ifndef APP_CONSOLE_H
#define APP_CONSOLE_H

#include "action/action.h"
#include "base/err.h"

struct cli_command;
struct lab;
struct loop;
struct traffic_property;
struct model;
struct source;

struct console_options {
	const char *command;   /* "kdeck snapshot", before what went wrong; NULL: "kdeck" */
	const char *advice;    /* a line when no cluster answers; NULL: none */
	const char *name;      /* in the title: "demo"; "" */
	const char *bootstrap; /* addresses */
	bool named;            /* by the user: nothing is started in their place */
	/* Client settings for the connections that move records; may be NULL. */
	const struct traffic_property *properties;
	size_t n_properties;
	enum screen screen;
	bool read_only;
	bool once;             /* print the snapshot and end, also on a terminal */
	bool json;             /* of the snapshot */
	bool ends_cluster;     /* leaving ends it: ask */
	const char *local_dir; /* of its brokers on this machine; NULL: where kdeck up puts them */
	const char *hint;      /* the first line a newcomer reads; NULL: none */
	/* Called once when the loop and the source are there, and before they go; may be NULL. */
	void (*started)(void *arg, struct loop *l, struct source *s, struct lab *lab);
	void (*ending)(void *arg);
	/* Not before this is true is the snapshot taken; NULL: as soon as there are offsets. */
	bool (*settled)(void *arg, const struct model *m);
	void *arg;
};

/* The user wants the demo in the console's place. */
#define CONSOLE_DEMO (-1)
/* Returns the exit status, having printed why when it is not 0; or CONSOLE_DEMO. */
int console_run(const struct console_options *o);
/* kdeck demo, and the command by itself. brokers 0: three. once: prints the snapshot and ends. */
int demo_run(int64_t brokers, bool once, bool json);
extern const struct cli_command cli_demo;
/* The process that cleans up behind a demo: waits for `parent` to end. */
int keeper_run(int argc, char **argv);

#endif
