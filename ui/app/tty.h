/*
 * The app on a real terminal and the loop: reads events, ticks once a second, draws one frame at
 * the end of a turn in which something changed. Ctrl-Z and SIGTSTP stop the program with the
 * terminal given back.
 */
#ifndef APP_TTY_H
#define APP_TTY_H

#include "app/app.h"
#include "term/term.h"

struct loop;
struct tty;

/* Takes the terminal. NULL with e. */
struct tty *tty_new(struct loop *l, const struct term_opts *opts, struct err *e) MUSTCHECK;
/* Gives it back. NULL is allowed. */
void tty_free(struct tty *t);
/* From here on events go to the app and its frames to the terminal; loop_stop when it is done. */
void tty_attach(struct tty *t, struct app *a);
struct term *tty_term(struct tty *t);

#endif
