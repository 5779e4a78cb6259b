"""The lints themselves: each finds what was planted in a small tree, and only that. A lint that
can no longer fail would pass for ever."""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
HEAD = "/* A job. */\n"
PAGE = """# The house

`a()` of src/base/a.c, `struct s`, `ui/view/b.c`, src/wire/NAME.c

### src: shared

| module | job | may include |
|---|---|---|
| base | bytes | |
| wire | messages | zlib |

### backend: the broker

| module | job | may include |
|---|---|---|
| meta | the image | |

### ui: the console

| module | job | may include |
|---|---|---|
| term | cells | curses |
| widget | tables | term |
| model | snapshots | wire |
| view | screens | widget, term (key.h) |
"""
GOOD = {
    "docs/architecture.md": PAGE,
    "src/wire/w.c": HEAD + '#include "base/a.h"\n\nstruct s {\n};\n',
    "backend/meta/i.c": HEAD + '#include "wire/w.h"\n',
    "ui/widget/t.c": HEAD + '#include "term/term.h"\n',
    "ui/model/m.c": HEAD,
    "src/base/a.h": HEAD + "#include <stddef.h>\n\n/* What. */\nint a(void);\n",
    "src/base/a.c": HEAD + '#include "base/a.h"\n\nint a(void)\n{\n\treturn 0;\n}\n',
    "ui/view/b.c": HEAD + '#include "term/key.h"\n#include "widget/table.h"\n',
    "ui/term/c.c": HEAD + "#include <curses.h>\n",
    "README.md": "text\n",
}
MARK = "TO" + "DO"

# lint, file planted, its text, what the lint must say
PLANTED = [
    ("includes", "src/wire/x.c", HEAD + '#include "io/loop.h"\n', 'may not include "io/loop.h"'),
    ("includes", "ui/view/x.c", HEAD + '#include "term/term.h"\n', 'may not include "term/term.h"'),
    ("includes", "ui/view/x.c", HEAD + '#include "wire/w.h"\n', 'may not include "wire/w.h"'),
    ("includes", "ui/model/x.c", HEAD + '#include "store/log.h"\n', 'may not include "store/log.h"'),
    ("includes", "backend/meta/x.c", HEAD + '#include "image.h"\n', "not written from the layer root"),
    ("includes", "backend/odd/x.c", HEAD, "module backend/odd is not in the table"),
    ("includes", "ui/widget/x.c", HEAD + "#include <curses.h>\n", "<curses.h> belongs to ui/term"),
    ("includes", "src/base/x.c", HEAD + "#include <uv.h>\n", "<uv.h> belongs to src/io"),
    ("includes", "ui/term/x.h", HEAD + "#include <curses.h>\n", "ui/term/x.h"),
    ("size", "src/base/x.c", HEAD + "\n" * 800, "801 lines"),
    ("size", "src/base/x.c", HEAD + "int f(void)\n{\n" + "\t;\n" * 79 + "}\n", "f has 81 lines"),
    ("words", "src/base/x.c", "/* %s: later */\n" % MARK, "src/base/x.c:1"),
    ("words", "docs/x.md", "see /home" + "/me/x\n", "docs/x.md:1"),
    ("words", "src/base/x.c", HEAD + "int x; \n", "src/base/x.c:2"),
    ("words", "src/base/x.c", HEAD + " " * 8 + "int x;\n", "src/base/x.c:2"),
    ("words", "src/base/x.c", HEAD + "int x;", "src/base/x.c"),
    ("comments", "src/base/x.c", "int x;\n", "src/base/x.c"),
    ("docs", "docs/architecture.md", PAGE + "`b()`\n", "b() is defined nowhere"),
    ("docs", "docs/architecture.md", PAGE + "`a()` (ui/view/b.c)\n", "a() is not in ui/view/b.c"),
    ("docs", "docs/architecture.md", PAGE + "`struct t`\n", "struct t is nowhere in the code"),
    ("docs", "docs/architecture.md", PAGE + "`view/c.c`\n", "there is no file view/c.c"),
    ("docs", "docs/architecture.md", PAGE + "see ui/view/c.c\n", "there is no ui/view/c.c"),
    ("docs", "docs/architecture.md", PAGE.replace("| model | snapshots | wire |\n", ""),
     "ui/model has no row"),
    ("docs", "docs/architecture.md", PAGE + "| meta | twice | |\n", "have one name"),
    ("docs", "backend/server/broker_config.def", 'SETTING("a.b", INT, "1", "What.", LIVE)\n',
     "nobody reads a.b"),
    ("docs", "docs/architecture.md", PAGE + "| gone | nothing | |\n", "ui/gone, which is not there"),
    ("comments", "src/base/x.h", HEAD + "struct x {\n};\n\nint x(void);\n", "src/base/x.h:5: x"),
]


def run(lint, tree):
    """(did it pass, what it said) in a fresh folder that holds the tree."""
    with tempfile.TemporaryDirectory() as top:
        for path, text in tree.items():
            path = os.path.join(top, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        done = subprocess.run([sys.executable, os.path.join(HERE, lint + ".py")],
                              env=dict(os.environ, top_srcdir=top), capture_output=True, text=True)
        return done.returncode == 0, done.stdout + done.stderr


def main():
    lints = sorted({p[0] for p in PLANTED})
    cases = [(lint, GOOD, None, "%s: nothing to say of a good tree" % lint) for lint in lints]
    cases += [(lint, dict(GOOD, **{path: text}), said, "%s: %s" % (lint, said))
              for lint, path, text, said in PLANTED]
    print("1..%d" % len(cases))
    bad = 0
    for at, (lint, tree, said, name) in enumerate(cases, 1):
        passed, text = run(lint, tree)
        right = passed if said is None else not passed and said in text
        bad += not right
        print("%s %d - %s" % ("ok" if right else "not ok", at, name))
        if not right:
            print("".join("# %s\n" % line for line in text.splitlines()), end="")
    sys.exit(1 if bad else 0)


main()
