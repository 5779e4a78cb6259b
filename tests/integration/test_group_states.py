"""Groups over kill -9 of the broker in each state, and the settings of groups: members by hand."""
import os
import struct
import time

import kdecktest
from groupwire import MEMBER_ID_REQUIRED, Member, ask_coordinator, committed
from kdecktest import Broker, run, until
from rawclient import create

KDECK_BROKER = kdecktest.BUILD + "/kdeck-broker"
NOT_COORDINATOR, UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS = 16, 25, 22, 27
INVALID_SESSION_TIMEOUT, GROUP_MAX_SIZE_REACHED, METADATA_TOO_LARGE = 26, 81, 12


def broker(**settings):
    b = Broker(**settings)
    assert create(b, b"t") == 0
    have_coordinator(b)
    return b


def have_coordinator(b):
    until("the group has a coordinator", lambda: ask_coordinator(b, b"g") == 0)
    until("its offsets are there", lambda: committed(b, b"g")[0] == 0)


def phase(members):
    """They join; each knows the generation. A follower of a stable group is told of the generation
    that is, if it asks before the leader's join has ended that."""
    first = next((m for m in members if m.id == m.leader), members[0])
    others = [m for m in members if m is not first]
    first.join()
    for m in others:
        until("the rebalance has begun", lambda: m.heartbeat() != 0)
        m.join()
    assert [m.took_join() for m in members] == [0] * len(members)
    assert len({m.generation for m in members}) == 1


def share(members):
    for m in members:
        m.sync()
    assert [m.took_sync() for m in members] == [0] * len(members)
    assert [m.assignment for m in members] == [m.id for m in members]


def stable(b, n):
    members = [Member(b, b"g") for _ in range(n)]
    for m in members:
        m.ask_id()
    phase(members)
    share(members)
    return members


def commit(m, offset):
    m.commit(offset)
    assert m.took_commit() == 0


def again(b, members):
    """The broker is killed and started, the members are connected to it anew."""
    b.kill()
    b.start()
    have_coordinator(b)
    for m in members:
        m.close()
        m.wire = kdecktest.Wire(b.port)


def goes_on(b, members, offset):
    """They come back under the ids they have; nothing is lost, and no generation is used twice."""
    before = max(m.generation for m in members)
    assert committed(b, b"g") == (0, offset)
    phase(members)
    share(members)
    assert members[0].generation > before, (members[0].generation, before)
    commit(members[0], offset + 1)
    assert committed(b, b"g") == (0, offset + 1)
    for m in members:
        m.close()


def test_stable():
    """kill -9 while the group is stable: the members go on in their generation"""
    with broker() as b:
        members = stable(b, 3)
        commit(members[1], 5)
        again(b, members)
        assert [m.heartbeat() for m in members] == [0, 0, 0]
        commit(members[1], 6)
        goes_on(b, members, 6)


def test_preparing():
    """kill -9 while members join: those of the last generation go on, the committed offset stands"""
    with broker() as b:
        members = stable(b, 2)
        commit(members[0], 5)
        third = Member(b, b"g")
        third.ask_id()
        third.join()
        until("members are told to join",
              lambda: members[0].heartbeat() == REBALANCE_IN_PROGRESS)
        # A commit within the rebalance counts.
        commit(members[0], 6)
        again(b, members)
        third.close()
        assert [m.heartbeat() for m in members] == [0, 0]
        goes_on(b, members, 6)


def test_completing():
    """kill -9 between joining and assigning: that generation was nobody's"""
    with broker() as b:
        members = stable(b, 2)
        commit(members[0], 5)
        old = members[0].generation
        phase(members)
        assert members[0].generation == old + 1
        again(b, members)
        # The log knows the generation before; nobody is given partitions of the one that was lost.
        for m in members:
            m.sync()
            assert m.took_sync() == ILLEGAL_GENERATION
        for m in members:
            m.generation = old
        assert [m.heartbeat() for m in members] == [0, 0]
        goes_on(b, members, 5)


def test_just_committed():
    """kill -9 as soon as a commit is answered, and before one is: the group resumes there"""
    with broker() as b:
        m = stable(b, 1)[0]
        for offset in range(10, 60, 10):
            for i in range(10):
                commit(m, offset + i)
            again(b, [m])
            assert committed(b, b"g") == (0, offset + 9)
        # One that was not answered may be there, older ones may not.
        commit(m, 100)
        m.commit(101)
        again(b, [m])
        assert committed(b, b"g")[1] in (100, 101)
        m.close()


def test_leader_never_assigns():
    """a leader that never brings the assignment is out after the rebalance time-out; others go on"""
    with broker() as b:
        silent, other = [Member(b, b"g", session=6000, rebalance=1000) for _ in range(2)]
        for m in silent, other:
            m.ask_id()
        phase([silent, other])
        if silent.id != silent.leader:
            silent, other = other, silent
        other.sync()
        assert other.took_sync() == REBALANCE_IN_PROGRESS
        assert silent.heartbeat() == UNKNOWN_MEMBER_ID
        phase([other])
        assert other.leader == other.id
        share([other])
        silent.close()
        other.close()


