"""The kdeck that was built, and what a call of it said. A test that includes this is skipped where
it was not built."""
import os
import subprocess

from kdecktest import BUILD, DEADLINE

KDECK = os.path.join(BUILD, "kdeck")
if not os.path.exists(KDECK):
    print("1..0 # SKIP kdeck is not built")
    raise SystemExit(0)

DONE, NO, USAGE = 0, 1, 2


class Said:
    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout.decode(errors="replace")
        self.err = done.stderr.decode(errors="replace")

    def __repr__(self):
        return "exit %d\n%s%s" % (self.code, self.out, self.err)


def call(*args, stdin=b"", **more):
    if isinstance(stdin, str):
        stdin = stdin.encode()
    return Said(subprocess.run([KDECK, *args], input=stdin, capture_output=True, timeout=DEADLINE,
                               **more))
