"""Lines reached by the tests, a row a module. Usage: coverage.py SOURCE-TREE BUILD-TREE"""
import collections
import json
import os
import subprocess
import sys


def reports(build):
    """What gcov says about each object that ran; one process for a folder."""
    for folder, _, names in os.walk(build):
        data = [os.path.abspath(os.path.join(folder, n)) for n in names if n.endswith(".gcda")]
        if data:
            out = subprocess.run(["gcov", "--json-format", "--stdout"] + data, cwd=build,
                                 capture_output=True, text=True, check=True).stdout
            for line in out.splitlines():
                if line.startswith("{"):
                    yield json.loads(line)


def main():
    source, build = (os.path.abspath(p) for p in sys.argv[1:3])
    lines = collections.defaultdict(dict)
    for report in reports(build):
        for entry in report["files"]:
            path = os.path.join(report["current_working_directory"], entry["file"])
            path = os.path.relpath(os.path.realpath(path), os.path.realpath(source))
            if path.startswith(("src/", "backend/", "ui/")):
                for line in entry["lines"]:
                    hit = lines[path].get(line["line_number"], 0)
                    lines[path][line["line_number"]] = hit + line["count"]
    if not lines:
        sys.exit("coverage: no counters below %s; configure with --enable-coverage" % build)
    modules = collections.defaultdict(lambda: [0, 0])
    for path, hits in lines.items():
        row = modules["/".join(path.split("/")[:2])]
        row[0] += sum(1 for n in hits.values() if n)
        row[1] += len(hits)
    modules["all"] = [sum(r[i] for r in list(modules.values())) for i in (0, 1)]
    for module, (reached, total) in sorted(modules.items(), key=lambda m: (m[0] == "all", m[0])):
        print("%-20s %6d of %6d lines  %5.1f %%" % (module, reached, total, 100 * reached / total))


main()
