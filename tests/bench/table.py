"""Values of many rounds, and the table of their medians."""
import statistics


class Samples:
    """Values by name."""

    def __init__(self):
        self.values = {}

    def add(self, name, value):
        self.values.setdefault(name, []).append(value)

    def count(self, name):
        return len(self.values.get(name, []))

    def median(self, name):
        return statistics.median(self.values[name]) if name in self.values else None

    def ratios(self, ours, other):
        """Of each pair, in percent; a pair whose other value is 0 has none."""
        pairs = zip(self.values[ours], self.values[other])
        return [100 * a / b for a, b in pairs if b]

    def ratio(self, ours, other):
        """The median of the pairs' ratios in percent: what disturbs a round disturbs both of it."""
        return statistics.median(self.ratios(ours, other))

    def spread(self, name):
        v = self.values.get(name)
        return "not measured" if not v else "%s to %s" % (number(min(v)), number(max(v)))


def number(value):
    if value is None:
        return "-"
    if value >= 1000:
        return "{:,.0f}".format(value)
    return "%.3g" % value if value < 100 else "%.0f" % value


def percent(ratio):
    if ratio is None:
        return "-"
    return "%.0f %%" % ratio if ratio >= 10 else "%.2g %%" % ratio


class Table:
    HEAD = ("median of the rounds", "ours", "yardstick", "ratio", "goal", "")

    def __init__(self, samples):
        self.samples, self.rows = samples, []

    def row(self, what, ours, yardstick=None, least=None, most=None, share=None, unless=None):
        """Goals of the ratio in percent: at least `least`, at most `share`; of our value: at most
        `most`. unless: (ours, other, least), a ratio that will do instead of `least`."""
        mine = self.samples.median(ours)
        if mine is None:
            self.rows.append((what, "-", "-", "-", "", "not measured"))
            return
        other = self.samples.median(yardstick) if yardstick else None
        ratio = self.samples.ratio(ours, yardstick) if other else None
        goals, reached = [], None
        if least is not None:
            goals.append(">= %d %%" % least)
            reached = ratio >= least if ratio else None
        if most is not None:
            goals.append("<= %s" % number(most))
            reached = mine <= most
        if share is not None:
            goals.append("<= %.4g %%" % share)
            if ratio:
                reached = reached is not False and ratio <= share
        goal = ", ".join(goals)
        if unless and reached is not None:
            goal += ", or mock %d %%" % unless[2]
            reached = reached or self.samples.ratio(*unless[:2]) >= unless[2]
        self.rows.append((what, number(mine), number(other), percent(ratio),
                          goal, "" if reached is None else "reached" if reached else "missed"))

    def lines(self):
        rows = [self.HEAD] + self.rows
        width = [max(len(r[i]) for r in rows) for i in range(len(self.HEAD))]
        for r in rows:
            cells = [r[0].ljust(width[0])]
            cells += [r[i].rjust(width[i]) for i in (1, 2, 3)]
            cells += [r[4].ljust(width[4]), r[5]]
            yield "  ".join(cells).rstrip()
