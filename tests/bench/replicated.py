"""Three brokers, replication factor 3: kdeck-broker against Apache Kafka, both there all the time,
loaded in turn. Needs Kafka's jars (KAFKA_JARS) and java for the other side; without them only ours
is measured.

CPU is that of all three processes, from the first record until they are at rest again: with acks 1
followers still copy when the client is done.
"""
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "kafka"))
import javatools  # noqa: E402
import kdecktest  # noqa: E402
from coordinator import cpu_seconds  # noqa: E402
from kafkacluster import KafkaCluster  # noqa: E402
from kdeckcluster import Cluster  # noqa: E402

KDECK = os.path.join(kdecktest.BUILD, "kdeck")
SIZES = ((100, "100 B"), (1024, "1 KB"))
ACKS = ("1", "all")
# A Java broker has half its speed in its first runs.
WARM_UPS = 3
REST_S, REST_CPU = 0.3, 0.02
# A batch's size, and what it is larger than its records' values.
PIECE, OVERHEAD = 1 << 20, 1.1


def say(text):
    print("bench: " + text, file=sys.stderr, flush=True)


def kafka_is_here():
    return bool(javatools.JARS) and kdecktest.have("java")


def processes(cluster):
    return [node.process.pid for node in cluster.nodes]


def cpu_of(cluster):
    return sum(cpu_seconds(pid) for pid in processes(cluster))


def wait_for_rest(cluster):
    """Until all three have used hardly any CPU for a while; the CPU used up to then."""
    used = cpu_of(cluster)
    while True:
        time.sleep(REST_S)
        now = cpu_of(cluster)
        if now - used <= REST_CPU * len(cluster.nodes):
            return used
        used = now


def topics(cluster, *args):
    subprocess.run([KDECK, "topics", "--bootstrap-server", cluster.bootstrap, *args], check=True,
                   stdout=subprocess.DEVNULL, timeout=60)


def written(n_bytes):
    """What three brokers write for so many bytes of records, as the lines that Memory.warm takes."""
    files = 3 * 3
    pieces = int(n_bytes * 3 * OVERHEAD) // PIECE + 1
    return "".join("%d %d\n" % (i % files, PIECE) for i in range(pieces)).encode()


class Replicated:
    def __init__(self, samples, memory, figures, traffic, records):
        self.samples, self.figures, self.traffic = samples, figures, traffic
        self.memory = memory
        self.records = {100: records // 2, 1024: records // 16}
        self.n = 0

    def load(self, cluster, size, acks, records):
        """One load into a topic of its own that goes afterwards."""
        self.n += 1
        topic = "load-%d" % self.n
        topics(cluster, "--create", "--topic", topic, "--partitions", "3",
               "--replication-factor", "3")
        wait_for_rest(cluster)
        self.memory.warm(written(records * size))
        before = cpu_of(cluster)
        result = self.figures(self.traffic, "produce", cluster.bootstrap, topic, records, size, acks)
        cpu = wait_for_rest(cluster) - before
        topics(cluster, "--delete", "--topic", topic)
        return result["records_s"], cpu / records * 1e6

    def measure(self, side, cluster, size, acks):
        rate, cpu = self.load(cluster, size, acks, self.records[size])
        self.samples.add("rf3 %s %s %d" % (side, acks, size), rate)
        self.samples.add("rf3 cpu %s %s %d" % (side, acks, size), cpu)

    def rounds(self, ours, kafka, n):
        for size, name in SIZES:
            for acks in ACKS:
                for _ in range(WARM_UPS if kafka else 0):
                    self.load(kafka, size, acks, self.records[size])
                for i in range(n):
                    pair = [("ours", ours)] + ([("kafka", kafka)] if kafka else [])
                    for side, cluster in pair[::-1] if i % 2 else pair:
                        self.measure(side, cluster, size, acks)
                say("RF 3, acks %s, %s: %d pairs done" % (acks, name, n))


def measure(samples, memory, figures, traffic, records, rounds):
    bench = Replicated(samples, memory, figures, traffic, records)
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
