"""Words and white space that must not be in the tree."""
import re

from common import files, read, report

# Written in pieces, so that this file passes its own test.
LEFT = re.compile(r"\b(TO" + "DO|FIX" + "ME|XX" + r"X)\b")
ABSOLUTE = re.compile(r"(?<![\w.$}~])/(home|work|Users)" + r"/\w")
EVERYWHERE = ["src", "backend", "ui", "tests", "docs", ".ci", "bootstrap", "configure.ac",
              "Makefile.am", "README.md", "CONTRIBUTING.md", "CHANGES.md"]
ENDINGS = (".c", ".h", ".def", ".am", ".ac", ".py", ".sh", ".md", "run", "bootstrap")


def main():
    words, paths, trailing, tabs, ends = [], [], [], [], []
    for path in files(EVERYWHERE, ENDINGS):
        text = read(path)
        if text and not text.endswith("\n"):
            ends.append(path)
        for number, line in enumerate(text.split("\n"), 1):
            at = "%s:%d" % (path, number)
            if LEFT.search(line):
                words.append(at)
            if ABSOLUTE.search(line):
                paths.append(at)
            if line != line.rstrip():
                trailing.append(at)
            if path.endswith((".c", ".h")) and re.match(r" {8}|\t* {8}", line):
                tabs.append(at)
    report([("no work is left behind in a comment", words),
            ("no path of somebody's machine", paths),
            ("no space at a line's end", trailing),
            ("C is indented by tabs", tabs),
            ("every file ends with a new line", ends)])


main()