def test_flood():
    """ten thousand joins at once: each is answered, and the group that is there lives on"""
    with broker() as b:
        members = stable(b, 2)
        flood = Member(b, b"g")
        for flood.group in [b"g"] * 50 + [b"new"] * 50:
            flood.id = b""
            for _ in range(100):
                flood.join()
            assert {flood.took_join() for _ in range(100)} == {MEMBER_ID_REQUIRED}
        flood.close()
        assert [m.heartbeat() for m in members] == [0, 0]
        third = Member(b, b"g")
        third.ask_id()
        third.join()
        until("members are told to join",
              lambda: members[0].heartbeat() == REBALANCE_IN_PROGRESS)
        commit(members[0], 6)
        assert committed(b, b"g") == (0, 6)
        for m in members + [third]:
            m.close()


def test_number_of_partitions():
    """__consumer_offsets keeps its number of partitions, whatever the setting says later"""
    with broker(offsets_topic_num_partitions=7, offsets_topic_segment_bytes=2000000) as b:
        m = stable(b, 1)[0]
        commit(m, 5)
        told = run([kdecktest.BUILD + "/kdeck", "topics", "-b", b.address, "--describe", "--topic",
                    "__consumer_offsets"]).stdout.decode()
        assert "PartitionCount: 7" in told, told
        for setting in "segment.bytes=2000000", "cleanup.policy=compact":
            assert setting in told, told
        b.settings["offsets_topic_num_partitions"] = 50
        again(b, [m])
        goes_on(b, [m], 5)


def test_unreadable_log():
    """a partition of __consumer_offsets that cannot be read is not coordinated: nobody is sent back
    to where it was once; groups of other partitions are served"""
    with broker(offsets_topic_segment_bytes=1 << 20) as b:
        for group, count in ((b"g", 300), (b"other", 5)):
            m = Member(b, group)
            for offset in range(count):
                m.commit(offset, metadata=b"x" * 4000)
                assert m.took_commit() == 0
            m.close()
        assert b.stop() == 0
        # "g" is 103, of 50 partitions the third. In its first segment, which is full and not looked
        # through at the start, the fourth commit's batch is of no known version.
        path = os.path.join(b.folder, "data/__consumer_offsets-3/%020d.log" % 0)
        with open(path, "r+b") as f:
            at = 0
            for _ in range(3):
                f.seek(at + 8)
                at += 12 + struct.unpack(">i", f.read(4))[0]
            f.seek(at + 16)
            f.write(b"\x09")
        b.start()
        until("the other group is there", lambda: committed(b, b"other") == (0, 4))
        until("this one has no coordinator", lambda: committed(b, b"g") == (NOT_COORDINATOR, -1))
        assert "groups have no coordinator" in b.tail(), b.tail()


SETTINGS = {"group.initial.rebalance.delay.ms": "250", "group.min.session.timeout.ms": "2000",
            "group.max.session.timeout.ms": "10000", "group.max.size": "2",
            "offset.metadata.max.bytes": "10", "offsets.retention.minutes": "1",
            "offsets.retention.check.interval.ms": "500", "offsets.topic.num.partitions": "3",
            "offsets.topic.segment.bytes": "3000000", "offsets.topic.replication.factor": "1",
            "offsets.commit.timeout.ms": "4000"}


def test_settings():
    """the settings of groups are described, printed, and honoured"""
    printed = run([KDECK_BROKER, "--print-config"] + [
        word for pair in SETTINGS.items() for word in ("--override", "=".join(pair))])
    with broker(**{k.replace(".", "_"): v for k, v in SETTINGS.items()}) as b:
        told = run([kdecktest.BUILD + "/kdeck", "configs", "-b", b.address, "--broker", "0",
                    "--describe", "--all"]).stdout.decode()
        for key, value in SETTINGS.items():
            assert "%s=%s\n" % (key, value) in printed.stdout.decode(), key
            assert "  %s=%s " % (key, value) in told, key
        for session, error in (
                (1999, INVALID_SESSION_TIMEOUT), (10001, INVALID_SESSION_TIMEOUT),
                (2000, MEMBER_ID_REQUIRED), (10000, MEMBER_ID_REQUIRED)):
            m = Member(b, b"other", session=session)
            m.join()
            assert m.took_join() == error, session
            m.close()
        began = time.monotonic()
        members = stable(b, 2)
        assert time.monotonic() - began >= 0.25
        third = Member(b, b"g", session=2000)
        third.join()
        assert third.took_join() == GROUP_MAX_SIZE_REACHED
        for metadata, error in ((b"x" * 10, 0), (b"x" * 11, METADATA_TOO_LARGE)):
            members[0].commit(6, metadata=metadata)
            assert members[0].took_commit() == error
        for m in members + [third]:
            m.close()


kdecktest.main()
