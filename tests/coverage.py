"""Lines reached by the tests, a row a layer and module; then the largest functions that none has
reached. Usage: coverage.py SOURCE-TREE BUILD-TREE [HOW-MANY [MODULE…]]"""
import collections
import concurrent.futures
import json
import os
import subprocess
import sys

LAYERS = "src/", "backend/", "ui/"


def report(folder, names):
    """What gcov says about the objects of a folder that ran."""
    data = [os.path.abspath(os.path.join(folder, n)) for n in names]
    out = subprocess.run(["gcov", "--json-format", "--stdout"] + data, cwd=sys.argv[2],
                         capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


def reports(build):
    found = ((f, [n for n in names if n.endswith(".gcda")]) for f, _, names in os.walk(build))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for some in pool.map(lambda f: report(*f), [f for f in found if f[1]]):
            yield from some


class Counts:
    """What all objects together have reached: a file is in several when tests compile it anew."""

    def __init__(self, source, build):
        self.lines = collections.defaultdict(collections.Counter)
        self.functions = collections.defaultdict(collections.Counter)
        self.places = {}
        source = os.path.realpath(source)
        for told in reports(build):
            for entry in told["files"]:
                path = os.path.join(told["current_working_directory"], entry["file"])
                path = os.path.relpath(os.path.realpath(path), source)
                if path.startswith(LAYERS):
                    self.take(path, entry)

    def take(self, path, entry):
        for line in entry["lines"]:
            self.lines[path][line["line_number"]] += line["count"]
        for f in entry["functions"]:
            self.functions[path][f["name"]] += f["execution_count"]
            self.places[path, f["name"]] = f["start_line"], f["end_line"]

    def rows(self):
        """(layer or module, lines reached, lines)"""
        sums = collections.defaultdict(lambda: [0, 0])
        for path, hits in self.lines.items():
            layer, module = path.split("/")[:2]
            for name in (layer, layer + "/" + module, "~all"):
                sums[name][0] += sum(1 for n in hits.values() if n)
                sums[name][1] += len(hits)
        return [(name.lstrip("~"), *sums[name]) for name in sorted(sums)]

    def unreached(self, modules):
        """(lines, path, first line, name), the largest first."""
        found = []
        for path, functions in self.functions.items():
            if modules and not path.startswith(tuple(m + "/" for m in modules)):
                continue
            for name, count in functions.items():
                first, last = self.places[path, name]
                if not count:
                    size = sum(1 for n in self.lines[path] if first <= n <= last)
                    found.append((size, path, first, name))
        return sorted(found, key=lambda f: (-f[0], f[1:]))


def main():
    source, build = sys.argv[1:3]
    counts = Counts(source, build)
    if not counts.lines:
        sys.exit("coverage: no counters below %s; configure with --enable-coverage" % build)
    for name, reached, total in counts.rows():
        indent = "  " if "/" in name else ""
        print("%-20s %6d of %6d lines  %5.1f %%" % (
            indent + name, reached, total, 100 * reached / total))
    many = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    for size, path, first, name in counts.unreached(sys.argv[4:])[:many]:
        print("never called: %3d lines  %s:%d %s" % (size, path, first, name))


main()
