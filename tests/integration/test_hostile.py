"""What no client and no broker sends: frames of every API put together by chance, by both listeners
of a cluster of three, which goes on."""
import itertools
import os
import random
import socket
import struct

import kdecktest
from kdeckcluster import Cluster, create_topic, metadata
from kdecktest import Wire, until
from rawmessages import Messages

ELECT_LEADERS, BROKER_REGISTRATION, BROKER_HEARTBEAT, DESCRIBE_CLUSTER = 43, 62, 63, 60
ALTER_PARTITION, ALLOCATE_PRODUCER_IDS, DESCRIBE_QUORUM, UNREGISTER_BROKER = 56, 67, 55, 64
CONTROLLERS_ONLY = (52, 53, 54, ALTER_PARTITION, BROKER_REGISTRATION, BROKER_HEARTBEAT,
                    ALLOCATE_PRODUCER_IDS)
CONTROLLERS = CONTROLLERS_ONLY + (1, 19, 20, 37, 43, 44, 45, 46, 55, 60)
BOUNDS = {"INT8": (-1 << 7, (1 << 7) - 1), "INT16": (-1 << 15, (1 << 15) - 1),
          "UINT16": (0, (1 << 16) - 1), "UINT32": (0, (1 << 32) - 1),
          "INT32": (-1 << 31, (1 << 31) - 1), "INT64": (-1 << 63, (1 << 63) - 1)}


class Chance:
    """Values that are near to what could be true, so that they come further than to the decoder."""

    def __init__(self, seed, cluster_id):
        self.random = random.Random(seed)
        self.cluster_id = cluster_id
        self.messages = Messages()
        self.keys = sorted(set(self.messages.requests) - {UNREGISTER_BROKER})
        self.key = 0

    def pick(self, *values):
        return self.random.choice(values)

    def bytes(self, n):
        return bytes(self.random.randrange(256) for _ in range(n))

    def fill(self, path, kind):
        if kind == "count":
            return self.pick(1, 1, 1, 1, 0, 2, 3, None, 40)
        if kind == "BOOL":
            return self.pick(True, False)
        if kind == "UUID":
            return self.pick(b"\0" * 16, b"\0" * 15 + b"\1", self.bytes(16))
        if kind in ("BYTES", "RECORDS"):
            return self.pick(None, b"", b"\0" * 61, self.bytes(100))
        if kind == "STRING":
            return self.text(path[-1])
        low, high = BOUNDS[kind]
        return max(low, min(high, self.number(path[-1], low, high)))

    def text(self, name):
        if name == "cluster_id":
            return self.pick(*[self.cluster_id] * 5, None, b"", b"other", b"x" * 3000)
        return self.pick(None, b"", b"t", b"t", b"__cluster_metadata", b"__cluster_metadata",
                         b"__consumer_offsets", b"127.0.0.1", b"\xff\xfe", b"../../x", b"a" * 300)

    def number(self, name, low, high):
        if "wait" in name or "timeout" in name:
            return self.pick(0, 1, 50, low, -1)
        # Who knows the epochs of the living may speak for them: nothing else tells brokers apart.
        if name == "broker_epoch" or name == "replica_epoch" and self.key == 1:
            return self.pick(-1, 0, 1 << 40, low, high)
        if name == "broker_id" and self.key == BROKER_REGISTRATION:
            return self.pick(-1, low, high)
        if "epoch" in name:
            return self.pick(0, 1, 2, 3, 4, -1, 10000, low, high)
        if name.endswith("_id") or name == "broker_ids" or "isr" in name or "replicas" in name:
            return self.pick(1, 2, 3, 1, 2, 3, 4, -1, -2, low, high)
        return self.pick(0, 0, 0, 1, 2, -1, 1000, low, high, self.random.randint(low, high))

    def versions(self, key):
        """Also one too old and one too new, now and then."""
        return self.random.randint(0, 18) if self.random.random() < 0.1 else self.pick(0, 1, 2, 3, 4)

    def frame(self, keys):
        self.key = self.pick(*keys)
        version = self.versions(self.key)
        body = bytearray(self.messages.encode(self.key, version, self.fill))
        fate = self.random.random()
        if fate < 0.1 and body:
            body[self.random.randrange(len(body))] = self.random.randrange(256)
        elif fate < 0.15:
            del body[self.random.randrange(len(body) + 1):]
        elif fate < 0.17:
            body += b"\0" * 5
        head = struct.pack(">hhih", self.key, version, 1, 1) + b"x"
        if version >= self.messages.requests[self.key][1]:
            head += b"\0"
        return struct.pack(">i", len(head) + len(body)) + head + bytes(body)


