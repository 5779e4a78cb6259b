"""docs/architecture.md is true: what it names between backticks is in the tree. name() is defined,
in a file that its paragraph names where it names any; a/path.c is there; struct name and other names
stand in the code. Paths are there also without backticks, but for those with a NAME to be filled
in. Each module has its row in the tables of layers, each row its module, and each module
a name of its own. A setting of the broker that is documented as acting is read by somebody."""
import os
import re

from common import TOP, blank, files, layers, read, report

PAGE = "docs/architecture.md"
ROOTS = ["", "src", "backend", "ui", "backend/server", "tests"]
PATH = re.compile(r"(?<![\w/.])((?:src|backend|ui|tests|docs)/[\w/]*[\w])(\.(?:c|h|def|py))?(?![\w/])")
DEFINED = re.compile(r"^(?:#define[ \t]+|[A-Za-z_][\w \t*]*?\b)(\w+)\(", re.M)


def is_there(path):
    return any(os.path.exists(os.path.join(TOP, root, path)) for root in ROOTS)


class Code:
    def __init__(self):
        self.defined, self.words = {}, set()
        for path in files(["src", "backend", "ui", "tests"], (".c", ".h", ".def")):
            text = blank(read(path), strings=False)
            self.words.update(re.findall(r"\w+", text))
            for name in DEFINED.findall(text):
                self.defined.setdefault(name, set()).add(path)


def wrong(code, name, text):
    """What is not so about a name in backticks; None when it is."""
    call = re.fullmatch(r"(\w+)\(\)", name)
    if call:
        places = {p for p in code.defined.get(call.group(1), set()) if p.endswith((".c", ".h"))}
        here = ["".join(found) for found in PATH.findall(text) if found[1] and "NAME" not in found[0]]
        if not places:
            return "%s is defined nowhere" % name
        if here and not places & set(here):
            return "%s is not in %s" % (name, ", ".join(here))
    elif re.fullmatch(r"(struct )?\w+", name):
        word = name.split()[-1]
        if word not in code.words and not is_there(word):
            return "%s is nowhere in the code" % name
    elif re.fullmatch(r"[\w./]+\.(c|h|def|py|md)", name) and not is_there(name):
        return "there is no file %s" % name
    return None


def paragraphs(text):
    """(line, text) of each paragraph, entry of a list and row of a table."""
    begin, lines = 0, []
    for number, line in enumerate(text.split("\n") + [""], 1):
        if lines and (not line or re.match(r"\d+\. |- |\||#", line)):
            yield begin, " ".join(lines)
            lines = []
        if line:
            begin = begin if lines else number
            lines.append(line.strip())


def check_names():
    code = Code()
    for number, text in paragraphs(read(PAGE)):
        at = "%s:%d: " % (PAGE, number)
        for name in re.findall(r"`([^`]+)`", text):
            problem = wrong(code, name, text)
            if problem:
                yield at + problem
        for path in map("".join, PATH.findall(text)):
            if "NAME" not in path and not is_there(path):
                yield at + "there is no %s" % path


def check_rows():
    """A name is one module's alone: "http/http.h" says of no layer that it is meant."""
    known = {}
    for layer, rows in layers().items():
        for name in set(rows) & set(known):
            yield "%s/%s and %s/%s have one name" % (known[name], name, layer, name)
        known.update(dict.fromkeys(rows, layer))
        there = {path.split("/")[1] for path in files([layer], (".c", ".h"))}
        for name in sorted(there - set(rows)):
            yield "%s/%s has no row in the tables of %s" % (layer, name, PAGE)
        for name in sorted(set(rows) - there):
            yield "%s has a row for %s/%s, which is not there" % (PAGE, layer, name)


def check_settings():
    """A setting that is documented as acting is put somewhere (INTO) or asked for by its name."""
    table = "backend/server/broker_config.def"
    code = "".join(read(path) for path in files(["backend"], (".c", ".h", ".def")) if path != table)
    for row in re.split(r"^(?=[A-Z]+\()", "".join(map(read, files([table], (".def",)))), flags=re.M):
        found = re.match(r'SETTING\("([^"]+)"', row)
        # Transactions are not here yet; their settings are checked already.
        if (found and "INTO" not in row and '"%s"' % found.group(1) not in code and
                not found.group(1).startswith("transaction")):
            yield "%s: nobody reads %s" % (table, found.group(1))


report([("what the page of the architecture names is there", list(check_names())),
        ("every module has its row, every row its module", list(check_rows())),
        ("every setting that is said to act is read", list(check_settings()))])
