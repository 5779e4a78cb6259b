/* Where the columns of a table go: drops by priority, then shares what is left. */
#include "widget/table.h"

#define GAP 2

static int needed(const struct table_col *cols, int n, const struct table_place *places)
{
	int sum = 0, shown = 0;

	for (int i = 0; i < n; i++) {
		sum += places[i].cols ? cols[i].min : 0;
		shown += places[i].cols > 0;
	}
	return sum + (shown > 1 ? (shown - 1) * GAP : 0);
}

/* The shown column that goes first, or -1 when the rest must stay. */
static int least(const struct table_col *cols, int n, const struct table_place *places)
{
	int found = -1;

	for (int i = 1; i < n; i++)
		if (places[i].cols && cols[i].drop > 0 &&
			(found < 0 || cols[i].drop >= cols[found].drop))
			found = i;
	return found;
}

/* Widens the shown columns cell by cell up to a limit; returns the cells left over. */
static int widen(
	const struct table_col *cols, int n, struct table_place *places, int left, bool to_ideal)
{
	bool grew = true;

	while (left > 0 && grew) {
		grew = false;
		for (int i = 0; i < n && left > 0; i++) {
			int limit = to_ideal      ? cols[i].ideal
				    : cols[i].max ? cols[i].max
						  : INT16_MAX;
			if (!places[i].cols || places[i].cols >= limit)
				continue;
			places[i].cols++;
			left--;
			grew = true;
		}
	}
	return left;
}

int table_layout(const struct table_col *cols, int n, int width, int first,
	struct table_place places[static TABLE_MAX_COLS])
{
	int drop, x = 0, last = -1;

	n = n > TABLE_MAX_COLS ? TABLE_MAX_COLS : n;
	for (int i = 0; i < n; i++) {
		bool scrolled = i > 0 && i <= first;
		places[i] = (struct table_place){0, scrolled          ? 0
						    : cols[i].min > 0 ? cols[i].min
								      : 1};
	}
	while (needed(cols, n, places) > width && (drop = least(cols, n, places)) >= 0)
		places[drop].cols = 0;
	/* What cannot be dropped is cut off at the right. */
	for (int i = n - 1; i > 0 && needed(cols, n, places) > width; i--)
		places[i].cols = 0;
	if (n > 0 && places[0].cols > width)
		places[0].cols = width > 0 ? width : 0;
	int left = width - needed(cols, n, places);
	left = widen(cols, n, places, left, true);
	widen(cols, n, places, left, false);
	for (int i = 0; i < n; i++) {
		if (!places[i].cols)
			continue;
		places[i].x = last < 0 ? 0 : x + GAP;
		x = places[i].x + places[i].cols;
		last = i;
	}
	return x;
}
