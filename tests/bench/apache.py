"""Against Apache Kafka: one broker, then three with replication factor 3. Both sides are there all
the time and loaded in turn. Between the two, the consoles on the one of Kafka. Needs Kafka's jars
(KAFKA_JARS) and java; without them the three are measured alone, and the rest is left out.
"""
import contextlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "kafka"))
import consoles  # noqa: E402
import javatools  # noqa: E402
import kdecktest  # noqa: E402
from kafkacluster import KafkaCluster  # noqa: E402
from kdeckcluster import Cluster  # noqa: E402
from loads import Loads  # noqa: E402
from tools import say  # noqa: E402

SIZES = ((100, "100 B"), (1024, "1 KB"))
ACKS = ("1", "all")
ONE_BY_ONE = 3000
# A Java broker has half its speed in its first runs: its fourth counts.
WARM_UPS = 3


def kafka_is_here():
    return bool(javatools.JARS) and kdecktest.have("java")


class Turns:
    """The same load in turn on a cluster of ours and on Apache Kafka's, if there is one."""

    def __init__(self, samples, ours, kafka, rounds):
        self.samples, self.kafka, self.rounds = samples, kafka, rounds
        self.pair = [("ours", ours)] + ([("kafka", kafka)] if kafka else [])

    def take(self, name, load, *args):
        for _ in range(WARM_UPS if self.kafka else 0):
            load(self.kafka, *args)
        for i in range(self.rounds):
            for side, cluster in self.pair[::-1] if i % 2 else self.pair:
                for what, value in load(cluster, *args).items():
                    self.samples.add("%s %s %s" % (side, name, what), value)
        say("%s: %d pairs done" % (name, self.rounds))


def measure_one(samples, memory, kafka, records, rounds):
    loads = Loads(memory)
    with Cluster(1) as ours:
        turns = Turns(samples, ours, kafka, rounds)
        for size, name in SIZES:
            turns.take("one broker, " + name, loads.produce, size, "1", records[size])
        turns.take("one record, to its ack", loads.ack, 100, "all", ONE_BY_ONE)
        turns.take("one record, end to end", loads.end_to_end, 100, "all", ONE_BY_ONE)


def measure_three(samples, memory, records, rounds):
    loads = Loads(memory)
    with contextlib.ExitStack() as all_of:
        ours = all_of.enter_context(Cluster(3))
        kafka = all_of.enter_context(KafkaCluster(3)) if kafka_is_here() else None
        turns = Turns(samples, ours, kafka, rounds)
        for size, name in SIZES:
            for acks in ACKS:
                turns.take("RF 3, acks %s, %s" % (acks, name), loads.produce, size, acks,
                           records[size])


def measure(samples, memory, records, rounds):
    if kafka_is_here():
        with KafkaCluster(1) as kafka:
            measure_one(samples, memory, kafka, {100: records, 1024: records // 4}, rounds)
            consoles.measure(samples, kafka, rounds)
    else:
        say("KAFKA_JARS or java is not there: without Apache Kafka beside it")
    measure_three(samples, memory, {100: records // 2, 1024: records // 16}, rounds)


# ---- the report ------------------------------------------------------------------------------

def of(name, what):
    return "ours %s %s" % (name, what), "kafka %s %s" % (name, what)


def report_produce(t, name, least, cpu, brokers, unless=None):
    t.row("%s, records/s, against Kafka" % name, *of(name, "records_s"), least=least,
          unless=unless)
    t.row("  CPU of %s, us a record" % brokers, *of(name, "cpu_us"), share=cpu)
    t.row("  largest RssAnon of a broker, MB", *of(name, "peak_mb"), most=64)


def report_one(t):
    """The client is the limit at 100 B: then the memory-only yardstick tells."""
    report_produce(t, "one broker, 100 B", 100, 50, "the broker", ("ours 100", "mock 100", 95))
    report_produce(t, "one broker, 1 KB", 300, 20, "the broker")
    for name in ("one record, to its ack", "one record, end to end"):
        t.row("%s, against Kafka, p50 ms" % name, *of(name, "p50_ms"), most=0.3)
        t.row("  p99 ms", *of(name, "p99_ms"), share=20)
        t.row("  p99.9 ms", *of(name, "p999_ms"))


def report(t):
    if kafka_is_here():
        report_one(t)
        consoles.report(t)
    for acks, goals in (("1", ((100, None), (100, None))), ("all", ((180, 33), (400, 17)))):
        for (_, name), (least, cpu) in zip(SIZES, goals):
            report_produce(t, "RF 3, acks %s, %s" % (acks, name), least, cpu, "three brokers")


def spreads(samples):
    loads = ["one broker, " + name for _, name in SIZES] if kafka_is_here() else []
    loads += ["RF 3, acks %s, %s" % (acks, name) for acks in ACKS for _, name in SIZES]
    for load in loads:
        for side, name in zip(of(load, "records_s"), ("ours", "Kafka")):
            if samples.count(side):
                yield "  %-22s %-6s  records/s  %s" % (load, name, samples.spread(side))
