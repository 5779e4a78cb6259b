"""Many partitions: three brokers that lose one and get it back, one broker that comes up again."""
import os
import struct
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))
from clusterwatch import Reader  # noqa: E402
from kdeckcluster import Cluster  # noqa: E402
from kdecktest import Broker, Wire, until  # noqa: E402

TOPICS, PARTITIONS = 1000, 3
LONE_TOPICS, LONE_PARTITIONS = 1000, 10


def all_partitions(wire):
    """(leader, in-sync replicas) of each partition of the cluster."""
    wire.request(3, 1, 1, struct.pack(">i", -1))
    r = Reader(wire.response())
    r.number("i")
    for _ in range(r.number("i")):
        r.number("i"), r.string(), r.number("i"), r.string()
    r.number("i")
    found = []
    for _ in range(r.number("i")):
        r.number("h"), r.string(), r.number("b")
        for _ in range(r.number("i")):
            r.number("h"), r.number("i")
            leader, _, isr = r.number("i"), r.numbers(), r.numbers()
            found.append((leader, isr))
    return found


def failover(samples, cluster, gone):
    """One broker killed and started again: seconds until all is led, until it is back in sync."""
    others = [n for n in cluster.nodes if n is not gone]
    with Wire(others[0].port) as w:
        began = time.monotonic()
        gone.kill()
        until("all is led without it", lambda: all(
            leader not in (-1, gone.id) for leader, _ in all_partitions(w)))
        samples.add("failover", (time.monotonic() - began) * 1e3)
        began = time.monotonic()
        gone.start()
        samples.add("restart one of three", (time.monotonic() - began) * 1e3)
        until("all in-sync sets are whole", lambda: all(
            len(isr) == len(cluster) for _, isr in all_partitions(w)))
        samples.add("whole again", (time.monotonic() - began) * 1e3)


def measure_cluster(samples, figures, traffic):
    for _ in range(5):
        with Cluster(3, start=False) as c:
            samples.add("three ready", c.start() * 1e3)
    with Cluster(3) as c:
        made = figures(traffic, "topics", c.bootstrap, TOPICS, PARTITIONS, 3)
        samples.add("make replicated", made["seconds"] * 1e3)
        samples.add("use replicated", made["usable"] * 1e3)
        for node in c.nodes:
            failover(samples, c, node)
            samples.add("replicated memory", node.rss_anon_kb() * 1024 / 1e6)


def measure_lone(samples, figures, traffic):
    with Broker() as b:
        figures(traffic, "topics", b.address, LONE_TOPICS, LONE_PARTITIONS, 1)
        for _ in range(3):
            b.kill()
            began = time.monotonic()
            b.start()
            samples.add("lone restart", (time.monotonic() - began) * 1e3)
            samples.add("lone memory", b.rss_anon_kb() * 1024 / 1e6)
            samples.add("lone files", len(os.listdir("/proc/%d/fd" % b.process.pid)))


def measure(samples, figures, traffic):
    measure_cluster(samples, figures, traffic)
    measure_lone(samples, figures, traffic)


def report(t):
    t.row("three brokers ready, new folders, ms", "three ready", most=300)
    t.row("three brokers, 1,000 x 3, RF 3, made: answered, ms", "make replicated")
    t.row("  each has a record, acks=all, ms", "use replicated")
    t.row("  one killed: until all is led, ms", "failover", most=2000)
    t.row("  it is ready again, ms", "restart one of three", most=3000)
    t.row("  and in every in-sync set, ms", "whole again")
    t.row("  RssAnon after that, MB", "replicated memory")
    t.row("one broker, 10,000 partitions, ready after kill -9, ms", "lone restart", most=2000)
    t.row("  RssAnon, MB", "lone memory")
    t.row("  open descriptors", "lone files")
