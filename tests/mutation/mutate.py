"""Breaks the rules of rules.py one after the other and sees whether a test fails.

Usage: mutate.py [--list | --check] [--cc CC] [--jobs N] [--folder FOLDER] [NUMBER | FROM-TO]…

Without numbers all are tried. The source is copied into FOLDER, once for each job, and each
mutation is made in such a copy: built without optimization to speak of and without sanitizers,
only the tests that the row names. Copies stay for the next run, which builds only what has
changed. Status 1: fewer than 58 of 60 were caught.
"""
import argparse
import fcntl
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time

import rules

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
ENOUGH = (58, 60)
LIMIT_S = 90  # a test that takes longer hangs, and so has failed
STARTED = {"integration/": "kdeck-broker", "unit/lab/": "kdeck"}  # programs that tests start
NOT_COPIED = {".git", "autom4te.cache", "__pycache__"}


# ---- the table -----------------------------------------------------------------------------------

def chosen(words):
    """The mutations that the command line names."""
    numbers = set()
    for word in words:
        first, _, last = word.partition("-")
        numbers.update(range(int(first), int(last or first) + 1))
    return [m for m in rules.MUTATIONS if not words or m.number in numbers]


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def source_of(test):
    """Of a test as rules.py names it, below TOP; and which function of a script it is, if any."""
    name, _, function = test.partition(":")
    return os.path.join("tests", name if name.endswith(".py") else name + ".c"), function


def problems(top=TOP):
    """What is wrong with the table: rows whose text is not there once, whose test is not there."""
    texts = {}
    for m in rules.MUTATIONS:
        name = "%d (%s)" % (m.number, m.rule)
        if m.path not in texts:
            path = os.path.join(top, m.path)
            texts[m.path] = read(path) if os.path.exists(path) else ""
        count = texts[m.path].count(m.old)
        if count != 1:
            yield "%s: %s has this %s, not once: %s" % (
                name, m.path, "%d times" % count if count else "nowhere", m.old)
        if m.old == m.new:
            yield "%s: changes nothing" % name
        for test in m.tests:
            path, function = source_of(test)
            path = os.path.join(top, path)
            if not os.path.exists(path) or "def %s(" % function not in read(path) and function:
                yield "%s: there is no test %s" % (name, test)


# ---- copies --------------------------------------------------------------------------------------

def wanted(folder, names, target):
    """The names to be copied, of those below a folder of the source: what is built is not."""
    return [n for n in names if n not in NOT_COPIED and
            (n == "build-aux" or not n.startswith("build")) and
            not os.path.exists(os.path.join(folder, n, "config.status")) and
            not target.startswith(os.path.join(folder, n, ""))]


def same(a, b):
    with open(a, "rb") as f, open(b, "rb") as g:
        return f.read() == g.read()


def take(path, copy):
    """What differs is newer than what was built of a mutation that was interrupted; what autoconf
    made keeps its order in time."""
    if not os.path.exists(copy):
        shutil.copy2(path, copy)
    elif not same(path, copy):
        (shutil.copyfile if path.endswith((".c", ".h", ".def")) else shutil.copy2)(path, copy)


def copy_tree(target):
    """Makes target the same as the source; what is the same already is not touched."""
    for folder, folders, names in os.walk(TOP):
        folders[:] = wanted(folder, folders, target)
        to = os.path.join(target, os.path.relpath(folder, TOP))
        os.makedirs(to, exist_ok=True)
        for name in set(os.listdir(to)) - set(names) - set(folders):
            path = os.path.join(to, name)
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
        for name in names:
            take(os.path.join(folder, name), os.path.join(to, name))


