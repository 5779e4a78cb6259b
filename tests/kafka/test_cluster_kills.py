"""Three brokers, replication factor 3, acks=all: each in turn is killed with -9 and started again,
the next one once every in-sync set is whole, while librdkafka, kcat and Java's VerifiableProducer
keep writing and a VerifiableConsumer reads. Nothing acknowledged is lost, doubled or out of order.

KDECK_KILL_ROUNDS is how many kills there are; every fourth end is an orderly one."""
import json
import os
import subprocess
import tempfile
import threading
import time

import javatools

javatools.need_kafka()

import kdecktest  # noqa: E402
from clusterwatch import Watch, seconds_until_led  # noqa: E402
from kdeckcluster import Cluster  # noqa: E402
from kdecktest import BUILD, Speaker, run, until  # noqa: E402

ROUNDS = int(os.environ.get("KDECK_KILL_ROUNDS", "30"))
PARTITIONS = 3
KILLED_S, STOPPED_S = 1.0, 0.15
RATE = 2000  # records a second of each Java producer


def create(cluster, topic):
    run([os.path.join(BUILD, "kdeck"), "topics", "--bootstrap-server", cluster.bootstrap,
         "--create", "--topic", topic, "--partitions", str(PARTITIONS), "--replication-factor",
         "3", "--config", "min.insync.replicas=2"])


def read_values(cluster, topic):
    """{partition: [values in order]} of everything below the high watermark."""
    done = run(["kcat", "-C", "-b", cluster.bootstrap, "-t", topic, "-e", "-q", "-o", "beginning",
                "-f", "%p %s\n"], timeout=120)
    found = {}
    for line in done.stdout.decode().splitlines():
        partition, value = line.split(" ", 1)
        found.setdefault(int(partition), []).append(int(value))
    return found


def check_values(cluster, topic, acked):
    """Every acknowledged number is there once, and ascending in its partition."""
    found = read_values(cluster, topic)
    values = [v for part in found.values() for v in part]
    missing = set(acked) - set(values)
    assert not missing, "%s: %d acknowledged are lost, %s" % (
        topic, len(missing), sorted(missing)[:5])
    assert len(values) == len(set(values)), "%s: %d are doubled" % (
        topic, len(values) - len(set(values)))
    for partition, part in found.items():
        assert part == sorted(part), "%s-%d: out of order" % (topic, partition)


class Load:
    """The tests' own writer on librdkafka: idempotent, numbers in turn."""

    topic = "load"

    def __init__(self, cluster):
        self.cluster, self.lines = cluster, 0
        self.where = [cluster.bootstrap, self.topic, str(PARTITIONS)]
        self.program = os.path.join(BUILD, "tests/integration/ackload")
        create(cluster, self.topic)
        self.process = subprocess.Popen([self.program, "write", *self.where],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.last = "0"
        self.thread.start()

    def listen(self):
        for line in self.process.stdout:
            self.last = line.decode().strip()
            self.lines += 1

    def progress(self):
        return self.lines

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=120) == 0, "ackload: %s" % self.last
        self.thread.join()
        run([self.program, "read", *self.where, self.last], timeout=120)


