"""Three brokers, replication factor 3: kdeck-broker against Apache Kafka, both there all the time,
loaded in turn. Needs Kafka's jars (KAFKA_JARS) and java for the other side; without them only ours
is measured.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "kafka"))
import javatools  # noqa: E402
import kdecktest  # noqa: E402
from kafkacluster import KafkaCluster  # noqa: E402
from kdeckcluster import Cluster  # noqa: E402
from loads import Loads  # noqa: E402
from tools import say  # noqa: E402

SIZES = ((100, "100 B"), (1024, "1 KB"))
ACKS = ("1", "all")
# A Java broker has half its speed in its first runs.
WARM_UPS = 3


def kafka_is_here():
    return bool(javatools.JARS) and kdecktest.have("java")


class Replicated:
    def __init__(self, samples, memory, records):
        self.samples, self.loads = samples, Loads(memory)
        self.records = {100: records // 2, 1024: records // 16}

    def measure(self, side, cluster, size, acks):
        r = self.loads.produce(cluster, size, acks, self.records[size])
        self.samples.add("rf3 %s %s %d" % (side, acks, size), r["records_s"])
        self.samples.add("rf3 cpu %s %s %d" % (side, acks, size), r["cpu_us"])

    def rounds(self, ours, kafka, n):
        for size, name in SIZES:
            for acks in ACKS:
                for _ in range(WARM_UPS if kafka else 0):
                    self.loads.produce(kafka, size, acks, self.records[size])
                for i in range(n):
                    pair = [("ours", ours)] + ([("kafka", kafka)] if kafka else [])
                    for side, cluster in pair[::-1] if i % 2 else pair:
                        self.measure(side, cluster, size, acks)
                say("RF 3, acks %s, %s: %d pairs done" % (acks, name, n))


def measure(samples, memory, records, rounds):
    bench = Replicated(samples, memory, records)
    with Cluster(3) as ours:
        if not kafka_is_here():
            say("KAFKA_JARS or java is not there: RF 3 without Apache Kafka beside it")
            bench.rounds(ours, None, rounds)
            return
        with KafkaCluster(3) as kafka:
            bench.rounds(ours, kafka, rounds)


def report(t):
    for acks in ACKS:
        for size, name in SIZES:
            of = "%s %d" % (acks, size)
            t.row("RF 3, acks %s, %s, records/s, against Kafka" % (acks, name),
                  "rf3 ours " + of, "rf3 kafka " + of, least=100)
            t.row("  CPU of three brokers, us a record", "rf3 cpu ours " + of,
                  "rf3 cpu kafka " + of)
