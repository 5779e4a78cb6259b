"""Stops and kills: what was acknowledged is there afterwards, in order, once."""
import os
import subprocess
import threading

import kdecktest
from kdecktest import BUILD, Broker, run

ROUNDS = int(os.environ.get("KDECK_KILL_ROUNDS", "5"))


def test_orderly():
    """SIGTERM ends with status 0 and the records are there after the restart"""
    if not kdecktest.have("kcat"):
        raise kdecktest.Skip("kcat is not installed")
    with Broker() as b:
        run(["kcat", "-b", b.address, "-P", "-t", "t"], stdin=b"1\n2\n")
        assert b.stop() == 0, b.tail()
        b.start()
        got = run(["kcat", "-b", b.address, "-C", "-t", "t", "-o", "beginning", "-e", "-q"]).stdout
        assert got == b"1\n2\n", got


def test_kill_under_load():
    """kill -9 in the middle of load: every acknowledged record once and in order"""
    load = os.path.join(BUILD, "tests/integration/ackload")
    with Broker() as b:
        writer = subprocess.Popen([load, "write", b.address, "t", "3"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        # The writer says "N" for each thousand acknowledged: kills come in the middle of load.
        for _ in range(ROUNDS):
            assert writer.stdout.readline(), "the writer ended"
            b.kill()
            b.start()
            # What was queued in the pipe is from before the kill: wait for news.
            for _ in range(3):
                assert writer.stdout.readline(), "the writer ended"
        writer.stdin.close()
        rest = writer.stdout.read()
        assert writer.wait(timeout=120) == 0, rest[-300:]
        acked = rest.decode().split()[-1]
        done = run([load, "read", b.address, "t", "3", acked], timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


kdecktest.main()