class Kcat:
    """kcat with lines of its standard input, acks=all, idempotent. It ends by itself when no broker
    is connected (-E: it does not), and librdkafka waits up to ten seconds before it tries one
    again: here the next broker ends sooner."""

    topic = "kcat"

    def __init__(self, cluster):
        self.cluster, self.sent, self.over = cluster, 0, threading.Event()
        create(cluster, self.topic)
        self.process = subprocess.Popen(
            ["kcat", "-P", "-E", "-b", cluster.bootstrap, "-t", self.topic, "-X", "acks=all", "-X",
             "enable.idempotence=true", "-X", "message.timeout.ms=120000", "-X",
             "reconnect.backoff.max.ms=200"], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        self.thread = threading.Thread(target=self.feed, daemon=True)
        self.thread.start()

    def feed(self):
        while not self.over.wait(0.01) and self.process.poll() is None:
            lines = "".join("%d\n" % (self.sent + i) for i in range(20))
            self.process.stdin.write(lines.encode())
            self.process.stdin.flush()
            self.sent += 20

    def end(self):
        self.over.set()
        self.thread.join()
        why = self.process.communicate(timeout=150)[1].decode(errors="replace")
        assert self.process.returncode == 0, why[-2000:]
        check_values(self.cluster, self.topic, range(self.sent))


class JavaProducer(Speaker):
    topic = "java"

    def __init__(self, cluster):
        self.cluster, self.acked, self.failed = cluster, [], []
        create(cluster, self.topic)
        # Its default is not to retry: then a broker's end is an error by design.
        with tempfile.NamedTemporaryFile("w", suffix=".properties", delete=False) as f:
            f.write("retries=2147483647\nenable.idempotence=true\ndelivery.timeout.ms=120000\n"
                    "request.timeout.ms=10000\n")
            self.file = f.name
        super().__init__(javatools.command(
            "VerifiableProducer", "--bootstrap-server", cluster.bootstrap, "--topic", self.topic,
            "--throughput", str(RATE), "--acks", "-1", "--command-config", self.file))

    def hear(self, said):
        if said["name"] == "producer_send_success":
            self.acked.append(int(said["value"]))
        elif said["name"] == "producer_send_error":
            self.failed.append(json.dumps(said))

    def progress(self):
        return len(self.acked) // 1000

    def end(self):
        super().end()
        os.unlink(self.file)
        assert not self.failed, self.failed[:3]
        check_values(self.cluster, self.topic, self.acked)


class JavaConsumer(Speaker):
    """Reads what JavaProducer writes; offsets may repeat, none may be left out."""

    def __init__(self, cluster):
        self.next, self.gaps = {}, []
        super().__init__(javatools.command(
            "VerifiableConsumer", "--bootstrap-server", cluster.bootstrap, "--topic",
            JavaProducer.topic, "--group-id", "readers", "--reset-policy", "earliest",
            "--session-timeout", "10000"))

    def hear(self, said):
        for p in said.get("partitions", []) if said["name"] == "records_consumed" else []:
            seen = self.next.get(p["partition"], 0)
            if p["minOffset"] > seen:
                self.gaps.append((p, seen))
            self.next[p["partition"]] = max(seen, p["maxOffset"] + 1)


def end_one(node, orderly):
    """Ends a broker; since when its partitions are without it."""
    began = time.monotonic()
    if orderly:
        node.stop()
        return time.monotonic()
    node.kill()
    return began


def one_round(cluster, watches, i, worst):
    node = cluster[i % 3]
    orderly = i % 4 == 3
    others = [w for w in watches if w[0].node is not node]
    since = end_one(node, orderly)
    for per_broker in others:
        for watch in per_broker:
            took = seconds_until_led(watch, node.id, PARTITIONS, since)
            worst[orderly] = max(worst[orderly], took)
    node.start()
    for per_broker in watches:
        for watch in per_broker:
            until("in-sync sets are whole, as broker %d says" % watch.node.id,
                  lambda w=watch: w.whole(3))


def check(cluster, producers, reader):
    """What was acknowledged is there, and the reader has seen all of it."""
    for p in producers:
        p.end()
    java = read_values(cluster, JavaProducer.topic)
    until("the reader has everything", lambda: all(
        reader.next.get(p, 0) >= len(rows) for p, rows in java.items()))
    assert not reader.gaps, reader.gaps[:3]


def end_and_start(cluster, producers):
    """All rounds; the longest times without a leader, by whether the end was an orderly one."""
    watches = [[Watch(node, p.topic) for p in producers] for node in cluster.nodes]
    worst = {False: 0.0, True: 0.0}
    talkers = [p for p in producers if hasattr(p, "progress")]
    for i in range(ROUNDS):
        before = [p.progress() for p in talkers]
        one_round(cluster, watches, i, worst)
        for p, was in zip(talkers, before):
            until("%s goes on after end %d" % (p.topic, i), lambda p=p, was=was:
                  p.progress() > was + 1)
    return worst


def test_kills():
    """every client keeps writing and reading through all ends; what was acknowledged is there"""
    with Cluster(3) as c:
        clients = []
        try:
            for kind in (Load, Kcat, JavaProducer, JavaConsumer):
                clients.append(kind(c))
            *producers, reader = clients
            until("Java writes and reads", lambda: producers[2].progress() and reader.next)
            worst = end_and_start(c, producers)
            check(c, producers, reader)
        finally:
            for client in clients:
                client.process.kill()
                client.process.wait()
        print("# without a leader at most %.3f s after a kill, %.3f s after an orderly stop" % (
            worst[False], worst[True]), flush=True)
        assert worst[False] <= KILLED_S and worst[True] <= STOPPED_S, worst


kdecktest.main()