class Tree:
    """One copy of the source with its build."""

    def __init__(self, folder, options):
        self.source = os.path.join(folder, "source")
        self.build = os.path.join(folder, "build")
        self.log = os.path.join(folder, "log")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
        self.environment.update(
            top_srcdir=self.source, top_builddir=self.build, CMOCKA_MESSAGE_OUTPUT="TAP",
            PYTHONDONTWRITEBYTECODE="1", KDECK_TEST_DEADLINE="10")
        self.options = options
        self.process = None
        os.makedirs(self.build, exist_ok=True)
        copy_tree(self.source)

    def run(self, args, limit=None):
        """The exit status; None: it took too long. What it says goes into the log, through a pipe,
        as under make check."""
        self.process = subprocess.Popen(
            args, cwd=self.build, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            said, status = self.process.communicate(timeout=limit)[0], self.process.returncode
        except subprocess.TimeoutExpired:
            said, status = b"this took too long\n", None
            self.end()
        with open(self.log, "ab") as log:
            log.write(said)
        return status

    def end(self):
        """With everything that it has started."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def configure(self):
        if os.path.exists(os.path.join(self.build, "config.status")):
            return True
        return self.run(["../source/configure", "CC=" + self.options.cc, "CFLAGS=-O1"]) == 0

    def make(self, tests, jobs=1):
        targets = {"tests/" + t for t in tests if ".py" not in t}
        targets.update(p for begin, p in STARTED.items() for t in tests if t.startswith(begin))
        return self.run(["make", "-j%d" % jobs, *sorted(targets)]) == 0

    def passes(self, test):
        path, function = source_of(test)
        args = ["tests/" + test]
        if path.endswith(".py"):
            args = [sys.executable, os.path.join(self.source, path)]
            args += [function] if function else []
        return self.run(args, LIMIT_S) == 0

    def write(self, path, text):
        with open(os.path.join(self.source, path), "w", encoding="utf-8") as f:
            f.write(text)

    def outcome(self, m):
        """One word for what became of a mutation, and the test that failed."""
        text = read(os.path.join(self.source, m.path))
        if text.count(m.old) != 1:
            return "does not apply", ""
        self.write(m.path, text.replace(m.old, m.new))
        try:
            if not self.make(m.tests):
                return "does not compile", ""
            for test in m.tests:
                if not self.passes(test):
                    return "caught", test
            return "NOT caught", " ".join(m.tests)
        finally:
            self.write(m.path, text)


# ---- a run ---------------------------------------------------------------------------------------

class Run:
    """Mutations tried by several trees; those of one file go to one tree, one after the other."""

    def __init__(self, mutations, options):
        self.mutations = mutations
        self.options = options
        self.tests = sorted({t for m in mutations for t in m.tests})
        self.files = queue.SimpleQueue()
        self.lock = threading.Lock()
        self.outcomes = {}
        self.trees = []
        self.stopped = False
        by_path = {}
        for m in mutations:
            by_path.setdefault(m.path, []).append(m)
        for rows in sorted(by_path.values(), key=len, reverse=True):
            self.files.put(rows)

    def say(self, text):
        with self.lock:
            print(text, flush=True)

    def prepare(self):
        """The first tree is built, and its tests pass; the others are copies of it."""
        os.makedirs(self.options.folder, exist_ok=True)
        self.taken = open(os.path.join(self.options.folder, "taken"), "w")
        try:
            fcntl.flock(self.taken, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("mutate: another run is at work in %s" % self.options.folder)
        first = Tree(os.path.join(self.options.folder, "1"), self.options)
        self.trees.append(first)
        if not first.configure() or not first.make(self.tests, os.cpu_count() or 1):
            sys.exit("mutate: the copy cannot be built; see %s" % first.log)
        for test in self.tests:
            if not first.passes(test):
                sys.exit("mutate: %s fails without a mutation; see %s" % (test, first.log))
        for n in range(2, self.options.jobs + 1):
            folder = os.path.join(self.options.folder, str(n))
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(os.path.dirname(first.source), folder, symlinks=True)
            self.trees.append(Tree(folder, self.options))

    def work(self, tree):
        while not self.stopped:
            try:
                rows = self.files.get_nowait()
            except queue.Empty:
                return
            for m in rows:
                began = time.monotonic()
                outcome, test = tree.outcome(m)
                if self.stopped:
                    return
                self.outcomes[m.number] = outcome
                self.say("%3d %-16s %s\n    %s: %s, %.1f s" % (
                    m.number, outcome, m.rule, m.path, test, time.monotonic() - began))

    def stop(self):
        self.stopped = True
        for tree in self.trees:
            tree.end()

    def all(self):
        workers = [threading.Thread(target=self.work, args=(t,)) for t in self.trees]
        for w in workers:
            w.start()
        try:
            for w in workers:
                w.join()
        except KeyboardInterrupt:
            self.stop()
            raise


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--list", action="store_true", help="show the table")
    parser.add_argument("--check", action="store_true", help="look at the table only")
    parser.add_argument("--cc", default=os.environ.get("CC", "gcc"))
    parser.add_argument("--jobs", type=int, default=min(4, os.cpu_count() or 1))
    parser.add_argument("--folder", default="mutation")
    parser.add_argument("numbers", nargs="*")
    options = parser.parse_args()
    options.folder = os.path.abspath(options.folder)
    mutations = chosen(options.numbers)
    if options.list:
        for m in mutations:
            print("%3d %s\n    %s: %s" % (m.number, m.rule, m.path, " ".join(m.tests)))
        return 0
    if options.check:
        found = list(problems())
        print("\n".join(found) or "%d mutations, each applies" % len(rules.MUTATIONS))
        return 1 if found else 0
    if os.path.exists(os.path.join(TOP, "config.status")):
        sys.exit("mutate: the source is configured itself; build in a folder of its own")
    if not mutations:
        sys.exit("mutate: there is no such mutation")
    began = time.monotonic()
    run = Run(mutations, options)
    run.prepare()
    ready = time.monotonic()
    run.all()
    caught = sum(1 for o in run.outcomes.values() if o == "caught")
    for m in mutations:
        if run.outcomes[m.number] != "caught":
            print("%s: %d %s" % (run.outcomes[m.number], m.number, m.rule))
    print("%d of %d mutations caught; %d s, of these %d s to build" % (
        caught, len(mutations), time.monotonic() - began, ready - began))
    return 0 if caught * ENOUGH[1] >= len(mutations) * ENOUGH[0] else 1


if __name__ == "__main__":
    sys.exit(main())
