"""What the lints share: the tree, its files, and TAP."""
import os
import re
import sys

TOP = os.environ.get("top_srcdir") or os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
SKIPPED = {".git", "build-aux", "autom4te.cache", "build", "logs"}


def files(roots, endings):
    """Paths below TOP, relative to it and sorted, with one of the endings."""
    found = []
    for root in roots:
        start = os.path.join(TOP, root)
        if os.path.isfile(start):
            found.append(root)
        for folder, names, here in os.walk(start):
            names[:] = [n for n in names if n not in SKIPPED and not n.startswith("build-")]
            for name in here:
                if name.endswith(endings):
                    found.append(os.path.relpath(os.path.join(folder, name), TOP))
    return sorted(found)


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        return f.read()


def blank(text, strings=True):
    """The text with comments (and strings) made blank, lines and columns kept."""
    out = []
    i, n = 0, len(text)
    while i < n:
        if text.startswith("/*", i):
            end = text.find("*/", i + 2)
            end = n if end < 0 else end + 2
        elif text.startswith("//", i):
            end = text.find("\n", i)
            end = n if end < 0 else end
        elif text[i] in "\"'":
            quote, end = text[i], i + 1
            while end < n and text[end] != quote and text[end] != "\n":
                end += 2 if text[end] == "\\" else 1
            end = min(end + 1, n)
            if not strings:
                out.append(text[i:end])
                i = end
                continue
        else:
            out.append(text[i])
            i += 1
            continue
        out.append("".join(c if c == "\n" else " " for c in text[i:end]))
        i = end
    return "".join(out)


def layers():
    """The tables of docs/architecture.md: layer -> module -> (the modules that its row lets it
    include, {module: the only headers of it that it may include})."""
    tables, layer = {}, None
    for line in read("docs/architecture.md").split("\n"):
        found = re.match(r"### (\w+): ", line)
        if line.startswith("#"):
            layer = found.group(1) if found else None
        elif layer and line.startswith("| ") and not line.startswith("| module "):
            name, _, may = (cell.strip() for cell in line.strip("|").split("|"))
            tables.setdefault(layer, {})[name] = may
    return {layer: {name: reach(tables, layer, may) for name, may in rows.items()}
            for layer, rows in tables.items()}


def reach(tables, layer, may):
    """The words of a row's last column; those that are no module are libraries."""
    whole, part = set(), {}
    for word in filter(None, (w.strip() for w in may.split(","))):
        only = re.fullmatch(r"(\w+) \((.*)\)", word)
        if only:
            part[only.group(1)] = only.group(2).split()
        elif word in tables:
            whole.update(tables[word])
        elif word in tables[layer] or word in tables.get("src", {}):
            whole.add(word)
    return whole, part


def report(checks):
    """checks: [(name, [problem, …])]; prints TAP and ends the program."""
    print("1..%d" % len(checks))
    bad = 0
    for at, (name, problems) in enumerate(checks, 1):
        print("%s %d - %s" % ("not ok" if problems else "ok", at, name))
        for problem in problems:
            print("# " + problem)
        bad += bool(problems)
    sys.exit(1 if bad else 0)
