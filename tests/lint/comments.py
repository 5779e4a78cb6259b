"""Every C file begins with a comment that says its job, and what a header declares stands under a
comment: its own, its group's (the run of lines up to an empty one), or that of the group before
it, when only declarations lie between. A module's init, fini, new and free may go without."""
import re

from common import blank, files, read, report

DECLARATION = re.compile(r"^[A-Za-z_][\w \t*]*?\b(\w+)\(")
NOT_ONE = ("static", "typedef", "return")
OBVIOUS = ("_init", "_fini", "_new", "_free")


def commented(lines, at):
    """Going up from lines[at], a comment comes before something ends that is not in the group."""
    group = True
    while at >= 0:
        line = lines[at]
        group = group and line.strip()
        if "/*" in line or "*/" in line:
            return True
        if not group and line.startswith(("}", "#")):
            return False
        at -= 1
    return False


def undocumented(path):
    text = read(path)
    lines, code = text.split("\n"), blank(text).split("\n")
    depth = 0
    for at, line in enumerate(code):
        found = DECLARATION.match(line)
        if depth == 0 and found and not line.startswith(NOT_ONE):
            name = found.group(1)
            if not name.endswith(OBVIOUS) and not commented(lines, at):
                yield "%s:%d: %s" % (path, at + 1, name)
        depth = max(0, depth + line.count("{") - line.count("}"))


def main():
    heads, bare = [], []
    for path in files(["src", "backend", "ui", "tests"], (".c",)):
        if not read(path).lstrip().startswith("/*"):
            heads.append(path)
    for path in files(["src", "backend", "ui"], (".h",)):
        bare.extend(undocumented(path))
    report([("every C file begins with a comment", heads),
            ("every declared function stands under a comment", bare)])


main()
