"""A file of more than 800 lines or a function of more than 80 holds a second thing. Tables (.def)
may be as long as they are."""
import re

from common import blank, files, read, report

FILE_MAX = 800
FUNCTION_MAX = 80


def functions(text):
    """(name, first line, lines) of each definition: its brace stands alone in column 0."""
    lines = blank(text).split("\n")
    begin = None
    for at, line in enumerate(lines):
        if line.rstrip() == "{" and begin is None:
            begin = at
        elif line.startswith("}") and begin is not None:
            head = begin - 1
            while head > 0 and (lines[head].startswith((" ", "\t")) or not lines[head].strip()):
                head -= 1
            name = re.search(r"(\w+)\s*\(", lines[head])
            if name:
                yield name.group(1), head + 1, at - begin + 1
            begin = None


def main():
    long_files, long_functions = [], []
    for path in files(["src", "backend", "ui", "tests"], (".c", ".h", ".py", ".sh")):
        text = read(path)
        count = text.count("\n")
        if count > FILE_MAX:
            long_files.append("%s: %d lines" % (path, count))
        if path.endswith(".c"):
            for name, line, count in functions(text):
                if count > FUNCTION_MAX:
                    long_functions.append("%s:%d: %s has %d lines" % (path, line, name, count))
    report([("no file is longer than %d lines" % FILE_MAX, long_files),
            ("no function is longer than %d lines" % FUNCTION_MAX, long_functions)])


main()
