"""Figures of the group coordinator, with members and commits put together by hand.

As a program it measures these alone: coordinator.py [ROUNDS]
"""
import os
import struct
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))
from groupwire import OFFSET_COMMIT, Member, ask_coordinator, committed  # noqa: E402
from kdecktest import Broker, Wire, until  # noqa: E402
from rawclient import create, string  # noqa: E402
from table import Samples, Table  # noqa: E402
from tools import cpu_seconds  # noqa: E402

MEMBERS, GROUPS, PARTITIONS, PASSES = 200, 1000, 10, 20
LIST_GROUPS, CREATE_TOPICS = 16, 19
REBALANCE_IN_PROGRESS = 27


def have_coordinator(b):
    until("groups have a coordinator", lambda: ask_coordinator(b, b"g") == 0)
    until("offsets are there", lambda: committed(b, b"g")[0] == 0)


def rebalance(first, members, last):
    """All join, and all are given what they own; seconds from the last join to the last assignment.
    The first one's join makes the others wait for each other."""
    first.join()
    until("the rebalance has begun", lambda: last.heartbeat() == REBALANCE_IN_PROGRESS)
    for m in members:
        if m not in (first, last):
            m.join()
    began = time.monotonic()
    last.join()
    for m in members:
        assert m.took_join() == 0
    for m in members:
        m.sync()
    for m in members:
        assert m.took_sync() == 0
    took = time.monotonic() - began
    assert all(m.assignment == m.id for m in members)
    return took


def measure_rebalance(samples, rounds):
    """One is a member, all the others come; then all of them join once more, and again."""
    with Broker() as b:
        assert create(b, b"t") == 0
        have_coordinator(b)
        members = [Member(b, b"g", session=60000, rebalance=60000) for _ in range(MEMBERS)]
        members[0].ask_id()
        members[0].join()
        assert members[0].took_join() == 0
        members[0].sync()
        assert members[0].took_sync() == 0
        for m in members[1:]:
            m.ask_id()
        samples.add("rebalance", rebalance(members[1], members, members[0]) * 1e3)
        for _ in range(rounds - 1):
            samples.add("rebalance", rebalance(members[0], members, members[-1]) * 1e3)
        for m in members:
            m.close()


def commit_frame(group, partitions, offset):
    body = string(group) + struct.pack(">i", -1) + string(b"") + b"\xff\xff"
    body += struct.pack(">i", 1) + string(b"t") + struct.pack(">i", partitions)
    for p in range(partitions):
        body += struct.pack(">iqi", p, offset, -1) + string(b"")
    frame = struct.pack(">hhih", OFFSET_COMMIT, 7, 1, 1) + b"b" + body
    return struct.pack(">i", len(frame)) + frame


def create_ten(b):
    body = struct.pack(">i", 1) + string(b"t") + struct.pack(">ihii", PARTITIONS, 1, 0, 0)
    with Wire(b.port) as w:
        w.request(CREATE_TOPICS, 2, 1, body + struct.pack(">i?", 5000, False))
        w.response()


def commit_all(wire, frames, partitions):
    """Some are under way at a time; the answers to them, one after the other."""
    answer, answers = answer_size(partitions), []
    for i in range(0, len(frames), 100):
        some = frames[i:i + 100]
        wire.send(b"".join(some))
        answers.append(wire.exactly(len(some) * answer))
    return b"".join(answers)


def answer_size(partitions):
    return 4 + 4 + 4 + 4 + 3 + 4 + partitions * 6


def all_taken(answers, partitions):
    """Each answer ends with its partitions' numbers and errors."""
    size = answer_size(partitions)
    return not any(answers[at + size - 6 * p - 2] or answers[at + size - 6 * p - 1]
                   for at in range(0, len(answers), size) for p in range(partitions))


def listed(b):
    """The number of groups, -1 while some are still read."""
    with Wire(b.port) as w:
        w.request(LIST_GROUPS, 0, 1)
        error, n = struct.unpack(">hi", w.response()[4:10])
    return -1 if error else n


def restart(samples, name, b):
    b.kill()
    began = time.monotonic()
    b.start()
    until("all groups are there", lambda: listed(b) == GROUPS)
    samples.add(name, (time.monotonic() - began) * 1e3)


def measure_commits(samples, rounds):
    with Broker() as b:
        create_ten(b)
        have_coordinator(b)
        names = [b"group-%d" % i for i in range(GROUPS)]
        with Wire(b.port) as w:
            frames = [commit_frame(n, PARTITIONS, 1) for n in names]
            until("every group's coordinator takes commits",
                  lambda: all_taken(commit_all(w, frames, PARTITIONS), PARTITIONS))
        restart(samples, "load", b)
        with Wire(b.port) as w:
            one = [commit_frame(names[i % GROUPS], 1, 2) for i in range(20000)]
            for _ in range(rounds):
                cpu, began = cpu_seconds(b.process.pid), time.monotonic()
                answers = commit_all(w, one, 1)
                samples.add("commits", len(one) / (time.monotonic() - began))
                samples.add("commit cpu", (cpu_seconds(b.process.pid) - cpu) / len(one) * 1e6)
                assert all_taken(answers, 1)
            for i in range(PASSES):
                commit_all(w, [commit_frame(n, PARTITIONS, i) for n in names], PARTITIONS)
        samples.add("groups memory", b.rss_anon_kb() * 1024 / 1e6)
        for _ in range(rounds):
            restart(samples, "load long", b)


def measure(samples, rounds):
    measure_rebalance(samples, rounds)
    measure_commits(samples, rounds)


def report(t):
    t.row("200 members: last join to last assignment, ms", "rebalance", most=1000)
    t.row("commits of one partition, one connection, /s", "commits")
    t.row("  broker CPU, us a commit", "commit cpu")
    t.row("1,000 groups x 10 offsets: there after kill -9, ms", "load")
    t.row("  after 200,000 commits and more, ms", "load long")
    t.row("  RssAnon, MB", "groups memory")


if __name__ == "__main__":
    figures = Samples()
    measure(figures, int(sys.argv[1]) if len(sys.argv) > 1 else 5)
    table = Table(figures)
    report(table)
    print("\n".join(table.lines()))
