"""Several brokers of Apache Kafka as one cluster, each a controller too."""
import os
import shutil
import signal
import subprocess
import tempfile

from javatools import command, free_ports, java
from kdecktest import Wire, until

SETTINGS = """\
process.roles=broker,controller
node.id=%(id)d
controller.quorum.voters=%(voters)s
listeners=PLAINTEXT://127.0.0.1:%(port)d,CONTROLLER://127.0.0.1:%(controller)d
controller.listener.names=CONTROLLER
log.dirs=%(folder)s/data
offsets.topic.replication.factor=%(n)d
transaction.state.log.replication.factor=%(n)d
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
"""


class Node:
    """One of them; its process has the same interface for measuring as a broker of ours."""

    def __init__(self, folder, node_id, port):
        self.folder, self.id, self.port, self.process = folder, node_id, port, None
        self.settings = os.path.join(folder, "server.properties")
        self.log = os.path.join(folder, "server.log")

    def start(self, heap):
        args = command("kafka.Kafka", self.settings)
        # As Kafka's own script starts it: the compiler for short runs is for tools.
        args = [a for a in args if not a.startswith("-XX:")]
        args[1:1] = ["-Xmx" + heap, "-Xms" + heap, "-XX:+UseG1GC"]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(args, stdout=log, stderr=log)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


class KafkaCluster:
    """n nodes with ids from 1 on; folders and processes go with it."""

    def __init__(self, n=3, heap="1g", **overrides):
        self.folder = tempfile.mkdtemp(prefix="kdeck-kafka-")
        self.nodes = []
        try:
            self.make(n, overrides)
            for node in self.nodes:
                node.start(heap)
            until("all of Kafka's brokers are listed", self.complete, 120)
        except BaseException:
            self.close()
            raise

    def make(self, n, overrides):
        ports = free_ports(2 * n)
        voters = ",".join("%d@127.0.0.1:%d" % (i + 1, ports[n + i]) for i in range(n))
        cluster = java("kafka.tools.StorageTool", "random-uuid").stdout.strip().splitlines()[-1]
        for i in range(n):
            folder = os.path.join(self.folder, "broker-%d" % (i + 1))
            os.mkdir(folder)
            node = Node(folder, i + 1, ports[i])
            with open(node.settings, "w") as f:
                f.write(SETTINGS % {"id": node.id, "voters": voters, "port": node.port, "n": n,
                                    "controller": ports[n + i], "folder": folder})
                f.writelines("%s=%s\n" % (k.replace("_", "."), v) for k, v in overrides.items())
            java("kafka.tools.StorageTool", "format", "-t", cluster, "-c", node.settings)
            self.nodes.append(node)

    def complete(self):
        """Each of them lists all."""
        return all(brokers_listed(node) == len(self.nodes) for node in self.nodes)

    @property
    def bootstrap(self):
        return ",".join("127.0.0.1:%d" % node.port for node in self.nodes)

    def close(self):
        for node in self.nodes:
            node.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()


def brokers_listed(node):
    """How many brokers a node's Metadata names; 0 while it does not answer."""
    if node.process.poll() is not None:
        with open(node.log, errors="replace") as f:
            raise AssertionError("Kafka ended: " + f.read()[-2000:])
    try:
        with Wire(node.port) as w:
            w.request(3, 0, 1, b"\0\0\0\0")
            return int.from_bytes(w.response()[4:8], "big")
    except (OSError, EOFError):
        return 0
