"""Groups of the newer protocol (KIP-848) on Apache Kafka: what kdeck says of them beside what Kafka's
own command says."""
import os

import javatools
from javatools import GROUPS, Consumer, Kafka, java, tool

javatools.need_kafka()

from kdecktest import BUILD, run, until  # noqa: E402

KDECK = os.path.join(BUILD, "kdeck")
if not os.path.exists(KDECK):
    javatools.skip_all("kdeck is not built")


def both(*args):
    """(exit status, output) of Kafka's command, and of ours."""
    theirs = java(GROUPS, "--bootstrap-server", server.address, *args, check=False)
    ours = run([KDECK, "groups", "-b", server.address, *args], check=False)
    return ((theirs.returncode, theirs.stdout), (ours.returncode, ours.stdout.decode()))


def newer(group):
    return Consumer(server, group, "--group-protocol", "consumer")


def state(group):
    return run([KDECK, "groups", "-b", server.address, "--describe", "--group", group,
                "--state"], check=False).stdout.decode()


def settled(group, *members):
    until("the group has settled", lambda: all(len(m.held) == 4 / len(members) for m in members)
          and " Stable " in state(group))


def same(*args):
    theirs, ours = both(*args)
    assert theirs[0] == 0 and theirs == ours, "%s\n%s\n%s" % (args, theirs, ours)


def test_described():
    """members, offsets and state of a group of the newer protocol are what Kafka's command says"""
    one, two = newer("new"), newer("new")
    try:
        settled("new", one, two)
        until("everything is read", lambda: one.read + two.read == 40)
        for args in (["--members"], ["--state"], ["--offsets"], []):
            same("--describe", "--group", "new", *args)
        same("--list")
        same("--list", "--type")
    finally:
        one.end()
        two.end(kill=True)


def test_empty_and_both_kinds():
    """an empty group of the newer protocol, and one of each kind in one call"""
    one, old = newer("left"), Consumer(server, "old", "--group-protocol", "classic")
    try:
        settled("left", one)
        settled("old", old)
        until("everything is read", lambda: one.read == 40 and old.read == 40)
        one.end()
        until("it is empty", lambda: " Empty " in state("left"))
        for group in "left", "old":
            for args in (["--state"], ["--members"], []):
                same("--describe", "--group", group, *args)
        # Which of the two comes first is not said.
        theirs, ours = both("--describe", "--group", "left", "--group", "old", "--state")
        assert sorted(theirs[1].split()) == sorted(ours[1].split()), (theirs, ours)
        # Kafka's command says so as well, and succeeds.
        assert both("--describe", "--group", "absent")[1][0] == 1
    finally:
        old.end()


with Kafka() as server:
    tool(server, "TopicCommand", "--create", "--topic", "t", "--partitions", "4")
    tool(server, "ConsoleProducer", "--topic", "t", stdin=b"record\n" * 40)
    javatools.kdecktest.main()
