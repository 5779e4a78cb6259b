/*
 * A screen without a terminal: a view drawn on a grid, with a clock turned by hand, a source that
 * only remembers what it was told, and a host that remembers where the view wanted to go. Goldens
 * are tests/unit/view/golden/NAME.COLSxROWS.txt; KDECK_UPDATE_GOLDEN=1 writes them anew.
 */
#ifndef TESTS_VIEW_STAGE_H
#define TESTS_VIEW_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "../model/lag_world.h"
#include "view/common.h"

struct stage {
	struct source source; /* first: the source is the stage */
	struct lag_world w;
	struct clock_manual clock;
	struct view_ctx ctx;
	struct grid grid;
	const struct view_ops *ops;
	void *view;
	/* what the view asked for last */
	enum screen pushed; /* SCREEN_COUNT: nowhere */
	struct buf pushed_arg, wanted;
};

static void stage_go(void *arg, enum screen screen, const char *open_arg)
{
	struct stage *s = arg;

	s->pushed = screen;
	buf_clear(&s->pushed_arg);
	buf_puts(&s->pushed_arg, open_arg ? open_arg : "");
}

static void stage_say(void *arg, enum message_kind kind, const char *text)
{
	(void)arg;
	(void)kind;
	(void)text;
}

/* "topic orders   groups audit mail" */
static void stage_want(struct source *source, const struct source_want *w)
{
	struct stage *s = (struct stage *)(void *)source;

	buf_clear(&s->wanted);
	if (w->topic)
		buf_printf(&s->wanted, "topic %s ", w->topic);
	if (w->n_visible)
		buf_puts(&s->wanted, "topics ");
	for (size_t i = 0; i < w->n_visible; i++)
		buf_printf(&s->wanted, "%.*s ", STR_ARG(w->visible[i]));
	if (w->n_groups)
		buf_puts(&s->wanted, "groups ");
	for (size_t i = 0; i < w->n_groups; i++)
		buf_printf(&s->wanted, "%.*s ", STR_ARG(w->groups[i]));
}

static const struct view_host stage_host = {
	.push = stage_go, .replace = stage_go, .message = stage_say};
static const struct source_ops stage_source = {.want = stage_want};

/* Topics t-00000 … led by broker 1, as lag_world makes them. */
static inline void stage_init(struct stage *s, int32_t topics, int32_t partitions)
{
	*s = (struct stage){.pushed = SCREEN_COUNT, .source = {&stage_source}};
	clock_manual_init(&s->clock, 1800000000000);
	lag_world_init(&s->w, topics, partitions);
	grid_init(&s->grid, 80, 24);
	s->ctx = (struct view_ctx){.model = s->w.m,
		.source = &s->source,
		.clock = &s->clock.clock,
		.host = &stage_host,
		.host_arg = s};
}

static inline int64_t stage_now(const struct stage *s)
{
	return clock_mono_ms(&s->clock.clock);
}

static inline void stage_publish(struct stage *s)
{
	(void)model_publish(s->w.m, stage_now(s), clock_wall_ms(&s->clock.clock));
}

static inline void stage_open(struct stage *s, const struct view_ops *ops, const char *arg)
{
	struct err e = {0};

	s->ops = ops;
	s->view = ops->open(&s->ctx, arg, &e);
	if (!s->view)
		fail_msg("%s", e.msg);
}

static inline void stage_close(struct stage *s)
{
	if (s->view)
		s->ops->close(s->view);
	s->view = NULL;
}

static inline void stage_fini(struct stage *s)
{
	stage_close(s);
	model_free(s->w.m);
	grid_fini(&s->grid);
	buf_fini(&s->pushed_arg);
	buf_fini(&s->wanted);
}

static inline void stage_key(struct stage *s, uint32_t code)
{
	struct event e = {.type = EVENT_KEY, .key = {code, 0}};

	(void)s->ops->event(s->view, &e);
}

/* Draws at a size; appends the text. */
static inline void stage_draw(struct stage *s, int cols, int rows, struct buf *out)
{
	struct surface all;

	grid_resize(&s->grid, cols, rows);
	grid_clear(&s->grid);
	all = surface_of(&s->grid);
	s->ops->draw(s->view, &all);
	assert_int_equal(grid_check(&s->grid), -1);
	grid_text(&s->grid, out);
}

