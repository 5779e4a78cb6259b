/* See tty.h. Signals come through the loop, so that a resize is one frame. */
#include "app/tty.h"

#include <signal.h>

#include "base/xalloc.h"
#include "io/loop.h"
#include "model/source.h"

#include <stdlib.h>

#define TICK_MS 1000

struct tty {
	struct loop *loop;
	struct term *term;
	struct app *app;
	struct loop_watch *watch;
	struct loop_signal *winch, *term_signal, *hup, *tstp;
	struct loop_hook *hook;
	struct io_timer tick, timeout;
};

/* Nobody sees us: nothing is asked. */
static void hide(struct tty *t, bool hidden)
{
	struct source *source = t->app ? app_ctx(t->app)->source : NULL;

	if (source)
		source_hide(source, hidden);
}

/* Stops as the shell's other programs do, and is here again when the shell says so. Where no shell
 * would ever say so the kernel does not stop us. */
static void suspend(struct tty *t)
{
	struct sigaction stop = {.sa_handler = SIG_DFL}, ours;
	sigset_t set;

	hide(t, true);
	term_suspend(t->term);
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	sigaction(SIGTSTP, &stop, &ours);
	raise(SIGTSTP);
	sigaction(SIGTSTP, &ours, NULL);
	term_resume(t->term);
	hide(t, false);
	if (t->app)
		view_redraw(app_ctx(t->app));
}

static void on_event(void *arg, const struct event *e)
{
	struct tty *t = arg;

	if (e->type == EVENT_KEY && e->key.mods == MOD_CTRL && e->key.code == 'z')
		suspend(t);
	else if (t->app)
		app_event(t->app, e);
}

static void arm_timeout(struct tty *t)
{
	int ms = term_timeout_ms(t->term, loop_now_ms(t->loop));

	if (ms >= 0)
		io_timer_start(&t->timeout, ms, 0);
}

static void on_timeout(void *arg)
{
	struct tty *t = arg;

	term_timeout(t->term, loop_now_ms(t->loop), on_event, t);
	arm_timeout(t);
}

static void on_readable(void *arg, int events)
{
	struct tty *t = arg;

	if ((events & LOOP_FAILED) || term_read(t->term, on_event, t) < 0) {
		/* The terminal is gone: so are we. */
		loop_watch_set(t->watch, 0);
		loop_stop(t->loop);
		return;
	}
	arm_timeout(t);
}

static void on_winch(void *arg, int signum)
{
	struct tty *t = arg;

	(void)signum;
	/* There and back again between two looks: what was on the screen may be gone. */
	if (!term_resized(t->term))
		term_repaint(t->term);
	if (t->app)
		view_redraw(app_ctx(t->app));
}

static void on_stop(void *arg, int signum)
{
	(void)signum;
	suspend(arg);
}

static void on_end(void *arg, int signum)
{
	struct tty *t = arg;

	(void)signum;
	loop_stop(t->loop);
}

static void on_tick(void *arg)
{
	struct tty *t = arg;

	if (t->app)
		app_tick(t->app);
}

static bool on_turn_end(void *arg)
{
	struct tty *t = arg;

	if (!t->app)
		return false;
	if (app_done(t->app)) {
		loop_stop(t->loop);
		return false;
	}
	if (term_symbols_changed(t->term) || app_take_dirty(t->app)) {
		app_take_dirty(t->app);
		app_draw(t->app, term_grid(t->term));
		term_flush(t->term);
	}
	return false;
}

struct tty *tty_new(struct loop *l, const struct term_opts *opts, struct err *e)
{
	struct tty *t = ALLOC(struct tty);

	t->loop = l;
	io_timer_init(&t->tick, l, on_tick, t);
	io_timer_init(&t->timeout, l, on_timeout, t);
	if (term_new(&t->term, opts, e) < 0) {
		free(t);
		return NULL;
	}
	t->watch = loop_watch_new(l, term_fd(t->term), on_readable, t, e);
	t->winch = loop_signal_new(l, SIGWINCH, on_winch, t, e);
	t->term_signal = loop_signal_new(l, SIGTERM, on_end, t, e);
	t->hup = loop_signal_new(l, SIGHUP, on_end, t, e);
	t->tstp = loop_signal_new(l, SIGTSTP, on_stop, t, e);
	if (!t->watch || !t->winch || !t->term_signal || !t->hup || !t->tstp) {
		tty_free(t);
		return NULL;
	}
	t->hook = loop_at_turn_end(l, on_turn_end, t);
	loop_watch_set(t->watch, LOOP_READ);
	io_timer_start(&t->tick, TICK_MS, TICK_MS);
	arm_timeout(t);
	return t;
}

void tty_attach(struct tty *t, struct app *a)
{
	t->app = a;
}

void tty_free(struct tty *t)
{
	if (!t)
		return;
	io_timer_stop(&t->tick);
	io_timer_stop(&t->timeout);
	if (t->hook)
		loop_hook_free(t->hook);
	if (t->watch)
		loop_watch_free(t->watch);
	/* The terminal first: from then on a signal may end us as it likes. */
	term_free(t->term);
	loop_signal_free(t->winch);
	loop_signal_free(t->term_signal);
	loop_signal_free(t->hup);
	loop_signal_free(t->tstp);
	free(t);
}

struct term *tty_term(struct tty *t)
{
	return t->term;
}
