"""The console on a pseudo terminal, for tests in Python: keys go in, the screen comes out as text
(tests/ui/show)."""
import os
import subprocess
import tempfile
import time

from kdecktest import BUILD, DEADLINE

SHOW = os.path.join(BUILD, "tests/ui/show")


class Console:
    def __init__(self, address, *words, cols=100, rows=30):
        self.home = tempfile.TemporaryDirectory(prefix="kdeck-home-")
        self.process = subprocess.Popen(
            [SHOW, str(cols), str(rows), self.home.name, os.path.join(BUILD, "kdeck"), "-b",
             address, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.dump()

    def command(self, text):
        """What the screen says to it, as lines."""
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()
        lines = []
        while True:
            line = self.process.stdout.readline().decode()
            if not line:
                raise AssertionError("the console has ended")
            if line == "\f\n":
                return lines
            lines.append(line.rstrip("\n"))

    def press(self, keys):
        self.command("press " + keys)

    def wait(self, text):
        self.until(text, lambda lines: any(text in line for line in lines))

    def dump(self):
        return self.command("dump")

    def until(self, what, condition, deadline=DEADLINE):
        """condition(lines) of a screen; returns what it returned."""
        end = time.monotonic() + deadline
        while True:
            lines = self.dump()
            value = condition(lines)
            if value:
                return value
            if time.monotonic() > end:
                raise AssertionError("%s: waited %d s in vain\n%s" % (
                    what, deadline, "\n".join(lines)))
            time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.process.stdin.close()
        self.process.stdout.read()
        self.process.stdout.close()
        self.process.wait()
        self.home.cleanup()
