/*
 * Golden screens: tests/ui/golden/NAME.COLSxROWS.txt. Before it is compared a screen loses what
 * differs from run to run: clock times, ports, ages, sizes, rates, spark lines.
 * KDECK_UPDATE_GOLDEN=1 (make update-golden) writes them anew.
 */
#ifndef TESTS_UI_GOLDEN_H
#define TESTS_UI_GOLDEN_H

#include "screen.h"

/* Waits until the screen is as its golden; fails with both where they differ. */
void golden_wait(struct screen *s, const char *name);
/* 14:14:02 → hh:mm:ss, 127.0.0.1:40117 → 127.0.0.1:ppppp, `   1.5 MB` → `        #` (the end of a
 * figure with its unit stays where it is), a number under PID likewise, ▁…█ → blank. Appends. */
void golden_normalise(struct str screen, struct buf *out);

#endif
