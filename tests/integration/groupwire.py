"""Members of a group by hand: one connection, one request at a time, as old as it may be (JoinGroup 5,
SyncGroup 3, Heartbeat 3, OffsetCommit 7, OffsetFetch 5)."""
import struct

from kdecktest import Wire
from rawclient import string

OFFSET_COMMIT, OFFSET_FETCH, FIND_COORDINATOR = 8, 9, 10
JOIN_GROUP, HEARTBEAT, LEAVE_GROUP, SYNC_GROUP = 11, 12, 13, 14
MEMBER_ID_REQUIRED = 79


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        values = struct.unpack_from(">" + form, self.data, self.at)
        self.at += struct.calcsize(">" + form)
        return values[0] if len(values) == 1 else values

    def string(self, form="h"):
        n = max(self.take(form), 0)
        self.at += n
        return self.data[self.at - n:self.at]

    def bytes(self):
        return self.string("i")


def ask_coordinator(broker, group):
    """The error of FindCoordinator; 0 once there is one."""
    with Wire(broker.port) as w:
        w.request(FIND_COORDINATOR, 0, 1, string(group))
        return Reader(w.response()[4:]).take("h")


def committed(broker, group, topic=b"t", partition=0):
    """(error, offset); the error is of the group or of the partition."""
    with Wire(broker.port) as w:
        body = string(group) + struct.pack(">i", 1) + string(topic)
        w.request(OFFSET_FETCH, 5, 1, body + struct.pack(">ii", 1, partition))
        r = Reader(w.response()[8:])
    if r.take("i") == 0:
        return r.take("h"), -1
    r.string()
    _, _, offset, _ = r.take("iiqi")
    r.string()
    error, whole = r.take("hh")
    return error or whole, offset


class Member:
    """What it sends it sends at once; the answer is taken apart by the function of the same name
    with took_."""

    def __init__(self, broker, group, session=10000, rebalance=20000):
        self.wire = Wire(broker.port)
        self.group, self.session, self.rebalance = group, session, rebalance
        self.id, self.generation, self.leader, self.members = b"", -1, b"", []
        self.assignment = b""

    def close(self):
        self.wire.close()

    def who(self):
        return struct.pack(">i", self.generation) + string(self.id) + b"\xff\xff"

    def answer(self):
        return Reader(self.wire.response()[4:])

    def join(self):
        body = string(self.group) + struct.pack(">ii", self.session, self.rebalance)
        body += string(self.id) + b"\xff\xff" + string(b"consumer")
        body += struct.pack(">i", 1) + string(b"range") + struct.pack(">i", 1) + b"m"
        self.wire.request(JOIN_GROUP, 5, 1, body)

    def took_join(self):
        r = self.answer()
        r.take("i")
        error, self.generation = r.take("hi")
        r.string()
        self.leader, self.id = r.string(), r.string()
        self.members = []
        for _ in range(r.take("i")):
            self.members.append(r.string())
            r.string()
            r.bytes()
        return error

    def ask_id(self):
        self.join()
        assert self.took_join() == MEMBER_ID_REQUIRED

    def sync(self):
        body = string(self.group) + self.who()
        rows = [string(m) + struct.pack(">i", len(m)) + m for m in self.members]
        self.wire.request(SYNC_GROUP, 3, 1, body + struct.pack(">i", len(rows)) + b"".join(rows))

    def took_sync(self):
        r = self.answer()
        r.take("i")
        error, self.assignment = r.take("h"), r.bytes()
        return error

    def heartbeat(self):
        self.wire.request(HEARTBEAT, 3, 1, string(self.group) + self.who())
        r = self.answer()
        r.take("i")
        return r.take("h")

    def commit(self, offset, topic=b"t", partition=0, metadata=b""):
        body = string(self.group) + self.who() + struct.pack(">i", 1) + string(topic)
        body += struct.pack(">iiqi", 1, partition, offset, -1) + string(metadata)
        self.wire.request(OFFSET_COMMIT, 7, 1, body)

    def took_commit(self):
        r = self.answer()
        r.take("ii")
        r.string()
        r.take("ii")
        return r.take("h")
