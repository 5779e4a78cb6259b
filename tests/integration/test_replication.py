#!/usr/bin/env python3
"""What replication does for clients of three brokers: records, deletions and commits are on all
replicas, and outlive the broker that took them."""
import struct
import subprocess

import kdecktest
from kdeckcluster import Answer, Cluster, create_topic, metadata
from kdecktest import Skip, Wire, have, until
from rawclient import batch

DEBUG_REPLICA = -2


def need_kcat():
    if not have("kcat"):
        raise Skip("kcat is not installed")


def produce(c, topic, lines, *more):
    subprocess.run(["kcat", "-P", "-b", c.bootstrap, "-t", topic, "-p", "0", "-X", "acks=all"]
                   + list(more), input="\n".join(lines).encode() + b"\n", check=True, timeout=60,
                   capture_output=True)


def name(topic):
    return struct.pack(">h", len(topic)) + topic.encode()


def list_offset(node, topic, when, replica=-1):
    """(error, offset) of partition 0 by ListOffsets v1."""
    with Wire(node.port) as w:
        w.request(2, 1, 1, struct.pack(">ii", replica, 1) + name(topic) +
                  struct.pack(">iiq", 1, 0, when))
        a = Answer(w.response())
    a.number("i")
    a.text()
    a.number("i")
    a.number("i")
    error = a.number("h")
    a.number("q")
    return error, a.number("q")


def delete_records(node, topic, offset, timeout=10000):
    """(low watermark, error) of partition 0 by DeleteRecords v1."""
    with Wire(node.port) as w:
        w.request(21, 1, 1, struct.pack(">i", 1) + name(topic) +
                  struct.pack(">iiqi", 1, 0, offset, timeout))
        a = Answer(w.response())
    a.number("i")
    a.number("i")
    a.text()
    a.number("i")
    a.number("i")
    return a.number("q"), a.number("h")


def append(node, topic, acks, timeout):
    """Kafka's code for one record to partition 0 by Produce v3."""
    records = batch()
    with Wire(node.port) as w:
        w.request(0, 3, 1, struct.pack(">hhii", -1, acks, timeout, 1) + name(topic) +
                  struct.pack(">iii", 1, 0, len(records)) + records)
        a = Answer(w.response())
    a.number("i")
    a.text()
    a.number("i")
    a.number("i")
    return a.number("h")


def leader_of(c, node, topic):
    return c.node(metadata(node, [topic]).topics[topic][0].leader)


def test_every_replica_has_it():
    """what was acknowledged with acks=all is in the log of each replica"""
    need_kcat()
    with Cluster(3) as c:
        c.all_see(3)
        assert create_topic(c[0], "t", 1, 3) == 0
        c.in_sync(["t"])
        produce(c, "t", ["m%d" % i for i in range(500)])
        assert [list_offset(n, "t", -1, DEBUG_REPLICA) for n in c] == [(0, 500)] * 3


def test_acks_all():
    """acks=all waits for those in sync; where they are too few, nothing is appended"""
    timed_out, not_enough = 7, 19
    with Cluster(3, min_insync_replicas=2) as c:
        c.all_see(3)
        assert create_topic(c[0], "t", 1, 2) == 0
        c.in_sync(["t"])
        leader = leader_of(c, c[0], "t")
        other = c.node(next(i for i in metadata(leader, ["t"]).topics["t"][0].replicas
                            if i != leader.id))
        other.pause()
        code = append(leader, "t", -1, 300)
        assert code == timed_out, code
        assert append(leader, "t", 1, 300) == 0
        other.kill()
        until("it is out of the ISR",
              lambda: metadata(leader, ["t"]).topics["t"][0].isr == [leader.id])
        assert append(leader, "t", -1, 300) == not_enough
        assert list_offset(leader, "t", -1, DEBUG_REPLICA) == (0, 2)


def test_deletion_reaches_the_replicas():
    """DeleteRecords is answered when all live replicas have moved their start"""
    need_kcat()
    with Cluster(3) as c:
        c.all_see(3)
        assert create_topic(c[0], "t", 1, 3) == 0
        c.in_sync(["t"])
        produce(c, "t", ["m%d" % i for i in range(100)])
        leader = leader_of(c, c[0], "t")
        assert delete_records(leader, "t", 40) == (40, 0)
        for n in c:
            assert list_offset(n, "t", -2, DEBUG_REPLICA) == (0, 40), n.id
        # One that does not answer is waited for while it counts.
        other = next(n for n in c if n is not leader)
        other.pause()
        low, error = delete_records(leader, "t", 60, 300)
        other.go_on()
        assert (low, error) == (-1, 7), (low, error)
        until("the other follows",
              lambda: list_offset(other, "t", -2, DEBUG_REPLICA) == (0, 60))


def test_flood_leaves_followers_room():
    """requests that wait for replicas do not hold the memory that followers ask through"""
    need_kcat()
    with Cluster(3, kdeck_request_memory_bytes=1 << 20) as c:
        c.all_see(3)
        assert create_topic(c[0], "t", 1, 3) == 0
        c.in_sync(["t"])
        # Well within replica.lag.time.max.ms, after which the followers would be given up.
        subprocess.run(["kcat", "-P", "-b", c.bootstrap, "-t", "t", "-p", "0", "-X", "acks=all",
                        "-X", "batch.size=900000", "-X", "queue.buffering.max.kbytes=200000"],
                       input=(b"x" * 1000 + b"\n") * 40000, check=True, timeout=25,
                       capture_output=True)
        assert [list_offset(n, "t", -1, DEBUG_REPLICA) for n in c] == [(0, 40000)] * 3
        assert len(metadata(c[0], ["t"]).topics["t"][0].isr) == 3


def test_commits_outlive_the_coordinator():
    """a group goes on where it was when its coordinator is killed"""
    need_kcat()
    with Cluster(3, offsets_topic_replication_factor=3, offsets_topic_num_partitions=3,
                 group_initial_rebalance_delay_ms=0) as c:
        c.all_see(3)
        assert create_topic(c[0], "t", 1, 3) == 0
        c.in_sync(["t"])

        def consume(n):
            r = subprocess.run(["kcat", "-b", c.bootstrap, "-G", "g", "-q", "-c", str(n),
                                "-X", "auto.offset.reset=earliest", "-X", "log_level=0", "t"],
                               check=True, timeout=90, capture_output=True)
            return r.stdout.decode().split()

        produce(c, "t", ["m%d" % i for i in range(30)])
        assert consume(10) == ["m%d" % i for i in range(10)]
        c.in_sync(["__consumer_offsets"])
        for round in range(3):
            with Wire(c[0].port) as w:
                w.request(10, 0, 1, name("g"))
                a = Answer(w.response())
            assert a.number("h") == 0
            coordinator = c.node(a.number("i"))
            coordinator.kill()
            first = 10 + 5 * round
            assert consume(5) == ["m%d" % i for i in range(first, first + 5)]
            coordinator.start()
            c.in_sync(["t", "__consumer_offsets"])


if __name__ == "__main__":
    kdecktest.main()
