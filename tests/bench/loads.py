"""One load on a cluster of one broker or three, kdeck-broker's or Apache Kafka's: the same for all.

CPU is that of all brokers, from the first record until they are at rest again: with acks 1
followers still copy when the client is done.
"""
import subprocess
import sys
import time

from tools import KDECK, RAW, TRAFFIC, Peak, cpu_parts, cpu_seconds, figures

PARTITIONS = 3
REST_S, REST_CPU = 0.3, 0.02
TRIES = 5
# A batch's size, and what it is larger than its records' values.
PIECE, OVERHEAD = 1 << 20, 1.1


def processes(cluster):
    return [node.process.pid for node in cluster.nodes]


def cpu_of(cluster):
    return sum(cpu_seconds(pid) for pid in processes(cluster))


def wait_for_rest(cluster):
    """Until all have used hardly any CPU for a while; the CPU used up to then."""
    used = cpu_of(cluster)
    while True:
        time.sleep(REST_S)
        now = cpu_of(cluster)
        if now - used <= REST_CPU * len(cluster.nodes):
            return used
        used = now


def topics(cluster, *args):
    return subprocess.run([KDECK, "topics", "--bootstrap-server", cluster.bootstrap, *args],
                          stdout=subprocess.DEVNULL, timeout=60).returncode == 0


def written(n_bytes, replicas):
    """What all brokers write for so many bytes of records, as the lines that Memory.warm takes."""
    files = PARTITIONS * replicas
    pieces = int(n_bytes * replicas * OVERHEAD) // PIECE + 1
    return "".join("%d %d\n" % (i % files, PIECE) for i in range(pieces)).encode()


class Loads:
    """Each with a topic of its own that goes afterwards, as many replicas as there are brokers."""

    def __init__(self, memory):
        self.memory, self.n = memory, 0

    def create(self, cluster):
        """A broker that writes back what the load before it left may take its time: tried again."""
        for _ in range(TRIES):
            self.n += 1
            topic = "load-%d" % self.n
            if topics(cluster, "--create", "--topic", topic, "--partitions", str(PARTITIONS),
                      "--replication-factor", str(len(cluster.nodes))):
                return topic
        sys.exit("bench: no topic could be made")

    def measured(self, cluster, records, run):
        """run's figures; with them the brokers' CPU a record and the largest of their memories."""
        before = wait_for_rest(cluster)
        parts = [cpu_parts(pid) for pid in processes(cluster)]
        with Peak(processes(cluster)) as peak:
            result = run()
        cpu = (wait_for_rest(cluster) - before) / records * 1e6
        parts = [(u - u0, s - s0) for (u0, s0), (u, s) in
                 zip(parts, [cpu_parts(pid) for pid in processes(cluster)])]
        user, system = (sum(p[i] for p in parts) for i in (0, 1))
        result["cpu_us"], result["peak_mb"] = cpu, peak.mb
        result["user_us"] = cpu * user / ((user + system) or 1)
        result["system_us"] = cpu - result["user_us"]
        return result

    def produce(self, cluster, size, acks, records):
        topic = self.create(cluster)
        self.memory.warm(written(records * size, len(cluster.nodes)))
        result = self.measured(cluster, records, lambda: figures(
            TRAFFIC, "produce", cluster.bootstrap, topic, records, size, acks))
        topics(cluster, "--delete", "--topic", topic)
        return result

    def one_by_one(self, verb, cluster, size, records):
        topic = self.create(cluster)
        result = self.measured(cluster, records, lambda: figures(
            TRAFFIC, verb, cluster.bootstrap, topic, records, size))
        topics(cluster, "--delete", "--topic", topic)
        return result

    def ack(self, cluster, size, acks, records):
        """One record at a time to its acknowledgement; acks are all, whatever is asked."""
        return self.one_by_one("ack", cluster, size, records)

    def end_to_end(self, cluster, size, acks, records):
        """One record at a time to a consumer, else as ack."""
        return self.one_by_one("latency", cluster, size, records)

    def fetch(self, cluster, size, acks, records):
        """Of records that are produced just before, by bench_raw: one connection, every CRC."""
        topic = self.create(cluster)
        figures(TRAFFIC, "produce", cluster.bootstrap, topic, records, size, acks)
        host, port = cluster.bootstrap.split(",")[0].rsplit(":", 1)
        result = self.measured(cluster, records, lambda: figures(
            RAW, "fetch", host, port, topic, PARTITIONS))
        topics(cluster, "--delete", "--topic", topic)
        return result