static inline void stage_read(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "re");
	char bytes[4096];
	size_t n;

	while (f && (n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		buf_put(out, bytes, n);
	if (f)
		fclose(f);
}

/* Draws, and compares with the golden of that name and size. */
static inline void stage_golden(struct stage *s, const char *name, int cols, int rows)
{
	const char *top = getenv("top_srcdir"), *update = getenv("KDECK_UPDATE_GOLDEN");
	struct buf got = BUF_EMPTY, want = BUF_EMPTY;
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/unit/view/golden/%s.%dx%d.txt", top ? top : ".",
		name, cols, rows);
	stage_draw(s, cols, rows, &got);
	if (update && *update) {
		FILE *f = fopen(path, "we");

		assert_non_null(f);
		fwrite(got.p, 1, got.n, f);
		assert_int_equal(fclose(f), 0);
	}
	stage_read(path, &want);
	if (!str_eq(buf_str(&got), buf_str(&want)))
		fail_msg("%s is not what is drawn:\n%s", path, buf_z(&got));
	buf_fini(&got);
	buf_fini(&want);
}

/* Draws, and finds a text on the screen. */
static inline void stage_shows(struct stage *s, int cols, int rows, const char *text)
{
	struct buf got = BUF_EMPTY;

	stage_draw(s, cols, rows, &got);
	if (!strstr(buf_z(&got), text))
		fail_msg("\"%s\" is not on the screen:\n%s", text, buf_z(&got));
	buf_fini(&got);
}

/* ---- three groups ------------------------------------------------------------------------- */

static inline void stage_list(struct stage *s)
{
	static const char *const names[] = {"audit", "mail", "payments"};

	feed_groups_begin(s->w.m, 1);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		feed_group_listed(s->w.m, stage_now(s), 1, str_of(names[i]),
			str_of(i ? "Stable" : "Empty"), STR_LIT("consumer"), STR_LIT("classic"));
	feed_groups_end(s->w.m, stage_now(s), 1, 1000);
}

static inline void stage_commits(struct stage *s, const char *group, int64_t p0, int64_t p1)
{
	feed_commits_begin(s->w.m, str_of(group));
	feed_commit(s->w.m, stage_now(s), str_of(group), STR_LIT("t-00000"), 0, p0, 0, STR_NULL, 0);
	feed_commit(s->w.m, stage_now(s), str_of(group), STR_LIT("t-00000"), 1, p1, 0, STR_NULL, 0);
	feed_commits_end(s->w.m, stage_now(s), str_of(group), true, 1000);
}

/* The line, from 0, in which the text stands first. */
static inline size_t stage_line_of(struct stage *s, int cols, int rows, const char *text)
{
	struct buf b = BUF_EMPTY;
	size_t y = 0;
	char *at;

	stage_draw(s, cols, rows, &b);
	at = strstr(buf_z(&b), text);
	if (!at)
		fail_msg("%s is not on the screen:\n%s", text, buf_z(&b));
	for (const char *p = buf_z(&b); p < at; p++)
		y += *p == '\n';
	buf_fini(&b);
	return y;
}

/* The topic has records, and nothing is known of groups. */
static inline void stage_ready(struct stage *s)
{
	lag_end(&s->w, 0, "t-00000", 0, 0, 10);
	feed_progress(s->w.m, &(struct progress){.step = PROGRESS_READY});
	stage_publish(s);
}

/* A minute of looks, one a second: 70 records a second come into each partition of t-00000.
 * payments takes 12 of them in p0 and all in p1, mail keeps up, audit has no member and stands
 * still. Needs a topic of two partitions. */
static inline void stage_groups(struct stage *s)
{
	for (int64_t i = 0; i <= 60; i++) {
		int64_t end = 1000 + 70 * i;

		clock_manual_advance_ms(&s->clock, 1000);
		lag_metadata(&s->w, stage_now(s));
		feed_broker_state(s->w.m, stage_now(s), 1, BROKER_UP, -1, NULL);
		stage_list(s);
		lag_describe(&s->w, stage_now(s), "payments", "Stable", 2, 2, 7);
		lag_describe(&s->w, stage_now(s), "mail", "Stable", 3, 2, 3);
		lag_describe(&s->w, stage_now(s), "audit", "Empty", 0, 0, 4);
		stage_commits(s, "payments", 1000 + 12 * i, end);
		stage_commits(s, "mail", end, end);
		stage_commits(s, "audit", 1000, 1001);
		clock_manual_advance_ms(&s->clock, 5);
		for (int32_t p = 0; p < 2; p++)
			lag_end(&s->w, stage_now(s), "t-00000", p, 0, end);
		feed_broker_offsets(s->w.m, stage_now(s), 1, 1000, 0);
		feed_progress(s->w.m, &(struct progress){.step = PROGRESS_READY});
		stage_publish(s);
	}
}

#endif
