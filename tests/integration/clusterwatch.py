"""Who leads what, asked so often that the moments in between can be measured.

Each question goes over a connection that stays: a Metadata of version 1 for one topic."""
import struct
import time

from kdecktest import Wire


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, kind):
        value = struct.unpack_from(">" + kind, self.data, self.at)[0]
        self.at += struct.calcsize(">" + kind)
        return value

    def string(self):
        n = self.number("h")
        if n < 0:
            return None
        self.at += n
        return self.data[self.at - n:self.at].decode()

    def numbers(self):
        return [self.number("i") for _ in range(self.number("i"))]


def parse(data):
    """(controller, {partition: (leader, replicas, isr)}) of an answer for one topic."""
    r = Reader(data)
    r.number("i")
    for _ in range(r.number("i")):
        r.number("i"), r.string(), r.number("i"), r.string()
    controller, found = r.number("i"), {}
    for _ in range(r.number("i")):
        r.number("h"), r.string(), r.number("b")
        for _ in range(r.number("i")):
            r.number("h")
            index = r.number("i")
            found[index] = (r.number("i"), r.numbers(), r.numbers())
    return controller, found


class Watch:
    """The partitions of a topic as one broker tells them."""

    def __init__(self, node, topic):
        self.node, self.topic, self.wire = node, topic, None

    def ask(self):
        """None while that broker does not answer."""
        name = self.topic.encode()
        try:
            self.wire = self.wire or Wire(self.node.port)
            self.wire.request(3, 1, 1, struct.pack(">ih", 1, len(name)) + name)
            return parse(self.wire.response())
        except (OSError, EOFError):
            self.close()
            return None

    def leaders(self):
        told = self.ask()
        return {p: row[0] for p, row in told[1].items()} if told else {}

    def whole(self, n):
        """Every partition is led and has n replicas in sync."""
        told = self.ask()
        return bool(told and told[1]) and all(
            row[0] >= 0 and len(row[2]) == n for row in told[1].values())

    def close(self):
        if self.wire:
            self.wire.close()
        self.wire = None


def seconds_until_led(watch, gone, n, since, deadline=30):
    """From `since` until this broker says that none of the n partitions waits for a leader or for
    the broker that is gone."""
    while True:
        leaders = watch.leaders()
        now = time.monotonic()
        if len(leaders) == n and all(x >= 0 and x != gone for x in leaders.values()):
            return now - since
        if now - since > deadline:
            raise AssertionError("%d s after broker %d went: %s" % (deadline, gone, leaders))
        time.sleep(0.002)