def send(port, frames):
    """Nobody waits for the answers for long: some requests park."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as s:
        s.settimeout(0.05)
        try:
            s.sendall(frames)
            while s.recv(65536):
                pass
        except OSError:
            pass


def test_frames_that_nobody_sends():
    """Three brokers get some thousand requests made up by chance, and are a cluster afterwards"""
    seed = int(os.environ.get("SEED", 1))
    print("# SEED=%d" % seed, flush=True)
    with Cluster(3, connections_max_idle_ms=5000) as c:
        c.all_see(3)
        assert create_topic(c[0], "t", 3, 3) == 0
        chance = Chance(seed, metadata(c[0]).cluster.encode())
        clients = [k for k in chance.keys if k not in CONTROLLERS_ONLY]
        for _ in range(400):
            node = chance.pick(*c.nodes)
            by_controller = chance.pick(True, False)
            keys = CONTROLLERS if by_controller else clients
            frames = b"".join(chance.frame(keys) for _ in range(chance.pick(1, 1, 3, 10)))
            send(node.controller_port if by_controller else node.port, frames)
            assert all(n.running() for n in c.nodes), c.logs()
        c.all_see(3)
        until("topics are made", lambda: create_topic(c[1], "after", 3, 3) in (0, 36))
        c.in_sync(["after"])
        for n in c.nodes:
            n.terminate()
        assert [n.gone() for n in c.nodes] == [0, 0, 0], c.logs()
        assert not any("cannot be encoded" in n.text() for n in c.nodes), c.logs()


def test_old_versions_are_answered():
    """What an old version of an answer has no place for is left out, and the rest is told"""
    def twice(path, kind):
        if kind == "count":
            return 2 if path[-1] == "partitions" else 1
        return b"t" if kind == "STRING" else 0
    m = Messages()
    with Cluster(1) as c:
        assert create_topic(c[0], "t", 1, 1) == 0
        with Wire(c[0].port) as w:
            w.request(ELECT_LEADERS, 0, 1, m.encode(ELECT_LEADERS, 0, twice))
            # Throttle time; one topic; two partitions, each with INVALID_REQUEST and words.
            answer = w.response()[4:]
            assert answer[:15] == struct.pack(">iih", 0, 1, 1) + b"t" + struct.pack(">i", 2), answer
            assert struct.unpack_from(">ih", answer, 15) == (0, 42), answer
            assert answer.count(b"named more than once") == 2, answer
            for version in (0, 1):
                w.request(DESCRIBE_QUORUM, version, 1, b"\0" + m.encode(
                    DESCRIBE_QUORUM, version,
                    lambda path, kind: {"count": 1, "STRING": b"__cluster_metadata"}.get(kind, 0)))
                answer = w.response()
                at = answer.index(b"__cluster_metadata") + 18
                # One partition, 0, without an error, led by 1, with one voter.
                assert struct.unpack_from(">bihi", answer, at) == (2, 0, 0, 1), answer
                assert struct.unpack_from(">bi", answer, at + 23) == (2, 1), answer
        with Wire(c[0].controller_port) as w:
            w.request(DESCRIBE_CLUSTER, 0, 1, b"\0\0\0")
            answer = w.response()
            assert struct.unpack_from(">h", answer, 9)[0] == 0, answer
            assert metadata(c[0]).cluster.encode() in answer, answer


def test_answers_larger_than_their_requests():
    """A request that names a partition some hundred thousand times is answered, or its connection
    ends; the broker goes on"""
    m = Messages()
    number = itertools.count()
    sizes = {}

    def many(path, kind):
        if kind == "count":
            return sizes.get(path[-1], 1)
        if path[-1] == "partition":
            return next(number)
        return {"STRING": b"t", "BYTES": b"", "RECORDS": b"", "UUID": b"\0" * 15 + b"\2"}.get(kind, 0)
    with Cluster(1) as c:
        assert create_topic(c[0], "t", 500, 1) == 0
        # What has one byte in the request and up to a hundred in the answer.
        for key, version, sizes in (
                (0, 3, {"partition_data": 100000}),
                (1, 4, {"partitions": 100000, "forgotten_topics_data": 0}),
                (1, 12, {"partitions": 400000, "forgotten_topics_data": 0}),
                (2, 4, {"partitions": 100000}), (3, 4, {"topics": 100000}),
                (8, 2, {"partitions": 100000}), (9, 6, {"partition_indexes": 300000}),
                (21, 1, {"partitions": 100000}), (23, 3, {"partitions": 100000}),
                (34, 2, {"partitions": 300000}), (35, 2, {"partitions": 300000}),
                (43, 1, {"partitions": 300000}), (46, 0, {"topics": 100000, "partition_indexes": 0}),
                (55, 1, {"partitions": 950000}), (55, 1, {"topics": 100000, "partitions": 1}),
                (75, 0, {"topics": 100000})):
            with Wire(c[0].port) as w:
                head = b"\0" if version >= m.requests[key][1] else b""
                w.request(key, version, 1, head + m.encode(key, version, many))
                try:
                    w.response()
                except (OSError, EOFError):
                    pass
            assert c[0].running(), (key, c[0].tail())
        assert len(metadata(c[0]).topics) == 1
        assert c[0].stop() == 0, c[0].tail()


if __name__ == "__main__":
    kdecktest.main()
