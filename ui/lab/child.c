/* See child.h. */
#include "lab/child.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "io/loop.h"

#define CHOKED_BYTES (32 * 1024)
#define LEFT_BYTES   (4 * 1024 * 1024) /* nobody reads any more */
#define PROPERTIES   1000

/* ---- what it says -----------------------------------------------------------------------------
 */

static void say(struct lab_child *c, const struct proto_line *l)
{
	proto_put(&c->out.out, l);
	if (c->out.out.n > LEFT_BYTES)
		loop_stop(c->loop);
}

void child_say(struct lab_child *c, enum proto_word word, int64_t number)
{
	struct proto_line l = {.word = word, .number = number};

	say(c, &l);
}

void child_say_place(
	struct lab_child *c, enum proto_word word, const char *topic, int32_t partition, int64_t at)
{
	struct proto_line l = {.word = word, .partition = partition, .number = at};

	snprintf(l.topic, sizeof(l.topic), "%s", topic);
	say(c, &l);
}

void child_trouble(struct lab_child *c, const char *text)
{
	struct proto_line l = {.word = PROTO_TROUBLE};

	snprintf(l.text, sizeof(l.text), "%s", text);
	if (strcmp(l.text, c->trouble) == 0)
		return;
	snprintf(c->trouble, sizeof(c->trouble), "%s", l.text);
	say(c, &l);
	child_flush(c);
}

void child_flush(struct lab_child *c)
{
	line_writer_flush(&c->out);
	if (c->out.fd < 0)
		loop_stop(c->loop);
}

bool child_is_choked(const struct lab_child *c)
{
	return c->out.out.n > CHOKED_BYTES;
}

void child_finish(struct lab_child *c)
{
	child_flush(c);
	loop_stop(c->loop);
}

void child_give_up(struct lab_child *c, const char *why)
{
	struct proto_line l = {.word = PROTO_FATAL};

	snprintf(l.text, sizeof(l.text), "%s", why);
	say(c, &l);
	c->failed = true;
	child_finish(c);
}

/* ---- what it is told --------------------------------------------------------------------------
 */

static int add_property(struct lab_child *c, char *text)
{
	char *eq = strchr(text, '=');
	struct traffic_property *p;

	if (!eq || c->properties.n >= PROPERTIES)
		return ERR_INVALID;
	*eq = 0;
	p = vec_add(&c->properties);
	p->name = xstrdup(text);
	p->value = xstrdup(eq + 1);
	return 0;
}

static void go(struct lab_child *c)
{
	struct err e = {0};

	if (!c->bootstrap || lab_spec_check(&c->spec, &e) < 0) {
		child_give_up(c, e.code ? e.msg : "no address was given");
		return;
	}
	c->role = c->spec.kind == LAB_PRODUCER ? &lab_producer_role : &lab_consumer_role;
	c->at = c->role->begin(c, &e);
	if (!c->at) {
		child_give_up(c, e.msg);
		return;
	}
	child_say(c, PROTO_READY, 0);
	child_flush(c);
}

/* Before `go`: ERR_NOT_FOUND when it is nothing that is set before. */
static int prepare(struct lab_child *c, const char *word, char *value)
{
	if (strcmp(word, "bootstrap") == 0) {
		free(c->bootstrap);
		c->bootstrap = xstrdup(value);
	} else if (strcmp(word, "property") == 0) {
		return add_property(c, value);
	} else if (strcmp(word, "go") == 0) {
		go(c);
	} else {
		return proto_take(&c->spec, word, value);
	}
	return 0;
}

static int obey(struct lab_child *c, const char *word, const char *value)
{
	int rc = 0;

	if (strcmp(word, "pause") == 0 || strcmp(word, "resume") == 0)
		c->role->pause(c->at, word[0] == 'p');
	else if (strcmp(word, "stop") == 0)
		c->role->stop(c->at);
	else if ((rc = proto_take(&c->spec, word, value)) == 0)
		c->role->edit(c->at);
	return rc;
}

static void on_line(void *arg, char *line, size_t n)
{
	struct lab_child *c = arg;
	char *word, *value;
	int rc = proto_split(line, n, &word, &value);

	if (rc == 0)
		rc = c->at ? obey(c, word, value) : prepare(c, word, value);
	if (rc < 0)
		child_give_up(c, "it was told what it does not understand");
}

/* Whoever started it is gone, and nobody is to be told. */
static void on_end(void *arg, const struct err *e)
{
	struct lab_child *c = arg;

	(void)e;
	loop_stop(c->loop);
}

/* Standard error is nowhere, or somebody's screen. */
static void drop_line(void *arg, enum log_level level, const char *line, size_t n)
{
	(void)arg;
	(void)level;
	(void)line;
	(void)n;
}

static void close_all(struct lab_child *c)
{
	if (c->at)
		c->role->end(c->at);
	line_reader_close(&c->in);
	line_writer_close(&c->out);
	vec_foreach (p, &c->properties) {
		free((void *)(uintptr_t)p->name);
		free((void *)(uintptr_t)p->value);
	}
	vec_fini(&c->properties);
	free(c->bootstrap);
	loop_free(c->loop);
}

int lab_child_run(void)
{
	struct lab_child c = {.in.fd = -1, .out.fd = -1};
	struct err e = {0};
	int rc;

	log_set_sink(drop_line, NULL);
	lab_spec_init(&c.spec, LAB_PRODUCER);
	c.loop = loop_new(&e);
	rc = c.loop ? line_writer_open(&c.out, c.loop, STDOUT_FILENO, &e) : e.code;
	if (rc == 0)
		rc = line_reader_open(
			&c.in, c.loop, STDIN_FILENO, PROTO_TO_MEMBER_MAX, on_line, on_end, &c, &e);
	if (rc == 0)
		loop_run(c.loop);
	else
		fprintf(stderr, "kdeck: %s\n", e.msg);
	close_all(&c);
	return rc < 0 || c.failed;
}
