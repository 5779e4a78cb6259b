"""A cluster of kdeck-broker processes for the integration tests: one properties file, data folder
and log each, three voters at most, further brokers observe.

    with Cluster(3) as c:            # all ready
        c[1].kill(); c[1].start()    # by index, 0 to n - 1; node ids are 1 to n
        c.bootstrap                  # "127.0.0.1:P1,127.0.0.1:P2,…"
"""
import os
import random
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

from kdecktest import BUILD, DEADLINE, Wire, end_all, until

VOTERS = 3
BROKER = os.path.join(BUILD, "kdeck-broker")


def free_ports(n):
    """n ports that nobody listens on, below those that the system gives to clients, so that no
    outgoing connection takes one of them before its broker does."""
    ports = []
    while len(ports) < n:
        port = random.randrange(20000, 32000)
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in ports:
            ports.append(port)
    return ports


class Answer:
    """Reads an answer front to back; the correlation id is passed over."""

    def __init__(self, data):
        self.data = data
        self.at = 4

    def number(self, form):
        value = struct.unpack_from(">" + form, self.data, self.at)[0]
        self.at += struct.calcsize(form)
        return value

    def text(self):
        n = self.number("h")
        self.at += max(n, 0)
        return None if n < 0 else self.data[self.at - n:self.at].decode()

    def many(self, one):
        return [one() for _ in range(self.number("i"))]


class Partition:
    def __init__(self, a):
        self.error = a.number("h")
        self.index = a.number("i")
        self.leader = a.number("i")
        self.epoch = a.number("i")
        self.replicas = a.many(lambda: a.number("i"))
        self.isr = a.many(lambda: a.number("i"))
        self.offline = a.many(lambda: a.number("i"))

    def __repr__(self):
        return "%d: leader %d epoch %d replicas %s isr %s" % (
            self.index, self.leader, self.epoch, self.replicas, self.isr)


class Metadata:
    """What one broker says: brokers {id: (host, port)}, controller, topics {name: [Partition]}."""

    def __init__(self, wire, topics=None):
        names = b"".join(struct.pack(">h", len(t)) + t.encode() for t in topics or [])
        body = struct.pack(">i", -1 if topics is None else len(topics)) + names + b"\0"
        wire.request(3, 7, 1, body)
        a = Answer(wire.response())
        a.number("i")
        self.brokers = {}
        for _ in range(a.number("i")):
            node, host, port = a.number("i"), a.text(), a.number("i")
            a.text()
            self.brokers[node] = (host, port)
        self.cluster = a.text()
        self.controller = a.number("i")
        self.topics = {}
        for _ in range(a.number("i")):
            error, name = a.number("h"), a.text()
            a.number("b")
            self.topics[name] = a.many(lambda: Partition(a))
            if error:
                del self.topics[name]

    def leaders(self):
        return {(t, p.index): p.leader for t, ps in self.topics.items() for p in ps}


def metadata(node, topics=None):
    with Wire(node.port) as w:
        return Metadata(w, topics)


def create_topic(node, name, partitions, factor, timeout=30000):
    """CreateTopics v2 by hand; the error code."""
    body = struct.pack(">ih", 1, len(name)) + name.encode()
    body += struct.pack(">ihiii?", partitions, factor, 0, 0, timeout, False)
    with Wire(node.port) as w:
        w.request(19, 2, 1, body)
        a = Answer(w.response())
    a.number("i")
    a.number("i")
    assert a.text() == name
    return a.number("h")


class Node:
    """One process: node.id, port and controller_port stay the same over restarts."""

    def __init__(self, folder, node_id, port, controller_port, settings, program=BROKER):
        self.program = program
        self.id = node_id
        self.port = port
        self.controller_port = controller_port
        self.folder = os.path.join(folder, "node-%d" % node_id)
        self.data = os.path.join(self.folder, "data")
        self.log = os.path.join(self.folder, "broker.log")
        self.file = os.path.join(self.folder, "server.properties")
        self.settings = dict(settings)
        self.process = None
        self.said = b""
        os.makedirs(self.folder, exist_ok=True)

    @property
    def address(self):
        return "127.0.0.1:%d" % self.port

    @property
    def pid(self):
        return self.process.pid

    def write(self, **more):
        """The properties file anew, with more or other settings (a_b stands for a.b)."""
        self.settings.update({k.replace("_", "."): v for k, v in more.items()})
        with open(self.file, "w") as f:
            for key, value in self.settings.items():
                f.write("%s=%s\n" % (key, value))

    def launch(self):
        """Starts the process and does not wait for it."""
        self.write()
        options = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
        environment = dict(os.environ, ASAN_OPTIONS=options.lstrip(":"))
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.program, self.file],
                                            stdout=subprocess.PIPE, stderr=log, env=environment)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.said = b""

    def wait_ready(self, deadline=DEADLINE):
        end = time.monotonic() + deadline
        while b"\n" not in self.said:
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError("node %d is not ready after %d s: %s" % (
                    self.id, deadline, self.tail()))
            if not select.select([self.process.stdout], [], [], left)[0]:
                continue
            some = self.process.stdout.read()
            if some == b"":
                self.process.wait()
                raise AssertionError("node %d ended with %s: %s" % (
                    self.id, self.process.returncode, self.tail()))
            self.said += some or b""
        if not self.said.startswith(b"ready "):
            raise AssertionError("node %d said %r" % (self.id, self.said))

    def start(self):
        self.launch()
        self.wait_ready()

    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        self.process.kill()
        self.gone()

    def gone(self, deadline=DEADLINE):
        """Waits for the end of the process; its exit status."""
        code = self.process.wait(timeout=deadline)
        self.process.stdout.close()
        return code

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def stop(self):
        self.terminate()
        return self.gone()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def text(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def tail(self):
        return self.text()[-3000:]

    def rss_anon_kb(self):
        with open("/proc/%d/status" % self.pid) as f:
            for line in f:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1])
        raise AssertionError("no RssAnon")


