"""Every C file begins with a comment that says its job, and every function that a header declares
stands in a group with a comment right above it."""
import re

from common import blank, files, read, report

DECLARATION = re.compile(r"^[A-Za-z_][\w \t*]*?\b(\w+)\(")


def undocumented(path):
    """Declarations in column 0 whose group, the run of lines up to an empty one, has no comment."""
    text = read(path)
    lines, code = text.split("\n"), blank(text).split("\n")
    depth = 0
    for at, line in enumerate(code):
        found = DECLARATION.match(line)
        if depth == 0 and found and not line.startswith(("static", "typedef", "return")):
            top = at
            while top > 0 and lines[top - 1].strip():
                top -= 1
            if not any("/*" in above or "*/" in above for above in lines[top:at + 1]):
                yield "%s:%d: %s" % (path, at + 1, found.group(1))
        depth = max(0, depth + line.count("{") - line.count("}"))


def main():
    heads, bare = [], []
    for path in files(["src", "backend", "ui", "tests"], (".c",)):
        if not read(path).lstrip().startswith("/*"):
            heads.append(path)
    for path in files(["src", "backend", "ui"], (".h",)):
        bare.extend(undocumented(path))
    report([("every C file begins with a comment", heads),
            ("every declared function has a comment above its group", bare)])


main()
