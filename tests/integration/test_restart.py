"""Stops and kills: what was acknowledged is there afterwards, in order, once."""
import os

import kdecktest
from kdecktest import Broker, run

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
    with Broker() as b:
        assert kdecktest.kill_under_load(b, 3, ROUNDS) > 0


kdecktest.main()