class Cluster:
    """n nodes; the first three are voters and brokers, the rest brokers only. start=False: files
    are written, nothing runs. Settings are for all nodes, with a_b for a.b; program is their broker
    (this build's)."""

    def __init__(self, n=3, start=True, keep=False, program=BROKER, **settings):
        self.program = program
        self.folder = tempfile.mkdtemp(prefix="kdeck-cluster-")
        self.keep = keep or bool(os.environ.get("KDECK_TEST_KEEP"))
        self.settings = {k.replace("_", "."): v for k, v in settings.items()}
        ports = free_ports(2 * n)
        self.voters = ",".join("%d@127.0.0.1:%d" % (i + 1, ports[2 * i + 1])
                               for i in range(min(n, VOTERS)))
        self.nodes = [self.make(i + 1, ports[2 * i], ports[2 * i + 1]) for i in range(n)]
        if start:
            try:
                self.start()
            except BaseException:
                self.close()
                raise

    def make(self, node_id, port, controller_port):
        voter = node_id <= VOTERS
        listeners = "PLAINTEXT://127.0.0.1:%d" % port
        if voter:
            listeners += ",CONTROLLER://127.0.0.1:%d" % controller_port
        settings = {"node.id": node_id,
                    "process.roles": "broker,controller" if voter else "broker",
                    "listeners": listeners,
                    "controller.listener.names": "CONTROLLER",
                    "controller.quorum.voters": self.voters}
        settings.update(self.settings)
        node = Node(self.folder, node_id, port, controller_port, settings, self.program)
        node.settings["log.dirs"] = node.data
        return node

    def add(self):
        """One more broker, which observes; not started."""
        ports = free_ports(2)
        self.nodes.append(self.make(len(self.nodes) + 1, ports[0], ports[1]))
        return self.nodes[-1]

    def start(self):
        """Starts those that do not run, all at once; seconds until the last was ready."""
        began = time.monotonic()
        fresh = [n for n in self.nodes if not n.running()]
        for node in fresh:
            node.launch()
        for node in fresh:
            node.wait_ready()
        return time.monotonic() - began

    @property
    def bootstrap(self):
        return ",".join(n.address for n in self.nodes)

    def __getitem__(self, i):
        return self.nodes[i]

    def __len__(self):
        return len(self.nodes)

    def node(self, node_id):
        return next(n for n in self.nodes if n.id == node_id)

    def all_see(self, count, deadline=DEADLINE):
        """Waits until every running broker names so many brokers."""
        for node in self.nodes:
            if node.running():
                until("node %d sees %d brokers" % (node.id, count),
                      lambda n=node: len(metadata(n, []).brokers) == count, deadline)

    def in_sync(self, topics=None, deadline=DEADLINE):
        """Waits until every replica of these topics, which are all known, is in sync, as every
        running broker says."""
        def whole(node):
            found = metadata(node, topics).topics
            return (topics is None or len(found) == len(set(topics))) and all(
                sorted(p.isr) == sorted(p.replicas) and p.leader >= 0
                for ps in found.values() for p in ps)
        for node in self.nodes:
            if node.running():
                until("node %d sees all in sync" % node.id, lambda n=node: whole(n), deadline)

    def logs(self):
        return "".join("---- node %d\n%s" % (n.id, n.tail()) for n in self.nodes)

    def close(self):
        left = [n for n in self.nodes if n.running()]
        end_all([n.process for n in left])
        for node in left:
            node.process.stdout.close()
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, *what):
        if kind is not None:
            print("\n".join("# " + line for line in self.logs().splitlines()), flush=True)
        self.close()
