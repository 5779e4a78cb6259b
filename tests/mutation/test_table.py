"""The table of mutations fits the source: whoever changes a line that one of them changes, or the
name of a test, learns of it here. The mutations themselves are tried by `make mutation`."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../lint")]

from common import TOP, report  # noqa: E402
import mutate  # noqa: E402
import rules  # noqa: E402


def main():
    names = [m.rule for m in rules.MUTATIONS]
    twice = sorted({n for n in names if names.count(n) > 1})
    few = [] if len(names) >= 64 else ["there are %d" % len(names)]
    report([("each mutation's text stands once in its file, its tests are there",
             list(mutate.problems(TOP))),
            ("each rule is named once", twice),
            ("there are mutations enough", few)])


main()
